/* The rows of an alloc_table as cells for people, and as JSON. */
#pragma once

#include <stddef.h>

#include "alloc/alloc_table.h"
#include "base/strbuf.h"
#include "output/column_choice.h"
#include "output/json_writer.h"
#include "output/table_writer.h"

enum alloc_column {
	ALLOC_COLUMN_OWNER,
	ALLOC_COLUMN_INUSE,
	ALLOC_COLUMN_OBJECTS,
	ALLOC_COLUMN_ALLOC,
	ALLOC_COLUMN_ALLOCS,
	ALLOC_COLUMN_FREED,
	ALLOC_COLUMN_GROWTH,
	ALLOC_COLUMN_SURVIVAL,
	ALLOC_COLUMN_NEW,
	ALLOC_COLUMN_SITE, /* always the last */
	ALLOC_COLUMN_COUNT,
};

/* The columns that a line has room for. */
struct alloc_layout {
	enum alloc_column columns[ALLOC_COLUMN_COUNT];
	struct table_column heads[ALLOC_COLUMN_COUNT]; /* of the same, for table_writer.h */
	size_t n;
	int line_width; /* in characters; 0: no limit */
};

/* What there is to choose from, in the order of the enum. */
extern const struct column_about alloc_column_abouts[ALLOC_COLUMN_COUNT];

/*
 * Which columns are shown: those CHOSEN (see column_choice.h) of which something is known; where
 * nothing was chosen some are left out of a line that is too narrow for the names of functions
 * otherwise, never the one that is sorted by. KNOWS_FREES as alloc_table_knows_frees().
 */
uint64_t alloc_columns_shown(const struct alloc_options *options, bool knows_frees, uint64_t chosen,
			     int line_width);

/* The heads of the columns SHOWN, and in RET_IDS which ones (enum alloc_column) these are: at most
 * ALLOC_COLUMN_COUNT. How many. */
size_t alloc_columns_heads(const struct alloc_options *options, uint64_t shown,
			   struct table_column *ret, int *ret_ids);

/* The same, of a table. Anew when the table's options, the choice or the width change. */
void alloc_layout_choose(const struct alloc_table *table, uint64_t chosen, int line_width,
			 struct alloc_layout *ret);

/*
 * Append the text of one cell, harmless on a terminal; what stands in the last column may be too
 * long for the line.
 */
void alloc_cell(const struct alloc_table *table, const struct alloc_row *row,
		const struct alloc_layout *layout, size_t column, struct strbuf *out);

/* Append the line of heads; a row, cut to the line's width. */
void alloc_heads_text(const struct alloc_layout *layout, struct strbuf *out);
void alloc_row_text(const struct alloc_table *table, const struct alloc_row *row,
		    const struct alloc_layout *layout, struct strbuf *out);

/* Append the row's largest stack, a line for each frame, innermost first, INDENT blanks before. */
void alloc_stack_text(const struct alloc_table *table, const struct alloc_row *row, int indent,
		      struct strbuf *out);

/* Add a frame's function, file and line to the object that W builds. */
void alloc_frame_json(struct json_writer *w, const struct heap_frame *frame);

/* Add the row's members to the object that W builds; STACK: its largest stack, too;
 * always where rows are stacks. */
void alloc_row_json(const struct alloc_table *table, const struct alloc_row *row, bool stack,
		    struct json_writer *w);
