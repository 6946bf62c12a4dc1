#include "alloc/heap_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "go/heap_buckets.h"
#include "proc/clock.h"

#define BUCKETS_MOST (8u << 20) /* of one program; more than any has */
#define TIMES 2			/* to read it when a collection ends meanwhile */
#define MET_KNOWN (-EEXIST)	/* ends a walk: what comes now is known already */

#define PLACE_NONE UINT32_MAX

/* A bucket that was looked at. */
struct known {
	uint64_t address, next, hash, size;
	uint64_t depth;
	uint64_t allocs, frees;
	double objects; /* for each that was sampled */
	uint32_t turn;	/* when its numbers were read last */
	uint32_t place; /* in the heap; PLACE_NONE: it is not there */
};

struct heap_snapshot {
	const struct go_binary *binary;
	uint64_t bias;
	struct known *known;
	size_t count, size;
	struct hash_index index;       /* of addresses */
	uint32_t turn;		       /* of reading all */
	uint64_t top;		       /* the list is known from here on to its end; 0: not yet */
	const struct alloc_heap *heap; /* the one in which all that are known have their place */
	struct heap_sums sums;
};

/* One reading. */
struct reading {
	struct heap_snapshot *s;
	struct memory_blocks *blocks;
	struct alloc_heap *heap;
	uint32_t cycle;
	bool all;      /* walk through what is known, too */
	size_t before; /* so many are known from the times before */
	struct alloc_gaps gaps;
};

int heap_snapshot_new(const struct go_binary *binary, uint64_t bias, struct heap_snapshot **ret)
{
	struct heap_snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->binary = binary;
	s->bias = bias;
	*ret = s;
	return 0;
}

void heap_snapshot_free(struct heap_snapshot *s)
{
	if (!s)
		return;
	free(s->known);
	hash_index_free(&s->index);
	free(s);
}

static bool same_address(const void *context, uint32_t position, const void *key)
{
	return ((const struct heap_snapshot *)context)->known[position].address ==
	       *(const uint64_t *)key;
}

static uint64_t hash_of(uint64_t address)
{
	return hash_bytes(0, &address, sizeof(address));
}

static void set_scale(struct known *k, int64_t rate)
{
	const int64_t many = 1 << 20; /* as heap_scale() makes whole numbers */
	int64_t objects, bytes;

	k->objects = 1;
	if (k->size && k->size < (UINT64_C(1) << 40)) {
		heap_scale(many, many * (int64_t)k->size, rate, &objects, &bytes);
		k->objects = (double)objects / (double)many;
	}
}

/* What the views may rely on: numbers only grow. A bucket that was read while the runtime moved its
 * numbers from one record to the next has shown some twice. */
static void never_back(uint64_t *before, uint64_t now)
{
	*before = MIN(*before, now);
}

static void update(const struct reading *r, struct known *k, const struct heap_bucket *b)
{
	struct heap_counts now = heap_bucket_counts(b, HEAP_VIEW_NOW, r->cycle);
	struct alloc_stack *stack;

	k->allocs = now.allocs;
	k->frees = now.frees;
	k->turn = r->s->turn;
	if (!r->heap || k->place == PLACE_NONE)
		return;
	stack = alloc_heap_at(r->heap, k->place);
	stack->now = (struct alloc_counts){now.allocs, now.frees};
	stack->since_gc = heap_bucket_since_gc(b, r->cycle);
	never_back(&stack->before.allocs, now.allocs);
	never_back(&stack->before.frees, now.frees);
	never_back(&stack->start.allocs, now.allocs);
	never_back(&stack->start.frees, now.frees);
}

static int remember(struct heap_snapshot *s, const struct heap_bucket *b, struct known **ret)
{
	int r = array_reserve(&s->known, &s->size, s->count, 1, sizeof(*s->known));

	if (r == 0 && s->count >= HASH_INDEX_NONE)
		r = -ENOMEM;
	if (r == 0)
		r = hash_index_add(&s->index, hash_of(b->address), (uint32_t)s->count);
	if (r < 0)
		return r;
	*ret = &s->known[s->count++];
	**ret = (struct known){.address = b->address,
			       .next = b->next,
			       .hash = b->hash,
			       .size = b->size,
			       .depth = b->depth,
			       .place = PLACE_NONE};
	set_scale(*ret, s->sums.rate);
	return 0;
}

/* Find it in the heap, or add it there. */
static int find_place(const struct reading *r, const struct heap_bucket *b, struct known *k)
{
	const struct alloc_stack *all;
	struct alloc_stack *stack = alloc_heap_find(r->heap, b->address, 0);
	int error = 0;

	if (!stack)
		error = alloc_heap_add(r->heap, b->address, 0, b->size, b->stack, b->held, &stack);
	if (error < 0)
		return error;
	(void)alloc_heap_stacks(r->heap, &all);
	k->place = (uint32_t)(stack - all);
	return 0;
}

static int on_bucket(void *context, const struct heap_bucket *b)
{
	struct reading *r = context;
	struct known *k;
	uint32_t position;
	int error = 0;

	if (b->address == r->s->top && !r->all)
		return MET_KNOWN;
	position =
		hash_index_find(&r->s->index, hash_of(b->address), same_address, r->s, &b->address);
	if (position == HASH_INDEX_NONE)
		error = remember(r->s, b, &k);
	else
		k = &r->s->known[position];
	if (error == 0 && r->heap && k->place == PLACE_NONE)
		error = find_place(r, b, k);
	if (error == 0)
		update(r, k, b);
	return error;
}

