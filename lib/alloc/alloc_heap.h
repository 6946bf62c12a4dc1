/*
 * What one Go program allocates and keeps: for each stack that allocates objects of one size, how
 * many were allocated and freed by now, by the end of the interval before, and when watching began.
 * A source fills it, once an interval (heap_snapshot.h reads the runtime's buckets from outside,
 * alloc_events.h counts as it happens); views (alloc_table.h, ...) only read it. Numbers are kept
 * as they were sampled; alloc_heap_scale() makes estimates of the true ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/go_binary.h"
#include "go/heap_symbols.h"

struct alloc_heap;

/* Sampled objects. They only grow; what is in use is the difference. */
struct alloc_counts {
	uint64_t allocs;
	uint64_t frees;
};

struct alloc_stack {
	uint64_t key;	/* the source's own name for it: for buckets their address */
	uint64_t owner; /* the thread or goroutine that allocates, where a source splits; else 0 */
	uint64_t size;	/* bytes of one object */
	uint64_t since_gc; /* objects allocated since the last completed collection */
	struct alloc_counts now;
	struct alloc_counts before; /* at the end of the interval before; 0 for a new stack */
	struct alloc_counts start;  /* when watching began */
	size_t first;		    /* its frames, for alloc_heap_frame() */
	uint32_t depth;		    /* how many; 0 for a stack without a name */
};

/* When the numbers were taken: CLOCK_MONOTONIC. */
struct alloc_times {
	uint64_t now_ns, before_ns, start_ns;
};

/* BINARY must outlive the heap. 0 or -ENOMEM. */
int alloc_heap_new(const struct go_binary *binary, uint64_t bias, struct alloc_heap **ret);
void alloc_heap_free(struct alloc_heap *heap);
#define _cleanup_alloc_heap_ _cleanup_(alloc_heap_freep)
void alloc_heap_freep(struct alloc_heap **heap);

/*
 * For sources: an update lies between begin and end. Between them each stack's `now` and `since_gc`
 * are set; what is not set stays as it was, but for since_gc, which is 0. The first update is where
 * watching begins: before and start are then what now is.
 */
void alloc_heap_begin(struct alloc_heap *heap, uint64_t now_ns);
void alloc_heap_end(struct alloc_heap *heap);

/* NULL: not seen yet. Valid until the next alloc_heap_add(). */
struct alloc_stack *alloc_heap_find(const struct alloc_heap *heap, uint64_t key, uint64_t owner);

/* By its place in alloc_heap_stacks(), which it keeps. Valid as above. */
struct alloc_stack *alloc_heap_at(const struct alloc_heap *heap, size_t i);

/*
 * A stack that was not there: N return addresses as the runtime has them, innermost first (copied
 * and named). RET as above. 0 or -ENOMEM.
 */
int alloc_heap_add(struct alloc_heap *heap, uint64_t key, uint64_t owner, uint64_t size,
		   const uint64_t *pcs, size_t n, struct alloc_stack **ret);

/*
 * Bytes allocated for each sample (runtime.MemProfileRate) now; 1 or less: everything is counted.
 * What was sampled at another rate before is taken for sampled at this one.
 */
void alloc_heap_set_rate(struct alloc_heap *heap, int64_t rate);

/*
 * The numbers are an estimate of what is allocated and by whom; frees are not known, and so nothing
 * of what is in use.
 */
void alloc_heap_set_estimated(struct alloc_heap *heap);
bool alloc_heap_estimated(const struct alloc_heap *heap);

/* How complete the last update is. */
struct alloc_gaps {
	uint64_t unreadable; /* buckets that could not be read, and those behind them on the list */
	uint64_t damaged;
	uint64_t lost;	       /* events */
	bool more;	       /* the list was not followed to its end */
	bool since_gc_unknown; /* a collection has ended meanwhile: since_gc means nothing */
};
void alloc_heap_set_gaps(struct alloc_heap *heap, const struct alloc_gaps *gaps);

/* For views. Stacks in the order in which they were found. */
size_t alloc_heap_stacks(const struct alloc_heap *heap, const struct alloc_stack **ret);
const struct alloc_times *alloc_heap_times(const struct alloc_heap *heap);
const struct alloc_gaps *alloc_heap_gaps(const struct alloc_heap *heap);
int64_t alloc_heap_rate(const struct alloc_heap *heap);
const struct go_binary *alloc_heap_binary(const struct alloc_heap *heap);
uint64_t alloc_heap_bias(const struct alloc_heap *heap);

/*
 * Frame I of a stack, innermost first: the first that is shown is the site. The texts are interned:
 * the same function or file is the same pointer, as long as the heap lives. The symbol itself is
 * valid until the next alloc_heap_add().
 */
const struct heap_symbol *alloc_heap_frame(const struct alloc_heap *heap,
					   const struct alloc_stack *stack, uint32_t i);

/* From COUNT sampled objects (may be negative) to estimates of all there were. */
void alloc_heap_scale(const struct alloc_heap *heap, const struct alloc_stack *stack, int64_t count,
		      int64_t *ret_objects, int64_t *ret_bytes);
