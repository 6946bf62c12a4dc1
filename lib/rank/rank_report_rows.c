/* Items of rows: what stands of a process in each of them. */
#include <inttypes.h>
#include <string.h>

#include "oom/kill_extras.h"
#include "rank/rank_columns.h"
#include "rank/rank_report_internal.h"

const char *rank_report_verdict(enum ranking_verdict verdict)
{
	static const char *const heads[] = {
		[RANKING_SKIP] = "(skip) proc ", [RANKING_KILL] = "*KILL* proc ",
		[RANKING_WITH] = "(with) proc ", [RANKING_NEXT] = "(next) proc ",
		[RANKING_RANK] = "(rank) proc ",
	};

	return heads[verdict];
}

void rank_report_process(struct explain *x, const struct rank_report *p, size_t process)
{
	const struct oomrank_task *t = &p->view->machine->processes[process].task;
	char comm[OOMRANK_COMM_SIZE + 1] = {0};

	memcpy(comm, t->comm, sizeof(t->comm));
	strbuf_printf(explain_item(x), "%" PRIu32 " ", t->pid);
	explain_name(&x->item, comm);
	if (!(t->flags & (OOMRANK_KERNEL_THREAD | OOMRANK_NO_MEMORY)))
		explain_bytes(explain_item(x), rank_view_held_bytes(p->view, process));
}

static void put_signed(struct strbuf *item, int64_t bytes)
{
	strbuf_puts(item, bytes < 0 ? "-" : "");
	explain_bytes(item, (uint64_t)(bytes < 0 ? -bytes : bytes));
}

void rank_report_points(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row)
{
	int64_t page = (int64_t)p->view->machine->page_bytes, bytes;
	uint64_t total = p->ranking->domain.total_pages;
	struct strbuf *item;

	if (row->reason == RANKING_ORIGIN || row->points == INT64_MIN)
		return;
	item = explain_item(x);
	strbuf_printf(item, "points %" PRId64, row->points);
	if (__builtin_mul_overflow(row->points, page, &bytes))
		return;
	strbuf_puts(item, " (");
	put_signed(item, bytes);
	/* Of the victim: how much of all it is. The others' are to be compared with it. */
	if (row->verdict == RANKING_KILL && total) {
		strbuf_printf(item, ", %.1f%% of ", 100.0 * (double)row->points / (double)total);
		explain_bytes(item, total * p->view->machine->page_bytes);
	}
	strbuf_putc(item, ')');
}

void rank_report_adjustment(struct explain *x, const struct rank_report *p,
			    const struct ranking_row *row)
{
	const struct oomrank_task *t = &p->view->machine->processes[row->process].task;

	if (t->oom_score_adj && row->reason != RANKING_EXEMPT)
		strbuf_printf(explain_item(x), "adj %" PRId32, t->oom_score_adj);
}

static void put_values(struct explain *x, const struct named_values *extras)
{
	for (size_t i = 0; extras && i < extras->count; i++) {
		struct strbuf *item = explain_item(x);

		strbuf_printf(item, "%s ", extras->list[i].name);
		kill_extra_display(&extras->list[i], item);
	}
}

void rank_report_extras(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row)
{
	struct named_values chosen = {0};

	if (!p->columns) {
		put_values(x, rank_view_extras(p->view,
					       p->view->machine->processes[row->process].task.pid));
		return;
	}
	if (rank_columns_values(p, (size_t)(row - p->ranking->rows), &chosen) < 0)
		x->item.failed = true;
	put_values(x, &chosen);
	named_values_clear(&chosen);
}

void rank_report_reason(struct explain *x, const struct rank_report *p,
			const struct ranking_row *row)
{
	const struct machine *m = p->view->machine;

	if (row->reason == RANKING_GROUP && row->cgroup < m->n_cgroups) {
		strbuf_puts(explain_item(x), "memory.oom.group of ");
		explain_words(x, m->cgroups[row->cgroup].path, '/');
	} else if (*ranking_reason_text(row->reason)) {
		strbuf_puts(explain_item(x), ranking_reason_text(row->reason));
	}
}
