/*
 * The hierarchy of cgroups that has the memory controller, v1 or v2: found once, then asked for
 * what processes may use and do use.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"

struct cgroup_memory {
	int version;	   /* 1 or 2; 0: there is none here */
	char *mount_point; /* NULL then */
};

/*
 * Below ROOT ("" for the machine's own), which is then part of the mount point. 0, -ENOENT (there
 * is none here), or another -errno.
 */
int cgroup_memory_open(const char *root, struct cgroup_memory *ret);
void cgroup_memory_close(struct cgroup_memory *c);
#define _cleanup_cgroup_memory_ _cleanup_(cgroup_memory_close)

/* The path of a process's cgroup below the mount point. 0; -ESRCH, -ENOENT, or another -errno. */
int cgroup_memory_path(const struct cgroup_memory *c, pid_t pid, struct strbuf *ret);

/*
 * What one cgroup may use and uses, with all below it. Where there is neither a limit nor a high
 * mark, the rest is not read, and is 0.
 */
struct cgroup_numbers {
	uint64_t limit_bytes; /* of memory, without swap; 0: there is none */
	uint64_t used_bytes;
	/* Of that, what the kernel drops before it kills: page cache of files, and of v2 slab
	   memory that can be reclaimed. Not tmpfs. */
	uint64_t cache_bytes;
	uint64_t high_bytes; /* v2: from here on its processes are slowed down; 0: nowhere */
	uint64_t swap_used_bytes;
	/* How much swap it may use: UINT64_MAX: any. Of v1, where the limit is of memory and swap
	   together: what that leaves. */
	uint64_t swap_limit_bytes;
};

/* The cgroup PATH; "" or "/": the root. 0 or -errno. */
int cgroup_memory_read(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *ret);

/*
 * Of the cgroup PATH and those above it that have a limit, the one with the least room left: its
 * limit and what is used of it; and the smallest limit of them all. Swap apart. 0: none has a
 * limit. 0; -ENOENT: it is not visible from here.
 */
struct cgroup_room {
	uint64_t limit_bytes, used_bytes;
	uint64_t smallest_limit_bytes;
};
int cgroup_memory_room(const struct cgroup_memory *c, const char *path, struct cgroup_room *ret);

/*
 * What a user calls a cgroup, made a path below the mount point: that path, or the directory, also
 * as seen from the current one (".", "../x"). 0; or -errno with the reason in WHY.
 */
int cgroup_memory_resolve(const struct cgroup_memory *c, const char *name, struct strbuf *ret,
			  struct strbuf *why);

/*
 * How many bytes of memory the cgroup of a process, or one above it, allows: the smallest limit; 0:
 * there is none, or it is not visible from here.
 */
uint64_t cgroup_memory_limit(pid_t pid);

/* Is PATH the cgroup TOP, or below it? */
bool cgroup_is_below(const char *path, const char *top);
