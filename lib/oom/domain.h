/* The OOM domain: whose memory ran out, and how much of it there was. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf-src/oomkill.h"
#include "base/strbuf.h"

struct oom_domain {
	const char *kind; /* "machine", "cpuset", "mempolicy", "memcg" or "unknown" */
	struct strbuf
		path; /* of the memory cgroup, below its mount point; empty if there is none */
	uint64_t limit_bytes; /* of RAM and swap, or of the memcg; 0: unknown */
};

/*
 * From the event, with the path looked up now: a container's cgroup is often gone a moment after
 * the kill, then its last component stands alone, as the kernel saw it. 0 or -ENOMEM.
 */
int oom_domain_of(const struct oomkill_event *e, struct oom_domain *ret);

void oom_domain_clear(struct oom_domain *d);

/* What the memcg that ran out allows without swap; 0: another domain, or no such limit. */
uint64_t oom_domain_memcg_memory(const struct oomkill_event *e);
