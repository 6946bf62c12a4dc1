#include "tiny_go.h"

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"

/* Offsets in the file, which is one segment; addresses are these plus TINY_GO_BASE. */
#define SIZE 0x1c00
#define DYNAMIC 0x100
#define RELA 0x180
#define NOTE 0x2c0
#define BUILDINFO 0x300
#define MODULE 0x400
#define TABLE 0x600
#define TREES 0xc00
#define SYMBOLS 0xd00
#define STRINGS 0xe00
#define SECTIONS 0x1000
#define SECTION_NAMES 0x1300
#define TEXT (TINY_GO_TEXT - TINY_GO_BASE)

struct image {
	uint8_t bytes[SIZE];
	bool pie;
	uint16_t machine;
	size_t relocations;
};

static void put(struct image *m, size_t at, uint64_t value, size_t width)
{
	memcpy(m->bytes + at, &value, width);
}

/* An address in the data: in the file, or, in a PIE, in a relocation. */
static void put_address(struct image *m, size_t at, uint64_t address)
{
	Elf64_Rela rela = {.r_offset = TINY_GO_BASE + at,
			   .r_info = ELF64_R_INFO(0, m->machine == EM_AARCH64 ? R_AARCH64_RELATIVE
									      : R_X86_64_RELATIVE),
			   .r_addend = (int64_t)address};

	if (!m->pie)
		put(m, at, address, 8);
	else
		memcpy(m->bytes + RELA + sizeof(rela) * m->relocations++, &rela, sizeof(rela));
}

static size_t put_text(struct image *m, size_t at, const char *text)
{
	memcpy(m->bytes + at, text, strlen(text) + 1);
	return at + strlen(text) + 1;
}

/* A pc-value table: VALUE up to END (from the function's entry), for all pairs. */
static size_t put_values(struct image *m, size_t at, const int32_t (*pairs)[2], size_t n)
{
	uint32_t quantum = m->machine == EM_AARCH64 ? 4 : 1;
	int32_t value = -1, pc = 0;

	for (size_t i = 0; i < n; i++) {
		int32_t change = pairs[i][0] - value;
		uint32_t numbers[2] = {change < 0 ? ((uint32_t)~change << 1) | 1
						  : (uint32_t)change << 1,
				       (uint32_t)(pairs[i][1] - pc) / quantum};

		for (int k = 0; k < 2; k++) {
			for (; numbers[k] >= 0x80; numbers[k] >>= 7)
				m->bytes[at++] = (uint8_t)(numbers[k] | 0x80);
			m->bytes[at++] = (uint8_t)numbers[k];
		}
		value = pairs[i][0];
		pc = pairs[i][1];
	}
	m->bytes[at++] = 0;
	return at;
}

#define FUNCTIONS 8

static const char *const names[FUNCTIONS + 1] = {
	"runtime.mallocgc",	     "main.leak[go.shape.int]", "runtime.goexit",
	"runtime.mProf_FlushLocked", "runtime.profilealloc",	"runtime.mProf_Flush",
	"runtime.mProf_Malloc",	     "runtime.stkbucket",	"main.newNode"};
static const uint32_t entries[FUNCTIONS + 1] = {
	0, 0x40, 0x100, 0x120, 0x140, 0x160, 0x180, 0x1a0, TINY_GO_END - TINY_GO_TEXT};

struct tables {
	size_t names[FUNCTIONS + 1]; /* offsets of the names; the last is the inlined function's */
	size_t files[2];
	size_t file0, line0, file1, line1, inline1; /* pc-value tables */
	size_t name_base, unit_base, file_base, value_base, function_base;
};

