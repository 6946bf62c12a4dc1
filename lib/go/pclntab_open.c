/* Finds the table, and the moduledata that says where its addresses count from. */
#include "go/pclntab_internal.h"

#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u
#define HEADER_SIZE 72
#define FUNCTIONS_MOST (1u << 24)
#define SCAN_MOST ((uint64_t)1 << 29) /* bytes of a segment */

/* moduledata (runtime/symtab.go), the offsets that did not move since 1.18. */
#define MODULE_SIZE 0x160
#define MODULE_NAMES 0x08
#define MODULE_FTAB 0x80
#define MODULE_TEXT 0xb0

/* Is there a plausible table at this address? Fills in what the header says. */
static bool read_header(struct pclntab *t, uint64_t address)
{
	uint8_t h[HEADER_SIZE];
	uint64_t count, at[5], end;
	uint32_t first, last;

	if (elf_image_read_relocated(t->image, address, h, sizeof(h)) < 0)
		return false;
	count = get64(h + 8);
	if ((get32(h) != MAGIC_118 && get32(h) != MAGIC_120) || h[4] || h[5] ||
	    (h[6] != 1 && h[6] != 2 && h[6] != 4) || h[7] != 8 || !count || count > FUNCTIONS_MOST)
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
	t->text = get64(h + 24); /* 0 from 1.26 on, where only moduledata has it */
	t->function_count = (uint32_t)count;
	t->quantum = h[6];
	t->since_120 = get32(h) == MAGIC_120;
	return fetch32(t, t->functions, &first) == 0 && first <= 1 << 20 &&
	       fetch32(t, t->functions + count * 8, &last) == 0 && last > first;
}

/* No section says where it is: look for the magic number at every multiple of eight. */
static bool scan_segment(struct pclntab *t, const struct elf_segment *s)
{
	uint64_t address = (s->address + 7) & ~(uint64_t)7;
	uint64_t end = s->address + MIN(s->file_size, SCAN_MOST), words[512];

	while (address < end && end - address >= HEADER_SIZE) {
		size_t n = MIN((end - address) / 8, ARRAY_SIZE(words));

		if (elf_image_read(t->image, address, words, n * 8) < 0)
			return false;
		for (size_t i = 0; i < n; i++) {
			uint32_t magic = (uint32_t)words[i];

			if ((magic == MAGIC_118 || magic == MAGIC_120) &&
			    read_header(t, address + i * 8))
				return true;
		}
		address += n * 8;
	}
	return false;
}

/* Is a scan worth while? Reading all of every program on a box to find out that it is not Go is
 * not. */
static bool may_be_go(struct elf_image *image)
{
	static const char *const names[] = {".go.buildinfo", ".note.go.buildid"};
	struct elf_section section;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (elf_image_find_section(image, names[i], &section) == 0)
			return true;
	return elf_image_find_section(image, ".shstrtab", &section) < 0;
}

static int find_table(struct pclntab *t)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct elf_symbol symbol = {.name = "runtime.pclntab"};
	const struct elf_segment *segments;
	struct elf_section section;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (elf_image_find_section(t->image, names[i], &section) == 0)
			return read_header(t, section.address) ? 0 : -EBADMSG;
	if (!may_be_go(t->image))
		return -ENOENT;
	if (elf_image_find_symbols(t->image, &symbol, 1) == 1 && read_header(t, symbol.address))
		return 0;
	n = elf_image_segments(t->image, &segments);
	for (size_t i = 0; i < n; i++)
		if (scan_segment(t, &segments[i]))
			return 0;
	return -ENOENT;
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
	/* Without it there are no inlined calls, and before 1.26 at least the functions. */
	return t->text ? 0 : -EBADMSG;
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
		strbuf_puts(why, r == -ENOENT	 ? "not a Go program, or made before Go 1.18"
				 : r == -EBADMSG ? "its function table (gopclntab) is corrupt"
						 : strerror(-r));
	if (r < 0)
		return r;
	*ret = STEAL(t);
	return 0;
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
