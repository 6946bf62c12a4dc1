/*
 * Which columns of a table are shown, as its reader names them: "pid,comm", "+gc,-rss", "all". A
 * choice is a set of bits, the first column's the lowest; 0: the table chooses for itself, by the
 * width of the line, say.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define COLUMN_CHOICE_MOST 64

struct column_about {
	const char *name; /* to choose it by, in small letters */
	const char *head; /* of the table: does as well as the name, in any letters; or NULL */
	const char *unit; /* "bytes/s"; "" for none */
	const char *help; /* what it tells, at most 60 characters */
};

/*
 * TEXT: names with commas between, which are shown then; or each with + or - before it, which come
 * to what is SHOWN or go from it; or "all"; or "default": 0. The table's order stays. 0 or -EINVAL
 * with the reason in WHY: a name that there is not (and which there are), or no column is left.
 */
int column_choice_parse(const struct column_about *columns, size_t n, const char *text,
			uint64_t shown, uint64_t *ret, struct strbuf *why);

/* Append what column_choice_parse() would take for CHOSEN: "pid,comm", or "default". */
void column_choice_text(const struct column_about *columns, size_t n, uint64_t chosen,
			struct strbuf *out);

/* Append a line of each: its name, head, whether it is SHOWN, unit and meaning. */
void column_choice_list(const struct column_about *columns, size_t n, uint64_t shown,
			struct strbuf *out);

/* Append a line of each: its name, what CELL appends of it, and its meaning. 0 or -ENOMEM. */
int column_choice_explain(const struct column_about *columns, size_t n,
			  void (*cell)(size_t column, void *user, struct strbuf *out), void *user,
			  struct strbuf *out);

/* Append what may follow START, "pid,+co" say, a line each: for completion. */
void column_choice_complete(const struct column_about *columns, size_t n, const char *start,
			    struct strbuf *out);
