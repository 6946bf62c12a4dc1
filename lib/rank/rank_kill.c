#include "rank/rank_kill.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "oom/kill_extras.h"
#include "oom/kill_gather.h"
#include "oom/kill_text.h"

#define NODES "nodes " /* before those of a domain's name */

const char *rank_kill_why(enum ranking_reason reason)
{
	return reason == RANKING_GROUP	  ? "memory.oom.group"
	       : reason == RANKING_SHARES ? "shares memory"
					  : NULL;
}

static int set_text(char **at, const char *text)
{
	return text && *text ? kill_set_text(at, text, strlen(text)) : 0;
}

static const char *path_of(const struct machine *m, uint32_t cgroup)
{
	return cgroup < m->n_cgroups ? m->cgroups[cgroup].path : NULL;
}

static int set_nodes(struct kill_domain *to, const struct machine *m, const struct domain *d)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	const char *nodes;

	domain_name(m, d, &name);
	nodes = strbuf_text(&name);
	if (!strncmp(nodes, NODES, strlen(NODES)))
		nodes += strlen(NODES);
	return set_text(&to->nodes, nodes);
}

static int set_memcg(struct kill_domain *to, const struct machine *m, const struct domain *d)
{
	const struct machine_cgroup *c = &m->cgroups[d->cgroup];

	to->memcg_version = (uint64_t)m->cgroup_version;
	to->memcg_inode = c->inode ? c->inode : KILL_UNKNOWN;
	to->memcg_limit_bytes = c->limit_bytes ? c->limit_bytes : KILL_UNKNOWN;
	to->memcg_usage_bytes = c->usage_bytes;
	if (c->has_swap_limit || c->swap_usage_bytes)
		to->memcg_swap_usage_bytes = c->swap_usage_bytes;
	if (c->has_swap_limit && (m->cgroup_version == 2 || c->swap_limit_bytes))
		to->memcg_swap_limit_bytes = c->swap_limit_bytes;
	return set_text(&to->memcg_path, c->path);
}

static int set_domain(struct kill_domain *to, const struct machine *m, const struct domain *d)
{
	static const char *const kinds[] = {
		[DOMAIN_MACHINE] = "machine",
		[DOMAIN_MEMCG] = "memcg",
		[DOMAIN_NODES] = "cpuset",
		[DOMAIN_MEMPOLICY] = "mempolicy",
	};
	int r = set_text(&to->kind, kinds[d->kind]);

	to->pages = d->total_pages;
	to->bytes = d->total_pages * m->page_bytes;
	if (r == 0 && d->kind == DOMAIN_MEMCG && d->cgroup < m->n_cgroups)
		r = set_memcg(to, m, d);
	if (r == 0 && domain_is_of_nodes(d))
		r = set_nodes(to, m, d);
	return r;
}

static int set_machine(struct kill_machine *to, const struct machine *m)
{
	to->total_bytes = m->memory.total_bytes;
	to->available_bytes = m->memory.available_bytes;
	to->swap_total_bytes = m->memory.swap_total_bytes;
	to->swap_free_bytes = m->memory.swap_free_bytes;
	if (m->has_pressure) {
		to->pressure_some_avg10 = m->pressure.some.avg10;
		to->pressure_some_avg60 = m->pressure.some.avg60;
		to->pressure_some_avg300 = m->pressure.some.avg300;
		to->pressure_full_avg10 = m->pressure.full.avg10;
		to->pressure_full_avg60 = m->pressure.full.avg60;
		to->pressure_full_avg300 = m->pressure.full.avg300;
	}
	return set_text(&to->loadavg, m->loadavg);
}

static int set_parent(struct kill_process *to, const struct machine *m, uint32_t parent)
{
	to->parent_pid = parent;
	for (size_t i = 0; i < m->n_processes; i++)
		if (parent && m->processes[i].task.pid == parent)
			return kill_set_text(&to->parent_comm, m->processes[i].task.comm,
					     strnlen(m->processes[i].task.comm, OOMRANK_COMM_SIZE));
	return 0;
}

static void set_memory(struct kill_process *to, const struct oomrank_task *t, uint64_t page)
{
	to->rss_bytes = (t->anon_pages + t->file_pages + t->shmem_pages) * page;
	to->anon_bytes = t->anon_pages * page;
	to->file_bytes = t->file_pages * page;
	to->shmem_bytes = t->shmem_pages * page;
	to->swap_bytes = t->swap_pages * page;
	to->pgtables_bytes = t->pgtables_bytes;
}

static int set_process(struct kill_process *to, const struct rank_view *v, size_t process)
{
	const struct machine *m = v->machine;
	const struct machine_process *p = &m->processes[process];
	const struct oomrank_task *t = &p->task;
	int r = kill_set_text(&to->comm, t->comm, strnlen(t->comm, sizeof(t->comm)));

	to->pid = t->pid;
	to->uid = t->uid;
	to->threads = t->threads;
	to->oom_score_adj = t->oom_score_adj;
	if (m->boottime_ns && m->boottime_ns > t->start_ns)
		to->age_ns = m->boottime_ns - t->start_ns;
	set_memory(to, t, m->page_bytes);
	if (r == 0)
		r = set_text(&to->command_line, p->command_line);
	if (r == 0)
		r = set_text(&to->memcg_path, path_of(m, p->cgroup));
	return r < 0 ? r : set_parent(to, m, t->parent_pid);
}

static int add_members(struct kill *k, const struct rank_view *v, const struct ranking *r)
{
	int error = 0;

	for (size_t i = 0; i < r->n_rows && error == 0; i++) {
		struct kill_member *member;

		if (r->rows[i].verdict != RANKING_WITH)
			continue;
		member = kill_add_member(k);
		if (!member)
			return -ENOMEM;
		error = set_process(&member->process, v, r->rows[i].process);
		if (error == 0)
			error = set_text(&member->why, rank_kill_why(r->rows[i].reason));
	}
	return error;
}

static int set_victim(struct kill *k, const struct rank_view *v, const struct ranking *r,
		      const struct ranking_row *row)
{
	const struct named_values *extras =
		rank_view_extras(v, v->machine->processes[row->process].task.pid);
	int error = set_process(&k->victim, v, row->process);

	if (row->points != INT64_MIN && row->reason != RANKING_ORIGIN)
		k->points = row->points;
	if (error == 0 && row->verdict == RANKING_KILL)
		error = add_members(k, v, r);
	return error == 0 && extras ? kill_extras_add(&k->extras, extras) : error;
}

int rank_kill(const struct rank_view *v, const struct ranking *r, size_t row, struct kill **ret)
{
	_cleanup_kill_ struct kill *k = kill_new();
	int error = k ? set_domain(&k->domain, v->machine, &r->domain) : -ENOMEM;

	if (error < 0)
		return error;
	k->time_ns = v->machine->time_ns;
	error = set_machine(&k->machine, v->machine);
	if (error == 0 && row < r->n_rows)
		error = set_victim(k, v, r, &r->rows[row]);
	if (error == 0)
		error = kill_gather_containers(k, v->root);
	if (error == 0)
		*ret = STEAL(k);
	return error;
}
