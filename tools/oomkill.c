/*
 * oomkill: one line for every process that the OOM killer takes: who triggered it, who died, and
 * how busy the box was. It costs nothing until a kill: one probe on the kill itself. With more to
 * tell a second, larger form of the probe follows the victims until their memory is back.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/loop.h"
#include "app/message.h"
#include "app/tool.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "oom/gfp.h"
#include "oom/kill_queue.h"
#include "proc/clock.h"
#include "tools/oomkill_output.h"
#include "tools/oomkill_replay.h"
#include "tools/texts.h"

#define STORY "OOMKILL_STORY"
#define NEVER_NS (UINT64_C(1) << 62) /* no timer fires then: 146 years */

struct oomkill {
	struct tool tool;
	struct oomkill_output output;
	const char *replay;
	bool story; /* the probe tells what the line does not */
	struct loop *loop;
	struct tracer *tracer;
	struct event_ring *ring;
	struct kill_queue *queue;
	uint64_t lost;	  /* records the ring had no room for, as far as they were reported */
	uint64_t strange; /* records that are not the probe's we know */
};

static void on_kill(const struct kill *k, void *user)
{
	struct oomkill *o = user;

	oomkill_output(&o->output, k);
	if (o->output.error)
		loop_stop(o->loop, tool_status("cannot print", o->output.error));
}

static void on_record(const void *data, size_t size, void *user)
{
	struct oomkill *o = user;
	int r = kill_queue_feed(o->queue, data, size, clock_monotonic_ns());

	if (r == -EBADMSG && !o->strange++)
		message_warning("the probe sends records that are not known here: was its text "
				"made by another oomkill? This one's begins with --ebpf");
	else if (r < 0 && r != -EBADMSG)
		message_warning("a kill is missing, or part of it: %s", strerror(-r));
}

static void on_due(void *user)
{
	struct oomkill *o = user;
	uint64_t now = clock_monotonic_ns(), due;

	kill_queue_advance(o->queue, now);
	due = kill_queue_due_ns(o->queue);
	(void)loop_change_timer(o->loop, on_due, o,
				due == UINT64_MAX ? NEVER_NS
				: due > now	  ? due - now
						  : 1,
				0);
}

static void on_ring(void *user)
{
	struct oomkill *o = user;
	uint64_t lost = 0;
	uint32_t zero = 0;

	event_ring_consume(o->ring);
	if (kernel_map_lookup(tracer_map_fd(o->tracer, "lost"), &zero, &lost) == 0 &&
	    lost > o->lost) {
		message_warning("%" PRIu64 " %s missing: the ring was full", lost - o->lost,
				o->story ? "records of kills are" : "kills are");
		o->lost = lost;
	}
	on_due(o);
}

static void on_duration(void *user)
{
	loop_stop(((struct oomkill *)user)->loop, EXIT_OK);
}

static int run(struct oomkill *o)
{
	int r = loop_add(o->loop, event_ring_fd(o->ring), on_ring, o);

	if (r == 0)
		r = loop_add_timer(o->loop, NEVER_NS, 0, on_due, o);
	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r < 0)
		return r;
	tool_protect(0);
	r = tool_start_line(&o->tool, "Tracing OOM kills... Ctrl-C to stop.\n");
	if (r == 0)
		r = loop_run(o->loop);
	kill_queue_flush(o->queue);
	if (kill_queue_late_members(o->queue))
		message_warning("%" PRIu64 " processes died with a victim that had been told of "
				"before",
				kill_queue_late_members(o->queue));
	return r;
}

static int trace(struct oomkill *o)
{
	_cleanup_flag_names_ struct flag_names *gfp_names = NULL;
	struct kill_queue_config config = {
		.wait = !o->story ? KILL_AT_ONCE
			: o->output.json || o->output.explain || o->output.recorder
				? KILL_OVER
				: KILL_MEMBERS_TOLD,
		.out = on_kill,
		.user = o,
	};
	int r, status = tool_attach(&o->tool, NULL, NULL, &o->tracer);

	if (status >= 0)
		return status;
	if (o->story && gfp_names_load(&gfp_names) == 0)
		config.gfp_names = gfp_names;
	r = kill_queue_open(&config, &o->queue);
	if (r == 0)
		r = loop_open(&o->loop);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(o->tracer, "events"), on_record, o, &o->ring);
	if (r == 0)
		r = run(o);
	tracer_close(o->tracer);
	event_ring_close(o->ring);
	loop_close(o->loop);
	kill_queue_close(o->queue);
	return tool_status("cannot trace", r);
}

