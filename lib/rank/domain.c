#include "rank/domain.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static uint64_t swap_pages(const struct machine *m)
{
	return m->memory.swap_total_bytes / m->page_bytes;
}

void domain_of_machine(const struct machine *m, struct domain *ret)
{
	const struct meminfo *memory = &m->memory;

	*ret = (struct domain){
		.kind = DOMAIN_MACHINE,
		.cgroup = MACHINE_NONE,
		.total_pages = memory->total_bytes / m->page_bytes + swap_pages(m),
		.limit_bytes = memory->total_bytes,
		.usage_bytes =
			memory->total_bytes - MIN(memory->total_bytes, memory->available_bytes),
	};
}

bool domain_is_of_nodes(const struct domain *d)
{
	return d->kind == DOMAIN_NODES || d->kind == DOMAIN_MEMPOLICY;
}

void domain_of_nodes(const struct machine *m, enum domain_kind kind, uint64_t nodes,
		     struct domain *ret)
{
	domain_of_machine(m, ret);
	ret->kind = kind;
	ret->nodes = nodes;
	if ((nodes & m->nodes) == m->nodes)
		return;
	ret->limit_bytes = ret->usage_bytes = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(m->node_bytes); i++)
		if (nodes >> i & 1)
			ret->limit_bytes += m->node_bytes[i];
	ret->total_pages = ret->limit_bytes / m->page_bytes + swap_pages(m);
}

/*
 * mem_cgroup_get_max() (mm/memcontrol.c; Linux 5.10 to 7.2 do the same in other words). v1 counts
 * memory and swap together, so what swap may hold is what that limit has more; v2 has a limit for
 * swap alone. Swap counts only if it would be used at all.
 */
static uint64_t total_of_cgroup(const struct machine *m, const struct machine_cgroup *c)
{
	uint64_t total = c->limit_bytes / m->page_bytes, swap = UINT64_MAX;

	if (c->has_swap_limit) {
		swap = c->swap_limit_bytes / m->page_bytes;
		if (m->cgroup_version == 1)
			swap -= MIN(swap, total);
	}
	if (m->cgroup_version == 1 ? !c->no_swap : !m->no_swap)
		total += MIN(swap, swap_pages(m));
	return MAX(total, 1);
}

int domain_of_cgroup(const struct machine *m, uint32_t cgroup, struct domain *ret)
{
	const struct machine_cgroup *c;

	for (; cgroup < m->n_cgroups; cgroup = c->parent) {
		c = &m->cgroups[cgroup];
		if (c->limit_bytes)
			break;
		if (c->apart)
			return -ENODATA;
	}
	if (cgroup >= m->n_cgroups)
		return -ENODATA;
	*ret = (struct domain){
		.kind = DOMAIN_MEMCG,
		.cgroup = cgroup,
		.total_pages = total_of_cgroup(m, c),
		.limit_bytes = c->limit_bytes,
		.usage_bytes = c->usage_bytes,
	};
	return 0;
}

static uint64_t left_in(const struct machine_cgroup *c)
{
	return c->limit_bytes - MIN(c->limit_bytes, c->usage_bytes);
}

uint32_t domain_runs_out_before(const struct machine *m, const struct domain *d)
{
	uint32_t least = d->cgroup;

	if (d->kind != DOMAIN_MEMCG)
		return MACHINE_NONE;
	/* Of equal ones the lowest is charged first (try_charge_memcg(), mm/memcontrol.c). */
	for (uint32_t i = d->cgroup; i < m->n_cgroups;
	     i = m->cgroups[i].apart ? MACHINE_NONE : m->cgroups[i].parent)
		if (m->cgroups[i].limit_bytes &&
		    left_in(&m->cgroups[i]) < left_in(&m->cgroups[least]))
			least = i;
	return least == d->cgroup ? MACHINE_NONE : least;
}

bool domain_has(const struct machine *m, const struct domain *d, size_t process)
{
	const struct machine_process *p = &m->processes[process];

	if (d->kind == DOMAIN_MEMCG)
		return machine_is_below(m, p->cgroup, d->cgroup);
	if (d->kind == DOMAIN_MACHINE || p->unseen)
		return true;
	/* oom_cpuset_eligible(), mm/oom_kill.c; where a memory policy covers all nodes there are,
	 * nothing is constrained, and it is as for a cpuset (out_of_memory()). */
	if (d->kind == DOMAIN_MEMPOLICY && (d->nodes & m->nodes) != m->nodes)
		return p->task.policy_nodes & d->nodes;
	return p->task.memory_nodes & d->nodes;
}

static void name_nodes(uint64_t nodes, struct strbuf *out)
{
	const char *before = "nodes ";

	for (unsigned int i = 0, end; i < 64; i = end + 1) {
		for (end = i; end < 64 && nodes >> end & 1; end++)
			;
		if (end == i)
			continue;
		strbuf_printf(out, end - i > 1 ? "%s%u-%u" : "%s%u", before, i, end - 1);
		before = ",";
	}
}

void domain_name(const struct machine *m, const struct domain *d, struct strbuf *out)
{
	const char *path;

	switch (d->kind) {
	case DOMAIN_MACHINE:
		strbuf_puts(out, "machine");
		break;
	case DOMAIN_MEMCG:
		path = m->cgroups[d->cgroup].path;
		strbuf_puts(out, "memcg ");
		text_display(out, path, strlen(path));
		break;
	case DOMAIN_NODES:
	case DOMAIN_MEMPOLICY:
		name_nodes(d->nodes, out);
		break;
	}
}
