/* What is learnt of a Go executable: its function table, its version, its variables. */
#include "unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "go/go_binary.h"
#include "go/pclntab.h"
#include "tiny_go.h"

static const int minors[] = {18, 19, 20, 24, 25, 26, 27};

/* Calls CHECK with every layout there is. */
static void each_layout(void (*check)(const struct tiny_go *what, const struct strbuf *bytes))
{
	for (size_t i = 0; i < ARRAY_SIZE(minors) * 16; i++) {
		_cleanup_strbuf_ struct strbuf bytes = {0};
		struct tiny_go what = {.minor = minors[i / 16],
				       .pie = i & 1,
				       .stripped = i & 2,
				       .bare = i & 4,
				       .arm64 = i & 8};

		tiny_go_build(&what, &bytes);
		check(&what, &bytes);
	}
}

static void check_names(const struct tiny_go *what, const struct strbuf *bytes)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_close_ int fd = tiny_file(bytes->data, bytes->length);
	struct go_frame f[GO_CHAIN_MOST];

	assert_int_equal(elf_image_open_fd(fd, NULL, &image), 0);
	assert_int_equal(pclntab_open(image, NULL, &table), 0);
	assert_int_equal(pclntab_chain(table, TINY_GO_INLINED, f, GO_CHAIN_MOST), 2);
	assert_string_equal(f[0].function, "main.newNode");
	assert_string_equal(f[0].file, "/src/leak.go");
	assert_int_equal(f[0].line, 50);
	assert_int_equal(f[0].start_line, what->minor >= 20 ? 49 : 0);
	assert_true(f[0].inlined && !f[1].inlined);
	assert_int_equal(f[0].pc, TINY_GO_INLINED);
	assert_string_equal(f[1].function, "main.leak[go.shape.int]");
	assert_int_equal(f[1].pc, TINY_GO_CALL);
	assert_int_equal(f[1].line, 11);
	assert_int_equal(f[1].start_line, what->minor >= 20 ? 9 : 0);
	assert_int_equal(f[1].entry, TINY_GO_LEAK);

	assert_int_equal(pclntab_frame(table, TINY_GO_INLINED + 0x1f, f), 0);
	assert_string_equal(f->function, "main.newNode");
	assert_int_equal(pclntab_frame(table, TINY_GO_INLINED + 0x20, f), 0);
	assert_string_equal(f->function, "main.leak[go.shape.int]");
	assert_int_equal(f->line, 12);
	assert_int_equal(pclntab_frame(table, TINY_GO_TEXT + 0x3f, f), 0);
	assert_string_equal(f->function, "runtime.mallocgc");
	assert_string_equal(f->file, "/go/malloc.go");
	assert_int_equal(f->line, 1300);
	assert_int_equal(pclntab_frame(table, TINY_GO_END - 1, f), 0);
	assert_int_equal(pclntab_frame(table, TINY_GO_END, f), -ENOENT);
	assert_int_equal(pclntab_frame(table, TINY_GO_TEXT - 1, f), -ENOENT);
	assert_int_equal(pclntab_frame(table, 0, f), -ENOENT);
	assert_int_equal(pclntab_frame(table, UINT64_MAX, f), -ENOENT);
}

static void names_addresses(void **state)
{
	(void)state;
	each_layout(check_names);
}

static void finds_functions(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_close_ int fd = -1;
	struct go_function f[] = {{.name = "runtime.goexit"}, {.name = "runtime.goexi"}};

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 27}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), 0);
	assert_int_equal(pclntab_open(image, NULL, &table), 0);
	assert_int_equal(pclntab_find_functions(table, f, 2), 1);
	assert_int_equal(f[0].start, TINY_GO_GOEXIT);
	assert_int_equal(f[0].end, TINY_GO_GOEXIT_END);
	assert_int_equal(f[1].start, 0);
}

