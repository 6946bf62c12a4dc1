/* The tables of a recording: cells made of the members of JSON objects. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/alloc_columns.h"
#include "alloc/alloc_replay_internal.h"
#include "base/json_member.h"
#include "base/text.h"
#include "go/frame_text.h"
#include "output/human.h"

enum form { TEXT, NUMBER, COUNT, BYTES, CHANGE, PERCENT, OWN };

/* Of which member a column is made; OWN: put_own_*(). In the order of the columns. */
struct member {
	const char *key;
	enum form form;
};

static const struct member program_members[PROGRAM_COLUMNS] = {
	{"pid", NUMBER},
	{"comm", TEXT},
	{"go_version", OWN},
	{"rss_bytes", BYTES},
	{"heap_inuse_bytes", BYTES},
	{"alloc_bytes_per_second", BYTES},
	{"alloc_objects_per_second", COUNT},
	{"collections", COUNT},
	{"goroutines", COUNT},
	{"go_gc_percent", OWN},
	{"go_memory_limit_bytes", BYTES},
	{"cgroup_limit_bytes", BYTES},
	{"cgroup_full_percent", PERCENT},
	{"profiling", OWN},
};

static const struct member site_members[ALLOC_COLUMN_COUNT] = {
	[ALLOC_COLUMN_OWNER] = {NULL, OWN},
	[ALLOC_COLUMN_INUSE] = {"inuse_bytes", BYTES},
	[ALLOC_COLUMN_OBJECTS] = {"inuse_objects", COUNT},
	[ALLOC_COLUMN_ALLOC] = {"alloc_bytes_per_second", BYTES},
	[ALLOC_COLUMN_ALLOCS] = {"alloc_objects_per_second", COUNT},
	[ALLOC_COLUMN_FREED] = {"freed_bytes_per_second", BYTES},
	[ALLOC_COLUMN_GROWTH] = {"growth_bytes", CHANGE},
	[ALLOC_COLUMN_SURVIVAL] = {"survival_percent", PERCENT},
	[ALLOC_COLUMN_NEW] = {"since_gc_bytes", BYTES},
	[ALLOC_COLUMN_SITE] = {"function", OWN},
};

/* As enum program_sort and enum alloc_sort. */
static const char *const program_keys[] = {"alloc_bytes_per_second",
					   "alloc_objects_per_second",
					   "heap_inuse_bytes",
					   "rss_bytes",
					   "collections",
					   "goroutines",
					   "cgroup_full_percent",
					   "pid"};
static const char *const site_keys[] = {"alloc_bytes",	    "alloc_objects", "inuse_bytes",
					"inuse_objects",    "freed_bytes",   "growth_bytes",
					"survival_percent", "since_gc_bytes"};