/* The numbers of a bucket that is known. */
static int read_again(struct reading *r, struct known *k)
{
	uint8_t header[HEAP_BUCKET_HEADER], records[HEAP_RECORDS * 32];
	uint32_t record_size = r->s->binary->record_size;
	struct heap_bucket b;
	int error = memory_blocks_get(r->blocks, k->address, header, sizeof(header));

	if (error == 0)
		error = memory_blocks_get(r->blocks, k->address + sizeof(header) + 8 * k->depth,
					  records, HEAP_RECORDS * record_size);
	if (error == 0)
		error = heap_bucket_decode(header, NULL, 0, records, record_size, &b);
	if (error == 0 &&
	    (b.next != k->next || b.hash != k->hash || b.size != k->size || b.depth != k->depth))
		error = -EBADMSG;
	if (error == 0)
		update(r, k, &b);
	return error;
}

static int read_known(struct reading *r)
{
	for (size_t i = 0; i < r->before; i++) {
		struct known *k = &r->s->known[i];
		int error = k->turn == r->s->turn ? 0 : read_again(r, k);

		if (error == -EBADMSG)
			r->gaps.damaged++;
		else if (error == -EFAULT)
			r->gaps.unreadable++;
		else if (error < 0)
			return error;
	}
	return 0;
}

/* Those that have come since, or all where not all are known. */
static int read_new(struct reading *r, uint64_t head)
{
	struct heap_snapshot *s = r->s;
	struct heap_walk walk;
	int error;

	r->all = !s->top || (r->heap && r->heap != s->heap);
	if (r->heap && r->heap != s->heap) {
		s->heap = NULL;
		for (size_t i = 0; i < s->count; i++)
			s->known[i].place = PLACE_NONE;
	}
	error = heap_walk_blocks(r->blocks, head, s->binary->record_size, BUCKETS_MOST, on_bucket,
				 r, &walk);
	if (error == MET_KNOWN)
		error = 0;
	if (error == 0 && walk.error < 0 && walk.error != -EFAULT)
		error = walk.error;
	if (error < 0)
		return error;
	r->gaps.unreadable += walk.unreadable;
	r->gaps.damaged += walk.damaged;
	r->gaps.more = walk.more;
	s->top = walk.unreadable || walk.damaged || walk.more ? 0 : head;
	if (s->top && r->heap)
		s->heap = r->heap;
	return 0;
}

static int read_cycle(const struct heap_snapshot *s, const struct heap_reader *reader,
		      uint32_t *ret)
{
	return s->binary->mprof_cycle ? heap_reader_get(reader, s->binary->mprof_cycle + s->bias,
							ret, sizeof(*ret))
				      : -ENOENT;
}

static int read_once(struct reading *r, const struct heap_reader *reader)
{
	struct heap_snapshot *s = r->s;
	uint32_t after = 0;
	uint64_t head;
	bool known = read_cycle(s, reader, &r->cycle) == 0;
	int error = heap_reader_get(reader, s->binary->mbuckets + s->bias, &head, sizeof(head));

	if (error < 0)
		return error;
	r->gaps = (struct alloc_gaps){0};
	r->before = s->count;
	s->turn++;
	memory_blocks_begin(r->blocks, reader);
	error = read_new(r, head);
	if (error == 0)
		error = read_known(r);
	known = known && read_cycle(s, reader, &after) == 0;
	r->gaps.since_gc_unknown = !known || after >> 1 != r->cycle >> 1;
	return error;
}

static void sum_up(struct heap_snapshot *s)
{
	s->sums.buckets = s->count;
	s->sums.alloc_objects = s->sums.alloc_bytes = 0;
	for (size_t i = 0; i < s->count; i++) {
		double objects = (double)s->known[i].allocs * s->known[i].objects;

		s->sums.alloc_objects += objects;
		s->sums.alloc_bytes += objects * (double)s->known[i].size;
	}
}

static int read_rate(struct heap_snapshot *s, const struct heap_reader *reader)
{
	int64_t rate;
	int r = heap_reader_get(reader, s->binary->mem_profile_rate + s->bias, &rate, sizeof(rate));

	if (r < 0 || rate == s->sums.rate)
		return r;
	s->sums.rate = rate;
	for (size_t i = 0; i < s->count; i++)
		set_scale(&s->known[i], rate);
	return 0;
}

int heap_snapshot_read(struct heap_snapshot *s, const struct heap_reader *reader,
		       struct memory_blocks *blocks, struct alloc_heap *heap)
{
	struct reading reading = {.s = s, .blocks = blocks, .heap = heap};
	int r = read_rate(s, reader);

	if (r < 0)
		return r;
	s->sums.time_ns = clock_monotonic_ns();
	if (heap) {
		alloc_heap_set_rate(heap, s->sums.rate);
		alloc_heap_begin(heap, s->sums.time_ns);
	}
	for (int i = 0; i < TIMES; i++) {
		r = read_once(&reading, reader);
		if (r < 0 || !reading.gaps.since_gc_unknown || !s->binary->mprof_cycle)
			break;
	}
	s->sums.gaps = reading.gaps;
	sum_up(s);
	if (heap) {
		alloc_heap_set_gaps(heap, &reading.gaps);
		alloc_heap_end(heap);
	}
	return r;
}

const struct heap_sums *heap_snapshot_sums(const struct heap_snapshot *s)
{
	return &s->sums;
}
