/* The parts of a report. */
#pragma once

#include "oom/explain_rows.h"
#include "rank/rank_report.h"

/* rank_report_head.c: the line of time and load; available memory, its change, swap and pressure;
 * the domain. 0 or -ENOMEM. */
void rank_report_time(const struct rank_report *p, struct strbuf *out);
int rank_report_head(struct explain *x, const struct rank_report *p);
/* Bytes that are left to it; KILL_UNKNOWN where that is not known. */
uint64_t rank_report_left(const struct domain *d);

/* rank_report_rows.c: how a row begins: "(next) proc ". */
const char *rank_report_verdict(enum ranking_verdict verdict);
/* Items of a process: 612 'sshd', 12.0M. */
void rank_report_process(struct explain *x, const struct rank_report *p, size_t process);
/* "points 90112 (352.0M)". */
void rank_report_points(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row);
/* "adj 300" */
void rank_report_adjustment(struct explain *x, const struct rank_report *p,
			    const struct ranking_row *row);
/* The columns that were chosen, or what an edited probe tells of it besides. */
void rank_report_extras(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row);
/* Why it is skipped, or dies with the victim. */
void rank_report_reason(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row);

/* rank_report_list.c: the big processes. 0 or -ENOMEM. */
int rank_report_list(struct explain *x, const struct rank_report *p);

/* rank_report_walk.c: skipped, killed, next. 0 or -ENOMEM. */
int rank_report_walk(struct explain *x, const struct rank_report *p);
/* Below the row of the victim, or of one that might have been it. 0 or -ENOMEM. */
int rank_report_victim(struct explain *x, const struct rank_report *p, size_t row);
/* What happens where nobody is killed; NULL: somebody is. */
const char *rank_report_outcome(const struct ranking *r);

/* A cgroup's path, harmless, in so many characters: the end of a long one tells more than its
 * beginning. */
void rank_report_path(const char *path, size_t room, struct strbuf *out);
