/*
 * What people call a container and its pod, from the files that runtimes leave on the node. These
 * may be missing, half written, big, or of a runtime that keeps them elsewhere: then the names are
 * unknown, which is no error. Whoever names a container chooses the bytes: print them with care.
 */
#pragma once

#include "base/strbuf.h"
#include "proc/container.h"

struct container_names {
	const char *runtime; /* as of struct container, or whose files know the id */
	/* Empty: unknown. */
	struct strbuf name, pod_name, pod_namespace, pod_uid;
};

/* ROOT stands before every path that is read: "" but in tests. 0 or -ENOMEM. */
int container_names_read(const char *root, const struct container *c, struct container_names *ret);
void container_names_clear(struct container_names *n);
#define _cleanup_container_names_ _cleanup_(container_names_clear)
