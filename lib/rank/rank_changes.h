/* What is not as it was between two rankings of the same domain. */
#pragma once

#include "rank/rank_report.h"

enum rank_change_kind { RANK_CHANGE_NEW, RANK_CHANGE_MOVED, RANK_CHANGE_GONE };

struct rank_change {
	enum rank_change_kind kind;
	size_t row;	   /* of the present ranking; GONE: of the one before */
	size_t row_before; /* SIZE_MAX: NEW */
};

struct rank_changes {
	struct rank_change *list; /* in the order of the rows; then those that are gone */
	size_t count;
	bool head; /* memory, pressure or the outcome have changed enough to be told */
};

/*
 * P has both. Of interest is who would die or be next, now or before; with ALL every rank. 0 or
 * -ENOMEM.
 */
int rank_changes_find(const struct rank_report *p, struct rank_changes *ret);
void rank_changes_clear(struct rank_changes *c);
const char *rank_change_name(enum rank_change_kind kind); /* "new", "moved", "gone" */
