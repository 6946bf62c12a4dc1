#include <errno.h>
#include <string.h>

#include "rank/policy_internal.h"

#define CANNOT_DIE (OOMRANK_INIT | OOMRANK_KERNEL_THREAD)

uint64_t policy_resident_pages(const struct machine_process *p)
{
	return p->task.anon_pages + p->task.file_pages + p->task.shmem_pages;
}

bool policy_in_domain(const struct machine *m, const struct domain *d, uint32_t cgroup)
{
	return d->kind != DOMAIN_MEMCG || machine_is_below(m, cgroup, d->cgroup);
}

int policy_points(const struct machine *m, const struct domain *d, int64_t **ret)
{
	_cleanup_(ranking_clear) struct ranking ranking = {0};
	_cleanup_free_ int64_t *points = calloc(m->n_processes + 1, sizeof(*points));
	int r = points ? ranking_of(m, d, &ranking) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < m->n_processes; i++)
		points[i] = INT64_MIN;
	for (size_t i = 0; i < ranking.n_rows; i++)
		if (ranking.rows[i].verdict != RANKING_SKIP)
			points[ranking.rows[i].process] = ranking.rows[i].points;
	*ret = STEAL(points);
	return 0;
}

int policy_leaves(const struct machine *m, bool **ret)
{
	bool *leaves = calloc(m->n_cgroups + 1, sizeof(*leaves));

	if (!leaves)
		return -ENOMEM;
	memset(leaves, true, m->n_cgroups);
	for (size_t i = 0; i < m->n_cgroups; i++)
		if (m->cgroups[i].parent != MACHINE_NONE)
			leaves[m->cgroups[i].parent] = false;
	*ret = leaves;
	return 0;
}

/* An address space, and one that has it. */
struct owner {
	uint64_t mm;
	size_t process;
};

static int compare_owners(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	return x->mm != y->mm ? (x->mm < y->mm ? -1 : 1) : (x->process > y->process) * 2 - 1;
}

/* All that have memory, those with the same beside each other. */
static int owners_of(const struct machine *m, struct owner **ret, size_t *ret_n)
{
	struct owner *owners = calloc(m->n_processes + 1, sizeof(*owners));
	size_t n = 0;

	if (!owners)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.mm)
			owners[n++] = (struct owner){m->processes[i].task.mm, i};
	qsort(owners, n, sizeof(*owners), compare_owners);
	*ret = owners;
	*ret_n = n;
	return 0;
}

int policy_sharers(const struct machine *m, bool **ret)
{
	_cleanup_free_ struct owner *owners = NULL;
	bool *shares = calloc(m->n_processes + 1, sizeof(*shares));
	size_t n = 0;
	int r = shares ? owners_of(m, &owners, &n) : -ENOMEM;

	if (r < 0) {
		free(shares);
		return r;
	}
	for (size_t i = 1; i < n; i++)
		if (owners[i].mm == owners[i - 1].mm)
			shares[owners[i].process] = shares[owners[i - 1].process] = true;
	*ret = shares;
	return 0;
}

/* As ranking_row.frees_bytes: neither files nor shared memory. */
static uint64_t bytes_of(const struct machine *m, size_t process)
{
	const struct oomrank_task *t = &m->processes[process].task;

	return (t->anon_pages + t->swap_pages) * m->page_bytes + t->pgtables_bytes;
}

/* Of each run of OWNERS with the same memory: do all die, does any? */
static size_t next_run(const struct owner *owners, size_t n, size_t at, const bool *dies,
		       bool *ret_all, bool *ret_any)
{
	uint64_t mm = owners[at].mm;

	*ret_all = true;
	*ret_any = false;
	for (; at < n && owners[at].mm == mm; at++) {
		*ret_all &= dies[owners[at].process];
		*ret_any |= dies[owners[at].process];
	}
	return at;
}

/* The kernel kills with a process all that share its memory (__oom_kill_process()). */
static void add_sharers(const struct machine *m, const struct owner *owners, size_t n, bool *dies)
{
	bool all, any;

	for (size_t at = 0, end; at < n; at = end) {
		end = next_run(owners, n, at, dies, &all, &any);
		for (; any && at < end; at++)
			dies[owners[at].process] |=
				!(m->processes[owners[at].process].task.flags & CANNOT_DIE);
	}
}

/* Memory is given back once its last owner is gone. */
static uint64_t frees(const struct machine *m, const struct owner *owners, size_t n,
		      const bool *dies)
{
	uint64_t bytes = 0;
	bool all, any;

	for (size_t at = 0, end; at < n; at = end) {
		end = next_run(owners, n, at, dies, &all, &any);
		if (all)
			bytes += bytes_of(m, owners[at].process);
	}
	/* Of those from /proc it is not known who shares: each counts for itself. */
	for (size_t i = 0; i < m->n_processes; i++)
		if (dies[i] && !m->processes[i].task.mm)
			bytes += bytes_of(m, i);
	return bytes;
}

/* Those that are marked: the first one, in the machine's order, stands for all. */
static int take(const struct machine *m, bool *dies, bool by_kernel, struct policy_choice *ret)
{
	_cleanup_free_ struct owner *owners = NULL;
	size_t n = 0;
	int r = owners_of(m, &owners, &n);

	if (r < 0)
		return r;
	if (by_kernel)
		add_sharers(m, owners, n, dies);
	ret->killed = calloc(m->n_processes + 1, sizeof(*ret->killed));
	if (!ret->killed)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_processes; i++)
		if (dies[i])
			ret->killed[ret->n_killed++] = i;
	ret->frees_bytes = frees(m, owners, n, dies);
	return 0;
}

