#include "rank/ranking.h"

#include <errno.h>
#include <stdlib.h>

#include "rank/ranking_internal.h"

const char *ranking_verdict_name(enum ranking_verdict v)
{
	static const char *const names[] = {
		[RANKING_SKIP] = "skip", [RANKING_KILL] = "kill", [RANKING_WITH] = "with",
		[RANKING_NEXT] = "next", [RANKING_RANK] = "rank",
	};

	return v < ARRAY_SIZE(names) ? names[v] : "";
}

const char *ranking_reason_text(enum ranking_reason r)
{
	static const char *const texts[] = {
		[RANKING_NO_REASON] = "",
		[RANKING_IS_INIT] = "init",
		[RANKING_KERNEL_THREAD] = "kernel thread",
		[RANKING_EXEMPT] = "oom_score_adj -1000",
		[RANKING_NO_MM] = "has no memory any more",
		[RANKING_REAPED] = "its memory was reaped",
		[RANKING_IN_VFORK] = "in vfork",
		[RANKING_DYING] = "an earlier victim, not gone yet",
		[RANKING_OUTSIDE] = "outside of the domain",
		[RANKING_GROUP] = "memory.oom.group",
		[RANKING_SHARES] = "shares its memory",
		[RANKING_ORIGIN] = "swapoff or KSM, before all others",
		[RANKING_UNSEEN] = "its numbers cannot be read",
	};

	return r < ARRAY_SIZE(texts) ? texts[r] : "";
}

static enum ranking_reason reason_not(const struct machine_process *p)
{
	const uint32_t flags = p->task.flags;

	if (flags & OOMRANK_INIT)
		return RANKING_IS_INIT;
	if (p->unseen)
		return RANKING_UNSEEN;
	if (flags & OOMRANK_KERNEL_THREAD)
		return RANKING_KERNEL_THREAD;
	if (flags & OOMRANK_NO_MEMORY)
		return RANKING_NO_MM;
	if (p->task.oom_score_adj == -1000)
		return RANKING_EXEMPT;
	if (flags & OOMRANK_OOM_SKIP)
		return RANKING_REAPED;
	return flags & OOMRANK_IN_VFORK ? RANKING_IN_VFORK : RANKING_NO_REASON;
}

int64_t ranking_badness(const struct machine *m, const struct machine_process *p,
			uint64_t total_pages, int64_t *ret_adj_pages,
			enum ranking_reason *ret_reason)
{
	*ret_reason = reason_not(p);
	*ret_adj_pages = 0;
	if (*ret_reason != RANKING_NO_REASON)
		return INT64_MIN;
	/* The division comes first, and it is of integers. */
	*ret_adj_pages = p->task.oom_score_adj * (int64_t)(total_pages / 1000);
	return (int64_t)machine_pages(m, &p->task) + *ret_adj_pages;
}

int32_t ranking_oom_score(int64_t points, uint64_t total_pages)
{
	if (points == INT64_MIN || !total_pages)
		return 0;
	return (int32_t)((1000 + points * 1000 / (int64_t)total_pages) * 2 / 3);
}

/* oom_evaluate_task(): what becomes of it before its points are looked at. */
static void evaluate(const struct machine *m, const struct domain *d, struct ranking_row *row)
{
	const struct machine_process *p = &m->processes[row->process];
	const uint32_t flags = p->task.flags;

	row->points = ranking_badness(m, p, d->total_pages, &row->adj_pages, &row->reason);
	if (row->reason == RANKING_IS_INIT || row->reason == RANKING_KERNEL_THREAD ||
	    row->reason == RANKING_UNSEEN)
		return;
	if (!domain_has(m, d, row->process))
		row->reason = RANKING_OUTSIDE;
	else if (flags & OOMRANK_OOM_VICTIM && !d->by_sysrq)
		row->reason = flags & OOMRANK_OOM_SKIP ? RANKING_REAPED : RANKING_DYING;
	else if (flags & OOMRANK_ORIGIN)
		row->reason = RANKING_ORIGIN;
	else
		return;
	row->points = row->reason == RANKING_ORIGIN ? INT64_MAX : INT64_MIN;
}

/* By cgroup, parents first, as for_each_mem_cgroup_tree(); in it as the cgroup has them. */
static int is_later(const void *a, const void *b, void *machine)
{
	const struct machine *m = machine;
	const struct machine_process *x = &m->processes[((const struct ranking_row *)a)->process];
	const struct machine_process *y = &m->processes[((const struct ranking_row *)b)->process];

	if (x->cgroup != y->cgroup)
		return x->cgroup < y->cgroup ? -1 : 1;
	return x->cgroup_order < y->cgroup_order ? -1 : x->cgroup_order > y->cgroup_order;
}