static void put_strings(struct image *m, struct tables *t, bool renamed)
{
	size_t at = t->name_base;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		t->names[i] = at - t->name_base;
		at = put_text(m, at, names[i]);
		if (renamed && memcmp(names[i], "runtime.", 8) == 0)
			memcpy(m->bytes + t->name_base + t->names[i], "kjqzwvxy", 8);
	}
	at = put_text(m, at, "runtime.memProfileInternal"); /* a name, but of no function */
	t->unit_base = (at + 7) & ~(size_t)7;
	t->file_base = t->unit_base + 16;
	t->files[1] = put_text(m, t->file_base, "/go/malloc.go") - t->file_base;
	t->value_base = put_text(m, t->file_base + t->files[1], "/src/leak.go");
	put(m, t->unit_base, t->files[0], 4);
	put(m, t->unit_base + 4, t->files[1], 4);
	put(m, t->unit_base + 8, UINT32_MAX, 4);
}

static void put_value_tables(struct image *m, struct tables *t)
{
	static const int32_t file0[][2] = {{0, 0x40}}, line0[][2] = {{7, 0x20}, {1300, 0x40}};
	static const int32_t file1[][2] = {{1, 0xc0}};
	static const int32_t line1[][2] = {{10, 0x10}, {11, 0x20}, {50, 0x40}, {12, 0xc0}};
	static const int32_t inline1[][2] = {{-1, 0x20}, {0, 0x40}, {-1, 0xc0}};
	size_t at = t->value_base + 1; /* offset 0 means no table */

	t->file0 = at - t->value_base;
	at = put_values(m, at, file0, ARRAY_SIZE(file0));
	t->line0 = at - t->value_base;
	at = put_values(m, at, line0, ARRAY_SIZE(line0));
	t->file1 = at - t->value_base;
	at = put_values(m, at, file1, ARRAY_SIZE(file1));
	t->line1 = at - t->value_base;
	at = put_values(m, at, line1, ARRAY_SIZE(line1));
	t->inline1 = at - t->value_base;
	at = put_values(m, at, inline1, ARRAY_SIZE(inline1));
	t->function_base = (at + 7) & ~(size_t)7;
}

/* One _func with three pcdata and four funcdata entries. Returns its end. */
static size_t put_function(struct image *m, const struct tables *t, size_t at, int minor, size_t i)
{
	size_t fixed = minor >= 20 ? 44 : 40;

	put(m, t->function_base + 8 * i, entries[i], 4);
	put(m, t->function_base + 8 * i + 4, at - t->function_base, 4);
	put(m, at, entries[i], 4);
	put(m, at + 4, t->names[i], 4);
	put(m, at + 20, i == 1 ? t->file1 : t->file0, 4);
	put(m, at + 24, i == 1 ? t->line1 : t->line0, 4);
	put(m, at + 28, 3, 4);
	put(m, at + 32, 0, 4);
	if (minor >= 20)
		put(m, at + 36, i == 1 ? 9 : 5, 4);
	m->bytes[at + fixed - 1] = 4;
	at += fixed;
	put(m, at + 8, i == 1 ? t->inline1 : 0, 4);
	for (int k = 0; k < 4; k++)
		put(m, at + 12 + 4 * k, i == 1 && k == 3 ? 0x10 : UINT32_MAX, 4);
	return at + 12 + 16;
}

static void put_table(struct image *m, struct tables *t, const struct tiny_go *what)
{
	int minor = what->minor;
	size_t at;

	t->name_base = TABLE + (minor >= 26 ? 0x48 : 0x60);
	put_strings(m, t, what->renamed);
	put_value_tables(m, t);
	at = t->function_base + 8 * (FUNCTIONS + 1);
	for (size_t i = 0; i < FUNCTIONS; i++)
		at = put_function(m, t, at, minor, i);
	put(m, t->function_base + 8 * FUNCTIONS, entries[FUNCTIONS], 4);

	put(m, TABLE, what->magic ? what->magic : minor >= 20 ? 0xfffffff1 : 0xfffffff0, 4);
	m->bytes[TABLE + 6] = what->arm64 ? 4 : 1;
	m->bytes[TABLE + 7] = 8;
	put(m, TABLE + 8, FUNCTIONS, 8);
	put(m, TABLE + 16, 2, 8);
	if (minor < 26)
		put_address(m, TABLE + 24, TINY_GO_TEXT);
	put(m, TABLE + 32, t->name_base - TABLE, 8);
	put(m, TABLE + 40, t->unit_base - TABLE, 8);
	put(m, TABLE + 48, t->file_base - TABLE, 8);
	put(m, TABLE + 56, t->value_base - TABLE, 8);
	put(m, TABLE + 64, t->function_base - TABLE, 8);

	/* The inlined call, at offset 0x10 of the inline trees; its parent is TINY_GO_CALL. */
	if (minor >= 20) {
		put(m, TREES + 0x10 + 4, t->names[FUNCTIONS], 4);
		put(m, TREES + 0x10 + 8, TINY_GO_CALL - TINY_GO_LEAK, 4);
		put(m, TREES + 0x10 + 12, 49, 4);
	} else {
		put(m, TREES + 0x10 + 12, t->names[FUNCTIONS], 4);
		put(m, TREES + 0x10 + 16, TINY_GO_CALL - TINY_GO_LEAK, 4);
	}
}