static void mark_below(const struct machine *m, uint32_t cgroup, bool spare_exempt, bool *dies)
{
	for (size_t i = 0; i < m->n_processes; i++) {
		const struct machine_process *p = &m->processes[i];

		if (machine_is_below(m, p->cgroup, cgroup) && !(p->task.flags & CANNOT_DIE) &&
		    !(spare_exempt && p->task.oom_score_adj == -1000))
			dies[i] = true;
	}
}

/* The largest of those that die is named, before the one that was started first. */
static size_t largest(const struct machine *m, const struct policy_choice *choice)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < choice->n_killed; i++)
		if (best == SIZE_MAX || bytes_of(m, choice->killed[i]) > bytes_of(m, best))
			best = choice->killed[i];
	return best;
}

int policy_choose_cgroup(const struct machine *m, const struct domain *d, uint32_t cgroup,
			 struct policy_choice *ret)
{
	_cleanup_free_ bool *dies = calloc(m->n_processes + 1, sizeof(*dies));
	uint32_t group = ranking_group(m, d, cgroup);
	int r;

	if (!dies)
		return -ENOMEM;
	mark_below(m, cgroup, true, dies);
	if (group != MACHINE_NONE)
		mark_below(m, group, true, dies);
	r = take(m, dies, true, ret);
	ret->cgroup = cgroup;
	ret->process = largest(m, ret);
	return r;
}

int policy_choose_by_signal(const struct machine *m, uint32_t cgroup, size_t process,
			    struct policy_choice *ret)
{
	_cleanup_free_ bool *dies = calloc(m->n_processes + 1, sizeof(*dies));
	int r;

	if (!dies)
		return -ENOMEM;
	if (cgroup != MACHINE_NONE)
		mark_below(m, cgroup, false, dies);
	else if (process != SIZE_MAX)
		dies[process] = true;
	r = take(m, dies, false, ret);
	ret->cgroup = cgroup;
	ret->process = cgroup != MACHINE_NONE ? largest(m, ret) : process;
	return r;
}

/* Who dies in a ranking, the chosen one first. */
static int take_ranking(const struct ranking *ranking, struct policy_choice *ret)
{
	ret->killed = calloc(ranking->n_rows + 1, sizeof(*ret->killed));
	if (!ret->killed)
		return -ENOMEM;
	if (ranking->victim != SIZE_MAX)
		ret->killed[ret->n_killed++] = ret->process =
			ranking->rows[ranking->victim].process;
	for (size_t i = 0; i < ranking->n_rows; i++)
		if (ranking->rows[i].verdict == RANKING_WITH)
			ret->killed[ret->n_killed++] = ranking->rows[i].process;
	ret->frees_bytes = ret->n_killed ? ranking->frees_bytes : 0;
	return 0;
}

int policy_choose_process(const struct machine *m, const struct domain *d, size_t process,
			  struct policy_choice *ret)
{
	_cleanup_(ranking_clear) struct ranking ranking = {0};
	int r = ranking_with_choice(m, d, process, &ranking);

	return r < 0 ? r : take_ranking(&ranking, ret);
}

static void say_outcome(const struct machine *m, const struct ranking *r, struct strbuf *out)
{
	static const char *const outcomes[] = {
		[RANKING_WAITS] = "an earlier victim is still dying: the kernel waits for it",
		[RANKING_NOBODY] = "there is nobody whom it could kill",
		[RANKING_PANICS] = "vm.panic_on_oom is set: the kernel panics",
		[RANKING_DISABLED] = "oom_kill_disable is set: the tasks wait",
	};
	const struct ranking_row *row = r->victim != SIZE_MAX ? &r->rows[r->victim] : NULL;
	const struct oomrank_task *t = row ? &m->processes[row->process].task : NULL;

	if (!t)
		strbuf_puts(out, r->outcome < sizeof(outcomes) / sizeof(outcomes[0]) &&
						 outcomes[r->outcome]
					 ? outcomes[r->outcome]
					 : "nobody");
	else if (row->reason == RANKING_ORIGIN)
		strbuf_puts(out, ranking_reason_text(row->reason));
	else
		strbuf_printf(out, "points %lld, oom_score_adj %d%s%s", (long long)row->points,
			      t->oom_score_adj,
			      r->is_tied ? ", the last in its list of those with as many" : "",
			      r->outcome == RANKING_ALLOCATOR
				      ? "; vm.oom_kill_allocating_task: or whoever asks"
				      : "");
}

int policy_choose_kernel(const struct machine *m, const struct domain *d, struct policy_choice *ret)
{
	_cleanup_(ranking_clear) struct ranking ranking = {0};
	_cleanup_strbuf_ struct strbuf said = {0};
	int r = ranking_of(m, d, &ranking);

	if (r == 0)
		r = take_ranking(&ranking, ret);
	if (r == 0)
		say_outcome(m, &ranking, &said);
	ret->why = strbuf_steal(&said);
	return r == 0 && !ret->why ? -ENOMEM : r;
}
