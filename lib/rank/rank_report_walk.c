/* The walk through the ranked list: who is passed by and why, who is killed, who would be next. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "oom/explain_internal.h"
#include "output/human.h"
#include "rank/rank_kill.h"
#include "rank/rank_report_internal.h"

#define NEXT_ROWS 3

const char *rank_report_outcome(const struct ranking *r)
{
	switch (r->outcome) {
	case RANKING_WAITS:
		return "nobody is killed now: the one that was chosen before is still dying";
	case RANKING_NOBODY:
		return r->domain.kind == DOMAIN_MEMCG ? "nobody can be killed: the allocation fails"
						      : "nobody can be killed: the kernel panics";
	case RANKING_PANICS:
		return "vm.panic_on_oom is set: the kernel panics, and kills nobody";
	case RANKING_ALLOCATOR:
		return "vm.oom_kill_allocating_task is set: whoever asks for memory is killed";
	case RANKING_DISABLED:
		return "oom_kill_disable is set: nobody is killed, who asks for memory waits";
	case RANKING_KILLS:
		break;
	}
	return NULL;
}

/* Only their number is of interest, where not all are wanted. */
static bool is_counted(const struct rank_report *p, size_t i)
{
	const struct ranking *r = p->ranking;
	bool before_victim = r->victim < r->n_rows && i < r->victim;

	if (p->all)
		return false;
	switch (r->rows[i].reason) {
	case RANKING_KERNEL_THREAD:
	case RANKING_OUTSIDE:
	case RANKING_NO_MM:
		return true;
	case RANKING_IS_INIT:
	case RANKING_EXEMPT:
	case RANKING_DYING:
		return false;
	default:
		return !before_victim;
	}
}

static void put_skipped(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row)
{
	explain_row(x, 3, rank_report_verdict(row->verdict));
	rank_report_process(x, p, row->process);
	rank_report_reason(x, p, row);
	rank_report_extras(x, p, row);
}

static void put_counts(struct explain *x, const size_t *counts, size_t n)
{
	explain_row(x, 3, "(skip) ");
	for (size_t i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		if (i == RANKING_KERNEL_THREAD)
			human_things(explain_item(x), counts[i], "kernel thread");
		else
			strbuf_printf(explain_item(x), "%zu more (%s)", counts[i],
				      ranking_reason_text((enum ranking_reason)i));
	}
}

static void skipped(struct explain *x, const struct rank_report *p)
{
	size_t counts[RANKING_UNSEEN + 1] = {0}, shown = 0;

	for (size_t i = 0; i < p->ranking->n_rows; i++) {
		const struct ranking_row *row = &p->ranking->rows[i];

		if (row->verdict != RANKING_SKIP)
			continue;
		if (is_counted(p, i) || (p->rows && shown >= p->rows)) {
			counts[row->reason]++;
			continue;
		}
		put_skipped(x, p, row);
		shown++;
	}
	put_counts(x, counts, ARRAY_SIZE(counts));
}

int rank_report_victim(struct explain *x, const struct rank_report *p, size_t row)
{
	_cleanup_kill_ struct kill *k = NULL;
	int r = rank_kill(p->view, p->ranking, row, &k);

	if (r < 0)
		return r;
	rank_report_extras(x, p, &p->ranking->rows[row]);
	explain_victim_rows(x, k);
	return 0;
}

static void put_dying(struct explain *x, const struct rank_report *p)
{
	const struct ranking *r = p->ranking;
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < r->n_rows; i++) {
		if (r->rows[i].verdict != RANKING_WITH || (p->rows && all++ >= p->rows))
			continue;
		explain_row(x, EXPLAIN_BELOW_VICTIM, "+ proc ");
		rank_report_process(x, p, r->rows[i].process);
		rank_report_reason(x, p, &r->rows[i]);
		rank_report_extras(x, p, &r->rows[i]);
		shown++;
	}
	explain_row(x, EXPLAIN_BELOW_VICTIM, "+ ");
	if (r->dies > shown + 1)
		strbuf_printf(explain_item(x), "... and %zu more", r->dies - shown - 1);
	explain_row(x, EXPLAIN_BELOW_VICTIM, "= ");
	strbuf_printf(explain_item(x), "%zu process%s, ~", r->dies, r->dies == 1 ? "" : "es");
	explain_bytes(&x->item, r->frees_bytes);
}

static int killed(struct explain *x, const struct rank_report *p)
{
	const struct ranking *r = p->ranking;
	int error;

	if (r->victim >= r->n_rows)
		return 0;
	explain_row(x, 3,
		    r->outcome == RANKING_ALLOCATOR ? "(else) proc "
						    : rank_report_verdict(RANKING_KILL));
	rank_report_process(x, p, r->rows[r->victim].process);
	rank_report_points(x, p, &r->rows[r->victim]);
	rank_report_reason(x, p, &r->rows[r->victim]);
	error = rank_report_victim(x, p, r->victim);
	if (error < 0)
		return error;
	put_dying(x, p);
	explain_row(x, EXPLAIN_BELOW_VICTIM, "");
	if (r->is_tied)
		strbuf_puts(explain_item(x), "another has as many points: the kernel takes the "
					     "last of them in its list");
	return 0;
}

static void following(struct explain *x, const struct rank_report *p)
{
	const struct ranking *r = p->ranking;
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < r->n_rows; i++) {
		const struct ranking_row *row = &r->rows[i];

		if (row->verdict != RANKING_NEXT && (row->verdict != RANKING_RANK || !p->all))
			continue;
		if (p->rows && shown >= MAX(p->rows, (uint64_t)NEXT_ROWS)) {
			more++;
			continue;
		}
		explain_row(x, 3, rank_report_verdict(row->verdict));
		rank_report_process(x, p, row->process);
		rank_report_points(x, p, row);
		rank_report_adjustment(x, p, row);
		if (row->verdict == RANKING_RANK)
			strbuf_printf(explain_item(x), "rank %" PRIu64, row->rank);
		rank_report_extras(x, p, row);
		shown++;
	}
	explain_row(x, 3, "");
	if (more)
		strbuf_printf(explain_item(x), "... and %zu more", more);
}

int rank_report_walk(struct explain *x, const struct rank_report *p)
{
	const char *outcome = rank_report_outcome(p->ranking);
	int r;

	explain_end(x);
	strbuf_printf(x->out, "OOM: Finding a process to kill (total %" PRIu64 " pages)...\n",
		      p->ranking->domain.total_pages);
	skipped(x, p);
	explain_row(x, 3, "");
	if (outcome)
		strbuf_puts(explain_item(x), outcome);
	r = killed(x, p);
	if (r == 0)
		following(x, p);
	return r;
}