static void put_module(struct image *m, const struct tables *t, int minor)
{
	put_address(m, MODULE, TINY_GO_BASE + TABLE);
	put_address(m, MODULE + 8, TINY_GO_BASE + t->name_base);
	put_address(m, MODULE + 0x80, TINY_GO_BASE + t->function_base);
	put_address(m, MODULE + 0xb0, TINY_GO_TEXT);
	if (minor < 20) {
		put_address(m, MODULE + 0x130, TINY_GO_BASE + TREES);
	} else if (minor < 27) {
		put_address(m, MODULE + 0x128, TINY_GO_BASE);
		put_address(m, MODULE + 0x130, TINY_GO_BASE + 8);
		put_address(m, MODULE + 0x140, TINY_GO_BASE + TREES);
	} else {
		put_address(m, MODULE + 0x128, TINY_GO_BASE);
		put(m, MODULE + 0x130, 64, 8);
		put_address(m, MODULE + 0x158, TINY_GO_BASE + TREES);
	}
}

static void put_buildinfo(struct image *m, int minor)
{
	char version[32];
	int n = snprintf(version, sizeof(version), "go1.%d.3", minor);

	memcpy(m->bytes + BUILDINFO, "\xff Go buildinf:", 14);
	m->bytes[BUILDINFO + 14] = 8;
	m->bytes[BUILDINFO + 15] = 2;
	m->bytes[BUILDINFO + 32] = (uint8_t)n;
	memcpy(m->bytes + BUILDINFO + 33, version, (size_t)n);
}

static void put_symbols(struct image *m)
{
	static const struct {
		const char *name;
		uint64_t address;
	} symbols[] = {{"runtime.mbuckets", TINY_GO_MBUCKETS},
		       {"runtime.MemProfileRate", TINY_GO_RATE},
		       {"runtime.mProfCycle", TINY_GO_CYCLE}};
	size_t text = STRINGS + 1;

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		Elf64_Sym sym = {.st_name = (uint32_t)(text - STRINGS),
				 .st_shndx = 1,
				 .st_value = symbols[i].address,
				 .st_size = 8};

		memcpy(m->bytes + SYMBOLS + (i + 1) * sizeof(sym), &sym, sizeof(sym));
		text = put_text(m, text, symbols[i].name);
	}
}

