/* Functions by name. */
#include "go/pclntab_internal.h"

#define PLACES_MOST 128

/* Where the names that are looked for stand in the table of names. */
struct places {
	const struct go_function *functions;
	size_t function_count;
	size_t function[PLACES_MOST];
	uint32_t at[PLACES_MOST];
	size_t count;
};

static int note_place(void *context, uint64_t at, const char *text)
{
	struct places *p = context;

	for (size_t i = 0; i < p->function_count; i++) {
		if (strcmp(text, p->functions[i].name) != 0)
			continue;
		p->function[p->count] = i;
		p->at[p->count++] = (uint32_t)at;
		break;
	}
	return p->count == PLACES_MOST;
}

/* One search through the names for all of them, by the beginning that they have in common. */
static int find_names(struct pclntab *t, struct places *p)
{
	const char *first = p->functions[0].name;
	uint64_t offset, size;
	char prefix[64];
	size_t length = MIN(strlen(first), sizeof(prefix) - 1);
	int r = elf_image_file_offset(t->image, t->names, &offset, &size);

	for (size_t i = 1; i < p->function_count; i++) {
		size_t k = 0;

		while (k < length && first[k] == p->functions[i].name[k])
			k++;
		length = k;
	}
	memcpy(prefix, first, length);
	prefix[length] = '\0';
	size = MIN(size, MIN(t->units - t->names, UINT32_MAX));
	if (r == 0)
		r = elf_image_find_strings(t->image, offset, size, prefix, note_place, p);
	return r == -EFAULT ? -EBADMSG : r < 0 ? r : 0;
}

/* ENTRY: where the function begins, and where what is known of it is. */
static int match_function(struct pclntab *t, uint32_t position, const uint32_t *entry,
			  const struct places *p, struct go_function *functions)
{
	uint32_t name, end;
	int r = fetch32(t, t->functions + entry[1] + 4, &name);

	for (size_t i = 0; r == 0 && i < p->count; i++) {
		struct go_function *f = &functions[p->function[i]];

		if (p->at[i] != name)
			continue;
		r = fetch32(t, t->functions + ((uint64_t)position + 1) * 8, &end);
		/* Twice: the smaller one is a wrapper, for calls from assembly. */
		if (r < 0 || end < entry[0] || end - entry[0] < f->end - f->start)
			return r;
		f->start = t->text + entry[0];
		f->end = t->text + end;
	}
	return r;
}

int pclntab_find_functions(struct pclntab *t, struct go_function *functions, size_t n)
{
	struct places places = {.functions = functions, .function_count = n};
	uint32_t entries[512][2];
	int r = n ? find_names(t, &places) : 0, found = 0;

	for (size_t i = 0; i < n; i++)
		functions[i].start = functions[i].end = 0;
	for (uint32_t at = 0; r == 0 && places.count && at < t->function_count;
	     at += ARRAY_SIZE(entries)) {
		size_t part = MIN(t->function_count - at, ARRAY_SIZE(entries));

		r = fetch(t, t->functions + (uint64_t)at * 8, entries, part * sizeof(entries[0]));
		for (uint32_t i = 0; r == 0 && i < part; i++)
			r = match_function(t, at + i, entries[i], &places, functions);
	}
	for (size_t i = 0; i < n; i++)
		found += functions[i].start != 0;
	return r < 0 ? r : found;
}
