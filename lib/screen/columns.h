/* How texts and columns share a line of a terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

struct screen_column {
	const char *head;
	int width;	/* at least; as wide as its head in any case */
	bool left;	/* aligned; the last column, if it is, takes the rest of the line */
	int importance; /* where the line is short, the least important columns are left out */
};

/*
 * Which of the N columns fit into LINE screen columns, one blank between them. WIDTHS is what each
 * wants; on return what it gets, 0 for those that are left out. At least the most important one
 * stays.
 */
void columns_fit(const struct screen_column *columns, size_t n, int line, int *widths);

/* How many screen columns a text takes. PLAIN: the terminal shows ASCII only. */
int columns_of_text(const char *utf8, bool plain);

/*
 * The text (UTF-8 that text_display() let pass), cut to WIDTH screen columns, in wide characters,
 * at most N with the closing 0. Where something is cut off, the last column says so. PLAIN: what is
 * not ASCII becomes '?'. The columns that it takes.
 */
int columns_cut(const char *utf8, bool plain, int width, wchar_t *ret, size_t n);
