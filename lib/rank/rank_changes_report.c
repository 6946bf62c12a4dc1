/* What has changed, as text and as JSON. */
#include <errno.h>
#include <stdlib.h>

#include "rank/rank_changes.h"
#include "rank/rank_json.h"
#include "rank/rank_report_internal.h"

/* ", was next", ", was rank 5" */
static void put_was(struct explain *x, const struct ranking_row *was)
{
	if (was->verdict == RANKING_RANK)
		strbuf_printf(explain_item(x), "was rank %llu", (unsigned long long)was->rank);
	else
		strbuf_printf(explain_item(x), "was %s", ranking_verdict_name(was->verdict));
	if (was->verdict == RANKING_NEXT)
		strbuf_printf(&x->item, " (rank %llu)", (unsigned long long)was->rank);
}

/* "+235.1M" */
static void put_growth(struct explain *x, const struct rank_report *p, const struct rank_change *c)
{
	const size_t now = p->ranking->rows[c->row].process;
	const size_t was = p->ranking_before->rows[c->row_before].process;
	const struct machine *m = p->view->machine, *before = p->before->machine;
	int64_t pages = (int64_t)machine_pages(m, &m->processes[now].task) -
			(int64_t)machine_pages(before, &before->processes[was].task);

	strbuf_puts(explain_item(x), pages < 0 ? "-" : "+");
	explain_bytes(&x->item, (uint64_t)llabs(pages) * m->page_bytes);
}

static void put_change(struct explain *x, const struct rank_report *p, const struct rank_change *c)
{
	/* Of those that are gone the last that was known of them. */
	struct rank_report then = {.view = p->before,
				   .ranking = p->ranking_before,
				   .columns = p->columns,
				   .more = p->more};
	const struct rank_report *at = c->kind == RANK_CHANGE_GONE ? &then : p;
	const struct ranking_row *row = &at->ranking->rows[c->row];

	explain_row(x, 3,
		    c->kind == RANK_CHANGE_GONE ? "(gone) proc "
						: rank_report_verdict(row->verdict));
	rank_report_process(x, at, row->process);
	rank_report_points(x, at, row);
	rank_report_adjustment(x, at, row);
	if (c->kind != RANK_CHANGE_GONE && row->rank)
		strbuf_printf(explain_item(x), "rank %llu", (unsigned long long)row->rank);
	rank_report_reason(x, at, row);
	switch (c->kind) {
	case RANK_CHANGE_NEW:
		strbuf_puts(explain_item(x), "new");
		break;
	case RANK_CHANGE_GROWN:
	case RANK_CHANGE_SHRUNK:
		put_growth(x, p, c);
		break;
	default:
		put_was(x, &p->ranking_before->rows[c->row_before]);
	}
	rank_report_extras(x, at, row);
}

int rank_report_changes(const struct rank_report *p, struct strbuf *out)
{
	const char *outcome = rank_report_outcome(p->ranking);
	struct explain x = {.out = out};
	struct rank_changes changes;
	int r = rank_changes_find(p, &changes);

	if (r < 0 || (!changes.head && !changes.count)) {
		rank_changes_clear(&changes);
		return r;
	}
	rank_report_time(p, out);
	if (changes.head)
		r = rank_report_head(&x, p);
	explain_row(&x, 3, "");
	if (outcome && p->ranking->outcome != p->ranking_before->outcome)
		strbuf_puts(explain_item(&x), outcome);
	for (size_t i = 0; i < changes.count; i++)
		put_change(&x, p, &changes.list[i]);
	explain_end(&x);
	rank_changes_clear(&changes);
	if (r == 0)
		r = strbuf_error(out) < 0 ? -ENOMEM : strbuf_error(&x.item);
	strbuf_free(&x.item);
	return r;
}

int rank_json_changes(const struct rank_report *p, struct strbuf *out)
{
	struct rank_report then = {.view = p->before, .ranking = p->ranking_before};
	struct rank_changes changes;
	int r = rank_changes_find(p, &changes);

	for (size_t i = 0; r == 0 && i < changes.count; i++) {
		const struct rank_change *c = &changes.list[i];

		r = rank_json_row(c->kind == RANK_CHANGE_GONE ? &then : p, c->row,
				  rank_change_name(c->kind), out);
	}
	rank_changes_clear(&changes);
	return r;
}
