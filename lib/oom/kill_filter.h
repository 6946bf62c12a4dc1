/* Which kills are wanted: all that is asked for must hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "oom/kill.h"

/* What is NULL, empty or false is not asked for. Nothing is owned but CGROUP_PATH. */
struct kill_filter {
	/* Of the victim, or of one that dies with it. */
	const uint64_t *pids, *uids;
	size_t n_pids, n_uids;
	const char *name; /* its first 15 bytes count, as in the kernel's */
	/* Of the domain or the victim. */
	const char *cgroup;    /* this one or below, as users call it */
	const char *container; /* name, whole id, or the first digits of an id: 4 at least */
	bool global;	       /* only where the whole machine ran out */
	char *cgroup_path;     /* made of CGROUP by kill_filter_prepare() */
};

/*
 * Call it once. CGROUP may be the path below the mount point, or the directory; it need not exist.
 * 0; -EINVAL with the reason in WHY; -ENOMEM.
 */
int kill_filter_prepare(struct kill_filter *f, struct strbuf *why);
void kill_filter_clear(struct kill_filter *f);

bool kill_filter_passes(const struct kill_filter *f, const struct kill *k);

/* Does it take more than the record of the chosen to say? Members; or paths of cgroups gone. */
bool kill_filter_needs_story(const struct kill_filter *f);
