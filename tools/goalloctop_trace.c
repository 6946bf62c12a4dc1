/* goalloctop --trace: a line for each allocation that the Go runtime samples. */
#include <errno.h>
#include <inttypes.h>

#include "app/message.h"
#include "tools/goalloctop_console.h"

#define PRINTED_AT_ONCE (64 << 10) /* bytes; fewer where no more has happened */

/* --focus, --ignore */
static bool is_wanted(const struct alloc_filter *filter, const struct alloc_event *e)
{
	struct alloc_match any = {false, false};

	if (alloc_filter_is_open(filter))
		return true;
	for (uint32_t i = 0; i < e->stack->depth; i++) {
		struct alloc_match one =
			alloc_filter_frame(filter, &alloc_heap_frame(e->heap, e->stack, i)->frame);

		any.focus = any.focus || one.focus;
		any.ignore = any.ignore || one.ignore;
	}
	return alloc_filter_passes(filter, any);
}

/* What is kept of it, and whether it is printed, is the console's to say. */
static void take(struct goalloctop *t, const struct alloc_event *e, struct strbuf *out)
{
	size_t start = out->length;

	if (goalloctop_trace_line(t, e, t->tool.common.json, out) < 0)
		out->failed = true;
	if (out->failed || goalloctop_console_take(t, out->data + start, out->length - start))
		return;
	out->length = start;
	out->data[start] = '\0';
}

static void record(struct goalloctop *t, const struct alloc_event *e)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	recording_add(&t->recording, goalloctop_trace_line(t, e, true, &line), &line);
}

void goalloctop_trace_event(const struct alloc_event *e, void *user)
{
	struct goalloctop *t = user;
	struct strbuf *out = &t->probe.lines;

	if (!go_programs_is_selected(t->programs, e->pid) || !is_wanted(t->filter, e))
		return;
	take(t, e, out);
	if (t->recording.writer)
		record(t, e);
	if (out->length >= PRINTED_AT_ONCE)
		goalloctop_trace_flush(t);
}

void goalloctop_trace_flush(struct goalloctop *t)
{
	int r = 0;

	if (t->probe.lines.length && t->probe.table.heads_due) {
		t->probe.table.heads_due = false;
		r = goalloctop_trace_heads(t);
	}
	if (r == 0 && (t->probe.lines.length || t->probe.lines.failed))
		r = tool_print(&t->probe.lines);
	strbuf_reset(&t->probe.lines);
	if (r < 0)
		loop_stop(t->loop, tool_status("cannot print", r));
}

int goalloctop_trace_interval(struct goalloctop *t)
{
	uint64_t untold = alloc_events_untold(t->probe.events);

	if (untold > t->probe.untold)
		message_warning("%" PRIu64
				" allocations were not told: there were too many at once",
				untold - t->probe.untold);
	t->probe.untold = untold;
	t->blocks++;
	return 0;
}
