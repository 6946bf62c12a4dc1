/*
 * Which stacks of a heap belong together: those of one place, function, package. Found once for
 * each stack, as stacks never change and only come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/alloc_filter.h"
#include "alloc/alloc_heap.h"

enum alloc_by {
	ALLOC_BY_SITE,	   /* function, file and line of the first frame that is shown */
	ALLOC_BY_FUNCTION, /* its function */
	ALLOC_BY_STACK,	   /* the whole stack */
	ALLOC_BY_PACKAGE,  /* the import path of its function's package */
};

struct alloc_groups;

#define ALLOC_GROUP_NONE UINT32_MAX

/* With OWNERS a group for each alloc_stack.owner. HEAP and FILTER (may be NULL) must outlive it. */
int alloc_groups_new(const struct alloc_heap *heap, enum alloc_by by, bool owners,
		     const struct alloc_filter *filter, struct alloc_groups **ret);
void alloc_groups_free(struct alloc_groups *groups);

/* Look into what stacks are new. 0 or -ENOMEM. */
int alloc_groups_update(struct alloc_groups *groups);

/* For each stack of the heap as of the last update its group, or ALLOC_GROUP_NONE: filtered out. */
size_t alloc_groups_of_stacks(const struct alloc_groups *groups, const uint32_t **ret);

/* Groups are numbered from 0 on as they were found; the number stays. */
struct alloc_group {
	struct heap_frame frame; /* only what the stacks have in common: else "" and 0 */
	uint64_t owner;
	size_t first; /* the stack that it was made for */
};
size_t alloc_groups_all(const struct alloc_groups *groups, const struct alloc_group **ret);