int ranking_list(const struct machine *m, struct ranking *r)
{
	const struct domain *d = &r->domain;

	r->rows = calloc(m->n_processes ? m->n_processes : 1, sizeof(*r->rows));
	if (!r->rows)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_processes; i++) {
		struct ranking_row *row = &r->rows[r->n_rows];

		if (d->kind == DOMAIN_MEMCG && !domain_has(m, d, i))
			continue;
		r->n_rows++;
		row->process = i;
		row->cgroup = MACHINE_NONE;
		evaluate(m, d, row);
		row->verdict = row->points == INT64_MIN ? RANKING_SKIP : RANKING_RANK;
	}
	if (d->kind == DOMAIN_MEMCG)
		qsort_r(r->rows, r->n_rows, sizeof(*r->rows), is_later, (void *)m);
	return 0;
}

size_t ranking_choose(struct ranking *r)
{
	size_t chosen = SIZE_MAX;

	for (size_t i = 0; i < r->n_rows; i++) {
		const int64_t points = r->rows[i].points;
		const int64_t most = chosen == SIZE_MAX ? INT64_MIN : r->rows[chosen].points;

		if (r->rows[i].reason == RANKING_DYING) {
			/* Who asks for memory is killed without a look at all others. */
			if (r->outcome == RANKING_KILLS)
				r->outcome = RANKING_WAITS;
			return SIZE_MAX;
		}
		if (points == INT64_MIN || points < most)
			continue;
		r->is_tied = points == most;
		chosen = i;
	}
	if (chosen == SIZE_MAX && r->outcome == RANKING_KILLS)
		r->outcome = RANKING_NOBODY;
	return chosen;
}

/* out_of_memory() and mem_cgroup_out_of_memory(): what comes before the choice. */
static enum ranking_outcome outcome_before(const struct machine *m, const struct domain *d)
{
	const bool whole = d->kind == DOMAIN_MACHINE ||
			   (domain_is_of_nodes(d) && (d->nodes & m->nodes) == m->nodes);

	/* check_panic_on_oom(); and the worker that does it has no memory of its own. */
	if (d->by_sysrq)
		return RANKING_KILLS;
	if (d->kind == DOMAIN_MEMCG && m->cgroups[d->cgroup].no_kill)
		return RANKING_DISABLED;
	if (m->panic_on_oom >= 2 || (m->panic_on_oom && whole))
		return RANKING_PANICS;
	if (m->kill_allocating_task && d->kind != DOMAIN_MEMCG)
		return RANKING_ALLOCATOR;
	return RANKING_KILLS;
}

static int finish(const struct machine *m, struct ranking *r, size_t victim)
{
	int error = 0;

	if (victim != SIZE_MAX)
		error = ranking_kill(m, r, victim);
	else
		ranking_frees(m, r);
	if (error == 0)
		error = ranking_order(m, r);
	if (error < 0)
		ranking_clear(r);
	return error;
}

static int begin(const struct machine *m, const struct domain *d, struct ranking *ret)
{
	*ret = (struct ranking){.domain = *d, .victim = SIZE_MAX};
	return ranking_list(m, ret);
}

int ranking_of(const struct machine *m, const struct domain *d, struct ranking *ret)
{
	size_t victim;
	int error = begin(m, d, ret);

	if (error < 0)
		return error;
	ret->outcome = outcome_before(m, d);
	if (ret->outcome == RANKING_PANICS || ret->outcome == RANKING_DISABLED)
		victim = SIZE_MAX;
	else
		victim = ranking_choose(ret);
	return finish(m, ret, victim);
}

int ranking_with_choice(const struct machine *m, const struct domain *d, size_t process,
			struct ranking *ret)
{
	size_t victim = SIZE_MAX;
	int error = begin(m, d, ret);

	if (error < 0)
		return error;
	for (size_t i = 0; process != SIZE_MAX && i < ret->n_rows; i++)
		if (ret->rows[i].process == process)
			victim = i;
	if (victim == SIZE_MAX && process != SIZE_MAX) {
		ranking_clear(ret);
		return -EINVAL;
	}
	ret->outcome = victim == SIZE_MAX ? RANKING_NOBODY : RANKING_KILLS;
	return finish(m, ret, victim);
}

void ranking_clear(struct ranking *r)
{
	free(r->rows);
	*r = (struct ranking){.victim = SIZE_MAX};
}