static void check_binary(const struct tiny_go *what, const struct strbuf *bytes)
{
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_close_ int fd = tiny_file(bytes->data, bytes->length);
	char version[16];

	assert_int_equal(go_binary_open(fd, &why, &b), 0);
	snprintf(version, sizeof(version), "go1.%d.3", what->minor);
	assert_string_equal(b->version, version);
	assert_int_equal(b->minor, what->minor);
	assert_int_equal(b->record_size, what->minor >= 27 ? 16 : 32);
	assert_int_equal(b->mbuckets, TINY_GO_MBUCKETS);
	assert_int_equal(b->mem_profile_rate, TINY_GO_RATE);
	assert_int_equal(b->mprof_cycle, TINY_GO_CYCLE);
	assert_int_equal(b->buckhash, TINY_GO_BUCKHASH);
	assert_int_equal(b->machine, what->arm64 ? EM_AARCH64 : EM_X86_64);
	assert_int_equal(b->position_independent, what->pie);
	assert_int_equal(b->stripped, what->stripped || what->bare);
	assert_int_equal(b->address_source,
			 b->stripped ? GO_SOURCE_INSTRUCTIONS : GO_SOURCE_SYMBOLS);
	assert_int_equal(b->version_source, GO_SOURCE_BUILDINFO);
	assert_true(b->sure && !b->contradicted);
	assert_string_equal(b->build_id, what->bare ? "" : "0123456789abcdef");
	assert_int_equal(b->text.address, TINY_GO_BASE);
	/* The name of memProfileInternal is there, but no such function: as the linker leaves it.
	 */
	assert_false(b->profiling_linked);
	assert_true(b->fd >= 0 && b->fd != fd);
}

static void knows_binaries(void **state)
{
	(void)state;
	each_layout(check_binary);
}

static void tells_what_is_not_go(void **state)
{
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf why = {0}, bytes = {0};
	_cleanup_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = -1;
	struct elf_section table;
	struct elf_image *image;

	(void)state;
	assert_int_equal(go_binary_open(self, &why, &b), -ENOENT);
	assert_non_null(strstr(strbuf_text(&why), "not a Go program"));

	/* A Go program whose table's header makes no sense. */
	tiny_go_build(&(struct tiny_go){.minor = 24}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), 0);
	assert_int_equal(elf_image_find_section(image, ".gopclntab", &table), 0);
	elf_image_close(image);
	assert_int_equal(pwrite(fd, "\xff\xff", 2, (off_t)table.offset + 8), 2);
	assert_int_equal(pwrite(fd, "\xff", 1, (off_t)table.offset + 15), 1);
	strbuf_reset(&why);
	assert_int_equal(go_binary_open(fd, &why, &b), -EBADMSG);
	assert_non_null(strstr(strbuf_text(&why), "corrupt"));
}

static int tiny(struct tiny_go what)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};

	tiny_go_build(&what, &bytes);
	return tiny_file(bytes.data, bytes.length);
}

/* Replaces these N bytes in the file, wherever they are. Returns FD. */
static int change(int fd, const void *from, const void *to, size_t n)
{
	char bytes[16384], *end, *at = bytes;
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
	size_t count = 0;

	assert_true(size > 0);
	for (end = bytes + size; (at = memmem(at, (size_t)(end - at), from, n)); at += n) {
		memcpy(at, to, n);
		count++;
	}
	assert_true(count > 0);
	assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
	return fd;
}

/* What is said of it, and with which error. */
static void refused(int fd, int error, const char *reason)
{
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(go_binary_open(fd, &why, &b), error);
	if (!strstr(strbuf_text(&why), reason))
		fail_msg("not in \"%s\": %s", strbuf_text(&why), reason);
	close(fd);
}

