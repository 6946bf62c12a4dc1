/* Relocations: what the words of a PIE will hold once it is loaded. */
#include "symbol/elf_image_internal.h"

#include <errno.h>
#include <string.h>

/* Where the relocations are: DT_RELA. DT_RELR needs no attention, its addends are in place. */
static int find_relocations(struct elf_image *image, uint64_t *ret_address, uint64_t *ret_count)
{
	uint64_t address = 0, size = 0;

	for (uint64_t at = 0; within(at, sizeof(Elf64_Dyn), image->dynamic_size) &&
			      at < HEADERS_MOST * sizeof(Elf64_Dyn);
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;
		int r = elf_image_read(image, image->dynamic + at, &entry, sizeof(entry));

		if (r < 0)
			return r;
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_RELA)
			address = entry.d_un.d_ptr;
		if (entry.d_tag == DT_RELASZ)
			size = entry.d_un.d_val;
		if (entry.d_tag == DT_RELAENT && entry.d_un.d_val != sizeof(Elf64_Rela))
			return -EBADMSG;
	}
	*ret_address = address;
	*ret_count = address ? MIN(size, SEARCH_MOST) / sizeof(Elf64_Rela) : 0;
	return 0;
}

/* Call EACH with every R_*_RELATIVE relocation, until it returns something else than 0. */
static int each_relative(struct elf_image *image,
			 int (*each)(void *context, const Elf64_Rela *rela), void *context)
{
	uint32_t relative =
		image->header.e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	uint64_t address, count;
	Elf64_Rela block[128];
	int r = find_relocations(image, &address, &count);

	while (r == 0 && count) {
		size_t n = MIN(count, ARRAY_SIZE(block));

		r = elf_image_read(image, address, block, n * sizeof(block[0]));
		for (size_t i = 0; r == 0 && i < n; i++)
			if (ELF64_R_TYPE(block[i].r_info) == relative)
				r = each(context, &block[i]);
		address += n * sizeof(block[0]);
		count -= n;
	}
	return r;
}

struct patch {
	uint64_t address;
	uint8_t *bytes;
	size_t n;
};

static int patch_word(void *context, const Elf64_Rela *rela)
{
	struct patch *p = context;

	if (rela->r_offset >= p->address && within(rela->r_offset - p->address, 8, p->n))
		memcpy(p->bytes + (rela->r_offset - p->address), &rela->r_addend, 8);
	return 0;
}

int elf_image_read_relocated(struct elf_image *image, uint64_t address, void *buffer, size_t n)
{
	struct patch patch = {.address = address, .bytes = buffer, .n = n};
	int r = elf_image_read(image, address, buffer, n);

	return r < 0 ? r : each_relative(image, patch_word, &patch);
}

struct word_search {
	struct elf_image *image;
	uint64_t value;
	uint64_t *at;
	size_t found, most;
};

static int note_word(struct word_search *s, uint64_t address)
{
	const struct elf_segment *segment = elf_image_segment_at(s->image, address);

	if (address % 8 == 0 && segment && segment->flags & PF_W && s->found < s->most)
		s->at[s->found++] = address;
	return s->found == s->most;
}

static int match_relocation(void *context, const Elf64_Rela *rela)
{
	struct word_search *s = context;

	return (uint64_t)rela->r_addend == s->value ? note_word(s, rela->r_offset) : 0;
}

/* The words that hold the value in the file itself. */
static int search_segment(struct word_search *s, const struct elf_segment *segment)
{
	uint64_t address = (segment->address + 7) & ~(uint64_t)7;
	uint64_t end = segment->address + MIN(segment->file_size, SEARCH_MOST), words[512];

	while (address < end && end - address >= 8) {
		size_t n = MIN((end - address) / 8, ARRAY_SIZE(words));
		int r = elf_image_read(s->image, address, words, n * 8);

		for (size_t i = 0; r == 0 && i < n; i++)
			if (words[i] == s->value)
				r = note_word(s, address + i * 8);
		if (r)
			return r;
		address += n * 8;
	}
	return 0;
}

int elf_image_find_word(struct elf_image *image, uint64_t value, uint64_t *at, size_t most)
{
	struct word_search s = {.image = image, .value = value, .at = at, .most = most};
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->segment_count; i++)
		if (image->segments[i].flags & PF_W)
			r = search_segment(&s, &image->segments[i]);
	if (r == 0)
		r = each_relative(image, match_relocation, &s);
	return r < 0 ? r : (int)s.found;
}
