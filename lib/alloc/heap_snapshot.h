/*
 * What a living Go program has allocated and freed, from the heap-profile buckets in its memory:
 * read from outside, nothing runs in the program and nothing stops it. Buckets never move and only
 * their numbers change (lib/go/heap_buckets.h), so each is looked at closely once; later on its
 * header is only compared and its numbers read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alloc/alloc_heap.h"
#include "go/go_binary.h"
#include "go/memory_blocks.h"

struct heap_snapshot;

/* BINARY must outlive it. 0 or -ENOMEM. */
int heap_snapshot_new(const struct go_binary *binary, uint64_t bias, struct heap_snapshot **ret);
void heap_snapshot_free(struct heap_snapshot *s);

/*
 * Read all buckets once more through BLOCKS and, where HEAP is not NULL, make that one update of
 * it. 0; what could not be read is in the gaps. -ESRCH: the program has ended, -EPERM, -ENOMEM:
 * numbers are then those of the time before, or partly so.
 */
int heap_snapshot_read(struct heap_snapshot *s, const struct heap_reader *reader,
		       struct memory_blocks *blocks, struct alloc_heap *heap);

/* The last time, all buckets together. Allocated are estimates of what there was in truth. */
struct heap_sums {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	double alloc_objects, alloc_bytes;
	uint64_t buckets;
	int64_t rate;		/* runtime.MemProfileRate; 0: profiling is off */
	struct alloc_gaps gaps; /* also of the heap */
};
const struct heap_sums *heap_snapshot_sums(const struct heap_snapshot *s);
