/* The paths of cgroups by their ids, asked for once each: looking one up costs a walk. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cgroup_names {
	struct cgroup_name *list; /* by id */
	size_t n, capacity;
};

/* The path, valid until cgroup_names_forget(); "" for one that is gone; NULL: no memory. */
const char *cgroup_names_get(struct cgroup_names *names, uint64_t id);

/* Those that were not asked for since the last time go. */
void cgroup_names_forget(struct cgroup_names *names);
void cgroup_names_clear(struct cgroup_names *names);
