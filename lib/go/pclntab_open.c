/* Finds the table, and the moduledata that says where its addresses count from. */
#include "go/pclntab_internal.h"

#include <elf.h>

#define MAGIC_12 0xfffffffbu  /* Go 1.2 to 1.15: another layout */
#define MAGIC_116 0xfffffffau /* 1.16 and 1.17: another one */
#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u
#define HEADER_SIZE 72
#define FUNCTIONS_MOST (1u << 22)
#define MERGED_MOST ((uint64_t)1 << 26) /* bytes of a section that Go's data may be merged into */

/* moduledata (runtime/symtab.go), the offsets that did not move since 1.18. */
#define MODULE_SIZE 0x160
#define MODULE_NAMES 0x08
#define MODULE_FTAB 0x80
#define MODULE_TEXT 0xb0

/* The four bytes behind the magic number: zero, zero, quantum of addresses, pointer size. */
static bool is_header_tail(uint32_t tail)
{
	return tail == 0x08010000 || tail == 0x08020000 || tail == 0x08040000;
}

static bool is_old_magic(uint32_t magic)
{
	return magic == MAGIC_12 || magic == MAGIC_116;
}

/*
 * Is there a plausible table at this address? Fills in what the header says. The magic number may
 * be one that no version of Go has, as obfuscators replace it: KNOWN says so.
 */
static bool read_header(struct pclntab *t, uint64_t address, bool *known)
{
	uint8_t h[HEADER_SIZE];
	uint64_t count, at[5], end;
	uint32_t first, last;

	if (elf_image_read(t->image, address, h, sizeof(h)) < 0)
		return false;
	count = get64(h + 8);
	if (!is_header_tail(get32(h + 4)) || is_old_magic(get32(h)) || !count ||
	    count > FUNCTIONS_MOST)
		return false;
	for (int i = 0; i < 5; i++) {
		at[i] = get64(h + 32 + 8 * i);
		/* In this order, none before the end of the header, which has 64 to 256 bytes. */
		if (i == 0 ? at[0] < 64 || at[0] > 256 : at[i] < at[i - 1])
			return false;
	}
	if (__builtin_add_overflow(at[4], address, &end))
		return false;
	t->address = address;
	t->names = address + at[0];
	t->units = address + at[1];
	t->files = address + at[2];
	t->values = address + at[3];
	t->functions = end;
	t->text = 0; /* moduledata has it */
	t->function_count = (uint32_t)count;
	t->quantum = h[6];
	t->since_120 = get32(h) != MAGIC_118;
	*known = get32(h) == MAGIC_118 || get32(h) == MAGIC_120;
	return fetch32(t, t->functions, &first) == 0 && first <= 1 << 20 &&
	       fetch32(t, t->functions + count * 8, &last) == 0 && last > first;
}

struct scan {
	struct pclntab *table;
	bool made_by_go;  /* a section says so */
	bool old;	  /* a table in the layout of before 1.18 was seen */
	uint64_t strange; /* one with an unknown magic number; 0 none */
};

/* The word begins what may be a header. Is it one? */
static bool look_at(struct scan *s, uint64_t address, uint64_t word)
{
	uint32_t magic = (uint32_t)word;
	bool known;

	if (is_old_magic(magic)) {
		s->old = true;
		return false;
	}
	if (s->strange && magic != MAGIC_118 && magic != MAGIC_120)
		return false;
	if (!read_header(s->table, address, &known))
		return false;
	if (!known)
		s->strange = address;
	return known;
}

/* No section says where it is: look at every multiple of eight. 1: found. */
static int scan_range(struct scan *s, uint64_t address, uint64_t size)
{
	uint64_t end = address + size, words[2048];

	address = (address + 7) & ~(uint64_t)7;
	while (address < end && end - address >= HEADER_SIZE) {
		size_t n = MIN((end - address) / 8, ARRAY_SIZE(words));
		int r = elf_image_read(s->table->image, address, words, n * 8);

		if (r < 0)
			return r == -EFAULT ? 0 : r;
		for (size_t i = 0; i < n; i++)
			if (is_header_tail((uint32_t)(words[i] >> 32)) &&
			    look_at(s, address + i * 8, words[i]))
				return 1;
		address += n * 8;
	}
	return 0;
}

/* Data first: the code of a large program is long, and has no tables. But linkers of old put all
 * that is not written to into one segment. */
static int scan_segments(struct scan *s)
{
	const struct elf_segment *segments;
	size_t n = elf_image_segments(s->table->image, &segments);
	int r = 0;

	for (int code = 0; r == 0 && code < 2; code++)
		for (size_t i = 0; r == 0 && i < n; i++)
			if (!(segments[i].flags & PF_X) == !code)
				r = scan_range(s, segments[i].address, segments[i].file_size);
	return r;
}

/* Which part is worth a scan? Reading all of every program on a box to find out that it is not Go
 * is not. Where the C linker has merged Go's data, it is in .data.rel.ro. */
