/*
 * oomkill: one line for every process that the OOM killer takes: who triggered it, who died, and
 * how busy the box was. It costs nothing until a kill: one probe on the kill itself.
 */
#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/loop.h"
#include "app/message.h"
#include "app/tool.h"
#include "bpf-src/oomkill.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "oom/kill_report.h"
#include "tools/texts.h"

struct oomkill {
	struct tool tool;
	struct loop *loop;
	struct tracer *tracer;
	struct event_ring *ring;
	struct strbuf line;
	uint64_t lost; /* events the ring had no room for, as far as they were reported */
};

static const struct program_info info = {
	.name = "oomkill",
	.synopsis = "[OPTION]...",
	.summary = "Trace the OOM killer: who triggered each kill, who died, and the load.",
	.examples = "  oomkill              # a line for each OOM kill\n"
		    "  oomkill -j           # all that is known of it, as JSON\n"
		    "  oomkill --ebpf >x.c  # the probe; edit it, then: oomkill --probe x.c\n",
};

static void on_event(const void *data, size_t size, void *user)
{
	const struct oomkill_event *e = data;
	struct oomkill *o = user;
	struct loadavg load = {.text = "n/a"};
	struct json_writer *w;
	int r;

	/* An edited probe may send more than we know of, never less. */
	if (size < sizeof(*e))
		return;
	(void)loadavg_read("", &load);
	strbuf_reset(&o->line);
	if (o->tool.common.json) {
		w = json_writer_open();
		r = kill_report_json(e, &load, w);
		r = json_writer_line(w, &o->line) < 0 || r < 0 ? -ENOMEM : 0;
	} else if (e->flags & OOMKILL_GROUP_MEMBER) {
		return; /* one line for each kill: that of the chosen process */
	} else {
		r = kill_report_line(e, &load, o->tool.common.time, &o->line);
	}
	if (r == 0)
		r = tool_print(&o->line);
	if (r < 0)
		loop_stop(o->loop, tool_status("cannot print", r));
}

static void on_ring(void *user)
{
	struct oomkill *o = user;
	uint64_t lost = 0;
	uint32_t zero = 0;

	event_ring_consume(o->ring);
	if (kernel_map_lookup(tracer_map_fd(o->tracer, "lost"), &zero, &lost) == 0 &&
	    lost > o->lost) {
		message_warning("%llu kills are missing: the ring was full",
				(unsigned long long)(lost - o->lost));
		o->lost = lost;
	}
}

static void on_duration(void *user)
{
	loop_stop(((struct oomkill *)user)->loop, EXIT_OK);
}

static int run(struct oomkill *o)
{
	int r = loop_add(o->loop, event_ring_fd(o->ring), on_ring, o);
	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r < 0)
		return r;
	tool_protect(0);
	r = tool_start_line(&o->tool, "Tracing OOM kills... Ctrl-C to stop.\n");
	return r < 0 ? r : loop_run(o->loop);
}

int main(int argc, char *argv[])
{
	struct oomkill o = {
		.tool = {.info = &info,
			 .text = oomkill_text,
			 .lines = oomkill_lines,
			 .variants = oom_variants},
	};
	int r, status = tool_begin(&o.tool, argc, argv, NULL);

	if (status < 0)
		status = tool_attach(&o.tool, NULL, NULL, &o.tracer);
	if (status < 0) {
		r = loop_open(&o.loop);
		if (r == 0)
			r = event_ring_open(tracer_map_fd(o.tracer, "events"), on_event, &o,
					    &o.ring);
		if (r == 0)
			r = run(&o);
		status = tool_status("cannot trace", r);
	}
	tracer_close(o.tracer);
	event_ring_close(o.ring);
	loop_close(o.loop);
	strbuf_free(&o.line);
	tool_end(&o.tool);
	return status;
}