static void put_sections(struct image *m, bool stripped, bool merged)
{
	const struct {
		const char *name;
		uint32_t type, link;
		size_t offset, size;
	} sections[] = {
		{"", 0, 0, 0, 0},
		{merged ? ".data.rel.ro" : ".gopclntab", SHT_PROGBITS, 0, TABLE, TREES - TABLE},
		{merged ? ".data" : ".go.buildinfo", SHT_PROGBITS, 0, BUILDINFO, 64},
		{".note.gnu.build-id", SHT_NOTE, 0, NOTE, 24},
		{".shstrtab", SHT_STRTAB, 0, SECTION_NAMES, 0x100},
		{".strtab", SHT_STRTAB, 0, STRINGS, 0x100},
		{".symtab", SHT_SYMTAB, 5, SYMBOLS, 4 * sizeof(Elf64_Sym)},
	};
	size_t text = SECTION_NAMES, n = ARRAY_SIZE(sections) - (stripped ? 2 : 0);
	Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)m->bytes;

	for (size_t i = 0; i < n; i++) {
		Elf64_Shdr s = {.sh_name = (uint32_t)(text - SECTION_NAMES),
				.sh_type = sections[i].type,
				.sh_addr = TINY_GO_BASE + sections[i].offset,
				.sh_offset = sections[i].offset,
				.sh_size = sections[i].size,
				.sh_link = sections[i].link};

		memcpy(m->bytes + SECTIONS + i * sizeof(s), &s, sizeof(s));
		text = put_text(m, text, sections[i].name);
	}
	h->e_shoff = SECTIONS;
	h->e_shentsize = sizeof(Elf64_Shdr);
	h->e_shnum = (uint16_t)n;
	h->e_shstrndx = 4;
}

static void put_headers(struct image *m)
{
	Elf64_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
			.e_type = m->pie ? ET_DYN : ET_EXEC,
			.e_machine = m->machine,
			.e_entry = TINY_GO_TEXT,
			.e_phoff = sizeof(h),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = m->pie ? 2 : 1};
	Elf64_Phdr p[] = {{.p_type = PT_LOAD,
			   .p_flags = PF_R | PF_W | PF_X,
			   .p_vaddr = TINY_GO_BASE,
			   .p_filesz = SIZE,
			   .p_memsz = SIZE + 0x400},
			  {.p_type = PT_DYNAMIC,
			   .p_vaddr = TINY_GO_BASE + DYNAMIC,
			   .p_offset = DYNAMIC,
			   .p_filesz = 4 * sizeof(Elf64_Dyn)}};
	Elf64_Dyn d[] = {{DT_RELA, {.d_ptr = TINY_GO_BASE + RELA}},
			 {DT_RELASZ, {.d_val = m->relocations * sizeof(Elf64_Rela)}},
			 {DT_RELAENT, {.d_val = sizeof(Elf64_Rela)}},
			 {DT_NULL, {0}}};
	static const uint8_t note[] = {4,    0,	   0,	 0,    8,    0,	   0,	 0,
				       3,    0,	   0,	 0,    'G',  'N',  'U',	 0,
				       0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

	memcpy(m->bytes, &h, sizeof(h));
	memcpy(m->bytes + sizeof(h), p, sizeof(p));
	memcpy(m->bytes + NOTE, note, sizeof(note));
	if (m->pie)
		memcpy(m->bytes + DYNAMIC, d, sizeof(d));
}

void tiny_go_build(const struct tiny_go *what, struct strbuf *out)
{
	struct image *m = calloc(1, sizeof(*m));
	struct tables t = {0};

	if (!m)
		abort();
	m->pie = what->pie;
	m->machine = what->arm64 ? EM_AARCH64 : EM_X86_64;
	put_table(m, &t, what);
	put_module(m, &t, what->minor);
	put_buildinfo(m, what->minor);
	put_headers(m);
	if (!what->stripped)
		put_symbols(m);
	if (!what->bare)
		put_sections(m, what->stripped, what->merged);
	memset(m->bytes + TEXT, 0xcc, TINY_GO_END - TINY_GO_TEXT);
	tiny_code_put(m->bytes + TEXT, m->machine, what->minor);
	strbuf_append(out, m->bytes, sizeof(m->bytes));
	free(m);
}

int tiny_file(const void *bytes, size_t n)
{
	int fd = memfd_create("tiny", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, bytes, n) < 0)
		abort();
	return fd;
}

struct go_binary *tiny_go_open(int minor)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = -1;
	struct go_binary *b;

	tiny_go_build(&(struct tiny_go){.minor = minor}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	return fd >= 0 && go_binary_open(fd, NULL, &b) == 0 ? b : NULL;
}
