/* Executables, whole and broken: segments, sections, symbols, relocations, notes. */
#include "unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "symbol/elf_image.h"
#include "tiny_go.h"

static int open_bytes(const struct strbuf *bytes, struct strbuf *why, struct elf_image **ret)
{
	_cleanup_close_ int fd = tiny_file(bytes->data, bytes->length);

	return elf_image_open_fd(fd, why, ret);
}

static void reads_what_is_there(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, id = {0};
	_cleanup_elf_image_ struct elf_image *image = NULL;
	struct elf_symbol symbols[] = {{.name = "runtime.mProfCycle"}, {.name = "none"}};
	const struct elf_segment *segments;
	struct elf_section section;
	uint8_t block[16];
	uint64_t word;

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 24}, &bytes);
	assert_int_equal(open_bytes(&bytes, NULL, &image), 0);
	assert_int_equal(elf_image_machine(image), EM_X86_64);
	assert_int_equal(elf_image_type(image), ET_EXEC);
	assert_int_equal(elf_image_entry(image), TINY_GO_TEXT);
	assert_int_equal(elf_image_segments(image, &segments), 1);
	assert_int_equal(segments[0].address, TINY_GO_BASE);
	assert_int_equal(elf_image_find_section(image, ".gopclntab", &section), 0);
	assert_int_equal(section.address, TINY_GO_BASE + section.offset);
	assert_int_equal(elf_image_find_section(image, ".gopclnta", &section), -ENOENT);
	assert_int_equal(elf_image_find_symbols(image, symbols, 2), 1);
	assert_true(symbols[0].found && !symbols[1].found);
	assert_int_equal(symbols[0].address, TINY_GO_CYCLE);
	elf_image_build_id(image, &id);
	assert_string_equal(strbuf_text(&id), "0123456789abcdef");

	/* The end of the file, the bss behind it, the end of the segment. */
	memset(block, 1, sizeof(block));
	assert_int_equal(elf_image_read(image, TINY_GO_BASE + bytes.length - 8, block, 16), 0);
	memcpy(&word, block + 8, 8);
	assert_int_equal(word, 0);
	assert_int_equal(elf_image_read(image, TINY_GO_BASE + bytes.length + 0x400 - 8, block, 9),
			 -EFAULT);
	assert_int_equal(
		elf_image_read_some(image, TINY_GO_BASE + bytes.length + 0x400 - 8, block, 16), 8);
	assert_int_equal(elf_image_read(image, TINY_GO_BASE - 1, block, 1), -EFAULT);
	assert_int_equal(elf_image_read(image, UINT64_MAX - 3, block, 16), -EFAULT);
}

/* Of the test itself: every linker's symbols are as the test's own are. */
static void names_places(void **state)
{
	_cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_elf_image_ struct elf_image *image = NULL;
	struct elf_symbol self = {.name = "names_places"};
	struct elf_place places[3] = {0};
	char name[ELF_PLACE_NAME_SIZE];
	uint32_t crc;

	(void)state;
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), 0);
	assert_int_equal(elf_image_find_symbols(image, &self, 1), 1);
	places[0].address = self.address;
	places[1].address = self.address + self.size - 1;
	places[2].address = 1; /* in no function */
	assert_int_equal(elf_image_symbols_at(image, SHT_SYMTAB, places, 3), 2);
	for (int i = 0; i < 2; i++) {
		assert_true(places[i].found);
		assert_string_equal(places[i].name, "names_places");
		assert_int_equal(places[i].start, self.address);
	}
	assert_false(places[2].found);
	/* Its end is not in it. */
	places[0].address = self.address + self.size;
	assert_true(elf_image_symbols_at(image, SHT_SYMTAB, places, 1) >= 0);
	assert_true(!places[0].found || places[0].start != self.address);
	assert_int_equal(elf_image_symbols_at(image, 0x12345, places, 1), -ENOENT);
	assert_int_equal(elf_image_debug_link(image, name, &crc), -ENOENT);
}

