/* For tests of lib/alloc: the heap of a tiny Go program. */
#pragma once

#include "alloc/alloc_heap.h"
#include "tiny_go.h"
#include "unit/unit.h"

#define BIAS 0x10000000ull

struct fixture {
	struct go_binary *binary;
	struct alloc_heap *heap;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->binary = tiny_go_open(24);
	*state = f;
	if (alloc_heap_new(f->binary, BIAS, &f->heap) < 0)
		return -1;
	alloc_heap_set_rate(f->heap, 1); /* all objects are counted */
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	alloc_heap_free(f->heap);
	go_binary_close(f->binary);
	free(f);
	return 0;
}

/* A stack's counters; it is new if it is not there. */
static inline struct alloc_stack *count(struct alloc_heap *h, uint64_t key, uint64_t size,
					const uint64_t *pcs, size_t n, uint64_t allocs,
					uint64_t frees)
{
	struct alloc_stack *s = alloc_heap_find(h, key, 0);

	if (!s)
		assert_int_equal(alloc_heap_add(h, key, 0, size, pcs, n, &s), 0);
	s->now = (struct alloc_counts){allocs, frees};
	return s;
}
