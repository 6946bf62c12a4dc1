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
#include "oom/gfp.h"
#include "oom/kill_queue.h"
#include "proc/clock.h"
#include "stack/stack_names.h"
#include "tools/oomkill_console.h"
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
	struct oomkill_probe probe;
	struct kill_queue *queue;
	struct stack_names *names;
	const char *flags[4];
	struct oomkill_console console;
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

	oomkill_probe_consume(&o->probe);
	oomkill_probe_report_lost(&o->probe);
	oomkill_sinks_lost(&o->output.sinks, o->probe.lost[OOMKILL_LOST_KILLS]);
	on_due(o);
}

static void on_duration(void *user)
{
	loop_stop(((struct oomkill *)user)->loop, EXIT_OK);
}

static int run(struct oomkill *o)
{
	int r = loop_add_timer(o->loop, NEVER_NS, 0, on_due, o);

	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r < 0)
		return r;
	tool_protect(0);
	o->tool.meanwhile = on_ring;
	o->tool.meanwhile_data = o;
	r = tool_start_line(&o->tool, "Tracing OOM kills...");
	if (r == 0)
		r = oomkill_console_open(&o->console);
	if (r == 0)
		r = loop_run(o->loop);
	kill_queue_flush(o->queue);
	if (kill_queue_late_members(o->queue))
		message_warning("%" PRIu64 " processes died with a victim that had been told of "
				"before",
				kill_queue_late_members(o->queue));
	return oomkill_console_close(&o->console, r);
}

/* All that a probe that is attached takes. 0 or -errno, -ECANCELED: the user has been told. */
static int open_all(struct oomkill *o, const struct kill_queue_config *config)
{
	int r = stack_names_open(&o->names);

	if (r == 0)
		r = kill_queue_open(config, &o->queue);
	if (r == 0)
		r = loop_open(&o->loop);
	if (r == 0)
		r = oomkill_sinks_start(&o->output.sinks, o->loop);
	if (r < 0)
		return r;
	o->probe.queue = o->queue;
	o->probe.loop = o->loop;
	o->probe.on_events = on_ring;
	o->probe.user = o;
	o->console = (struct oomkill_console){
		.tool = &o->tool,
		.options = o->options,
		.output = &o->output,
		.probe = &o->probe,
		.flags = o->flags,
	};
	return oomkill_probe_open(&o->probe) < 0 ? 0 : -ECANCELED;
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
	int r, status = tool_attach(&o->tool, NULL, NULL, &o->probe.tracer);

	if (status >= 0)
		return status;
	if (o->story && gfp_names_load(&gfp_names) == 0)
		config.gfp_names = gfp_names;
	r = open_all(o, &config);
	if (r == 0)
		r = run(o);
	tracer_close(o->probe.tracer);
	oomkill_probe_close(&o->probe);
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
			      "--prom, most filters and a console it has to send more; begin anew "
			      "with --ebpf",
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
		.tool = {.text = oomkill_text,
			 .lines = oomkill_lines,
			 .variants = oom_variants,
			 .renewed_maps = oomkill_renewed_maps,
			 .held_maps = oomkill_held_maps,
			 .contract = &oomkill_contract},
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
