/* The lines of code that hold most of a Go heap, as a table for people. */
#pragma once

#include "base/strbuf.h"
#include "go/heap_profile.h"
#include "output/column_choice.h"

struct site_table_options {
	size_t rows;
	int line_width;	  /* of the terminal; 0: do not cut */
	uint64_t columns; /* as column_choice.h has it, of site_columns; 0: the usual ones */
	int sort;	  /* which of site_columns comes largest first; 0: what is in use */
};

/* The columns there are, and which of them are usual. */
extern const struct column_about site_columns[];
extern const size_t site_columns_count;
uint64_t site_columns_usual(void);

/* The column of that name if sites can be sorted by it; -ENOENT. */
int site_columns_sort(const char *name);

/*
 * Append sites, largest first, of a heap of those totals; those with nothing in use are left out;
 * nothing at all if there is none. Where a name is too long for the line, its package's path goes
 * first.
 */
void site_table(const struct heap_totals *totals, const struct heap_site *sites, size_t n,
		const struct site_table_options *options, struct strbuf *out);
