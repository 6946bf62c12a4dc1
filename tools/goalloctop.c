/*
 * goalloctop: what live Go programs allocate and keep, as a table once an interval. Read from
 * outside: nothing runs in the programs, and they are not stopped. A refresh costs about a
 * millisecond for 10,000 allocation sites.
 */
#include "tools/goalloctop_console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "console/replay.h"
#include "go/go_rate.h"
#include "proc/clock.h"
#include "tools/goalloctop_settings.h"
#include "tools/texts.h"

static void on_duration(void *user)
{
	struct goalloctop *t = user;

	t->is_over = true;
	loop_stop(t->loop, EXIT_OK);
}

/* Have all that were named by their PIDs ended, and been shown so? */
static bool nobody_left(const struct goalloctop *t)
{
	struct go_program *const *all;
	size_t n;

	/* On a screen what they have left behind stays until it was read; commands may choose
	 * others. */
	if (!t->pids.count || t->screen || t->console)
		return false;
	n = go_programs_list(t->programs, &all);
	for (size_t i = 0; i < n; i++)
		if (all[i]->state != GO_PROGRAM_EXITED)
			return false;
	return true;
}

int goalloctop_refresh(struct goalloctop *t)
{
	int r = goalloctop_probe_read(t);

	if (r == 0)
		r = go_programs_refresh(t->programs);
	return r < 0 ? r : goalloctop_probe_settle(t);
}

static int show(struct goalloctop *t)
{
	if (t->recording.writer && !t->probe.trace)
		goalloctop_plain_record(t);
	if (t->screen)
		return goalloctop_screen_refresh(t);
	return t->probe.trace ? goalloctop_trace_interval(t) : goalloctop_plain_block(t);
}

void goalloctop_interval(void *user)
{
	struct goalloctop *t = user;
	int r;

	if (goalloctop_screen_paused(t))
		return;
	r = goalloctop_refresh(t);
	if (r == 0)
		r = goalloctop_enable(t);
	if (r == 0)
		r = show(t);
	if (r == 0)
		r = goalloctop_export_interval(t);
	if (r)
		loop_stop(t->loop, tool_status("cannot go on", r));
	else if (t->count && t->blocks >= t->count)
		on_duration(t);
	else if (nobody_left(t)) {
		message_verbose("all that was named by -p has ended");
		loop_stop(t->loop, EXIT_OK);
	}
}

static int begin_recording(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	t->recording.what = t->probe.trace ? "allocation" : "interval";
	if (!t->record || recording_start(&t->recording, t->record, &why) == 0)
		return -1;
	message_error("--record: %s", strbuf_text(&why));
	return EXIT_FAILED;
}

static int replay(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	return replay_status(goalloctop_replay(t, t->replay, true, &why), &why);
}

static int watch(struct goalloctop *t)
{
	bool last;
	int status, r;

	status = goalloctop_export_begin(t);
	if (status < 0)
		status = begin_recording(t);
	if (status < 0)
		status = goalloctop_programs_begin(t);
	r = status < 0 ? loop_open(&t->loop) : 0;
	if (r == 0)
		r = goalloctop_screen_prepare(t);
	if (r < 0)
		status = tool_status("cannot begin", r);
	if (status < 0)
		status = goalloctop_probe_start(t);
	if (status >= 0)
		return status;
	r = goalloctop_enable_begin(t);
	if (r == 0 && t->probe.trace)
		r = goalloctop_trace_heads(t);
	/* What the first interval is compared with. */
	if (r == 0)
		r = goalloctop_refresh(t);
	if (r == 0)
		r = goalloctop_enable(t);
	if (r == 0)
		r = goalloctop_screen_open(t);
	if (r == 0)
		r = goalloctop_console_open(t);
	if (r == 0)
		r = loop_add_timer(t->loop, t->interval_ns, t->interval_ns, goalloctop_interval, t);
	if (r == 0 && t->tool.common.duration_ns)
		r = loop_add_timer(t->loop, t->tool.common.duration_ns, 0, on_duration, t);
	if (r == 0)
		r = loop_run(t->loop);
	last = t->screen && r == 0 && t->is_over;
	goalloctop_screen_close(t);
	/* What was on the screen at the end is to be read on. */
	if (last) {
		t->no_clear = true;
		r = goalloctop_plain_block(t);
	}
	status = goalloctop_console_close(t, tool_status("cannot watch", r));
	if (status == EXIT_OK)
		status = goalloctop_export_end(t);
	goalloctop_enable_end(t);
	return status;
}

