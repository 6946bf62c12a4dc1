/*
 * What goalloctop shows, as it can be chosen at the start and, from a console, while it runs. Each
 * is 0, or -errno with the reason in WHY and all as it was; texts are copied.
 */
#pragma once

#include "base/strbuf.h"
#include "tools/goalloctop.h"

/* As enum goalloctop_by: behind the first those of enum alloc_by. */
extern const char *const goalloctop_by_names[];

/* The command line, as a whole: -1 to go on, or the exit status. */
int goalloctop_understand(struct goalloctop *t, char *const operands[], int n);

/* The columns that the present table can be sorted by. */
const char *const *goalloctop_sort_names(const struct goalloctop *t);

int goalloctop_set_sort(struct goalloctop *t, const char *column, struct strbuf *why);
int goalloctop_set_rows(struct goalloctop *t, const char *rows, struct strbuf *why);
int goalloctop_set_by(struct goalloctop *t, const char *what, struct strbuf *why);
int goalloctop_set_interval(struct goalloctop *t, const char *seconds, struct strbuf *why);
void goalloctop_set_full(struct goalloctop *t, bool on);

/* NULL: none. */
int goalloctop_set_focus(struct goalloctop *t, const char *regex, struct strbuf *why);
int goalloctop_set_ignore(struct goalloctop *t, const char *regex, struct strbuf *why);

/* Which programs (goalloctop_programs.c); NULL: any. */
enum goalloctop_selector { SELECT_NAME, SELECT_CGROUP, SELECT_PID, SELECTORS };
int goalloctop_select(struct goalloctop *t, enum goalloctop_selector by, const char *value,
		      struct strbuf *why);

/* The columns of the present table: what there is, and which are shown. */
struct goalloctop_columns {
	const struct column_about *abouts;
	size_t n;
	uint64_t shown;
	uint64_t *chosen;
};
void goalloctop_columns(struct goalloctop *t, struct goalloctop_columns *ret);
int goalloctop_set_columns(struct goalloctop *t, const char *names, struct strbuf *why);