static int scan(struct scan *s)
{
	static const char *const names[] = {".go.buildinfo", ".note.go.buildid"};
	struct elf_image *image = s->table->image;
	struct elf_section section;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		s->made_by_go |= elf_image_find_section(image, names[i], &section) == 0;
	if (s->made_by_go || elf_image_find_section(image, ".shstrtab", &section) < 0)
		return scan_segments(s);
	if (elf_image_find_section(image, ".data.rel.ro", &section) < 0)
		return 0;
	return scan_range(s, section.address, MIN(section.size, MERGED_MOST));
}

static bool is_old(struct pclntab *t, uint64_t address)
{
	uint32_t h[2];

	return elf_image_read(t->image, address, h, sizeof(h)) == 0 && is_old_magic(h[0]) &&
	       is_header_tail(h[1]);
}

/* -ENOENT: none. -ENOTSUP: one of before 1.18. -ENODATA: none, but there should be one. */
static int find_table(struct pclntab *t)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct elf_symbol symbol = {.name = "runtime.pclntab"};
	struct scan s = {.table = t};
	struct elf_section section;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (elf_image_find_section(t->image, names[i], &section) < 0)
			continue;
		if (read_header(t, section.address, &t->known))
			return 0;
		return is_old(t, section.address) ? -ENOTSUP : -EBADMSG;
	}
	if (elf_image_find_symbols(t->image, &symbol, 1) == 1 &&
	    read_header(t, symbol.address, &t->known))
		return 0;
	r = scan(&s);
	if (r < 0)
		return r;
	if (r > 0)
		t->known = true;
	else if (!s.strange || !read_header(t, s.strange, &t->known))
		return s.old ? -ENOTSUP : s.made_by_go ? -ENODATA : -ENOENT;
	return 0;
}

static bool read_module(struct pclntab *t, uint64_t address)
{
	uint8_t m[MODULE_SIZE];

	if (elf_image_read_relocated(t->image, address, m, sizeof(m)) < 0)
		return false;
	if (get64(m) != t->address || get64(m + MODULE_NAMES) != t->names ||
	    get64(m + MODULE_FTAB) != t->functions)
		return false;
	t->text = get64(m + MODULE_TEXT);
	/* types, etypes, rodata, gofunc; 1.20 added covctrs before them, 1.27 more, beginning with
	 * a length where etypes was: less than any address behind types. */
	if (!t->since_120)
		t->inline_trees = get64(m + 0x130);
	else if (get64(m + 0x130) >= get64(m + 0x128))
		t->inline_trees = get64(m + 0x140);
	else
		t->inline_trees = get64(m + 0x158);
	return true;
}

/* moduledata refers to the table with its first word. */
static int find_module(struct pclntab *t)
{
	struct elf_symbol symbol = {.name = "runtime.firstmoduledata"};
	struct elf_section section;
	uint64_t at[16];
	int n;

	if (elf_image_find_section(t->image, ".go.module", &section) == 0 &&
	    read_module(t, section.address))
		return 0;
	if (elf_image_find_symbols(t->image, &symbol, 1) == 1 && read_module(t, symbol.address))
		return 0;
	n = elf_image_find_word(t->image, t->address, at, ARRAY_SIZE(at));
	for (int i = 0; i < n; i++)
		if (read_module(t, at[i]))
			return 0;
	/* Without it there are no inlined calls, but up to 1.25 the header has the start of the
	 * text, as a word that a PIE has a relocation for. */
	if (n >= 0 && elf_image_read_relocated(t->image, t->address + 24, &t->text, 8) < 0)
		t->text = 0;
	return n < 0 ? n : t->text ? 0 : -EBADMSG;
}

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "not a Go program";
	case -ENOTSUP:
		return "a Go program made before Go 1.18: its heap profile cannot be read";
	case -ENODATA:
		return "a Go program without a function table that can be read (obfuscated, by "
		       "garble for example): its heap profile cannot be found";
	case -EBADMSG:
		return "its function table (gopclntab) is corrupt";
	case -EFBIG:
		return "it is not what it claims to be: looking through it takes too long";
	}
	return strerror(-error);
}

int pclntab_open(struct elf_image *image, struct strbuf *why, struct pclntab **ret)
{
	_cleanup_pclntab_ struct pclntab *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (t) {
		t->image = image;
		r = find_table(t);
		if (r == 0)
			r = find_module(t);
	}
	if (r < 0 && why)
		strbuf_puts(why, reason(r));
	if (r == -ENOTSUP)
		r = -ENODATA;
	if (r < 0)
		return r;
	*ret = STEAL(t);
	return 0;
}

bool pclntab_is_known(const struct pclntab *t)
{
	return t->known;
}

void pclntab_close(struct pclntab *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->pool_count; i++)
		free(t->pool[i].text);
	free(t->pool);
	hash_index_free(&t->pool_index);
	free(t);
}

void pclntab_closep(struct pclntab **table)
{
	pclntab_close(*table);
}