/* -1 to go on, or the exit status. */
static int check_options(const struct oomkill *o)
{
	const struct common_options *c = &o->tool.common;

	if (o->replay &&
	    (c->ebpf || c->probe || c->edit || c->image || c->kernel_headers || c->duration_ns)) {
		message_error("--replay reads a file and traces nothing: it does not go with -d, "
			      "--ebpf, --probe, --edit, --image or --kernel-headers");
		return EXIT_USAGE;
	}
	if (o->output.json && o->output.explain) {
		message_error("-j has all that -x explains: give one of them");
		return EXIT_USAGE;
	}
	return -1;
}

/* The form of the probe that the options take. */
static int choose_probe(struct oomkill *o)
{
	static const char *const story[] = {"-D" STORY, NULL};

	o->story = o->output.json || o->output.explain || o->output.recorder ||
		   kill_filter_needs_story(&o->output.filter);
	if (!o->story)
		return -1;
	if (!strstr(o->tool.text, STORY)) {
		message_error("%s is the text of an older oomkill: with -x, -j, --record and most "
			      "filters it has to send more; begin anew with --ebpf",
			      o->tool.common.probe ? o->tool.common.probe : "this");
		return EXIT_FAILED;
	}
	o->tool.flags = story;
	return -1;
}

int main(int argc, char *argv[])
{
	struct oomkill o = {0};
	const struct option_entry options[] = {
		{OPTION_FLAG, 'x', "explain", NULL, "explain each kill below its line",
		 &o.output.explain, 0, 0},
		{OPTION_NUMBERS, 'p', "pid", "PID", "only kills of these processes", &o.output.pids,
		 1, INT32_MAX},
		{OPTION_TEXT, 'n', "name", "COMM", "only kills of processes of that name",
		 &o.output.filter.name, 0, 0},
		{OPTION_NUMBERS, 'u', "uid", "UID", "only kills of these users' processes",
		 &o.output.uids, 0, UINT32_MAX - 1},
		{OPTION_TEXT, 0, "cgroup", "PATH", "only in that cgroup or below",
		 &o.output.filter.cgroup, 0, 0},
		{OPTION_TEXT, 0, "container", "ID", "only in that container, by id or name",
		 &o.output.filter.container, 0, 0},
		{OPTION_FLAG, 'g', "global", NULL, "only where the whole machine ran out",
		 &o.output.filter.global, 0, 0},
		{OPTION_TEXT, 0, "record", "FILE", "append each kill to FILE, as JSON",
		 &o.output.record_path, 0, 0},
		{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded; - is stdin", &o.replay,
		 0, 0},
		{OPTION_END, 0, NULL, NULL, NULL, NULL, 0, 0},
	};
	const struct program_info info = {
		.name = "oomkill",
		.synopsis = "[OPTION]...",
		.summary = "Trace the OOM killer: who triggered each kill, who died, and the load.",
		.options = options,
		.examples =
			"  oomkill              # a line for each OOM kill\n"
			"  oomkill -x           # and below it, all that explains it\n"
			"  oomkill -j           # the same for programs, as JSON\n"
			"  oomkill --cgroup /kubepods.slice --record kills.json\n"
			"  oomkill --replay kills.json -x\n"
			"  oomkill --ebpf >x.c  # the probe; edit it, then: oomkill --probe x.c\n",
	};
	int status;

	o.tool = (struct tool){.info = &info,
			       .text = oomkill_text,
			       .lines = oomkill_lines,
			       .variants = oom_variants};
	status = tool_begin(&o.tool, argc, argv, NULL);
	o.output.json = o.tool.common.json;
	o.output.date = o.tool.common.time;
	if (status < 0)
		status = check_options(&o);
	if (status < 0)
		status = oomkill_output_open(&o.output);
	if (status < 0 && o.replay)
		status = oomkill_replay(&o.output, o.replay);
	if (status < 0)
		status = choose_probe(&o);
	if (status < 0)
		status = trace(&o);
	status = oomkill_output_close(&o.output, status);
	tool_end(&o.tool);
	return status;
}
