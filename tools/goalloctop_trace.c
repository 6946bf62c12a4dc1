/* goalloctop --trace: a line for each allocation that the Go runtime samples. */
#include <errno.h>
#include <inttypes.h>

#include "alloc/alloc_columns.h"
#include "app/message.h"
#include "go/frame_text.h"
#include "output/human.h"
#include "proc/clock.h"
#include "tools/goalloctop.h"

#define PRINTED_AT_ONCE (64 << 10) /* bytes; fewer where no more has happened */

static const struct table_column heads[] = {{"PID", 7, false},	     {"THREAD", 7, false},
					    {"GOROUTINE", 9, false}, {"SIZE", 7, false},
					    {"FOR", 7, false},	     {"FUNCTION", 0, true}};

int goalloctop_trace_heads(const struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (t->tool.common.json)
		return 0;
	strbuf_printf(&out, "%-*s ", t->tool.common.time ? 23 : 12, "TIME");
	table_writer_heads(&out, heads, ARRAY_SIZE(heads), 0);
	return tool_print(&out);
}

/* "14:03:27.123", or date and time. */
static void put_time(const struct goalloctop *t, uint64_t realtime_ns, struct strbuf *out)
{
	human_time(out, realtime_ns, t->tool.common.time);
	if (!t->tool.common.time)
		strbuf_printf(out, ".%03u", (unsigned int)(realtime_ns / 1000000 % 1000));
	strbuf_putc(out, ' ');
}

static void put_line(const struct goalloctop *t, const struct alloc_event *e, int64_t bytes,
		     struct strbuf *out)
{
	put_time(t, clock_realtime_at(e->time_ns), out);
	strbuf_printf(out, "%7d %7d ", (int)e->pid, (int)e->tid);
	if (e->goroutine)
		strbuf_printf(out, "%9" PRIu64 " ", e->goroutine);
	else
		strbuf_printf(out, "%9s ", "-");
	for (int i = 0; i < 2; i++) {
		_cleanup_strbuf_ struct strbuf size = {0};

		human_bytes(&size, i ? bytes : (int64_t)e->stack->size);
		strbuf_printf(out, "%7s ", strbuf_text(&size));
	}
	for (uint32_t i = 0; i < (t->full_stacks ? e->stack->depth : MIN(e->stack->depth, 1u));
	     i++) {
		const struct heap_frame *frame = &alloc_heap_frame(e->heap, e->stack, i)->frame;

		if (i) {
			strbuf_puts(out, "    ");
			frame_text_full(out, frame);
		} else {
			frame_text(out, frame, false);
		}
		strbuf_putc(out, '\n');
	}
	if (!e->stack->depth)
		strbuf_puts(out, "-\n");
}

static int put_json(const struct goalloctop *t, const struct alloc_event *e, int64_t bytes,
		    int64_t objects, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0};
	struct json_writer *w = json_writer_open();

	human_time_utc(&time, clock_realtime_at(e->time_ns));
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_int(w, "pid", e->pid);
	json_writer_int(w, "thread", e->tid);
	if (e->goroutine)
		json_writer_uint(w, "goroutine", e->goroutine);
	else
		json_writer_null(w, "goroutine");
	json_writer_uint(w, "object_bytes", e->stack->size);
	json_writer_int(w, "stands_for_bytes", bytes);
	json_writer_int(w, "stands_for_objects", objects);
	if (e->stack->depth)
		alloc_frame_json(w, &alloc_heap_frame(e->heap, e->stack, 0)->frame);
	for (uint32_t i = 0; t->full_stacks && i < e->stack->depth; i++) {
		json_writer_begin_element(w, "stack");
		alloc_frame_json(w, &alloc_heap_frame(e->heap, e->stack, i)->frame);
		json_writer_end_element(w);
	}
	return json_writer_line(w, out);
}

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

void goalloctop_trace_event(const struct alloc_event *e, void *user)
{
	struct goalloctop *t = user;
	struct strbuf *out = &t->probe.lines;
	int64_t objects, bytes;
	int r = 0;

	if (!is_wanted(t->filter, e))
		return;
	alloc_heap_scale(e->heap, e->stack, 1, &objects, &bytes);
	if (t->tool.common.json)
		r = put_json(t, e, bytes, objects, out);
	else
		put_line(t, e, bytes, out);
	if (r < 0)
		out->failed = true;
	if (out->length >= PRINTED_AT_ONCE)
		goalloctop_trace_flush(t);
}

void goalloctop_trace_flush(struct goalloctop *t)
{
	int r = t->probe.lines.length ? tool_print(&t->probe.lines) : 0;

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
