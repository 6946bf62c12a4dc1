/* Who dies with the chosen one, and what that frees: oom_kill_process() and what it calls. */
#include <errno.h>
#include <stdlib.h>

#include "rank/ranking_internal.h"

static const struct oomrank_task *task_of(const struct machine *m, const struct ranking_row *row)
{
	return &m->processes[row->process].task;
}

static bool share(const struct oomrank_task *a, const struct oomrank_task *b)
{
	return a->mm && a->mm == b->mm && a->pid != b->pid;
}

uint32_t ranking_group(const struct machine *m, const struct domain *d, uint32_t cgroup)
{
	const uint32_t top = d->kind == DOMAIN_MEMCG ? d->cgroup : 0;
	uint32_t group = MACHINE_NONE;

	if (m->cgroup_version != 2 || !machine_is_below(m, cgroup, top))
		return MACHINE_NONE;
	for (; cgroup; cgroup = m->cgroups[cgroup].parent) {
		if (m->cgroups[cgroup].kills_group)
			group = cgroup;
		if (cgroup == top)
			break;
	}
	return group;
}

/*
 * task_will_free_mem(): it exits anyway, with all who have its memory. Then it is marked, and that
 * is all: nobody dies with it.
 */
static bool exits_anyway(const struct machine *m, const struct oomrank_task *victim)
{
	if (!(victim->flags & OOMRANK_EXITING) || victim->flags & OOMRANK_OOM_SKIP)
		return false;
	for (size_t i = 0; i < m->n_processes; i++)
		if (share(&m->processes[i].task, victim) &&
		    !(m->processes[i].task.flags & OOMRANK_EXITING))
			return false;
	return true;
}

static void dies(struct ranking_row *row, enum ranking_reason reason)
{
	row->verdict = RANKING_WITH;
	row->reason = reason;
}

/*
 * Rows may lack processes: of a memory cgroup's domain those outside it, whom a shared memory (or
 * nothing else) drags along.
 */
static int add_outsiders(const struct machine *m, struct ranking *r, const bool *dead)
{
	size_t n = 0;
	struct ranking_row *rows;

	for (size_t i = 0; i < m->n_processes; i++)
		n += dead[i];
	rows = n ? reallocarray(r->rows, r->n_rows + n, sizeof(*rows)) : r->rows;
	if (!rows)
		return -ENOMEM;
	r->rows = rows;
	for (size_t i = 0; i < m->n_processes; i++)
		if (dead[i])
			r->rows[r->n_rows++] = (struct ranking_row){.process = i,
								    .verdict = RANKING_WITH,
								    .reason = RANKING_SHARES,
								    .points = INT64_MIN,
								    .cgroup = MACHINE_NONE};
	return 0;
}

/* __oom_kill_process(): all who have its memory, but for init and kernel threads. */
static void mark_sharing(const struct machine *m, const struct oomrank_task *victim, bool *dead)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (share(&m->processes[i].task, victim) &&
		    !(m->processes[i].task.flags & (OOMRANK_INIT | OOMRANK_KERNEL_THREAD)))
			dead[i] = true;
}

/* oom_kill_memcg_member() */
static bool dies_in_group(const struct machine *m, const struct ranking_row *row, uint32_t group)
{
	const struct oomrank_task *task = task_of(m, row);

	return machine_is_below(m, m->processes[row->process].cgroup, group) &&
	       !m->processes[row->process].unseen && task->oom_score_adj != -1000 &&
	       !(task->flags & (OOMRANK_INIT | OOMRANK_KERNEL_THREAD | OOMRANK_NO_MEMORY));
}

/* The rows of DEAD processes become WITH; DEAD keeps those that have none. */
static void take_sharing(struct ranking *r, bool *dead)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		struct ranking_row *row = &r->rows[i];

		if (dead[row->process] && row->verdict != RANKING_KILL &&
		    row->verdict != RANKING_WITH)
			dies(row, RANKING_SHARES);
		dead[row->process] = false;
	}
}

static int mark(const struct machine *m, struct ranking *r, size_t victim, bool *dead)
{
	const uint32_t group =
		ranking_group(m, &r->domain, m->processes[r->rows[victim].process].cgroup);

	if (exits_anyway(m, task_of(m, &r->rows[victim])))
		return 0;
	mark_sharing(m, task_of(m, &r->rows[victim]), dead);
	take_sharing(r, dead);
	for (size_t i = 0; group != MACHINE_NONE && i < r->n_rows; i++) {
		struct ranking_row *row = &r->rows[i];

		if (!dies_in_group(m, row, group) || row->verdict == RANKING_KILL)
			continue;
		if (row->verdict != RANKING_WITH)
			dies(row, RANKING_GROUP);
		if (row->reason == RANKING_GROUP)
			row->cgroup = group;
		mark_sharing(m, task_of(m, row), dead);
	}
	take_sharing(r, dead);
	return add_outsiders(m, r, dead);
}

/* Init's memory stays, as init does; that of a kernel thread is not its own. */
static uint64_t mm_of_init(const struct machine *m)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.flags & OOMRANK_INIT)
			return m->processes[i].task.mm;
	return 0;
}

/* The chosen one first, then those who die with it, by their memory. */
static int by_mm(const void *a, const void *b, void *machine)
{
	const struct machine *m = machine;
	const struct ranking_row *x = *(struct ranking_row *const *)a;
	const struct ranking_row *y = *(struct ranking_row *const *)b;
	const uint64_t x_mm = task_of(m, x)->mm, y_mm = task_of(m, y)->mm;

	if (x_mm != y_mm)
		return x_mm < y_mm ? -1 : 1;
	return (y->verdict == RANKING_KILL) - (x->verdict == RANKING_KILL);
}

/* A memory that several of the dying have is counted in the first one's row. */
static int add_up(const struct machine *m, struct ranking *r)
{
	_cleanup_free_ struct ranking_row **dying = calloc(r->dies, sizeof(struct ranking_row *));
	size_t n = 0;

	if (!dying)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_rows; i++)
		if (ranking_dies(&r->rows[i]))
			dying[n++] = &r->rows[i];
	qsort_r(dying, n, sizeof(struct ranking_row *), by_mm, (void *)m);
	for (size_t i = 0; i < n; i++) {
		if (i && share(task_of(m, dying[i]), task_of(m, dying[i - 1])))
			dying[i]->frees_bytes = 0;
		r->frees_bytes += dying[i]->frees_bytes;
	}
	return 0;
}

void ranking_frees(const struct machine *m, struct ranking *r)
{
	const uint64_t stays = mm_of_init(m);

	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oomrank_task *task = task_of(m, &r->rows[i]);

		if (!task->mm || task->mm != stays)
			r->rows[i].frees_bytes =
				(task->anon_pages + task->swap_pages) * m->page_bytes +
				task->pgtables_bytes;
	}
}

int ranking_kill(const struct machine *m, struct ranking *r, size_t victim)
{
	_cleanup_free_ bool *dead = calloc(m->n_processes, sizeof(*dead));
	int error;

	if (!dead)
		return -ENOMEM;
	r->rows[victim].verdict = RANKING_KILL;
	error = mark(m, r, victim, dead);
	if (error < 0)
		return error;
	ranking_frees(m, r);
	for (size_t i = 0; i < r->n_rows; i++)
		r->dies += ranking_dies(&r->rows[i]);
	return add_up(m, r);
}