const char *replay_text(struct json_object *object, const char *key)
{
	struct json_object *value = json_member(object, key, json_type_string);
	const char *text;

	if (!value)
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

bool replay_number(struct json_object *object, const char *key, int64_t *ret)
{
	struct json_object *value = json_member(object, key, json_type_int);

	if (!value)
		return false;
	*ret = json_object_get_int64(value);
	return true;
}

static void put_text(struct json_object *o, const char *key, struct strbuf *out)
{
	const char *text = replay_text(o, key);

	if (text && *text)
		text_display(out, text, strlen(text));
	else
		strbuf_putc(out, '-');
}

static void put_cell(struct json_object *o, const struct member *s, struct strbuf *out)
{
	int64_t n;

	if (s->form == TEXT) {
		put_text(o, s->key, out);
		return;
	}
	if (!replay_number(o, s->key, &n)) {
		strbuf_putc(out, '-');
		return;
	}
	if (s->form == CHANGE && n > 0)
		strbuf_putc(out, '+');
	if (s->form == COUNT)
		human_count(out, n);
	else if (s->form == BYTES || s->form == CHANGE)
		human_bytes(out, n);
	else
		strbuf_printf(out, "%" PRId64, n);
}

static void put_profiling(struct json_object *o, struct strbuf *out)
{
	const char *state = replay_text(o, "state");
	struct json_object *on, *enabled;

	if (state && strcmp(state, "unreadable") == 0)
		strbuf_puts(out, "no read");
	else if (state && (strcmp(state, "stopped") == 0 || strcmp(state, "exited") == 0))
		strbuf_puts(out, state);
	else if (!json_object_object_get_ex(o, "profiling", &on) ||
		 !json_object_is_type(on, json_type_boolean))
		strbuf_putc(out, '?');
	else if (!json_object_get_boolean(on))
		strbuf_puts(out, "off");
	else
		strbuf_puts(out, json_object_object_get_ex(o, "profiling_enabled", &enabled) &&
						 json_object_get_boolean(enabled)
					 ? "enabled"
					 : "on");
}

static void put_program(struct json_object *o, size_t column, struct strbuf *out)
{
	const struct member *s = &program_members[column];
	const char *version;
	int64_t n;

	if (s->form != OWN) {
		put_cell(o, s, out);
	} else if (strcmp(s->key, "profiling") == 0) {
		put_profiling(o, out);
	} else if (strcmp(s->key, "go_gc_percent") == 0) {
		if (replay_number(o, s->key, &n) && n < 0)
			strbuf_puts(out, "off");
		else
			put_cell(o, &(struct member){s->key, COUNT}, out);
	} else {
		version = replay_text(o, s->key);
		version = version && strncmp(version, "go", 2) == 0 ? version + 2 : version;
		text_display(out, version ? version : "-", version ? strcspn(version, " ") : 1);
	}
}

/* The function with file and line. */
static void put_frame(struct json_object *o, struct strbuf *out)
{
	const char *function = replay_text(o, "function"), *file = replay_text(o, "file");
	int64_t line = 0;
	struct heap_frame frame = {function ? function : "", file ? file : "", 0};

	if (replay_number(o, "line", &line))
		frame.line = (uint32_t)MIN(MAX(line, (int64_t)0), (int64_t)UINT32_MAX);
	frame_text(out, &frame, false);
}

static void put_site(const struct replay_row *row, size_t column, struct strbuf *out)
{
	const struct member *s = &site_members[column];
	int64_t n;

	if (s->form != OWN)
		put_cell(row->object, s, out);
	else if (column == ALLOC_COLUMN_SITE && row->kind == REPLAY_PACKAGE)
		put_text(row->object, "package", out);
	else if (column == ALLOC_COLUMN_SITE)
		put_frame(row->object, out);
	else if (replay_number(row->object, "thread", &n) ||
		 replay_number(row->object, "goroutine", &n))
		strbuf_printf(out, "%" PRId64, n);
	else
		strbuf_putc(out, '-');
}

static void put_stack(struct json_object *o, struct strbuf *out)
{
	struct json_object *stack = json_member(o, "stack", json_type_array);
	size_t n = stack ? json_object_array_length(stack) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *frame = json_object_array_get_idx(stack, i);

		if (!json_object_is_type(frame, json_type_object))
			continue;
		strbuf_puts(out, "    ");
		put_frame(frame, out);
		strbuf_putc(out, '\n');
	}
}

/* A line: the columns that are SHOWN of what PUT makes. */
static void put_row(const struct replay_row *row, const struct table_column *heads, const int *ids,
		    size_t n, int width, struct strbuf *out)
{
	struct strbuf cells[MAX(PROGRAM_COLUMNS, (int)ALLOC_COLUMN_COUNT)] = {0};
	const char *texts[ARRAY_SIZE(cells)];

	for (size_t i = 0; i < n; i++) {
		if (row->kind == REPLAY_PROGRAM)
			put_program(row->object, (size_t)ids[i], &cells[i]);
		else
			put_site(row, (size_t)ids[i], &cells[i]);
		texts[i] = strbuf_text(&cells[i]);
		out->failed = out->failed || cells[i].failed;
	}
	table_writer_row(out, heads, n, 0, width, texts);
	for (size_t i = 0; i < n; i++)
		strbuf_free(&cells[i]);
}

static size_t site_heads(const struct replay_row *first, const struct alloc_replay_options *options,
			 struct table_column *ret, int *ret_ids)
{
	struct alloc_options shape = {.sort = options->site_sort};
	bool frees = json_object_object_get_ex(first->object, "inuse_bytes", NULL);
	int64_t n;

	if (replay_number(first->object, "thread", &n))
		shape.owner = ALLOC_OWNER_THREAD;
	else if (replay_number(first->object, "goroutine", &n))
		shape.owner = ALLOC_OWNER_GOROUTINE;
	frees = frees && replay_number(first->object, "inuse_bytes", &n);
	shape.by = first->kind == REPLAY_PACKAGE ? ALLOC_BY_PACKAGE : ALLOC_BY_SITE;
	return alloc_columns_heads(
		&shape, alloc_columns_shown(&shape, frees, options->site_columns, options->width),
		ret, ret_ids);
}

