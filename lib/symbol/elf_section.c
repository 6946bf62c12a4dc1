/* Sections, symbols and notes: everything that is found by name. */
#include "symbol/elf_image_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_MOST 128
#define NAMES_MOST 32 /* places of names in a string table */

int elf_image_section(struct elf_image *image, size_t index, Elf64_Shdr *ret)
{
	const Elf64_Ehdr *h = &image->header;

	if (!h->e_shoff || h->e_shentsize != sizeof(*ret) || index >= h->e_shnum ||
	    !within(h->e_shoff, (uint64_t)h->e_shnum * sizeof(*ret), image->file_size))
		return -ENOENT;
	return elf_image_read_file(image, h->e_shoff + index * sizeof(*ret), ret, sizeof(*ret));
}

/* Is the string at AT in the string table NAME? SIZE is strlen(NAME) + 1. */
static bool same_name(struct elf_image *image, const Elf64_Shdr *table, uint64_t at,
		      const char *name, size_t size)
{
	char found[NAME_MOST];

	return size <= sizeof(found) && within(at, size, table->sh_size) &&
	       within(table->sh_offset, table->sh_size, image->file_size) &&
	       elf_image_read_file(image, table->sh_offset + at, found, size) == 0 &&
	       memcmp(found, name, size) == 0;
}

int elf_image_find_section(struct elf_image *image, const char *name, struct elf_section *ret)
{
	Elf64_Shdr names, section;
	int r = elf_image_section(image, image->header.e_shstrndx, &names);

	for (size_t i = 1; r == 0 && i < image->header.e_shnum; i++) {
		r = elf_image_section(image, i, &section);
		if (r == 0 && same_name(image, &names, section.sh_name, name, strlen(name) + 1)) {
			*ret = (struct elf_section){.address = section.sh_addr,
						    .size = section.sh_size,
						    .offset = section.sh_offset};
			return 0;
		}
	}
	return r < 0 ? r : -ENOENT;
}

static int find_symtab(struct elf_image *image, Elf64_Shdr *ret_table, Elf64_Shdr *ret_names)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < image->header.e_shnum; i++) {
		r = elf_image_section(image, i, ret_table);
		if (r == 0 && ret_table->sh_type == SHT_SYMTAB)
			return elf_image_section(image, ret_table->sh_link, ret_names);
	}
	return r < 0 ? r : -ENOENT;
}

/* Where the names that are looked for stand in the string table. Linkers let a name share the end
 * of a longer one, so one can be there more than once; more than a few times only in a hostile
 * file. */
struct name_places {
	const struct elf_symbol *symbols;
	size_t symbol_count;
	size_t symbol[NAMES_MOST];
	uint32_t at[NAMES_MOST];
	size_t count;
};

static int note_name(void *context, uint64_t at, const char *text)
{
	struct name_places *p = context;

	for (size_t i = 0; i < p->symbol_count; i++) {
		if (strcmp(text, p->symbols[i].name) != 0 || at > UINT32_MAX)
			continue;
		p->symbol[p->count] = i;
		p->at[p->count++] = (uint32_t)at;
		break;
	}
	return p->count == NAMES_MOST;
}

/* The beginning that all names have in common. */
static void common_prefix(const struct elf_symbol *symbols, size_t n, char *prefix, size_t size)
{
	snprintf(prefix, size, "%s", n ? symbols[0].name : "");
	for (size_t i = 1; i < n; i++) {
		size_t k = 0;

		while (prefix[k] && prefix[k] == symbols[i].name[k])
			k++;
		prefix[k] = '\0';
	}
}

static void match_symbol(const struct name_places *p, const Elf64_Sym *sym,
			 struct elf_symbol *symbols)
{
	for (size_t i = 0; i < p->count; i++) {
		struct elf_symbol *symbol = &symbols[p->symbol[i]];

		if (sym->st_name != p->at[i] || sym->st_shndx == SHN_UNDEF || symbol->found)
			continue;
		symbol->found = true;
		symbol->address = sym->st_value;
		symbol->size = sym->st_size;
	}
}

int elf_image_find_symbols(struct elf_image *image, struct elf_symbol *symbols, size_t n)
{
	struct name_places places = {.symbols = symbols, .symbol_count = n};
	char prefix[NAME_MOST];
	Elf64_Shdr table, names;
	Elf64_Sym block[256];
	uint64_t count;
	int r = find_symtab(image, &table, &names), found = 0;

	for (size_t i = 0; i < n; i++)
		symbols[i].found = false;
	if (r < 0)
		return r;
	if (table.sh_size > SEARCH_MOST)
		return -EBADMSG;
	common_prefix(symbols, n, prefix, sizeof(prefix));
	r = elf_image_find_strings(image, names.sh_offset, MIN(names.sh_size, SEARCH_MOST), prefix,
				   note_name, &places);
	if (r < 0)
		return r;
	count = places.count ? table.sh_size / sizeof(block[0]) : 0;
	for (uint64_t at = 0; at < count; at += ARRAY_SIZE(block)) {
		size_t part = MIN(count - at, ARRAY_SIZE(block));

		r = elf_image_read_file(image, table.sh_offset + at * sizeof(block[0]), block,
					part * sizeof(block[0]));
		if (r < 0)
			return r;
		for (size_t i = 0; i < part; i++)
			match_symbol(&places, &block[i], symbols);
	}
	for (size_t i = 0; i < n; i++)
		found += symbols[i].found;
	return found;
}

/* The build id among the notes at [OFFSET, OFFSET + SIZE) of the file: owner "GNU", as hex. */
static bool note_build_id(struct elf_image *image, uint64_t offset, uint64_t size,
			  struct strbuf *out)
{
	uint64_t at = 0;
	Elf64_Nhdr note;
	uint8_t bytes[64];

	if (size > NOTES_MOST || !within(offset, size, image->file_size))
		return false;
	while (within(at, sizeof(note), size) &&
	       elf_image_read_file(image, offset + at, &note, sizeof(note)) == 0) {
		uint64_t name = at + sizeof(note), text = name + ((note.n_namesz + 3ull) & ~3ull);

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz &&
		    note.n_descsz <= sizeof(bytes) && within(text, note.n_descsz, size) &&
		    elf_image_read_file(image, offset + name, bytes, 4) == 0 &&
		    memcmp(bytes, "GNU", 4) == 0) {
			if (elf_image_read_file(image, offset + text, bytes, note.n_descsz) < 0)
				return false;
			for (size_t i = 0; i < note.n_descsz; i++)
				strbuf_printf(out, "%02x", bytes[i]);
			return true;
		}
		at = text + ((note.n_descsz + 3ull) & ~3ull);
	}
	return false;
}

void elf_image_build_id(struct elf_image *image, struct strbuf *out)
{
	struct elf_section section;

	/* Go's own linker leaves the section out of PT_NOTE. */
	if (elf_image_find_section(image, ".note.gnu.build-id", &section) == 0 &&
	    note_build_id(image, section.offset, section.size, out))
		return;
	for (size_t i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr p;

		if (elf_image_read_file(image, image->header.e_phoff + i * sizeof(p), &p,
					sizeof(p)) < 0)
			return;
		if (p.p_type == PT_NOTE && note_build_id(image, p.p_offset, p.p_filesz, out))
			return;
	}
}
