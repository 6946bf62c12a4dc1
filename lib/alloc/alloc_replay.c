#include "alloc/alloc_replay.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/alloc_replay_internal.h"
#include "base/array.h"

#define ROWS_MOST (1u << 20)	/* of one time */
#define DEPTH_MOST 8		/* of the JSON; ours has 3 */
#define TEXT_AT_ONCE (1u << 20) /* bytes that are shown together */

struct alloc_replay {
	struct alloc_replay_options options;
	struct json_tokener *tokener;
	char *time; /* of the rows */
	struct replay_row *rows;
	size_t count, capacity;
	struct strbuf out;
	bool traced; /* the heads of allocations were shown, and nothing else since */
	bool some;   /* was shown */
};

int alloc_replay_open(const struct alloc_replay_options *options, struct alloc_replay **ret)
{
	struct alloc_replay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->options = *options;
	r->tokener = json_tokener_new_ex(DEPTH_MOST);
	if (!r->tokener) {
		free(r);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

static void forget_rows(struct alloc_replay *r)
{
	for (size_t i = 0; i < r->count; i++)
		json_object_put(r->rows[i].object);
	r->count = 0;
	free(r->time);
	r->time = NULL;
}

void alloc_replay_close(struct alloc_replay *r)
{
	if (!r)
		return;
	forget_rows(r);
	free(r->rows);
	strbuf_free(&r->out);
	json_tokener_free(r->tokener);
	free(r);
}

static int flush(struct alloc_replay *r)
{
	int result = strbuf_error(&r->out);

	if (result == 0 && r->out.length)
		result = r->options.show(r->options.user, &r->out);
	strbuf_reset(&r->out);
	return result;
}

/* All rows of one time. */
static int show_interval(struct alloc_replay *r)
{
	if (!r->count)
		return 0;
	if (r->some)
		strbuf_putc(&r->out, '\n');
	r->some = true;
	r->traced = false;
	replay_interval(r->rows, r->count, r->time, &r->options, &r->out);
	forget_rows(r);
	return flush(r);
}

static int wrong(const char *what, struct strbuf *why)
{
	strbuf_puts(why, what);
	return -EBADMSG;
}

static int parse(struct alloc_replay *r, const char *line, size_t n, struct json_object **ret,
		 struct strbuf *why)
{
	struct json_object *object;

	json_tokener_reset(r->tokener);
	object = json_tokener_parse_ex(r->tokener, line, (int)n);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return wrong("not a JSON object: was it made by 'record' or goalloctop -j?", why);
	}
	*ret = object;
	return 0;
}

/* Which table it is of. */
static int classify(struct replay_row *row, struct strbuf *why)
{
	struct json_object *o = row->object;

	if (!replay_text(o, "time") || !replay_number(o, "pid", &row->pid))
		return wrong("no row of goalloctop's: it has no time or no pid", why);
	if (json_object_object_get_ex(o, "stands_for_bytes", NULL))
		row->kind = REPLAY_TRACE;
	else if (json_object_object_get_ex(o, "package", NULL))
		row->kind = REPLAY_PACKAGE;
	else if (json_object_object_get_ex(o, "total_alloc_objects", NULL))
		row->kind = REPLAY_SITE;
	else if (json_object_object_get_ex(o, "go_version", NULL))
		row->kind = REPLAY_PROGRAM;
	else
		return wrong("no row of goalloctop's: neither a program nor a site", why);
	return 0;
}

static int add_row(struct alloc_replay *r, const struct replay_row *row, struct strbuf *why)
{
	const char *time = replay_text(row->object, "time");
	int result = 0;

	if (r->time && strcmp(r->time, time) != 0)
		result = show_interval(r);
	if (result == 0 && r->count >= ROWS_MOST)
		result = wrong("too many rows of one time", why);
	if (result == 0)
		result = array_reserve(&r->rows, &r->capacity, r->count, 1, sizeof(*r->rows));
	if (result == 0 && !r->time)
		r->time = strdup(time);
	if (result == 0 && !r->time)
		result = -ENOMEM;
	if (result < 0) {
		json_object_put(row->object);
		return result;
	}
	r->rows[r->count++] = *row;
	return 0;
}

static int add_trace(struct alloc_replay *r, const struct replay_row *row)
{
	int result = show_interval(r);

	if (!r->traced)
		replay_trace_heads(&r->options, &r->out);
	r->traced = r->some = true;
	replay_trace(row, &r->options, &r->out);
	json_object_put(row->object);
	return result == 0 && r->out.length >= TEXT_AT_ONCE ? flush(r) : result;
}

static int add_line(struct alloc_replay *r, const char *line, size_t n)
{
	strbuf_append(&r->out, line, n);
	strbuf_putc(&r->out, '\n');
	return r->out.length >= TEXT_AT_ONCE ? flush(r) : 0;
}

int alloc_replay_line(struct alloc_replay *r, const char *line, size_t n, struct strbuf *why)
{
	struct replay_row row = {0};
	int result = parse(r, line, n, &row.object, why);

	if (result < 0)
		return result;
	result = classify(&row, why);
	if (result == 0 && !r->options.json)
		return row.kind == REPLAY_TRACE ? add_trace(r, &row) : add_row(r, &row, why);
	json_object_put(row.object);
	return result < 0 ? result : add_line(r, line, n);
}

int alloc_replay_end(struct alloc_replay *r)
{
	int result = show_interval(r);

	return result < 0 ? result : flush(r);
}
