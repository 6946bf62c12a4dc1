/*
 * Any records of a probe (a text of somebody's own may send what it likes): the pieces of the
 * kernel's lists that they tell of, and the choice among them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "rank/machine_internal.h"
#include "rank/ranking.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 64
#define PAGES_MOST ((UINT64_C(1) << 44) - 1) /* 64 PiB of 4 KiB: more than any machine has */

/* As the kernel keeps them. */
static void limit(struct oomrank_task *t)
{
	t->anon_pages &= PAGES_MOST;
	t->file_pages &= PAGES_MOST;
	t->shmem_pages &= PAGES_MOST;
	t->swap_pages &= PAGES_MOST;
	t->pgtables_bytes &= PAGES_MOST;
	t->oom_score_adj %= 1001;
	t->comm[sizeof(t->comm) - 1] = '\0';
}

/* Each is there once, with an order of its own. */
static void check_order(const struct machine *m, const bool *given)
{
	bool seen[MOST] = {0}, orders[MOST] = {0};

	for (size_t i = 0; i < m->n_processes; i++) {
		const struct machine_process *p = &m->processes[i];

		if (p->oom_score < 0 || p->oom_score >= MOST || !given[p->oom_score] ||
		    seen[p->oom_score] || p->cgroup_order >= MOST || orders[p->cgroup_order])
			abort();
		seen[p->oom_score] = orders[p->cgroup_order] = true;
	}
}

static void check_ranking(const struct machine *m, const struct domain *d)
{
	struct ranking r;
	size_t kills = 0;
	uint64_t rank = 0;

	if (ranking_of(m, d, &r) < 0)
		abort();
	for (size_t i = 0; i < r.n_rows; i++) {
		kills += r.rows[i].verdict == RANKING_KILL;
		if (r.rows[i].rank && r.rows[i].rank != ++rank)
			abort();
	}
	if (r.n_rows < m->n_processes || kills != (r.victim != SIZE_MAX) ||
	    (r.outcome == RANKING_KILLS) != (kills == 1))
		abort();
	ranking_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine_process processes[MOST] = {0};
	struct oomrank_task records[MOST];
	bool given[MOST] = {0};
	struct machine m = {.page_bytes = 4096,
			    .memory = {.total_bytes = UINT64_C(1) << 34},
			    .node_bytes = {UINT64_C(1) << 33, UINT64_C(1) << 33},
			    .nodes = 3,
			    .processes = processes};
	size_t n = MIN(size / sizeof(*records), (size_t)MOST);
	struct domain d;

	if (n)
		memcpy(records, data, n * sizeof(*records));
	for (size_t i = 0; i < n; i++) {
		limit(&records[i]);
		if (records[i].flags & OOMRANK_THREAD)
			continue;
		given[i] = true;
		/* Its score is its mark. */
		processes[m.n_processes++] = (struct machine_process){
			.task = records[i], .cgroup = MACHINE_NONE, .oom_score = (int32_t)i};
	}
	if (machine_order(&m, records, n) < 0)
		abort();
	check_order(&m, given);
	domain_of_machine(&m, &d);
	check_ranking(&m, &d);
	d.by_sysrq = true;
	check_ranking(&m, &d);
	domain_of_nodes(&m, DOMAIN_MEMPOLICY, 1, &d);
	check_ranking(&m, &d);
	return 0;
}
