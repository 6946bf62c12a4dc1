/*
 * Kills counted by kind of domain and by cgroup, as text that Prometheus understands (the
 * exposition format 0.0.4), for the textfile collector of its node_exporter.
 */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"

#define KILL_METRICS_CGROUPS_MOST 1000 /* further ones are counted under cgroup="" */

struct kill_metrics;

/* START_NS: CLOCK_REALTIME, when counting began. NULL: no memory. */
struct kill_metrics *kill_metrics_new(uint64_t start_ns);

/* 0, or -ENOMEM and it is not counted. */
int kill_metrics_count(struct kill_metrics *m, const struct kill *k);

/* How many kills there are of which nothing but their number is known, from the beginning. Is that
 * new? */
bool kill_metrics_lost(struct kill_metrics *m, uint64_t total);

/* 0 or -ENOMEM. */
int kill_metrics_format(const struct kill_metrics *m, struct strbuf *out);

void kill_metrics_free(struct kill_metrics *m);
