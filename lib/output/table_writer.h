/*
 * Rows under column heads, for people. A column is as wide as its head unless a width is given;
 * numbers stand to the right, the last column takes the rest of the line and is cut with "..." at
 * the line's width in characters (0: never cut).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct table_column {
	const char *head;
	int width;
	bool left; /* aligned */
};

/* Append the line of heads, INDENT blanks before it. */
void table_writer_heads(struct strbuf *out, const struct table_column *columns, size_t n,
			int indent);

/* Append one row; CELLS are N texts, already harmless. */
void table_writer_row(struct strbuf *out, const struct table_column *columns, size_t n, int indent,
		      int line_width, const char *const *cells);