/* The beginning of an executable for another class of machines: one section, of section names. */
static int foreign(bool wide_and_big)
{
	static const char names[] = "\0.shstrtab\0.gopclntab";
	uint8_t file[256] = {0};

	if (wide_and_big) {
		memcpy(file,
		       "\x7f"
		       "ELF\2\2",
		       6);
		file[0x2f] = 64;	       /* e_shoff */
		file[0x3b] = 64;	       /* e_shentsize */
		file[64 + 31] = 128;	       /* sh_offset */
		file[64 + 39] = sizeof(names); /* sh_size */
	} else {
		memcpy(file,
		       "\x7f"
		       "ELF\1\1",
		       6);
		file[0x20] = 64;
		file[0x2e] = 40;
		file[64 + 16] = 128;
		file[64 + 20] = sizeof(names);
	}
	memcpy(file + 128, names, sizeof(names));
	return tiny_file(file, sizeof(file));
}

static void tells_what_cannot_be_found(void **state)
{
	static const struct tiny_go plain = {.minor = 24, .stripped = true};
	int fd;

	(void)state;
	refused(tiny((struct tiny_go){.minor = 24, .renamed = true, .stripped = true}), -ENODATA,
		"renamed");
	refused(tiny((struct tiny_go){.minor = 17, .magic = 0xfffffffa}), -ENODATA,
		"before Go 1.18");
	refused(tiny((struct tiny_go){.minor = 15, .magic = 0xfffffffb, .bare = true}), -ENODATA,
		"before Go 1.18");
	/* Nothing is left that could be the table, but for a section of Go's linker. */
	fd = change(tiny(plain), ".gopclntab", ".gopclnta_", 10);
	refused(change(fd, "\xf1\xff\xff\xff\0\0\1\x08", "\xf1\xff\xff\xff\0\0\1\x09", 8), -ENODATA,
		"obfuscated");
	/* Another name for the only function that loads the list's head. */
	refused(change(tiny(plain), "mProf_FlushLocked", "mProf_FlushedLast", 17), -ENODATA,
		"cannot be found");
	/* RISC-V; 32 bits; most significant byte first. */
	refused(change(tiny(plain), "\2\0\x3e\0", "\2\0\xf3\0", 4), -ENODATA, "machine 243");
	refused(change(tiny(plain),
		       "\x7f"
		       "ELF\2\1",
		       "\x7f"
		       "ELF\2\2",
		       6),
		-ENOEXEC, "64-bit");
	refused(foreign(false), -ENODATA, "32-bit");
	refused(foreign(true), -ENODATA, "big-endian");
}

/* Obfuscators replace the magic number: what is left is read, but never sure. */
static void reads_other_magic_numbers(void **state)
{
	(void)state;
	for (int bare = 0; bare < 2; bare++) {
		_cleanup_close_ int fd =
			tiny((struct tiny_go){.minor = 24, .magic = 0x12345678, .bare = bare});
		_cleanup_go_binary_ struct go_binary *b = NULL;

		assert_int_equal(go_binary_open(fd, NULL, &b), 0);
		assert_int_equal(b->mbuckets, TINY_GO_MBUCKETS);
		assert_false(b->sure);
	}
}

static void finds_merged_tables(void **state)
{
	_cleanup_close_ int fd =
		tiny((struct tiny_go){.minor = 24, .merged = true, .stripped = true});
	_cleanup_go_binary_ struct go_binary *b = NULL;

	(void)state;
	assert_int_equal(go_binary_open(fd, NULL, &b), 0);
	assert_int_equal(b->mbuckets, TINY_GO_MBUCKETS);
	assert_string_equal(b->version, "go1.24.3");
	assert_true(b->sure);
}

/* Evidence that does not agree: it can be read, but is not sure. */
static void doubts(void **state)
{
	const struct tiny_go plain = {.minor = 24};
	uint64_t symbol = TINY_GO_RATE, other = TINY_GO_RATE + 16;
	_cleanup_close_ int fd = change(tiny(plain), &symbol, &other, sizeof(symbol));
	_cleanup_close_ int shift = change(tiny(plain), "\x48\xc1\xe1\x05", "\x48\xc1\xe1\x04", 4);
	_cleanup_close_ int future = change(tiny(plain), "go1.24.3", "go1.28.3", 8);
	_cleanup_go_binary_ struct go_binary *b = NULL, *by_shift = NULL, *later = NULL;

	(void)state;
	assert_int_equal(go_binary_open(fd, NULL, &b), 0);
	assert_int_equal(b->mem_profile_rate, other);
	assert_true(b->contradicted && !b->sure);
	assert_int_equal(go_binary_open(shift, NULL, &by_shift), 0);
	assert_int_equal(by_shift->record_size, 16);
	assert_true(by_shift->contradicted && !by_shift->sure);
	assert_int_equal(go_binary_open(future, NULL, &later), 0);
	assert_false(later->sure);
}

