#include "go/heap_profile.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "go/heap_pprof.h"
#include "go/heap_symbols.h"

/* What is kept of a bucket. */
struct entry {
	uint64_t size;
	size_t first;	/* position in stacks, after resolving in frames */
	uint32_t depth; /* how many there */
	struct heap_counts counts;
	struct heap_counts all; /* of all records, where counts is not */
	uint64_t since_gc;	/* objects */
};

struct heap_profile {
	const struct go_binary *binary;
	struct heap_profile_options options;
	char *file_name;
	char **comments;
	size_t comment_count;

	struct entry *entries;
	size_t entry_count, entry_size;
	uint32_t *stacks; /* return addresses, see put_address(); freed when resolved */
	size_t stack_count, stack_size;
	uint32_t deepest;

	struct heap_symbols *symbols;
	uint32_t *frames; /* positions in symbols */
	size_t frame_count, frame_size;
	struct heap_site *sites;
	size_t site_count, site_size;
	struct hash_index site_index;
	struct heap_totals totals;
};

int heap_profile_new(const struct go_binary *binary, const struct heap_profile_options *options,
		     struct heap_profile **ret)
{
	_cleanup_heap_profile_ struct heap_profile *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->binary = binary;
	p->options = *options;
	p->file_name = strdup(options->file_name ? options->file_name : "");
	if (!p->file_name)
		return -ENOMEM;
	*ret = STEAL(p);
	return 0;
}

void heap_profile_free(struct heap_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->comment_count; i++)
		free(p->comments[i]);
	free(p->comments);
	free(p->file_name);
	free(p->entries);
	free(p->stacks);
	free(p->frames);
	free(p->sites);
	hash_index_free(&p->site_index);
	heap_symbols_free(p->symbols);
	free(p);
}

void heap_profile_freep(struct heap_profile **profile)
{
	heap_profile_free(*profile);
}

/*
 * Addresses of the executable are kept in half the memory: when a million buckets come, memory is
 * short, and what is touched first has to be cleared by the kernel while the walk waits.
 */
#define FAR UINT32_MAX /* a whole address follows */
#define WORDS_MOST 3

static uint64_t stack_base(const struct heap_profile *p)
{
	return p->options.bias + p->binary->text.address - (UINT64_C(1) << 31);
}

static size_t put_address(uint32_t *to, uint64_t address, uint64_t base)
{
	if (address - base < FAR) {
		to[0] = (uint32_t)(address - base);
		return 1;
	}
	to[0] = FAR;
	to[1] = (uint32_t)address;
	to[2] = (uint32_t)(address >> 32);
	return WORDS_MOST;
}

static size_t get_address(const uint32_t *from, uint64_t base, uint64_t *ret)
{
	if (from[0] != FAR) {
		*ret = base + from[0];
		return 1;
	}
	*ret = from[1] | (uint64_t)from[2] << 32;
	return WORDS_MOST;
}

int heap_profile_add(struct heap_profile *p, const struct heap_bucket *bucket)
{
	uint64_t base = stack_base(p);
	size_t first = p->stack_count;
	int r = array_reserve(&p->entries, &p->entry_size, p->entry_count, 1, sizeof(*p->entries));

	if (r == 0)
		r = array_reserve(&p->stacks, &p->stack_size, p->stack_count,
				  WORDS_MOST * (size_t)bucket->held, sizeof(*p->stacks));
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < bucket->held; i++)
		p->stack_count += put_address(p->stacks + p->stack_count, bucket->stack[i], base);
	p->deepest = MAX(p->deepest, bucket->held);
	p->entries[p->entry_count++] = (struct entry){
		.size = bucket->size,
		.first = first,
		.depth = bucket->held,
		.counts = heap_bucket_counts(bucket, p->options.view, p->options.cycle),
		.all = heap_bucket_counts(bucket, HEAP_VIEW_NOW, 0),
		.since_gc = heap_bucket_since_gc(bucket, p->options.cycle),
	};
	return 0;
}

