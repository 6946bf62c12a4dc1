/* When memory meets its limits: for the rows of a table, and the alarms of --alert. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/command_runner.h"
#include "proc/clock.h"
#include "rate/alert.h"
#include "tools/memrate.h"

#define SECOND_NS UINT64_C(1000000000)
#define LAST_START_NS (5 * SECOND_NS) /* the time that waiting commands have at the end */

static const struct command_limits command_limits = {
	.at_once = 4, .waiting = 16, .time_ns = 60 * SECOND_NS, .grace_ns = 5 * SECOND_NS};

int memrate_limits_open(struct memrate *m)
{
	int r = limits_open(&m->cgroups, &m->limits);

	if (r == 0 && m->command)
		r = command_runner_open(m->command, ALERT_ENVIRONMENT_PREFIX, &command_limits,
					&m->runner);
	if (r == 0 && m->runner)
		r = loop_add(m->loop, command_runner_fd(m->runner), command_runner_work, m->runner);
	return r;
}

void memrate_limits_close(struct memrate *m)
{
	if (m->runner)
		command_runner_wait(m->runner, false, LAST_START_NS);
	command_runner_close(m->runner);
	limits_close(m->limits);
	m->runner = NULL;
	m->limits = NULL;
}

/* One that is gone, or out of sight, has no limit to tell of. */
static int add_cgroup(const char *path, void *user)
{
	int r = limits_add(((struct memrate *)user)->limits, path);

	return r == -ENOMEM ? r : 0;
}

int memrate_limits_read(struct memrate *m)
{
	struct meminfo memory = {0};
	int r = meminfo_read("", &memory);

	if (r < 0)
		return r;
	limits_begin(m->limits, clock_monotonic_ns(), &memory);
	r = growth_each_cgroup(m->growth, NULL, add_cgroup, m);
	limits_end(m->limits);
	return r;
}

int memrate_limits_put(struct memrate *m, struct rate_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct limit *l = limits_first(m->limits, rows[i].cgroup);
		struct rate_limit *to = &rows[i].limit;

		free(to->name);
		*to = (struct rate_limit){
			.name = strdup(!l->path	  ? ""
				       : *l->path ? l->path
						  : "/"),
			.limit_bytes = l->limit_bytes,
			.used_bytes = l->used_bytes,
			.growth = l->line.per_second,
			.until = l->time,
			.confidence = l->sure,
		};
		if (!to->name)
			return -ENOMEM;
	}
	return 0;
}

/* Those below the limit that grow most. */
static int find_growers(struct memrate *m, const struct limit *limit,
			struct alert_grower ret[ALERT_GROWERS], size_t *ret_n)
{
	const struct growth_filter filter = {.cgroup = limit->path};
	struct rate_row *rows;
	size_t n;
	int r = growth_rows(m->growth, RATE_BY_PROCESS, &filter, &rows, &n);

	*ret_n = 0;
	if (r < 0)
		return r;
	rate_rows_sort(&(struct rate_table){0}, NULL, rows, n);
	for (size_t i = 0; i < n && *ret_n < ALERT_GROWERS; i++) {
		double growth = rate_row_growth(&rows[i]);

		if (!(growth > 0))
			break;
		ret[(*ret_n)++] =
			(struct alert_grower){rows[i].pid, rows[i].comm, rows[i].cgroup, growth};
	}
	return 0;
}

static int raise_alert(struct memrate *m, const struct limit *limit)
{
	_cleanup_strbuf_ struct strbuf out = {0}, environment = {0};
	struct alert_grower growers[ALERT_GROWERS];
	struct alert alert = {.limit = limit,
			      .time_ns = clock_realtime_ns(),
			      .with_date = m->tool.common.time,
			      .growers = growers};
	int r = find_growers(m, limit, growers, &alert.n_growers);

	if (r == 0 && m->tool.common.json) {
		struct json_writer *w = json_writer_open();

		alert_write_json(&alert, w);
		r = json_writer_line(w, &out);
	} else if (r == 0) {
		alert_line(&alert, &out);
	}
	if (r == 0)
		r = tool_print(&out);
	if (r == 0 && m->runner)
		r = alert_environment(&alert, &environment);
	if (r == 0 && m->runner)
		r = command_runner_add(m->runner, "an alert", &environment);
	return r;
}

/* Of what runs in the cgroup PATH the limits are its own and those above it. */
static int watch_above(const char *path, void *user)
{
	struct memrate *m = user;

	for (size_t i = 0; i < limits_count(m->limits); i++) {
		struct limit *l = limits_at(m->limits, i);

		l->is_watched = l->is_watched || !l->path || cgroup_is_below(path, l->path);
	}
	return 0;
}

/* The limits that those can meet whom the user asks for. */
static int choose_watched(struct memrate *m)
{
	const struct growth_filter filter = memrate_filter(m);
	const bool all = !filter.n_pids && !filter.comm && !filter.cgroup;

	for (size_t i = 0; i < limits_count(m->limits); i++)
		limits_at(m->limits, i)->is_watched = all;
	return all ? 0 : growth_each_cgroup(m->growth, &filter, watch_above, m);
}

int memrate_limits_alert(struct memrate *m)
{
	const double within = (double)m->alert_ns / 1e9;
	int r = m->alert_ns ? choose_watched(m) : 0;

	for (size_t i = 0; r == 0 && m->alert_ns && i < limits_count(m->limits); i++) {
		struct limit *l = limits_at(m->limits, i);

		if (l->limit_bytes && l->is_watched &&
		    alert_due(&l->alert, within, l->time.seconds, l->sure, clock_monotonic_ns()))
			r = raise_alert(m, l);
	}
	return r;
}
