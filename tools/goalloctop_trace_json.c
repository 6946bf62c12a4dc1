/* The lines of goalloctop --trace as JSON. */
#include <inttypes.h>
#include <string.h>

#include "alloc/alloc_columns.h"
#include "output/human.h"
#include "proc/clock.h"
#include "tools/goalloctop.h"

static void json_more(const struct goalloctop *t, const struct alloc_event *e,
		      struct json_writer *w)
{
	char *const *names = t->probe.table.names;

	for (size_t i = 0; i < e->more->count && names[i]; i++) {
		const struct named_value *v = &e->more->list[i];

		if (v->kind == NAMED_TEXT)
			json_writer_text(w, names[i], v->text, strlen(v->text));
		else if (v->kind == NAMED_BOOL)
			json_writer_bool(w, names[i], v->number);
		else if (v->kind == NAMED_INT)
			json_writer_int(w, names[i], (int64_t)v->number);
		else
			json_writer_uint(w, names[i], v->number);
	}
}

int goalloctop_trace_json(const struct goalloctop *t, const struct alloc_event *e, int64_t bytes,
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
	json_more(t, e, w);
	for (uint32_t i = 0; t->full_stacks && i < e->stack->depth; i++) {
		json_writer_begin_element(w, "stack");
		alloc_frame_json(w, &alloc_heap_frame(e->heap, e->stack, i)->frame);
		json_writer_end_element(w);
	}
	return json_writer_line(w, out);
}