int heap_profile_comment(struct heap_profile *p, const char *text)
{
	char **more = reallocarray(p->comments, p->comment_count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	p->comments = more;
	more[p->comment_count] = strdup(text);
	if (!more[p->comment_count])
		return -ENOMEM;
	p->comment_count++;
	return 0;
}

void heap_profile_set_rate(struct heap_profile *p, int64_t rate)
{
	p->options.rate = rate;
}

void heap_profile_forget_cycle(struct heap_profile *p)
{
	p->options.cycle_known = false;
}

/*
 * Before the first collection nothing is published yet; the runtime then takes all there is
 * (memProfileInternal() of runtime/mprof.go).
 */
static void take_all_if_none(struct heap_profile *p)
{
	for (size_t i = 0; i < p->entry_count; i++)
		if (p->entries[i].counts.allocs || p->entries[i].counts.frees)
			return;
	for (size_t i = 0; i < p->entry_count; i++)
		p->entries[i].counts = p->entries[i].all;
}

static void scaled_values(const struct heap_profile *p, const struct entry *e,
			  int64_t values[HEAP_VALUES])
{
	const struct heap_counts *c = &e->counts;

	heap_scale((int64_t)c->allocs, (int64_t)c->alloc_bytes, p->options.rate,
		   &values[HEAP_ALLOC_OBJECTS], &values[HEAP_ALLOC_BYTES]);
	heap_scale((int64_t)(c->allocs - c->frees), (int64_t)(c->alloc_bytes - c->free_bytes),
		   p->options.rate, &values[HEAP_INUSE_OBJECTS], &values[HEAP_INUSE_BYTES]);
	/* A record caught between two of its words may count a free before its allocation. */
	if (p->options.view == HEAP_VIEW_NOW) {
		values[HEAP_INUSE_OBJECTS] = MAX(values[HEAP_INUSE_OBJECTS], 0);
		values[HEAP_INUSE_BYTES] = MAX(values[HEAP_INUSE_BYTES], 0);
	}
}

static void scaled_since_gc(const struct heap_profile *p, const struct entry *e, int64_t *objects,
			    int64_t *bytes)
{
	*objects = *bytes = 0;
	if (p->options.cycle_known)
		heap_scale((int64_t)e->since_gc, (int64_t)(e->since_gc * e->size), p->options.rate,
			   objects, bytes);
	*objects = MAX(*objects, 0);
	*bytes = MAX(*bytes, 0);
}

/* Sums of foreign numbers must not overflow. */
static void add_up(int64_t *sum, int64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = more < 0 ? INT64_MIN : INT64_MAX;
}

static bool same_site(const void *context, uint32_t position, const void *key)
{
	const struct heap_frame *a = &((const struct heap_profile *)context)->sites[position].frame;
	const struct heap_frame *b = key;

	/* Texts are interned: the same text is the same pointer. */
	return a->function == b->function && a->file == b->file && a->line == b->line;
}

static int site_of(struct heap_profile *p, const struct heap_frame *frame, struct heap_site **ret)
{
	uint64_t key[3] = {(uintptr_t)frame->function, (uintptr_t)frame->file, frame->line};
	uint64_t hash = hash_bytes(0, key, sizeof(key));
	uint32_t found = hash_index_find(&p->site_index, hash, same_site, p, frame);
	int r = 0;

	if (found == HASH_INDEX_NONE) {
		found = (uint32_t)p->site_count;
		r = array_reserve(&p->sites, &p->site_size, p->site_count, 1, sizeof(*p->sites));
		if (r == 0)
			r = hash_index_add(&p->site_index, hash, found);
		if (r < 0)
			return r;
		p->sites[p->site_count++] =
			(struct heap_site){.frame = *frame, .largest = UINT32_MAX};
	}
	*ret = &p->sites[found];
	return 0;
}

static int64_t inuse_bytes(const struct heap_profile *p, uint32_t entry)
{
	int64_t values[HEAP_VALUES];

	scaled_values(p, &p->entries[entry], values);
	return values[HEAP_INUSE_BYTES];
}

static int add_to_site(struct heap_profile *p, uint32_t position)
{
	struct entry *e = &p->entries[position];
	struct heap_site *site;
	int64_t values[HEAP_VALUES], new_objects, new_bytes;
	int r;

	scaled_values(p, e, values);
	scaled_since_gc(p, e, &new_objects, &new_bytes);
	add_up(&p->totals.since_gc_objects, new_objects);
	add_up(&p->totals.since_gc_bytes, new_bytes);
	add_up(&p->totals.alloc_objects, values[HEAP_ALLOC_OBJECTS]);
	add_up(&p->totals.alloc_bytes, values[HEAP_ALLOC_BYTES]);
	add_up(&p->totals.inuse_objects, values[HEAP_INUSE_OBJECTS]);
	add_up(&p->totals.inuse_bytes, values[HEAP_INUSE_BYTES]);
	if (!e->depth)
		return 0;
	r = site_of(p, &heap_symbols_get(p->symbols, p->frames[e->first])->frame, &site);
	if (r < 0)
		return r;
	add_up(&site->alloc_objects, values[HEAP_ALLOC_OBJECTS]);
	add_up(&site->alloc_bytes, values[HEAP_ALLOC_BYTES]);
	add_up(&site->inuse_objects, values[HEAP_INUSE_OBJECTS]);
	add_up(&site->inuse_bytes, values[HEAP_INUSE_BYTES]);
	add_up(&site->since_gc_objects, new_objects);
	add_up(&site->since_gc_bytes, new_bytes);
	if (site->largest == UINT32_MAX || values[HEAP_INUSE_BYTES] > inuse_bytes(p, site->largest))
		site->largest = position;
	return 0;
}

/* From addresses to the frames that are shown. STACK has room for the deepest. */
static int resolve_entry(struct heap_profile *p, struct entry *e, uint64_t *stack)
{
	const uint32_t *shown, *from = p->stacks + e->first;
	uint64_t base = stack_base(p);
	int r, n;

	for (uint32_t i = 0; i < e->depth; i++)
		from += get_address(from, base, &stack[i]);
	n = heap_symbols_stack(p->symbols, stack, e->depth, &shown);
	if (n < 0)
		return n;
	r = array_reserve(&p->frames, &p->frame_size, p->frame_count, (size_t)n,
			  sizeof(*p->frames));
	if (r < 0)
		return r;
	for (int i = 0; i < n; i++)
		p->totals.unresolved += !heap_symbols_get(p->symbols, shown[i])->known;
	e->first = p->frame_count;
	e->depth = (uint32_t)n;
	if (n)
		memcpy(p->frames + p->frame_count, shown, (size_t)n * sizeof(*shown));
	p->frame_count += (size_t)n;
	return 0;
}

static int by_inuse(const void *a, const void *b)
{
	const struct heap_site *x = a, *y = b;
	int r;

	if (x->inuse_bytes != y->inuse_bytes)
		return x->inuse_bytes < y->inuse_bytes ? 1 : -1;
	if (x->alloc_bytes != y->alloc_bytes)
		return x->alloc_bytes < y->alloc_bytes ? 1 : -1;
	r = strcmp(x->frame.function, y->frame.function);
	return r ? r : x->frame.line < y->frame.line ? -1 : 1;
}

int heap_profile_resolve(struct heap_profile *p)
{
	_cleanup_free_ uint64_t *stack = calloc((size_t)p->deepest + 1, sizeof(*stack));
	int r;

	if (!stack)
		return -ENOMEM;

	if (p->symbols)
		return -EALREADY;
	if (p->options.view == HEAP_VIEW_PUBLISHED)
		take_all_if_none(p);
	r = heap_symbols_new(p->binary, p->options.bias, &p->symbols);
	for (size_t i = 0; r == 0 && i < p->entry_count; i++) {
		r = resolve_entry(p, &p->entries[i], stack);
		if (r == 0)
			r = add_to_site(p, (uint32_t)i);
	}
	if (r < 0)
		return r;
	heap_symbols_close(p->symbols);
	free(STEAL(p->stacks));
	if (p->site_count)
		qsort(p->sites, p->site_count, sizeof(*p->sites), by_inuse);
	p->totals.buckets = p->entry_count;
	p->totals.sites = p->site_count;
	p->totals.since_gc_known = p->options.cycle_known;
	return 0;
}

const struct heap_totals *heap_profile_totals(const struct heap_profile *p)
{
	return &p->totals;
}

size_t heap_profile_sites(const struct heap_profile *p, const struct heap_site **ret)
{
	*ret = p->sites;
	return p->site_count;
}

size_t heap_profile_callers(const struct heap_profile *p, const struct heap_site *site,
			    struct heap_frame *ret, size_t most)
{
	const struct entry *e = &p->entries[site->largest];
	size_t n = MIN((size_t)e->depth - 1, most);

	for (size_t i = 0; i < n; i++)
		ret[i] = heap_symbols_get(p->symbols, p->frames[e->first + 1 + i])->frame;
	return n;
}

static int add_sample(const struct heap_profile *p, struct heap_pprof *w, const struct entry *e,
		      const struct heap_symbol **frames)
{
	int64_t values[HEAP_VALUES];

	for (size_t i = 0; i < e->depth; i++)
		frames[i] = heap_symbols_get(p->symbols, p->frames[e->first + i]);
	scaled_values(p, e, values);
	return heap_pprof_sample(w, frames, e->depth, e->size, values, !e->counts.allocs);
}

static size_t deepest(const struct heap_profile *p)
{
	size_t most = 0;

	for (size_t i = 0; i < p->entry_count; i++)
		most = MAX(most, (size_t)p->entries[i].depth);
	return most;
}

int heap_profile_write(struct heap_profile *p, struct strbuf *out)
{
	_cleanup_heap_pprof_ struct heap_pprof *w = NULL;
	_cleanup_free_ const struct heap_symbol **frames = NULL;
	int r = p->symbols ? heap_pprof_new(&w) : -EINVAL;

	if (r < 0)
		return r;
	frames = calloc(deepest(p) + 1, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	heap_pprof_time(w, p->options.time_ns, 0);
	for (size_t i = 0; i < p->comment_count; i++)
		heap_pprof_comment(w, p->comments[i]);
	heap_pprof_program(w,
			   &(struct heap_pprof_program){
				   .binary = p->binary,
				   .bias = p->options.bias,
				   .rate = p->options.rate,
				   .file_name = p->file_name,
				   .named = heap_symbols_named(p->symbols) && !p->totals.unresolved,
			   });
	for (size_t i = 0; r == 0 && i < p->entry_count; i++)
		r = add_sample(p, w, &p->entries[i], frames);
	return r < 0 ? r : heap_pprof_write(w, out);
}