static void applies_relocations(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_elf_image_ struct elf_image *image = NULL;
	struct elf_section table;
	uint64_t words[2] = {1, 1}, at[4];

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 27, .pie = true}, &bytes);
	assert_int_equal(open_bytes(&bytes, NULL, &image), 0);
	assert_int_equal(elf_image_find_section(image, ".gopclntab", &table), 0);
	/* moduledata begins with the address of the table; in the file there is a zero. */
	assert_int_equal(elf_image_find_word(image, table.address, at, 4), 3);
	/* The first two are the section header and the relocation: all is one writable segment. */
	assert_int_equal(elf_image_read(image, at[2], words, 8), 0);
	assert_int_equal(words[0], 0);
	assert_int_equal(elf_image_read_relocated(image, at[2], words, 16), 0);
	assert_int_equal(words[0], table.address);
	assert_true(words[1] > table.address);
}

/* One byte changed: what opening says. */
static int open_changed(size_t at, uint64_t value, size_t width, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_elf_image_ struct elf_image *image = NULL;

	tiny_go_build(&(struct tiny_go){.minor = 24}, &bytes);
	memcpy(bytes.data + at, &value, width);
	return open_bytes(&bytes, why, &image);
}

static void refuses_what_is_broken(void **state)
{
	size_t segment = sizeof(Elf64_Ehdr);
	static const struct {
		size_t at, width;
		uint64_t value;
		int want;
	} cases[] = {
		{0, 1, 'X', -ENOEXEC},
		{EI_CLASS, 1, ELFCLASS32, -ENOEXEC},
		{EI_DATA, 1, ELFDATA2MSB, -ENOEXEC},
		{offsetof(Elf64_Ehdr, e_type), 2, ET_CORE, -ENOEXEC},
		{offsetof(Elf64_Ehdr, e_phnum), 2, 0, -EBADMSG},
		{offsetof(Elf64_Ehdr, e_phnum), 2, 0xffff, -EBADMSG},
		{offsetof(Elf64_Ehdr, e_phentsize), 2, 55, -EBADMSG},
		{offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 8, -EBADMSG},
		{offsetof(Elf64_Ehdr, e_phoff), 8, 1 << 20, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};

		assert_int_equal(open_changed(cases[i].at, cases[i].value, cases[i].width, &why),
				 cases[i].want);
		assert_true(why.length > 10);
	}
	assert_int_equal(open_changed(segment + offsetof(Elf64_Phdr, p_filesz), 1 << 20, 8, NULL),
			 -EBADMSG);
	assert_int_equal(
		open_changed(segment + offsetof(Elf64_Phdr, p_vaddr), UINT64_MAX - 8, 8, NULL),
		-EBADMSG);
	assert_int_equal(open_changed(segment + offsetof(Elf64_Phdr, p_type), PT_NULL, 4, NULL),
			 -EBADMSG);
	/* Sections are not needed to run: broken ones are as good as none. */
	assert_int_equal(open_changed(offsetof(Elf64_Ehdr, e_shoff), UINT64_MAX - 8, 8, NULL), 0);
}

static void survives_truncation(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_close_ int fd = -1;
	char block[32768];

	(void)state;
	/* Long enough that its end is not read together with its beginning. */
	tiny_go_build(&(struct tiny_go){.minor = 24}, &bytes);
	memset(block, 0, sizeof(block));
	strbuf_append(&bytes, block, sizeof(block));
	((Elf64_Phdr *)(void *)(bytes.data + sizeof(Elf64_Ehdr)))->p_filesz = bytes.length;
	((Elf64_Phdr *)(void *)(bytes.data + sizeof(Elf64_Ehdr)))->p_memsz = bytes.length;
	fd = tiny_file(bytes.data, bytes.length);
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(elf_image_read(image, TINY_GO_BASE + 20000, block, 8), -EBADMSG);
	assert_int_equal(elf_image_read(image, TINY_GO_BASE + 20, block, 20000), -EBADMSG);
	elf_image_close(STEAL(image));
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), -EBADMSG);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(elf_image_open_fd(fd, NULL, &image), -ENOEXEC);
}

static void refuses_what_is_no_file(void **state)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_close_ int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(elf_image_open_fd(directory, NULL, &image), -ENOEXEC);
	assert_int_equal(elf_image_open_fd(-1, NULL, &image), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_there), cmocka_unit_test(names_places),
		cmocka_unit_test(applies_relocations), cmocka_unit_test(refuses_what_is_broken),
		cmocka_unit_test(survives_truncation), cmocka_unit_test(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