static int end(struct goalloctop *t, int status)
{
	status = recording_close(&t->recording, status);
	loop_close(t->loop);
	alloc_export_free(t->export);
	go_programs_free(t->programs);
	alloc_filter_free(t->filter);
	goalloctop_probe_stop(t);
	goalloctop_texts_free(t);
	tool_end(&t->tool);
	return status;
}

int main(int argc, char *argv[])
{
	struct goalloctop t = {
		.by.names = goalloctop_by_names,
		.probe = {.via.names = goalloctop_via_names, .split.names = goalloctop_split_names},
		.interval_ns = 1000000000,
		.enable.value = GO_RATE_DEFAULT};
	const struct option_entry options[] = {
		{OPTION_NUMBERS, 'p', "pid", "PID", "these processes only: PID[,PID...]", &t.pids,
		 1, INT32_MAX},
		{OPTION_TEXT, 'n', "name", "COMM", "programs of that name only", &t.comm, 0, 0},
		{OPTION_TEXT, 0, "cgroup", "PATH", "programs in that memory cgroup or below it",
		 &t.cgroup, 0, 0},
		{OPTION_CHOICE, 0, "by", "WHAT", "rows: program, site, function, stack or package",
		 &t.by, 0, 0},
		{OPTION_TEXT, 's', "sort", "COLUMN", "sort by alloc (default) or another column",
		 &t.sort_name, 0, 0},
		{OPTION_NUMBER, 'r', "rows", "ROWS", "rows to show (default: 20)", &t.rows, 1,
		 UINT32_MAX},
		{OPTION_FLAG, 'F', "full", NULL, "the whole stack below each row", &t.full_stacks,
		 0, 0},
		{OPTION_TEXT, 0, "focus", "REGEX", "only stacks where a function or file matches",
		 &t.focus, 0, 0},
		{OPTION_TEXT, 0, "ignore", "REGEX", "only stacks where none does", &t.ignore, 0, 0},
		{OPTION_TEXT, 0, "pprof", "FILE", "write a pprof file at the end", &t.pprof, 0, 0},
		{OPTION_TEXT, 0, "svg", "FILE", "write a flame graph of what is in use at the end",
		 &t.svg, 0, 0},
		{OPTION_FLAG, 0, "folded", NULL, "print folded stacks at the end, and no tables",
		 &t.folded, 0, 0},
		{OPTION_FLAG, 0, "diff", NULL, "in these three: since the start only", &t.diff, 0,
		 0},
		{OPTION_CHOICE, 0, "via", "SOURCE", "numbers from: snapshot, events or refill",
		 &t.probe.via, 0, 0},
		{OPTION_CHOICE, 'L', "split", "OWNER",
		 "rows apart by who allocates: thread, goroutine", &t.probe.split, 0, 0},
		{OPTION_FLAG, 0, "trace", NULL, "print each sampled allocation as it happens",
		 &t.probe.trace, 0, 0},
		{OPTION_FLAG, 0, "gc", NULL, "tell how long collections take", &t.probe.collections,
		 0, 0},
		{OPTION_TEXT, 0, "record", "FILE", "append JSON of each interval to FILE",
		 &t.record, 0, 0},
		{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded; - is stdin", &t.replay,
		 0, 0},
		{OPTION_FLAG, 'C', "no-clear", NULL, "print table after table, with no screen",
		 &t.no_clear, 0, 0},
		{OPTION_MAYBE_SIZE, 0, "enable-profiling", "RATE",
		 "switch heap profiling on where it is off", &t.enable, 1, GO_RATE_MOST},
		{0},
	};
	const struct program_info info = {
		.name = "goalloctop",
		.synopsis = "[OPTION]... [interval [count]]",
		.summary = "Show what live Go programs allocate and keep, like top.",
		.options = options,
		.examples = "  goalloctop              # all Go programs, once a second\n"
			    "  goalloctop -p 4242 5 1  # allocation sites of one, over 5 seconds\n"
			    "  goalloctop -j 10        # for other programs, every 10 seconds\n",
	};
	int status, first = argc;

	t.tool = (struct tool){.info = &info, .text = goalloctop_text, .lines = goalloctop_lines};
	status = tool_begin(&t.tool, argc, argv, &first);
	if (status < 0)
		status = goalloctop_understand(&t, argv + first, argc - first);
	if (status < 0)
		status = t.replay ? replay(&t) : watch(&t);
	return end(&t, status);
}
