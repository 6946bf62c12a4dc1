#include "rank/rank_changes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "rank/rank_json.h"
#include "rank/rank_report_internal.h"

#define SHARE 100 /* of the domain: a smaller change of what is left is not told */
#define PRESSURE 1.0

/* A process is the same if it has the same PID and began at the same time. */
struct identity {
	uint32_t pid;
	uint64_t start_ns;
	size_t row;
};

static int compare(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static struct identity identity_of(const struct rank_view *v, const struct ranking *r, size_t row)
{
	const struct oomrank_task *t = &v->machine->processes[r->rows[row].process].task;

	return (struct identity){t->pid, t->start_ns, row};
}

static struct identity *sorted(const struct rank_view *v, const struct ranking *r)
{
	struct identity *all = calloc(r->n_rows + 1, sizeof(*all));

	for (size_t i = 0; all && i < r->n_rows; i++)
		all[i] = identity_of(v, r, i);
	if (all)
		qsort(all, r->n_rows, sizeof(*all), compare);
	return all;
}

static size_t find(const struct identity *all, size_t n, struct identity key)
{
	const struct identity *found = bsearch(&key, all, n, sizeof(*all), compare);

	return found ? found->row : SIZE_MAX;
}

static bool is_first(enum ranking_verdict v)
{
	return v == RANKING_KILL || v == RANKING_WITH || v == RANKING_NEXT;
}

static bool is_of_interest(const struct rank_report *p, const struct ranking_row *row)
{
	return is_first(row->verdict) ||
	       (p->all && row->reason != RANKING_KERNEL_THREAD && row->reason != RANKING_OUTSIDE);
}

static void find_now(const struct rank_report *p, const struct identity *before,
		     struct rank_changes *ret)
{
	for (size_t i = 0; i < p->ranking->n_rows; i++) {
		const struct ranking_row *row = &p->ranking->rows[i], *was;
		size_t at = find(before, p->ranking_before->n_rows,
				 identity_of(p->view, p->ranking, i));
		enum rank_change_kind kind = RANK_CHANGE_MOVED;

		if (at == SIZE_MAX) {
			if (!is_of_interest(p, row))
				continue;
			kind = RANK_CHANGE_NEW;
		} else {
			was = &p->ranking_before->rows[at];
			if ((!is_of_interest(p, row) && !is_of_interest(p, was)) ||
			    (row->verdict == was->verdict && row->rank == was->rank))
				continue;
		}
		ret->list[ret->count++] = (struct rank_change){kind, i, at};
	}
}

static void find_gone(const struct rank_report *p, const struct identity *now,
		      struct rank_changes *ret)
{
	for (size_t i = 0; i < p->ranking_before->n_rows; i++)
		if (is_of_interest(p, &p->ranking_before->rows[i]) &&
		    find(now, p->ranking->n_rows, identity_of(p->before, p->ranking_before, i)) ==
			    SIZE_MAX)
			ret->list[ret->count++] = (struct rank_change){RANK_CHANGE_GONE, i, i};
}

static bool moved(uint64_t now, uint64_t before, uint64_t total)
{
	uint64_t by = now > before ? now - before : before - now;

	return by >= MAX(total / SHARE, 1);
}

static bool head_changed(const struct rank_report *p)
{
	const struct machine *now = p->view->machine, *before = p->before->machine;
	const struct ranking *r = p->ranking, *was = p->ranking_before;

	return r->outcome != was->outcome ||
	       moved(rank_report_left(&r->domain), rank_report_left(&was->domain),
		     r->domain.total_pages * now->page_bytes) ||
	       r->domain.total_pages != was->domain.total_pages ||
	       moved(now->memory.available_bytes, before->memory.available_bytes,
		     now->memory.total_bytes) ||
	       moved(now->memory.swap_free_bytes, before->memory.swap_free_bytes,
		     now->memory.swap_total_bytes) ||
	       now->pressure.full.avg10 >= before->pressure.full.avg10 + PRESSURE ||
	       now->pressure.full.avg10 <= before->pressure.full.avg10 - PRESSURE;
}

int rank_changes_find(const struct rank_report *p, struct rank_changes *ret)
{
	_cleanup_free_ struct identity *now = sorted(p->view, p->ranking);
	_cleanup_free_ struct identity *before = sorted(p->before, p->ranking_before);

	*ret = (struct rank_changes){.head = head_changed(p)};
	ret->list = calloc(p->ranking->n_rows + p->ranking_before->n_rows + 1, sizeof(*ret->list));
	if (!now || !before || !ret->list) {
		rank_changes_clear(ret);
		return -ENOMEM;
	}
	find_now(p, before, ret);
	find_gone(p, now, ret);
	return 0;
}

void rank_changes_clear(struct rank_changes *c)
{
	free(c->list);
	*c = (struct rank_changes){0};
}

const char *rank_change_name(enum rank_change_kind kind)
{
	static const char *const names[] = {
		[RANK_CHANGE_NEW] = "new",
		[RANK_CHANGE_MOVED] = "moved",
		[RANK_CHANGE_GONE] = "gone",
	};

	return names[kind];
}

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

static void put_change(struct explain *x, const struct rank_report *p, const struct rank_change *c)
{
	/* Of those that are gone the last that was known of them. */
	struct rank_report then = {.view = p->before, .ranking = p->ranking_before};
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
	if (c->kind == RANK_CHANGE_NEW)
		strbuf_puts(explain_item(x), "new");
	else
		put_was(x, &p->ranking_before->rows[c->row_before]);
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
