/* Rows of growth as a table for people. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "output/column_choice.h"
#include "output/table_writer.h"
#include "rate/growth.h"

/* From left to right; the text's further members come before LIMIT. */
enum rate_column {
	RATE_COLUMN_NAME, /* the process, or the group: never left out by itself */
	RATE_COLUMN_COMM, /* with groups: how many processes */
	RATE_COLUMN_RSS,
	RATE_COLUMN_GROWTH,
	RATE_COLUMN_ANON,
	RATE_COLUMN_FILE,
	RATE_COLUMN_SHMEM,
	RATE_COLUMN_SWAP,
	RATE_COLUMN_FAULTS,
	RATE_COLUMN_MAJOR,
	RATE_COLUMN_ALLOC,
	RATE_COLUMN_FREED,
	RATE_COLUMN_SLAB,
	RATE_COLUMN_KFREES,
	RATE_COLUMN_USED,
	RATE_COLUMN_LIMIT,
	RATE_COLUMN_FULL_IN,
	RATE_COLUMN_SURE,
	RATE_COLUMN_CGROUP,
	RATE_COLUMN_COUNT,
};

#define RATE_COLUMNS_MORE (COLUMN_CHOICE_MOST - RATE_COLUMN_COUNT)

/* Which table it is. MORE: names of further members, N_MORE of them; no more than
 * RATE_COLUMNS_MORE are shown. */
struct rate_table {
	enum rate_by by;
	const char *const *more;
	size_t n_more;
	uint64_t chosen; /* output/column_choice.h: by place; 0: as many as the line has room for */
	int width;	 /* of the line; 0: no limit */
};

/* What there is to choose from; RET has COLUMN_CHOICE_MOST. How many. */
size_t rate_table_abouts(const struct rate_table *t, struct column_about *ret);
uint64_t rate_table_shown(const struct rate_table *t);

/* The columns that are chosen for FROM, as a choice for another one of the same rows: further
 * members have other names there. */
uint64_t rate_table_chosen_as(const struct rate_table *from, const struct rate_table *to);

#define RATE_SORTS 13

/* What rows of every table are sorted by, the largest first; "growth" is the first. NULL at the
 * end. */
extern const char *const rate_sort_names[RATE_SORTS + 1];
/* The same and further members, NULL at the end; RET is valid as long as the table's names are. */
void rate_table_sorts(const struct rate_table *t,
		      const char *ret[RATE_SORTS + RATE_COLUMNS_MORE + 1]);
/* SORT: one of these names; NULL, and what the table has not, is growth. Of equal ones the smaller
 * PID comes first. */
void rate_rows_sort(const struct rate_table *t, const char *sort, struct rate_row *rows, size_t n);

/* Append the row's cell of the I-th of rate_table_abouts(). */
void rate_table_cell(const struct rate_table *t, const struct rate_row *row, size_t i,
		     struct strbuf *out);

/* Append heads and N rows. 0 or -ENOMEM. */
int rate_table_text(const struct rate_table *t, const struct rate_row *rows, size_t n,
		    struct strbuf *out);
