#include "go/heap_pprof.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "pprof/profile.h"

#define PAGE ((uint64_t)4096)

struct heap_pprof {
	struct profile *profile;
	struct profile_mapping mapping; /* of the present program; its texts are gone */
	uint64_t mapping_id;
	bool always_size;
	const char *label;     /* or NULL */
	const char *owner_key; /* or NULL */
	uint64_t owner;
	uint64_t *locations;
	size_t location_size;
};

int heap_pprof_new(struct heap_pprof **ret)
{
	struct heap_pprof *w = calloc(1, sizeof(*w));
	int r = w ? profile_new(&w->profile) : -ENOMEM;

	if (r < 0) {
		free(w);
		return r;
	}
	profile_add_sample_type(w->profile, "alloc_objects", "count");
	profile_add_sample_type(w->profile, "alloc_space", "bytes");
	profile_add_sample_type(w->profile, "inuse_objects", "count");
	profile_add_sample_type(w->profile, "inuse_space", "bytes");
	profile_set_default_sample_type(w->profile, "inuse_space");
	*ret = w;
	return 0;
}

void heap_pprof_free(struct heap_pprof *w)
{
	if (!w)
		return;
	profile_free(w->profile);
	free(w->locations);
	free(w);
}

void heap_pprof_freep(struct heap_pprof **w)
{
	heap_pprof_free(*w);
}

void heap_pprof_time(struct heap_pprof *w, int64_t time_ns, int64_t duration_ns)
{
	profile_set_time(w->profile, time_ns, duration_ns);
}

void heap_pprof_comment(struct heap_pprof *w, const char *text)
{
	profile_add_comment(w->profile, text);
}

/* The executable segment, in whole pages as the kernel maps it. */
void heap_pprof_program(struct heap_pprof *w, const struct heap_pprof_program *program)
{
	const struct elf_segment *text = &program->binary->text;

	w->mapping = (struct profile_mapping){
		.start = program->bias + (text->address & ~(PAGE - 1)),
		.limit = program->bias +
			 ((text->address + text->memory_size + PAGE - 1) & ~(PAGE - 1)),
		.offset = text->offset & ~(PAGE - 1),
		.file_name = program->file_name,
		.build_id = program->binary->build_id,
		.has_functions = program->named,
		.has_filenames = program->named,
		.has_line_numbers = program->named,
		.has_inline_frames = program->named,
	};
	w->mapping_id = profile_add_mapping(w->profile, &w->mapping);
	w->label = program->label;
	/* Before 1.27 runtime/pprof divides bytes by allocations, and leaves the label out without.
	 */
	w->always_size = program->binary->minor >= 27;
	profile_set_period(w->profile, "space", "bytes", program->rate);
}

void heap_pprof_owner(struct heap_pprof *w, const char *key, uint64_t number)
{
	w->owner_key = key;
	w->owner = number;
}

/* Do two frames, one after the other in a stack, come from one address? As pcDeck.tryAdd() has it.
 */
static bool one_location(const struct heap_symbol *inner, const struct heap_symbol *outer)
{
	return inner->inlined && inner->entry == outer->entry && outer->known &&
	       inner->symbol_name != outer->symbol_name;
}

/* Writes a location for the first of N frames; returns how many of them it holds. */
static size_t add_location(struct heap_pprof *w, const struct heap_symbol *const *frames, size_t n,
			   uint64_t *ret)
{
	uint64_t address = frames[0]->pc - 1;
	bool inside = address >= w->mapping.start && address < w->mapping.limit;
	struct profile_line lines[64];
	size_t i = 0;

	do {
		lines[i].function =
			profile_add_function(w->profile, frames[i]->symbol_name,
					     frames[i]->frame.file, frames[i]->start_line);
		lines[i].line = frames[i]->frame.line;
		i++;
	} while (i < ARRAY_SIZE(lines) && i < n && one_location(frames[i - 1], frames[i]));
	*ret = profile_add_location(w->profile, inside ? w->mapping_id : 0, address, lines, i);
	return i;
}

int heap_pprof_sample(struct heap_pprof *w, const struct heap_symbol *const *frames, size_t n,
		      uint64_t size, const int64_t values[HEAP_VALUES], bool empty)
{
	struct profile_label labels[3];
	size_t locations = 0, label_count = 0;
	int r = array_reserve(&w->locations, &w->location_size, 0, n, sizeof(*w->locations));

	if (r < 0)
		return r;
	if (w->always_size || !empty)
		labels[label_count++] =
			(struct profile_label){.key = "bytes", .number = (int64_t)size};
	if (w->label)
		labels[label_count++] = (struct profile_label){.key = "program", .text = w->label};
	if (w->owner_key)
		labels[label_count++] =
			(struct profile_label){.key = w->owner_key, .number = (int64_t)w->owner};
	for (size_t i = 0; i < n; locations++)
		i += add_location(w, frames + i, n - i, &w->locations[locations]);
	profile_add_sample(w->profile, w->locations, locations, values, labels, label_count);
	return 0;
}

int heap_pprof_write(struct heap_pprof *w, struct strbuf *out)
{
	return profile_write(w->profile, out);
}
