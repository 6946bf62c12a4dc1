/*
 * An OOM domain: what runs out of memory together, and its size, which is what oom_score_adj is a
 * share of. As constrained_alloc() and mem_cgroup_get_max() have it (mm/oom_kill.c,
 * mm/memcontrol.c).
 */
#pragma once

#include "rank/machine.h"

enum domain_kind {
	DOMAIN_MACHINE,
	DOMAIN_MEMCG,
	DOMAIN_NODES,	  /* a cpuset's NUMA nodes */
	DOMAIN_MEMPOLICY, /* a memory policy's NUMA nodes */
};

struct domain {
	enum domain_kind kind;
	uint32_t cgroup;		   /* DOMAIN_MEMCG: index */
	uint64_t nodes;			   /* of the latter two: node N is bit N */
	uint64_t total_pages;		   /* the kernel's oc->totalpages */
	uint64_t limit_bytes, usage_bytes; /* without swap; 0: not known */
	/* DOMAIN_MACHINE: somebody asks for it ("f" to /proc/sysrq-trigger, is_sysrq_oom()): no
	 * earlier victim is waited for, and no panic comes of it. */
	bool by_sysrq;
};

void domain_of_machine(const struct machine *m, struct domain *ret);
/*
 * For a process that may use but those nodes: by its cpuset, or by its memory policy. NODES that
 * are all there are: then total_pages is the machine's, as nothing is constrained.
 */
void domain_of_nodes(const struct machine *m, enum domain_kind kind, uint64_t nodes,
		     struct domain *ret);
bool domain_is_of_nodes(const struct domain *d);
/*
 * The domain that a process of CGROUP runs out of memory in: of the cgroup itself, or of the
 * nearest one above that has a limit. -ENODATA: it has no limit, neither of its own nor above. 0 or
 * -errno.
 */
int domain_of_cgroup(const struct machine *m, uint32_t cgroup, struct domain *ret);

/*
 * A cgroup above that of a memory cgroup's domain with less left below its limit, so that it runs
 * out before; of several the one with least. MACHINE_NONE: there is none.
 */
uint32_t domain_runs_out_before(const struct machine *m, const struct domain *d);

/* Would the OOM killer look at that process at all, in this domain? */
bool domain_has(const struct machine *m, const struct domain *d, size_t process);

/* "machine", "memcg /shop", "nodes 0-1"; paths made harmless. */
void domain_name(const struct machine *m, const struct domain *d, struct strbuf *out);
