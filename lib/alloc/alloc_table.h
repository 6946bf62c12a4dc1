/*
 * The stacks of one alloc_heap as rows: what each place in the code (or function, stack, package)
 * allocates, frees and keeps, as estimates of the true numbers, sorted. Sums stop at the ends of
 * int64_t.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/alloc_filter.h"
#include "alloc/alloc_groups.h"
#include "alloc/alloc_heap.h"

struct alloc_table;

enum alloc_sort {
	ALLOC_SORT_ALLOC, /* bytes allocated in the interval */
	ALLOC_SORT_ALLOCS,
	ALLOC_SORT_INUSE,
	ALLOC_SORT_OBJECTS, /* in use */
	ALLOC_SORT_FREED,
	ALLOC_SORT_GROWTH,
	ALLOC_SORT_SURVIVAL,
	ALLOC_SORT_NEW,
	ALLOC_SORT_COUNT,
};

/* "site" ..., "alloc" ...: 0 or -EINVAL. Names are in the order of the enums, NULL at the end. */
extern const char *const alloc_by_names[], *const alloc_sort_names[];
int alloc_by_parse(const char *name, enum alloc_by *ret);
int alloc_sort_parse(const char *name, enum alloc_sort *ret);

/* Whose numbers alloc_stack.owner tells apart. */
enum alloc_owner { ALLOC_OWNER_NONE, ALLOC_OWNER_THREAD, ALLOC_OWNER_GOROUTINE };

/* "thread", "goroutine"; NULL for none. */
const char *alloc_owner_key(enum alloc_owner owner);

struct alloc_options {
	enum alloc_by by;
	enum alloc_sort sort;
	enum alloc_owner owner;		   /* a row for each of them */
	const struct alloc_filter *filter; /* NULL: all stacks */
};

struct alloc_amount {
	int64_t objects, bytes;
};

struct alloc_row {
	uint32_t id;		 /* stays the same as long as the table lives */
	struct heap_frame frame; /* only what the stacks have in common: else "" and 0 */
	uint64_t owner;		 /* 0 with ALLOC_OWNER_NONE */
	size_t stacks;
	size_t largest; /* the stack that contributes most to the column sorted by */
	struct alloc_amount inuse;
	struct alloc_amount alloc, freed; /* in the interval */
	struct alloc_amount growth;	  /* of what is in use, in the interval */
	struct alloc_amount since_gc;	  /* allocated since the last collection */
	struct alloc_amount total;	  /* ever allocated */
	struct alloc_amount watched;	  /* allocated since watching began */
	struct alloc_amount watched_growth;
};

/* The heap and the filter must outlive the table. No rows until the first update. 0 or -ENOMEM. */
int alloc_table_new(const struct alloc_heap *heap, const struct alloc_options *options,
		    struct alloc_table **ret);
void alloc_table_free(struct alloc_table *table);
#define _cleanup_alloc_table_ _cleanup_(alloc_table_freep)
void alloc_table_freep(struct alloc_table **table);

/* After each update of the heap. Only new stacks are looked into. 0 or -ENOMEM. */
int alloc_table_update(struct alloc_table *table);

/* The same numbers in another order. 0 or -ENOMEM. */
int alloc_table_sort(struct alloc_table *table, enum alloc_sort sort);

/*
 * False: only what is allocated is known of each row. The numbers are an estimate that has nothing
 * else (alloc_heap_estimated()), or they are told apart by who allocates: what is freed is
 * nobody's.
 */
bool alloc_table_knows_frees(const struct alloc_table *table);

/* After an update. Rows with nothing in use and nothing done in the interval are left out. */
size_t alloc_table_rows(const struct alloc_table *table, const struct alloc_row *const **ret);

/* The sum of all stacks that the filter lets pass. */
const struct alloc_row *alloc_table_total(const struct alloc_table *table);

/* Is stack I of the heap (as of the last update) one that the filter lets pass? */
bool alloc_table_includes(const struct alloc_table *table, size_t i);

/* The id of the row that stack I of the heap belongs to; UINT32_MAX: none. */
uint32_t alloc_table_row_of(const struct alloc_table *table, size_t i);

const struct alloc_heap *alloc_table_heap(const struct alloc_table *table);
const struct alloc_options *alloc_table_options(const struct alloc_table *table);

/* The length of the last interval; 0 after the first update: there are no rates then. */
uint64_t alloc_table_interval_ns(const struct alloc_table *table);

/* From what came in the interval to what came in a second; 0 where there is no interval. */
int64_t alloc_table_per_second(const struct alloc_table *table, int64_t amount);

/* The numbers of one stack of the heap. */
void alloc_stack_measure(const struct alloc_heap *heap, const struct alloc_stack *stack,
			 struct alloc_row *ret);

/* What is in use of all that was ever allocated, in bytes, per mille; -1: nothing was. */
int alloc_row_survival(const struct alloc_row *row);

/* Frame I of the row's largest stack, innermost first; NULL behind the last one. Valid until the
 * heap's next update. */
const struct heap_frame *alloc_row_frame(const struct alloc_table *table,
					 const struct alloc_row *row, uint32_t i);
