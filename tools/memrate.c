/*
 * memrate: who grows, how fast, and when that reaches a limit, as a table once an interval. Sizes
 * are read from the kernel at each interval; allocations are counted for one part in a hundred of
 * the time, as more would slow down who allocates.
 */
#include "tools/memrate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "console/replay.h"
#include "tools/memrate_console.h"
#include "tools/memrate_settings.h"
#include "tools/texts.h"

#define RESERVE (8u << 20) /* bytes that readings and tables of a large machine may need */

static void on_duration(void *user)
{
	loop_stop(((struct memrate *)user)->loop, EXIT_OK);
}

/* All is read anew: what the next interval is compared with. */
static int refresh(struct memrate *m)
{
	struct rate_reading reading = {0};
	struct rate_counts counts = {0};
	int r;

	memrate_window_close(m);
	r = memrate_probe_counts(m, &counts);
	if (r == 0)
		r = memrate_probe_read(m, &reading);
	if (r == 0) {
		double seconds = counts.seconds;

		r = growth_update(m->growth, &reading, &counts);
		m->probe.one_in_now = seconds > 0 && !growth_is_first(m->growth)
					      ? MAX(growth_seconds(m->growth) / seconds, 1)
					      : NAN;
	}
	rate_reading_clear(&reading);
	rate_counts_clear(&counts);
	if (r == 0)
		r = memrate_limits_read(m);
	return r == 0 ? memrate_window_reopen(m) : r;
}

void memrate_interval(void *user)
{
	struct memrate *m = user;
	int r = refresh(m);

	if (r == 0)
		r = memrate_show(m);
	if (r == 0)
		r = memrate_limits_alert(m);
	if (r < 0)
		loop_stop(m->loop, tool_status("cannot go on", r));
	else if (m->count && m->blocks >= m->count)
		on_duration(m);
}

static int begin(struct memrate *m)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = growth_new((uint64_t)sysconf(_SC_PAGESIZE), &m->growth), status;

	if (r == 0)
		r = loop_open(&m->loop);
	if (r == 0)
		r = memrate_limits_open(m);
	if (r < 0)
		return tool_status("cannot begin", r);
	if (m->record && recording_start(&m->recording, m->record, &why) < 0) {
		message_error("--record: %s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	status = memrate_probe_start(m);
	if (status < 0 && m->sort && memrate_check_sort(m, m->sort, &why) < 0) {
		message_error("--sort: %s", strbuf_text(&why));
		return EXIT_USAGE;
	}
	if (status < 0)
		tool_protect(RESERVE);
	return status;
}

static int watch(struct memrate *m)
{
	int r = 0, status = begin(m);

	if (status >= 0)
		return status;
	r = refresh(m);
	if (r == 0)
		r = memrate_console_open(m);
	if (r == 0)
		r = memrate_window_start(m);
	if (r == 0)
		r = loop_add_timer(m->loop, m->interval_ns, m->interval_ns, memrate_interval, m);
	if (r == 0 && m->tool.common.duration_ns)
		r = loop_add_timer(m->loop, m->tool.common.duration_ns, 0, on_duration, m);
	if (r == 0)
		r = loop_run(m->loop);
	return memrate_console_close(m, tool_status("cannot watch", r));
}

static int replay(struct memrate *m)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	return replay_status(memrate_replay(m, m->replay, true, &why), &why);
}

int main(int argc, char *argv[])
{
	struct memrate m = {.interval_ns = 1000000000,
			    .recording.what = "interval",
			    .probe = {.one_in = 100, .one_in_now = NAN}};
	const struct option_entry options[] = {
		{OPTION_NUMBERS, 'p', "pid", "PID", "these processes only: PID[,PID...]", &m.pids,
		 1, INT32_MAX},
		{OPTION_TEXT, 'n', "name", "COMM", "processes of that name only", &m.comm, 0, 0},
		{OPTION_TEXT, 0, "cgroup", "PATH", "those in that memory cgroup or below it",
		 &m.cgroup, 0, 0},
		{OPTION_FLAG, 'g', "by-cgroup", NULL, "a row for each memory cgroup", &m.by_cgroup,
		 0, 0},
		{OPTION_FLAG, 0, "by-container", NULL, "a row for each container", &m.by_container,
		 0, 0},
		{OPTION_TEXT, 's', "sort", "COLUMN", "sort by growth (default) or another column",
		 &m.sort, 0, 0},
		{OPTION_NUMBER, 'r', "rows", "ROWS", "rows to show (default: 20)", &m.rows, 1,
		 UINT32_MAX},
		{OPTION_NUMBER, 0, "sample", "N", "count allocations in 1 of N ms (default: 100)",
		 &m.probe.one_in, 0, 1000},
		{OPTION_DURATION, 0, "alert", "TIME", "tell what would be full sooner than TIME",
		 &m.alert_ns, 0, 0},
		{OPTION_TEXT, 0, "exec", "CMD", "run CMD for each of these", &m.command, 0, 0},
		{OPTION_FLAG, 'C', "no-clear", NULL, "print table after table", &m.no_clear, 0, 0},
		{OPTION_TEXT, 0, "record", "FILE", "append JSON of each interval to FILE",
		 &m.record, 0, 0},
		{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded, and exit", &m.replay, 0,
		 0},
		{0},
	};
	const struct program_info info = {
		.name = "memrate",
		.synopsis = "[OPTION]... [interval [count]]",
		.summary = "Show whose memory grows, how fast, and when it reaches a limit.",
		.options = options,
		.examples = "  memrate                 # all processes, once a second\n"
			    "  memrate -g 10           # cgroups, every 10 seconds\n"
			    "  memrate --alert 10m     # and tell ten minutes ahead\n"
			    "  memrate -p 4242 -j 5 1  # one process over 5 seconds, as JSON\n",
	};
	int status, first = argc;

	m.tool = (struct tool){.info = &info, .text = memrate_text, .lines = memrate_lines};
	(void)cgroup_memory_open("", &m.cgroups);
	status = tool_begin(&m.tool, argc, argv, &first);
	if (status < 0)
		status = memrate_understand(&m, argv + first, argc - first);
	if (status < 0)
		status = m.replay ? replay(&m) : watch(&m);
	status = recording_close(&m.recording, status);
	memrate_probe_stop(&m);
	memrate_limits_close(&m);
	growth_free(m.growth);
	loop_close(m.loop);
	cgroup_memory_close(&m.cgroups);
	memrate_texts_free(&m);
	tool_end(&m.tool);
	return status;
}