struct order {
	const char *key;
	bool smallest;
};

/* What is not known comes last. */
static int compare(const void *a, const void *b, void *user)
{
	const struct replay_row *x = a, *y = b;
	const struct order *order = user;
	int64_t m = INT64_MIN, n = INT64_MIN;

	if (x->kind != REPLAY_PROGRAM && x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	(void)replay_number(x->object, order->key, &m);
	(void)replay_number(y->object, order->key, &n);
	if (m == n)
		return (x->pid > y->pid) - (x->pid < y->pid);
	return (m < n) == order->smallest ? -1 : 1;
}

static void sort(struct replay_row *rows, size_t n, const struct alloc_replay_options *options)
{
	const bool programs = rows->kind == REPLAY_PROGRAM;
	struct order order = {programs ? program_keys[options->program_sort]
				       : site_keys[options->site_sort],
			      programs && options->program_sort == PROGRAM_SORT_PID};

	qsort_r(rows, n, sizeof(*rows), compare, &order);
}

/* Rows of one kind, and of one program if they are sites. */
static void put_table(const struct replay_row *rows, size_t n, const struct alloc_replay_options *o,
		      struct strbuf *out)
{
	struct table_column heads[MAX(PROGRAM_COLUMNS, (int)ALLOC_COLUMN_COUNT)];
	int ids[ARRAY_SIZE(heads)];
	size_t columns;

	strbuf_putc(out, '\n');
	if (rows->kind == REPLAY_PROGRAM) {
		columns = program_table_columns(o->program_columns, o->width, heads, ids);
	} else {
		columns = site_heads(rows, o, heads, ids);
		strbuf_printf(out, "PID %" PRId64 " ", rows->pid);
		put_text(rows->object, "comm", out);
		strbuf_putc(out, '\n');
	}
	table_writer_heads(out, heads, columns, 0);
	for (size_t i = 0; i < MIN(n, (size_t)o->rows); i++) {
		put_row(&rows[i], heads, ids, columns, o->width, out);
		if (o->stacks)
			put_stack(rows[i].object, out);
	}
}

void replay_interval(struct replay_row *rows, size_t n, const char *time,
		     const struct alloc_replay_options *options, struct strbuf *out)
{
	size_t end;

	strbuf_puts(out, "recorded at ");
	text_display(out, time, strlen(time));
	strbuf_putc(out, '\n');
	/* Of one kind each; they do not mix but in a file that was put together. */
	for (size_t at = 0; at < n; at = end) {
		for (end = at + 1; end < n && rows[end].kind == rows[at].kind; end++)
			;
		sort(&rows[at], end - at, options);
		for (size_t i = at, next; i < end; i = next) {
			for (next = i + 1; next < end && (rows[i].kind == REPLAY_PROGRAM ||
							  rows[next].pid == rows[i].pid);
			     next++)
				;
			put_table(&rows[i], next - i, options, out);
		}
	}
}

static const struct table_column trace_heads[] = {
	{"TIME", 24, true}, {"PID", 7, false}, {"THREAD", 7, false},  {"GOROUTINE", 9, false},
	{"SIZE", 7, false}, {"FOR", 7, false}, {"FUNCTION", 0, true},
};

void replay_trace_heads(const struct alloc_replay_options *options, struct strbuf *out)
{
	(void)options;
	table_writer_heads(out, trace_heads, ARRAY_SIZE(trace_heads), 0);
}

void replay_trace(const struct replay_row *row, const struct alloc_replay_options *options,
		  struct strbuf *out)
{
	static const struct member sources[] = {
		{"time", TEXT},	       {"pid", NUMBER},		{"thread", NUMBER},
		{"goroutine", NUMBER}, {"object_bytes", BYTES}, {"stands_for_bytes", BYTES}};
	struct strbuf cells[ARRAY_SIZE(trace_heads)] = {0};
	const char *texts[ARRAY_SIZE(trace_heads)];

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		put_cell(row->object, &sources[i], &cells[i]);
	put_frame(row->object, &cells[ARRAY_SIZE(sources)]);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		texts[i] = strbuf_text(&cells[i]);
	table_writer_row(out, trace_heads, ARRAY_SIZE(trace_heads), 0, options->width, texts);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		strbuf_free(&cells[i]);
	if (options->stacks)
		put_stack(row->object, out);
}
