/* Symbols by address. */
#include <errno.h>
#include <string.h>

#include "symbol/elf_image_internal.h"

#define TABLES_MOST 4 /* an ELF file has one .symtab and one .dynsym */

struct symbol_search {
	struct elf_image *image;
	struct elf_place *places;
	size_t count;
	uint64_t least, most; /* of the addresses that are looked for */
	Elf64_Shdr names;
};

static bool is_function(const Elf64_Sym *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && sym->st_shndx != SHN_UNDEF &&
	       sym->st_size && sym->st_value + sym->st_size > sym->st_value;
}

static int read_name(const struct symbol_search *s, uint32_t at, char *name, size_t size)
{
	size_t n;
	int r;

	if (at >= s->names.sh_size ||
	    !within(s->names.sh_offset, s->names.sh_size, s->image->file_size))
		return -EBADMSG;
	n = MIN(size - 1, s->names.sh_size - at);
	r = elf_image_read_file(s->image, s->names.sh_offset + at, name, n);
	name[r < 0 ? 0 : n] = '\0';
	return r;
}

/* Of several names of one place the one that others may use, and the plainer one. */
static unsigned int rank_of(const Elf64_Sym *sym, const char *name)
{
	static const unsigned int bindings[] = {[STB_LOCAL] = 0, [STB_GLOBAL] = 2, [STB_WEAK] = 1};
	unsigned int binding = ELF64_ST_BIND(sym->st_info);

	return (binding < ARRAY_SIZE(bindings) ? bindings[binding] : 0) * 8 + 7 -
	       (unsigned int)MIN(strspn(name, "_"), (size_t)7);
}

static int try_symbol(const struct symbol_search *s, const Elf64_Sym *sym)
{
	char name[ELF_PLACE_NAME_SIZE];
	unsigned int rank;
	int r;

	if (sym->st_value > s->most || sym->st_value + sym->st_size <= s->least ||
	    !is_function(sym))
		return 0;
	for (size_t i = 0; i < s->count; i++) {
		struct elf_place *p = &s->places[i];

		if (p->address < sym->st_value || p->address - sym->st_value >= sym->st_size ||
		    (p->found && p->start > sym->st_value))
			continue;
		r = read_name(s, sym->st_name, name, sizeof(name));
		if (r < 0 || !*name)
			return r == -EBADMSG ? 0 : r;
		rank = rank_of(sym, name);
		if (p->found && p->start == sym->st_value && p->rank >= rank)
			continue;
		p->found = true;
		p->start = sym->st_value;
		p->rank = rank;
		memcpy(p->name, name, sizeof(name));
	}
	return 0;
}

static int search_table(const struct symbol_search *s, const Elf64_Shdr *table)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	Elf64_Sym block[256];
	int r = 0;

	if (table->sh_size > SEARCH_MOST)
		return -EBADMSG;
	for (uint64_t at = 0; r == 0 && at < count; at += ARRAY_SIZE(block)) {
		size_t part = MIN(count - at, ARRAY_SIZE(block));

		r = elf_image_read_file(s->image, table->sh_offset + at * sizeof(block[0]), block,
					part * sizeof(block[0]));
		for (size_t i = 0; r == 0 && i < part; i++)
			r = try_symbol(s, &block[i]);
	}
	return r;
}

int elf_image_symbols_at(struct elf_image *image, uint32_t kind, struct elf_place *places, size_t n)
{
	struct symbol_search s = {
		.image = image, .places = places, .count = n, .least = UINT64_MAX};
	Elf64_Shdr table;
	int r = 0, found = 0, tables = 0;

	for (size_t i = 0; i < n; i++) {
		places[i].found = false;
		s.least = MIN(s.least, places[i].address);
		s.most = MAX(s.most, places[i].address);
	}
	for (size_t i = 1; r == 0 && tables < TABLES_MOST && i < image->header.e_shnum; i++) {
		r = elf_image_section(image, i, &table);
		if (r < 0 || table.sh_type != kind)
			continue;
		tables++;
		r = elf_image_section(image, table.sh_link, &s.names);
		if (r == 0)
			r = search_table(&s, &table);
	}
	for (size_t i = 0; i < n; i++)
		found += places[i].found;
	return r < 0 ? r : tables ? found : -ENOENT;
}

int elf_image_code_address(const struct elf_image *image, uint64_t offset, uint64_t *ret)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *s = &image->segments[i];

		if ((s->flags & PF_X) && offset >= s->offset && offset - s->offset < s->file_size) {
			*ret = s->address + (offset - s->offset);
			return 0;
		}
	}
	return -EFAULT;
}

int elf_image_debug_link(struct elf_image *image, char name[ELF_PLACE_NAME_SIZE], uint32_t *ret_crc)
{
	struct elf_section s;
	size_t n, crc_at;
	int r = elf_image_find_section(image, ".gnu_debuglink", &s);

	if (r < 0)
		return r;
	n = MIN(s.size, (uint64_t)ELF_PLACE_NAME_SIZE - 1);
	r = elf_image_read_file(image, s.offset, name, n);
	if (r < 0)
		return r;
	name[n] = '\0';
	n = strlen(name);
	crc_at = (n + 4) & ~(size_t)3;
	/* A name, not a path that leads elsewhere. */
	if (!n || strchr(name, '/') || strcmp(name, "..") == 0 || !within(crc_at, 4, s.size))
		return -EBADMSG;
	return elf_image_read_file(image, s.offset + crc_at, ret_crc, sizeof(*ret_crc));
}
