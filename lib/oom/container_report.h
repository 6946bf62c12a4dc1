/* Which container, pod and systemd unit a memory cgroup is, in JSON. */
#pragma once

#include "output/json_writer.h"

/*
 * Members container_id, container_runtime ... of W, each key behind PREFIX ("domain_"); what there
 * is none of is null. PATH is that of the cgroup below its mount point; "": there is none.
 * 0 or -ENOMEM.
 */
int container_report_json(const char *prefix, const char *path, struct json_writer *w);
