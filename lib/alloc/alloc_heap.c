#include "alloc/alloc_heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "go/heap_buckets.h"

struct alloc_heap {
	const struct go_binary *binary;
	uint64_t bias;
	int64_t rate;
	bool begun; /* there was an update */
	bool estimated;
	struct alloc_times times;
	struct alloc_gaps gaps;

	struct heap_symbols *symbols;
	struct alloc_stack *stacks;
	size_t stack_count, stack_size;
	struct hash_index index;
	uint32_t *frames; /* positions in symbols */
	size_t frame_count, frame_size;
};

/* What a stack is found by. */
struct identity {
	uint64_t key, owner;
};

int alloc_heap_new(const struct go_binary *binary, uint64_t bias, struct alloc_heap **ret)
{
	_cleanup_alloc_heap_ struct alloc_heap *h = calloc(1, sizeof(*h));
	int r = h ? heap_symbols_new(binary, bias, &h->symbols) : -ENOMEM;

	if (r < 0)
		return r;
	h->binary = binary;
	h->bias = bias;
	*ret = STEAL(h);
	return 0;
}

void alloc_heap_free(struct alloc_heap *h)
{
	if (!h)
		return;
	heap_symbols_free(h->symbols);
	free(h->stacks);
	hash_index_free(&h->index);
	free(h->frames);
	free(h);
}

void alloc_heap_freep(struct alloc_heap **heap)
{
	alloc_heap_free(*heap);
}

void alloc_heap_begin(struct alloc_heap *h, uint64_t now_ns)
{
	h->times.before_ns = h->times.now_ns;
	h->times.now_ns = now_ns;
	for (size_t i = 0; i < h->stack_count; i++) {
		h->stacks[i].before = h->stacks[i].now;
		h->stacks[i].since_gc = 0;
	}
}

void alloc_heap_end(struct alloc_heap *h)
{
	if (h->begun)
		return;
	h->begun = true;
	h->times.before_ns = h->times.start_ns = h->times.now_ns;
	for (size_t i = 0; i < h->stack_count; i++)
		h->stacks[i].before = h->stacks[i].start = h->stacks[i].now;
}

static bool same_stack(const void *context, uint32_t position, const void *key)
{
	const struct alloc_stack *s = &((const struct alloc_heap *)context)->stacks[position];
	const struct identity *id = key;

	return s->key == id->key && s->owner == id->owner;
}

struct alloc_stack *alloc_heap_find(const struct alloc_heap *h, uint64_t key, uint64_t owner)
{
	const struct identity id = {key, owner};
	uint32_t found =
		hash_index_find(&h->index, hash_bytes(0, &id, sizeof(id)), same_stack, h, &id);

	return found == HASH_INDEX_NONE ? NULL : &h->stacks[found];
}

struct alloc_stack *alloc_heap_at(const struct alloc_heap *h, size_t i)
{
	return &h->stacks[i];
}

/* The frames that are shown, kept behind those of the other stacks. */
static int add_frames(struct alloc_heap *h, const uint64_t *pcs, size_t n, struct alloc_stack *s)
{
	const uint32_t *shown;
	int r, depth = heap_symbols_stack(h->symbols, pcs, n, &shown);

	if (depth < 0)
		return depth;
	r = array_reserve(&h->frames, &h->frame_size, h->frame_count, (size_t)depth,
			  sizeof(*h->frames));
	if (r < 0)
		return r;
	if (depth)
		memcpy(h->frames + h->frame_count, shown, (size_t)depth * sizeof(*shown));
	s->first = h->frame_count;
	s->depth = (uint32_t)depth;
	h->frame_count += (size_t)depth;
	return 0;
}

int alloc_heap_add(struct alloc_heap *h, uint64_t key, uint64_t owner, uint64_t size,
		   const uint64_t *pcs, size_t n, struct alloc_stack **ret)
{
	const struct identity id = {key, owner};
	struct alloc_stack stack = {.key = key, .owner = owner, .size = size};
	int r = array_reserve(&h->stacks, &h->stack_size, h->stack_count, 1, sizeof(*h->stacks));

	if (r == 0 && h->stack_count >= HASH_INDEX_NONE)
		r = -ENOMEM;
	if (r == 0)
		r = add_frames(h, pcs, n, &stack);
	if (r == 0)
		r = hash_index_add(&h->index, hash_bytes(0, &id, sizeof(id)),
				   (uint32_t)h->stack_count);
	if (r < 0)
		return r;
	h->stacks[h->stack_count] = stack;
	*ret = &h->stacks[h->stack_count++];
	return 0;
}

void alloc_heap_set_rate(struct alloc_heap *h, int64_t rate)
{
	h->rate = rate;
}

void alloc_heap_set_estimated(struct alloc_heap *h)
{
	h->estimated = true;
}

bool alloc_heap_estimated(const struct alloc_heap *h)
{
	return h->estimated;
}

void alloc_heap_set_gaps(struct alloc_heap *h, const struct alloc_gaps *gaps)
{
	h->gaps = *gaps;
}

size_t alloc_heap_stacks(const struct alloc_heap *h, const struct alloc_stack **ret)
{
	*ret = h->stacks;
	return h->stack_count;
}

const struct alloc_times *alloc_heap_times(const struct alloc_heap *h)
{
	return &h->times;
}

const struct alloc_gaps *alloc_heap_gaps(const struct alloc_heap *h)
{
	return &h->gaps;
}

int64_t alloc_heap_rate(const struct alloc_heap *h)
{
	return h->rate;
}

const struct go_binary *alloc_heap_binary(const struct alloc_heap *h)
{
	return h->binary;
}

uint64_t alloc_heap_bias(const struct alloc_heap *h)
{
	return h->bias;
}

const struct heap_symbol *alloc_heap_frame(const struct alloc_heap *h,
					   const struct alloc_stack *stack, uint32_t i)
{
	return heap_symbols_get(h->symbols, h->frames[stack->first + i]);
}

void alloc_heap_scale(const struct alloc_heap *h, const struct alloc_stack *stack, int64_t count,
		      int64_t *ret_objects, int64_t *ret_bytes)
{
	int64_t bytes;

	if (__builtin_mul_overflow(count, (int64_t)stack->size, &bytes))
		bytes = count < 0 ? INT64_MIN : INT64_MAX;
	heap_scale(count, bytes, h->rate, ret_objects, ret_bytes);
}
