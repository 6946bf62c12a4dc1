#include "oom/domain.h"

#include <string.h>

#include "proc/cgroup.h"

static const char *const kinds[] = {
	[OOMKILL_WHOLE_MACHINE] = "machine",
	[OOMKILL_CPUSET] = "cpuset",
	[OOMKILL_MEMPOLICY] = "mempolicy",
	[OOMKILL_MEMCG] = "memcg",
};

int oom_domain_of(const struct oomkill_event *e, struct oom_domain *ret)
{
	struct oom_domain d = {.kind = "unknown"};
	int r;

	if (e->flags & OOMKILL_HAS_CONTROL) {
		if (e->constraint < ARRAY_SIZE(kinds))
			d.kind = kinds[e->constraint];
		d.limit_bytes = e->totalpages * (uint64_t)sysconf(_SC_PAGESIZE);
		if (e->memcg_id && cgroup_path(e->memcg_id, &d.path) < 0)
			strbuf_append(&d.path, e->memcg_name,
				      strnlen(e->memcg_name, sizeof(e->memcg_name)));
	}
	r = strbuf_error(&d.path);
	if (r < 0)
		oom_domain_clear(&d);
	else
		*ret = d;
	return r;
}

void oom_domain_clear(struct oom_domain *d)
{
	strbuf_free(&d->path);
}

uint64_t oom_domain_memcg_memory(const struct oomkill_event *e)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	/* PAGE_COUNTER_MAX (include/linux/page_counter.h), some 2^63 bytes, is no limit. */
	if (!(e->flags & OOMKILL_HAS_CONTROL) || e->constraint != OOMKILL_MEMCG ||
	    e->memcg_max_pages >= (UINT64_C(1) << 60) / page)
		return 0;
	return e->memcg_max_pages * page;
}