/* 64 segments that are all the same 64 MB of nothing: reading each would take 4 GB. */
static void gives_up_in_time(void **state)
{
	const uint64_t size = 64 << 20;
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[64];
	} file = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
			   .e_type = ET_EXEC,
			   .e_machine = EM_X86_64,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 64}};
	int fd;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		file.segments[i] = (Elf64_Phdr){.p_type = PT_LOAD,
						.p_flags = PF_R | PF_W,
						.p_vaddr = (i + 1) << 32,
						.p_filesz = size,
						.p_memsz = size};
	fd = tiny_file(&file, sizeof(file));
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	refused(fd, -EFBIG, "takes too long");
}

static void version_is_printable(void **state)
{
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = -1;
	char *version;

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 24}, &bytes);
	version = memmem(bytes.data, bytes.length, "go1.24.3", 8);
	assert_non_null(version);
	memcpy(version + 6, "\x1b\n", 2);
	fd = tiny_file(bytes.data, bytes.length);
	assert_int_equal(go_binary_open(fd, NULL, &b), 0);
	assert_string_equal(b->version, "go1.24??");
	assert_int_equal(b->minor, 24);
}

static void bias_of_a_process(void **state)
{
	struct go_binary b = {.entry = 0};
	uint64_t bias = 0;

	(void)state;
	assert_int_equal(go_process_bias(getpid(), &b, &bias), 0);
	assert_true(bias != 0); /* with an entry of 0 it is the entry in memory */
	assert_int_equal(go_process_bias(0x7fffffff, &b, &bias), -ESRCH);
}

static int write_seed(const char *directory, const char *name, const void *bytes, size_t n)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	_cleanup_close_ int fd = -1;

	strbuf_printf(&path, "%s/%s", directory, name);
	fd = open(strbuf_text(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 || file_write_fd(fd, bytes, n) < 0;
}

/* The seeds of tests/fuzz/fuzz_pclntab and fuzz_elf, and, of their code only, of fuzz_go_code. */
static int write_seeds(const char *directory, bool code_only)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
		_cleanup_strbuf_ struct strbuf bytes = {0};
		struct tiny_go what = {.minor = minors[i],
				       .pie = i % 2,
				       .bare = i % 3 == 2,
				       .stripped = i % 4 == 3,
				       .merged = i == 3,
				       .arm64 = i % 3 == 1};
		char name[16];

		tiny_go_build(&what, &bytes);
		snprintf(name, sizeof(name), "go1.%d", minors[i]);
		failed |= code_only ? write_seed(directory, name,
						 bytes.data + (TINY_GO_TEXT - TINY_GO_BASE),
						 TINY_GO_END - TINY_GO_TEXT)
				    : write_seed(directory, name, bytes.data, bytes.length);
	}
	return failed;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_addresses),
		cmocka_unit_test(finds_functions),
		cmocka_unit_test(knows_binaries),
		cmocka_unit_test(tells_what_is_not_go),
		cmocka_unit_test(tells_what_cannot_be_found),
		cmocka_unit_test(doubts),
		cmocka_unit_test(gives_up_in_time),
		cmocka_unit_test(reads_other_magic_numbers),
		cmocka_unit_test(finds_merged_tables),
		cmocka_unit_test(version_is_printable),
		cmocka_unit_test(bias_of_a_process),
	};

	if (argc > 1)
		return write_seeds(argv[1], argc > 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
