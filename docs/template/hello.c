/*
 * hello: a line for every program that is started. It is the pattern for a new tool
 * (docs/ADDING-A-TOOL.md). It costs well under a microsecond for each exec.
 */
#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/loop.h"
#include "app/message.h"
#include "app/tool.h"
#include "base/text.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "docs/template/hello.h"
#include "output/human.h"
#include "output/json_writer.h"
#include "proc/clock.h"

EMBEDDED_TEXT(hello);

struct hello {
	struct tool tool;
	uint64_t parent; /* only its children; 0: all */
	struct loop *loop;
	struct tracer *tracer;
	struct event_ring *ring;
	struct strbuf line;
	uint64_t lost; /* as far as reported */
};

static void put_text(const struct hello *h, const struct hello_event *e, struct strbuf *out)
{
	human_time(out, clock_realtime_at(e->time_ns), h->tool.common.time);
	strbuf_printf(out, " PID %u (\"", e->pid);
	text_display(out, e->comm, strnlen(e->comm, sizeof(e->comm)));
	strbuf_printf(out, "\") started by PID %u\n", e->parent_pid);
}

static int put_json(const struct hello_event *e, struct strbuf *out)
{
	struct json_writer *w = json_writer_open();
	_cleanup_strbuf_ struct strbuf time = {0};

	human_time_utc(&time, clock_realtime_at(e->time_ns));
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_uint(w, "pid", e->pid);
	json_writer_text(w, "comm", e->comm, strnlen(e->comm, sizeof(e->comm)));
	json_writer_uint(w, "parent_pid", e->parent_pid);
	return json_writer_line(w, out);
}

/* An event in, a line out. An edited probe may send more than we know of, never less. */
static void on_event(const void *data, size_t size, void *user)
{
	const struct hello_event *e = data;
	struct hello *h = user;
	int r = 0;

	if (size < sizeof(*e) || (h->parent && h->parent != e->parent_pid))
		return;
	strbuf_reset(&h->line);
	if (h->tool.common.json)
		r = put_json(e, &h->line);
	else
		put_text(h, e, &h->line);
	if (r == 0)
		r = tool_print(&h->line);
	if (r < 0) {
		message_error("cannot print: %s", strerror(-r));
		loop_stop(h->loop, EXIT_FAILED);
	}
}

static void on_ring(void *user)
{
	struct hello *h = user;
	uint32_t zero = 0;
	uint64_t lost;

	event_ring_consume(h->ring);
	if (kernel_map_lookup(tracer_map_fd(h->tracer, "lost"), &zero, &lost) < 0 ||
	    lost == h->lost)
		return;
	message_warning("%llu events are missing: the ring was full",
			(unsigned long long)(lost - h->lost));
	h->lost = lost;
}

static void on_duration(void *user)
{
	loop_stop(((struct hello *)user)->loop, EXIT_OK);
}

static int run(struct hello *h)
{
	int r = loop_open(&h->loop);

	if (r == 0)
		r = event_ring_open(tracer_map_fd(h->tracer, "events"), on_event, h, &h->ring);
	if (r == 0)
		r = loop_add(h->loop, event_ring_fd(h->ring), on_ring, h);
	if (r == 0 && h->tool.common.duration_ns)
		r = loop_add_timer(h->loop, h->tool.common.duration_ns, 0, on_duration, h);
	if (r == 0)
		r = tool_start_line(&h->tool, "Tracing program starts...");
	return r < 0 ? r : loop_run(h->loop);
}

int main(int argc, char *argv[])
{
	struct hello h = {.tool = {.text = hello_text, .lines = hello_lines}};
	const struct option_entry options[] = {
		{OPTION_NUMBER, 'P', "parent", "PID", "only programs started by this process",
		 &h.parent, 1, INT32_MAX},
		{0},
	};
	const struct program_info info = {
		.name = "hello",
		.synopsis = "[OPTION]...",
		.summary = "Trace program starts.",
		.options = options,
		.examples = "  hello           # a line for each program started\n"
			    "  hello -j -d 10  # as JSON, for ten seconds\n",
	};
	int r, status;

	h.tool.info = &info;
	status = tool_begin(&h.tool, argc, argv, NULL);
	if (status < 0)
		status = tool_attach(&h.tool, NULL, NULL, &h.tracer);
	if (status < 0) {
		r = run(&h);
		if (r < 0)
			message_error("%s", strerror(-r));
		status = r < 0 ? EXIT_FAILED : r;
	}
	tracer_close(h.tracer);
	event_ring_close(h.ring);
	loop_close(h.loop);
	strbuf_free(&h.line);
	tool_end(&h.tool);
	return status;
}
