/* NUMA nodes, as users and cpusets word them: "0-1,4". */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

/* Node N is bit N; blanks at the end are let pass. 0; -EINVAL; -ERANGE: one is beyond the first 64.
 */
int rank_nodes_parse(const char *text, uint64_t *ret);

/*
 * Those of a cpuset cgroup: PATH is the one below its hierarchy's mount point, or the directory;
 * it, or the first above it that has been given any, tells. ROOT as in machine_from_proc(). 0 or
 * -errno, why in WHY.
 */
int rank_nodes_of_cpuset(const char *root, const char *path, uint64_t *ret, struct strbuf *why);
