/* The lines of goalloctop --trace, and their columns. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "go/frame_text.h"
#include "output/human.h"
#include "proc/clock.h"
#include "tools/goalloctop_settings.h"

enum trace_column { TIME, PID, THREAD, GOROUTINE, SIZE, FOR, FURTHER, FUNCTION = FURTHER };

static const struct table_column heads[] = {
	[TIME] = {"TIME", 12, true},	    [PID] = {"PID", 7, false},
	[THREAD] = {"THREAD", 7, false},    [GOROUTINE] = {"GOROUTINE", 9, false},
	[SIZE] = {"SIZE", 7, false},	    [FOR] = {"FOR", 7, false},
	[FUNCTION] = {"FUNCTION", 0, true},
};

static const struct column_about abouts[] = {
	[TIME] = {"time", "TIME", "", "when it was"},
	[PID] = {"pid", "PID", "", "the process"},
	[THREAD] = {"thread", "THREAD", "", "the thread that allocates"},
	[GOROUTINE] = {"goroutine", "GOROUTINE", "", "and the goroutine that it runs"},
	[SIZE] = {"size", "SIZE", "bytes", "of the object"},
	[FOR] = {"for", "FOR", "bytes", "that it stands for, as one of many"},
	[FUNCTION] = {"function", "FUNCTION", "", "the code that allocates"},
};

/* Keys of its JSON, which a member of an edited text must not take. */
static bool is_ours(const char *name)
{
	static const char *const keys[] = {"time",	   "pid",
					   "thread",	   "goroutine",
					   "object_bytes", "stands_for_bytes",
					   "function",	   "stands_for_objects",
					   "file",	   "line",
					   "stack",	   "size",
					   "for"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcasecmp(name, keys[i]))
			return true;
	return false;
}

void goalloctop_trace_end(struct goalloctop *t)
{
	struct goalloctop_trace_table *table = &t->probe.table;

	for (size_t i = 0; table->names && table->names[i]; i++)
		free(table->names[i]);
	free(table->names);
	table->names = NULL;
	table->n = 0;
}

static void add(struct goalloctop_trace_table *table, const struct column_about *about,
		const struct table_column *head)
{
	table->abouts[table->n] = *about;
	table->heads[table->n++] = *head;
}

/* The further ones' names are ours, as the text may be another one soon. */
static int copy_names(struct goalloctop_trace_table *table, const char *const *more)
{
	size_t n = 0;

	while (more[n] && n < COLUMN_CHOICE_MOST - ARRAY_SIZE(heads))
		n++;
	table->names = calloc(n + 1, sizeof(char *));
	for (size_t i = 0; table->names && i < n; i++)
		if (asprintf(&table->names[i], "%s%s", is_ours(more[i]) ? "probe_" : "", more[i]) <
		    0) {
			table->names[i] = NULL;
			return -ENOMEM;
		}
	return table->names ? 0 : -ENOMEM;
}

int goalloctop_trace_begin(struct goalloctop *t)
{
	struct goalloctop_trace_table *table = &t->probe.table;
	uint64_t chosen = table->chosen;
	int r;

	goalloctop_trace_end(t);
	r = copy_names(table, alloc_events_more(t->probe.events));
	if (r < 0)
		return r;
	for (size_t i = 0; i < FURTHER; i++)
		add(table, &abouts[i], &heads[i]);
	for (size_t i = 0; table->names[i]; i++)
		add(table,
		    &(struct column_about){table->names[i], NULL, "", "told by the edited text"},
		    &(struct table_column){table->names[i], 8, false});
	add(table, &abouts[FUNCTION], &heads[FUNCTION]);
	/* Places have changed with another text: what was chosen among ours is kept. */
	table->chosen = chosen & ((UINT64_C(1) << FURTHER) - 1);
	if (table->chosen)
		table->chosen |= UINT64_MAX << FURTHER & ((UINT64_C(1) << table->n) - 1);
	return 0;
}

static uint64_t shown(const struct goalloctop_trace_table *table)
{
	return table->chosen ? table->chosen : (UINT64_C(1) << table->n) - 1;
}

void goalloctop_trace_columns(struct goalloctop *t, struct goalloctop_columns *ret)
{
	struct goalloctop_trace_table *table = &t->probe.table;

	*ret = (struct goalloctop_columns){table->abouts, table->n, shown(table), &table->chosen};
}

