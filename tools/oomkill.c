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
#include "bpf-src/oomkill.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "oom/gfp.h"
#include "oom/kill_queue.h"
#include "proc/clock.h"
#include "stack/stack_names.h"
#include "tools/oomkill_output.h"
#include "tools/oomkill_replay.h"
#include "tools/texts.h"

#define STORY "OOMKILL_STORY"
#define NEVER_NS (UINT64_C(1) << 62) /* no timer fires then: 146 years */

struct oomkill {
	struct tool tool;
	struct oomkill_options *options;
	struct oomkill_output output;
	bool story; /* the probe tells what the line does not */
	struct loop *loop;
	struct tracer *tracer;
	struct event_ring *ring;
	struct kill_queue *queue;
	struct stack_names *names;
	const char *flags[4];
	uint64_t lost[OOMKILL_LOST_COUNTERS]; /* as far as that was said */
	uint64_t strange;		      /* records that are not the probe's we know */
};

static void on_kill(const struct kill *k, void *user)
{
	struct oomkill *o = user;

	oomkill_output(&o->output, k);
	if (o->output.error)
		loop_stop(o->loop, tool_status("cannot print", o->output.error));
}

static int on_stack(struct kill *k, const struct oomkill_stack *s, void *user)
{
	int r = stack_names_put(((struct oomkill *)user)->names, s, k);

	return r == -ENOMEM ? r : 0;
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

static void report_lost(struct oomkill *o)
{
	static const char *const what[OOMKILL_LOST_COUNTERS] = {
		[OOMKILL_LOST_KILLS] = "kills are missing",
		[OOMKILL_LOST_STORY] = "parts of kills are missing",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(what); i++) {
		uint64_t lost = 0;

		if (kernel_map_lookup(tracer_map_fd(o->tracer, "lost"), &i, &lost) < 0 ||
		    lost <= o->lost[i])
			continue;
		message_warning("%" PRIu64 " %s: the ring was full", lost - o->lost[i], what[i]);
		o->lost[i] = lost;
	}
	oomkill_sinks_lost(&o->output.sinks, o->lost[OOMKILL_LOST_KILLS]);
}

static void on_ring(void *user)
{
	struct oomkill *o = user;

	event_ring_consume(o->ring);
	report_lost(o);
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
		.wait = !o->story					 ? KILL_AT_ONCE
			: oomkill_options_need_end(&o->tool, o->options) ? KILL_OVER
									 : KILL_MEMBERS_TOLD,
		.out = on_kill,
		.stack = on_stack,
		.user = o,
	};
	int r, status = tool_attach(&o->tool, NULL, NULL, &o->tracer);

	if (status >= 0)
		return status;
	if (o->story && gfp_names_load(&gfp_names) == 0)
		config.gfp_names = gfp_names;
	r = stack_names_open(&o->names);
	if (r == 0)
		r = kill_queue_open(&config, &o->queue);
	if (r == 0)
		r = loop_open(&o->loop);
	if (r == 0)
		r = oomkill_sinks_start(&o->output.sinks, o->loop);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(o->tracer, "events"), on_record, o, &o->ring);
	if (r == 0)
		r = run(o);
	tracer_close(o->tracer);
	event_ring_close(o->ring);
	loop_close(o->loop);
	kill_queue_close(o->queue);
	stack_names_close(o->names);
	return tool_status("cannot trace", r);
}

/* The form of the probe that the options take. -1, or the exit status. */
static int choose_probe(struct oomkill *o)
{
	o->story = oomkill_options_need_story(&o->tool, o->options);
	if (!o->story)
		return -1;
	if (!strstr(o->tool.text, STORY)) {
		message_error("%s is the text of an older oomkill: with -x, -j, --record, --exec, "
			      "--prom and most filters it has to send more; begin anew with --ebpf",
			      o->tool.common.probe ? o->tool.common.probe : "this");
		return EXIT_FAILED;
	}
	oomkill_options_flags(&o->tool, o->options, o->flags);
	o->tool.flags = o->flags;
	return -1;
}

int main(int argc, char *argv[])
{
	struct oomkill o = {
		.tool = {.text = oomkill_text, .lines = oomkill_lines, .variants = oom_variants},
	};
	int status = oomkill_options_parse(&o.tool, argc, argv, &o.options);

	if (status < 0)
		status = oomkill_output_open(&o.output, &o.tool, o.options);
	if (status < 0 && o.options->replay)
		status = oomkill_replay(&o.output, o.options->replay);
	if (status < 0)
		status = choose_probe(&o);
	if (status < 0)
		status = trace(&o);
	status = oomkill_output_close(&o.output, status);
	oomkill_options_clear(o.options);
	tool_end(&o.tool);
	return status;
}
