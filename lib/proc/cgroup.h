/* Memory cgroups, of the v1 hierarchy or of v2. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"

/*
 * From a cgroup's inode number, which is what the kernel side sees of it, to its path below the
 * mount point, which is appended: "/" for the root. 0; -ENOENT when it is gone or not visible; or
 * another -errno.
 */
int cgroup_path(uint64_t id, struct strbuf *path);

/*
 * Find the memory cgroup in the text of /proc/PID/cgroup; RET_PATH gets its path. Returns 1 or 2
 * for the version of the hierarchy, or -ENOENT.
 */
int cgroup_parse_memory(const char *text, struct strbuf *ret_path);

/*
 * Where the hierarchy of VERSION is mounted: of v1 the one that has the memory controller. Below
 * ROOT ("" for the machine's own), by its /proc/mounts. Appended to RET, with the root before it.
 * 0; -ENOENT: there is none; or another -errno.
 */
int cgroup_mount_point(const char *root, int version, struct strbuf *ret);
