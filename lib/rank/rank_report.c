#include "rank/rank_report.h"

#include <errno.h>
#include <inttypes.h>

#include "base/macro.h"
#include "rank/rank_report_internal.h"

static int finish(struct explain *x, int r)
{
	explain_end(x);
	if (r == 0)
		r = strbuf_error(x->out) < 0 ? -ENOMEM : strbuf_error(&x->item);
	strbuf_free(&x->item);
	return r;
}

int rank_report(const struct rank_report *p, struct strbuf *out)
{
	struct explain x = {.out = out};
	int r;

	rank_report_time(p, out);
	r = rank_report_head(&x, p);
	if (r == 0)
		r = rank_report_list(&x, p);
	if (r == 0)
		r = rank_report_walk(&x, p);
	return finish(&x, r);
}

/* How far it is from being the one that is chosen. */
static void put_distance(struct explain *x, const struct rank_report *p,
			 const struct ranking_row *row)
{
	const struct ranking *r = p->ranking;
	const struct ranking_row *first = r->victim < r->n_rows ? &r->rows[r->victim] : NULL;
	int64_t more;

	if (!first || first == row || first->points == INT64_MIN || row->points == INT64_MIN ||
	    __builtin_sub_overflow(first->points, row->points, &more))
		return;
	explain_row(x, 7, "");
	if (more <= 0) {
		strbuf_puts(explain_item(x), "the victim has as many points, and is the later in "
					     "the kernel's list");
		return;
	}
	explain_bytes(explain_item(x), (uint64_t)more * p->view->machine->page_bytes);
	strbuf_printf(&x->item, " more would make it the victim instead of PID %" PRIu32,
		      p->view->machine->processes[first->process].task.pid);
}

int rank_report_why(const struct rank_report *p, size_t row, struct strbuf *out)
{
	const struct ranking_row *it = &p->ranking->rows[row];
	const char *outcome = rank_report_outcome(p->ranking);
	struct explain x = {.out = out};
	int r;

	explain_row(&x, 3, rank_report_verdict(it->verdict));
	rank_report_process(&x, p, it->process);
	rank_report_reason(&x, p, it);
	rank_report_points(&x, p, it);
	if (it->rank)
		strbuf_printf(explain_item(&x), "rank %" PRIu64, it->rank);
	r = rank_report_victim(&x, p, row);
	if (r == 0)
		put_distance(&x, p, it);
	explain_row(&x, 3, "");
	if (outcome)
		strbuf_puts(explain_item(&x), outcome);
	return finish(&x, r);
}