/* Those that are shown; with CELLS their texts likewise. How many. */
static size_t pick(const struct goalloctop *t, struct table_column *ret, struct strbuf *texts,
		   const char **cells)
{
	const struct goalloctop_trace_table *table = &t->probe.table;
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++) {
		if (!(shown(table) & UINT64_C(1) << i))
			continue;
		ret[n] = table->heads[i];
		if (i == TIME && t->tool.common.time)
			ret[n].width = 23;
		if (cells)
			cells[n] = strbuf_text(&texts[i]);
		n++;
	}
	return n;
}

static void put_heads(const struct goalloctop *t, struct strbuf *out)
{
	struct table_column picked[COLUMN_CHOICE_MOST];
	size_t n = pick(t, picked, NULL, NULL);

	table_writer_heads(out, picked, n, 0);
}

int goalloctop_trace_heads(const struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (t->tool.common.json)
		return 0;
	put_heads(t, &out);
	return tool_print(&out);
}

/* "14:03:27.123", or date and time. */
static void put_time(const struct goalloctop *t, uint64_t realtime_ns, struct strbuf *out)
{
	human_time(out, realtime_ns, t->tool.common.time);
	if (!t->tool.common.time)
		strbuf_printf(out, ".%03u", (unsigned int)(realtime_ns / 1000000 % 1000));
}

static void put_value(const struct named_value *v, struct strbuf *out)
{
	if (v->kind == NAMED_TEXT)
		text_display(out, v->text, strlen(v->text));
	else if (v->kind == NAMED_BOOL)
		strbuf_puts(out, v->number ? "true" : "false");
	else if (v->kind == NAMED_INT)
		strbuf_printf(out, "%" PRId64, (int64_t)v->number);
	else
		strbuf_printf(out, "%" PRIu64, v->number);
}

static void put_cell(const struct goalloctop *t, const struct alloc_event *e, int64_t bytes,
		     size_t column, struct strbuf *out)
{
	if (column >= FURTHER) {
		if (column - FURTHER < e->more->count && column + 1 < t->probe.table.n)
			put_value(&e->more->list[column - FURTHER], out);
		else if (column + 1 == t->probe.table.n && e->stack->depth)
			frame_text(out, &alloc_heap_frame(e->heap, e->stack, 0)->frame, false);
		else
			strbuf_putc(out, '-');
		return;
	}
	switch ((enum trace_column)column) {
	case TIME:
		put_time(t, clock_realtime_at(e->time_ns), out);
		break;
	case GOROUTINE:
		if (e->goroutine)
			strbuf_printf(out, "%" PRIu64, e->goroutine);
		else
			strbuf_putc(out, '-');
		break;
	case SIZE:
		human_bytes(out, (int64_t)e->stack->size);
		break;
	case FOR:
		human_bytes(out, bytes);
		break;
	default:
		strbuf_printf(out, "%d", (int)(column == PID ? e->pid : e->tid));
	}
}

static void put_line(const struct goalloctop *t, const struct alloc_event *e, int64_t bytes,
		     struct strbuf *out)
{
	struct table_column picked[COLUMN_CHOICE_MOST];
	struct strbuf texts[COLUMN_CHOICE_MOST] = {0};
	const char *cells[COLUMN_CHOICE_MOST];
	size_t n;

	for (size_t i = 0; i < t->probe.table.n; i++)
		if (shown(&t->probe.table) & UINT64_C(1) << i)
			put_cell(t, e, bytes, i, &texts[i]);
	n = pick(t, picked, texts, cells);
	table_writer_row(out, picked, n, 0, 0, cells);
	for (size_t i = 0; i < t->probe.table.n; i++)
		strbuf_free(&texts[i]);
	for (uint32_t i = 1; t->full_stacks && i < e->stack->depth; i++) {
		strbuf_puts(out, "    ");
		frame_text_full(out, &alloc_heap_frame(e->heap, e->stack, i)->frame);
		strbuf_putc(out, '\n');
	}
}

int goalloctop_trace_line(const struct goalloctop *t, const struct alloc_event *e, bool json,
			  struct strbuf *out)
{
	int64_t objects, bytes;

	alloc_heap_scale(e->heap, e->stack, 1, &objects, &bytes);
	if (json)
		return goalloctop_trace_json(t, e, bytes, objects, out);
	put_line(t, e, bytes, out);
	return strbuf_error(out);
}
