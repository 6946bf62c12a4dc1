/*
 * A ranking for people: the state of the machine, the big processes, then the walk through the
 * ranked list to the one that dies, with the reasons why those before it do not. Lines begin with
 * "OOM:" and have 80 columns, as those of oom/kill_explain.h.
 */
#pragma once

#include "base/strbuf.h"
#include "rank/rank_view.h"

/* Smaller processes are not in the list of processes, unless all are wanted. */
#define RANK_REPORT_BIG_BYTES (UINT64_C(8) << 20)

struct rank_report {
	const struct rank_view *view;
	const struct ranking *ranking;
	/* What there was at the last report, or NULL: then changes are not told. */
	const struct rank_view *before;
	const struct ranking *ranking_before;
	bool all;
	uint64_t rows; /* of each list at most; 0: no limit */
	bool date;
	uint64_t columns;	 /* chosen (rank_columns.h) */
	const char *const *more; /* what an edited probe tells besides; or NULL */
};

/* The line with time and load, the header and all else. 0 or -ENOMEM. */
int rank_report(const struct rank_report *p, struct strbuf *out);

/*
 * Only what has changed since: BEFORE has to be there. Nothing is appended if that is nothing:
 * available memory moved by less than a hundredth of all, nobody new, gone or moved of those who
 * would die or are next (ALL: of all ranked ones). 0 or -ENOMEM.
 */
int rank_report_changes(const struct rank_report *p, struct strbuf *out);

/* Why that row of the ranking is the victim, or is not. 0 or -ENOMEM. */
int rank_report_why(const struct rank_report *p, size_t row, struct strbuf *out);
