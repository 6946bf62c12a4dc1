/* A machine from the probe's records; what they do not tell comes from /proc and the cgroups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc/process.h"
#include "rank/machine_internal.h"

static int by_inode(const void *a, const void *b, void *machine)
{
	const struct machine *m = machine;
	const uint64_t x = m->cgroups[*(const uint32_t *)a].inode;
	const uint64_t y = m->cgroups[*(const uint32_t *)b].inode;

	return x < y ? -1 : x > y;
}

/* The cgroup with that inode, by the SORTED indices. */
static uint32_t find(const struct machine *m, const uint32_t *sorted, uint64_t inode)
{
	size_t low = 0, high = m->n_cgroups;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->cgroups[sorted[middle]].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n_cgroups && m->cgroups[sorted[low]].inode == inode ? sorted[low]
									    : MACHINE_NONE;
}

static int add(struct machine_reader *r, const struct oomrank_task *records, size_t n,
	       const uint32_t *sorted)
{
	/* Else /proc speaks of others under these PIDs. */
	const bool same_pids = process_in_initial_pid_namespace();
	bool has_init = false;

	for (size_t i = 0; i < n; i++) {
		struct machine_process *p;

		if (records[i].flags & OOMRANK_THREAD)
			continue;
		p = machine_add_process(r);
		if (!p)
			return -ENOMEM;
		p->task = records[i];
		has_init |= p->task.flags & OOMRANK_INIT;
		p->task.comm[sizeof(p->task.comm) - 1] = '\0';
		p->cgroup = find(r->m, sorted, p->task.memcg_id);
		if (same_pids && machine_read_rest(r, p) == -ESRCH)
			r->m->vanished++;
	}
	/* Seen on virtual machines of a cloud: process 1 is shown to no iterator. */
	return has_init || !same_pids ? 0 : machine_read_process(r, 1, true);
}

/* That one of its threads may have memory of a node is enough (oom_cpuset_eligible()). */
static int add_threads(struct machine *m, const struct oomrank_task *records, size_t n)
{
	_cleanup_free_ struct machine_process **sorted = machine_by_pid(m);

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oomrank_task *thread = &records[i];
		struct machine_process *p = NULL;

		if (thread->flags & OOMRANK_THREAD)
			p = machine_of_pid(sorted, m->n_processes, thread->pid);
		if (!p)
			continue;
		p->task.memory_nodes |= thread->memory_nodes;
		p->task.policy_nodes |= thread->policy_nodes;
	}
	return 0;
}

int machine_from_records(const struct oomrank_task *records, size_t n, struct machine **ret,
			 struct strbuf *why)
{
	_cleanup_machine_reader_ struct machine_reader r;
	_cleanup_free_ uint32_t *sorted = NULL;
	int error = machine_reader_open(&r, "");

	if (error == 0)
		error = machine_read_whole(&r, why);
	if (error == 0)
		error = machine_read_cgroups(&r);
	if (error == 0) {
		sorted = calloc(r.m->n_cgroups + 1, sizeof(*sorted));
		error = sorted ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; error == 0 && i < r.m->n_cgroups; i++)
		sorted[i] = i;
	if (error == 0) {
		qsort_r(sorted, r.m->n_cgroups, sizeof(*sorted), by_inode, r.m);
		error = add(&r, records, n, sorted);
	}
	if (error == 0)
		error = add_threads(r.m, records, n);
	if (error == 0)
		error = machine_order(r.m, records, n);
	if (error < 0) {
		if (!why->length)
			strbuf_puts(why, strerror(-error));
		return error;
	}
	r.m->exact = true;
	r.m->doubt_pages = 0;
	*ret = STEAL(r.m);
	return 0;
}
