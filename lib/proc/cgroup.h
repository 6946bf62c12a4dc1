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
 * How many bytes of memory (swap apart) the cgroup of a process, or one above it, allows: the
 * smallest of these limits; 0: there is none. 0; -ENOENT: its cgroup is not visible from here; or
 * another -errno.
 */
int cgroup_memory_limit(pid_t pid, uint64_t *ret);

/*
 * The same for the cgroup PATH below MOUNT_POINT. FILE holds a limit: memory.max (v2) or
 * memory.limit_in_bytes.
 */
int cgroup_memory_limit_at(const char *mount_point, const char *path, const char *file,
			   uint64_t *ret);

/*
 * Find the memory cgroup in the text of /proc/PID/cgroup; RET_PATH gets its path. Returns 1 or 2
 * for the version of the hierarchy, or -ENOENT.
 */
int cgroup_parse_memory(const char *text, struct strbuf *ret_path);

/*
 * Where the hierarchy of VERSION is mounted: of v1 the one that has the memory controller. Appended
 * to RET. 0; -ENOENT: there is none; or another -errno.
 */
int cgroup_mount_point(int version, struct strbuf *ret);

/* The number in one of a cgroup's files; 0 where that says "no limit". 0 or -errno. */
int cgroup_read_bytes(const char *file, uint64_t *ret);
