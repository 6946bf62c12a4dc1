/* Go programs as rows of a table: what each allocates, holds and may hold. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "alloc/go_program.h"
#include "base/strbuf.h"
#include "output/column_choice.h"
#include "output/json_writer.h"
#include "output/table_writer.h"

enum program_sort {
	PROGRAM_SORT_ALLOC,
	PROGRAM_SORT_OBJECTS,
	PROGRAM_SORT_HEAP,
	PROGRAM_SORT_RSS,
	PROGRAM_SORT_GC,
	PROGRAM_SORT_GOROUTINES,
	PROGRAM_SORT_FULL,
	PROGRAM_SORT_PID,
};

/* "alloc" ..., in the order of the enum; NULL at the end. */
extern const char *const program_sort_names[];

/* Sort the N at PROGRAMS, the largest first (by PID: the smallest). */
void program_table_sort(struct go_program **programs, size_t n, enum program_sort sort);

#define PROGRAM_COLUMNS 14
/* What there is to choose from, from left to right. */
extern const struct column_about program_column_abouts[PROGRAM_COLUMNS];

/* Those CHOSEN (see column_choice.h); where nothing was chosen, those that a line of WIDTH
 * characters has room for (0: all of them). */
uint64_t program_columns_shown(uint64_t chosen, int width);

/* The same: their heads for table_writer, and what to call program_table_cell() with; at most
 * PROGRAM_COLUMNS. */
size_t program_table_columns(uint64_t chosen, int width, struct table_column *ret, int *ret_ids);

/* One cell, harmless. */
void program_table_cell(const struct go_program *p, int id, struct strbuf *out);

/* Heads, and the first ROWS of the N. 0 or -ENOMEM. */
int program_table_text(struct go_program *const *programs, size_t n, size_t rows, uint64_t chosen,
		       int width, struct strbuf *out);

/* What is to be said of one beside its numbers, ", stopped" say; nothing where all is well. */
void program_table_note(const struct go_program *p, struct strbuf *out);

/* Which one it is and how it is, with that note: for the head of its sites. */
void program_table_title(const struct go_program *p, struct strbuf *out);

/* All that is known of one, as members of the object W. */
void program_table_json(const struct go_program *p, struct json_writer *w);

/* A line that says what is missing from the numbers of all of them; none where nothing is. */
void program_table_gaps(struct go_program *const *programs, size_t n, struct strbuf *out);
