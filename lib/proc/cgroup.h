/* From a cgroup's inode number, which is what the kernel side sees of it, to its path. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

/*
 * Append the path, below the mount point, of the memory cgroup (v1 hierarchy or v2) whose directory
 * has inode ID: "/" for the root. 0; -ENOENT when it is gone or not visible; or another -errno.
 */
int cgroup_path(uint64_t id, struct strbuf *path);
