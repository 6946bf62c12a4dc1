/* What /proc does not say, but betrays. */
#include "rank/machine_internal.h"
#include "rank/ranking.h"

static const struct machine_process *find(const struct machine *m, uint32_t pid)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.pid == pid)
			return &m->processes[i];
	return NULL;
}

/* Does it have the same memory as its parent, by all that is told of it? */
static bool is_parents(const struct machine *m, const struct machine_process *p)
{
	const struct machine_process *parent = find(m, p->task.parent_pid);

	return parent && parent->task.anon_pages == p->task.anon_pages &&
	       parent->task.pgtables_bytes == p->task.pgtables_bytes;
}

/*
 * A process with memory whose oom_score is 0, though its numbers make more, has no points at all
 * (oom_badness(), mm/oom_kill.c): it runs in a vfork, or was reaped.
 */
void machine_deduce_flags(struct machine *m)
{
	struct domain all;

	domain_of_machine(m, &all);
	for (size_t i = 0; i < m->n_processes; i++) {
		struct machine_process *p = &m->processes[i];
		enum ranking_reason reason;
		int64_t adj, points;

		if (p->oom_score != 0)
			continue;
		points = ranking_badness(m, p, all.total_pages, &adj, &reason);
		if (points != INT64_MIN && ranking_oom_score(points, all.total_pages) > 1)
			p->task.flags |= is_parents(m, p) ? OOMRANK_IN_VFORK : OOMRANK_OOM_SKIP;
	}
}
