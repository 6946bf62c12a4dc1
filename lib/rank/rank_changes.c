#include "rank/rank_changes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "rank/rank_report_internal.h"

#define SHARE 100 /* of the domain: a smaller change is not told */
#define SMALL 10  /* so many times fewer points than the victim: it does not matter who it is */
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

/* A row with what it was, and what its place is measured by. */
struct pair {
	const struct rank_report *p;
	const struct ranking_row *now, *was; /* one of them may be NULL */
	bool overtook;			     /* one that stood before it */
};

static int64_t points_of_victim(const struct ranking *r)
{
	return r->victim < r->n_rows ? r->rows[r->victim].points : 0;
}

/* Would it die, or be among the next; and is that of any interest? */
static bool is_near(const struct rank_report *p, const struct ranking *r,
		    const struct ranking_row *row)
{
	if (row->verdict == RANKING_KILL || row->verdict == RANKING_WITH)
		return true;
	if (p->all)
		return row->reason != RANKING_KERNEL_THREAD && row->reason != RANKING_OUTSIDE;
	return row->verdict == RANKING_NEXT && row->points >= points_of_victim(r) / SMALL;
}

static uint64_t pages_of(const struct rank_view *v, const struct ranking_row *row)
{
	return machine_pages(v->machine, &v->machine->processes[row->process].task);
}

/* Of one in the domain. */
static bool is_large(const struct rank_report *p, const struct ranking_row *row, uint64_t pages)
{
	return row->reason != RANKING_OUTSIDE &&
	       pages >= MAX(p->ranking->domain.total_pages / SHARE, 1);
}

/* Is it passed by, does it die with another, is it the victim: where it was not, or the reverse? */
static bool verdict_changed(const struct pair *x)
{
	const enum ranking_verdict now = x->now->verdict, was = x->was->verdict;

	return (now == RANKING_SKIP) != (was == RANKING_SKIP) ||
	       (now == RANKING_WITH) != (was == RANKING_WITH) ||
	       (now == RANKING_KILL) != (was == RANKING_KILL);
}

/* What there is to be told of it; false: nothing. */
static bool judge(const struct pair *x, enum rank_change_kind *ret)
{
	const struct rank_report *p = x->p;
	bool was_near = x->was && is_near(p, p->ranking_before, x->was);
	bool near = x->now && is_near(p, p->ranking, x->now);
	uint64_t now, was;

	if (!x->now) {
		*ret = RANK_CHANGE_GONE;
		return was_near || is_large(p, x->was, pages_of(p->before, x->was));
	}
	now = pages_of(p->view, x->now);
	if (!x->was) {
		*ret = RANK_CHANGE_NEW;
		return near || is_large(p, x->now, now);
	}
	*ret = RANK_CHANGE_MOVED;
	if ((near || was_near) && verdict_changed(x))
		return true;
	if (near && x->overtook)
		return true;
	was = pages_of(p->before, x->was);
	*ret = now > was ? RANK_CHANGE_GROWN : RANK_CHANGE_SHRUNK;
	return is_large(p, x->now, now > was ? now - was : was - now);
}

static void find_now(const struct rank_report *p, const struct identity *before,
		     struct rank_changes *ret)
{
	uint64_t lowest = UINT64_MAX; /* rank before, of those that come after it now */

	/* From the end, then turned round. */
	for (size_t i = p->ranking->n_rows; i-- > 0;) {
		struct pair x = {.p = p, .now = &p->ranking->rows[i]};
		size_t at = find(before, p->ranking_before->n_rows,
				 identity_of(p->view, p->ranking, i));
		enum rank_change_kind kind;

		if (at != SIZE_MAX)
			x.was = &p->ranking_before->rows[at];
		if (x.was && x.was->rank && x.now->rank) {
			x.overtook = lowest < x.was->rank;
			lowest = MIN(lowest, x.was->rank);
		}
		if (judge(&x, &kind))
			ret->list[ret->count++] = (struct rank_change){kind, i, at};
	}
	for (size_t i = 0; i < ret->count / 2; i++)
		SWAP(ret->list[i], ret->list[ret->count - 1 - i]);
}

static void find_gone(const struct rank_report *p, const struct identity *now,
		      struct rank_changes *ret)
{
	for (size_t i = 0; i < p->ranking_before->n_rows; i++) {
		const struct pair x = {.p = p, .was = &p->ranking_before->rows[i]};
		enum rank_change_kind kind;

		if (find(now, p->ranking->n_rows, identity_of(p->before, p->ranking_before, i)) ==
			    SIZE_MAX &&
		    judge(&x, &kind))
			ret->list[ret->count++] = (struct rank_change){kind, i, i};
	}
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
		[RANK_CHANGE_NEW] = "new",     [RANK_CHANGE_MOVED] = "moved",
		[RANK_CHANGE_GROWN] = "grown", [RANK_CHANGE_SHRUNK] = "shrunk",
		[RANK_CHANGE_GONE] = "gone",
	};

	return names[kind];
}
