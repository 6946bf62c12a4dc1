/* What is not as it was between two rankings of the same domain. */
#pragma once

#include "rank/rank_report.h"

enum rank_change_kind {
	RANK_CHANGE_NEW,
	RANK_CHANGE_MOVED,
	RANK_CHANGE_GROWN,  /* by a hundredth of the domain or more */
	RANK_CHANGE_SHRUNK, /* likewise */
	RANK_CHANGE_GONE,
};

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
 * P has both. What matters: another victim, and who dies with it. Of those that are next, and not
 * small beside the victim: who has come, gone, overtaken another, or is passed by now. (That one's
 * going lifts all others by one is no change.) And any that has grown or shrunk much, or is large
 * and new. With ALL no one is too small, wherever it stands. 0 or -ENOMEM.
 */
int rank_changes_find(const struct rank_report *p, struct rank_changes *ret);
void rank_changes_clear(struct rank_changes *c);
const char *rank_change_name(enum rank_change_kind kind); /* "new", "moved", "gone" ... */
