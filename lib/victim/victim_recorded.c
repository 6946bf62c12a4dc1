#include "victim/victim_recorded.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "oom/kill_extras.h"
#include "oom/kill_json.h"
#include "oom/kill_json_text.h"
#include "victim/site_table.h"
#include "victim/victim_line.h"

#define WHOLE "a whole number from 0 on that fits"

/* Texts point into OBJECT, or into the three that may need their exact bytes. */
struct victim_recorded {
	struct json_object *object;
	struct victim_line line;
	bool killed;
	struct strbuf comm, killer_comm, file_name;
	struct named_values more;
	struct heap_totals totals;
	struct heap_site *sites;
	size_t n_sites;
};

/* The first thing that is wrong is what is told. */
struct reading {
	struct json_object *object;
	struct strbuf *why;
	int error;
};

static void wrong(struct reading *r, const char *key, const char *wanted)
{
	if (!r->error)
		strbuf_printf(r->why, "%s is not %s", key, wanted);
	r->error = r->error ? r->error : -EBADMSG;
}

/* NULL: it is null or not there, which is the same, or it is WRONG. */
static struct json_object *get(struct reading *r, const char *key, enum json_type type,
			       const char *wanted)
{
	struct json_object *value;

	if (!json_object_object_get_ex(r->object, key, &value) || !value)
		return NULL;
	if (json_object_is_type(value, type))
		return value;
	wrong(r, key, wanted);
	return NULL;
}

static const char *get_text(struct reading *r, const char *key)
{
	struct json_object *value = get(r, key, json_type_string, "a text");
	const char *s = value ? json_object_get_string(value) : NULL;

	if (!s || strlen(s) == (size_t)json_object_get_string_len(value))
		return s;
	wrong(r, key, "a text without a NUL character");
	return NULL;
}

/* The same with the bytes that were not UTF-8; "" where there is none. */
static const char *get_exact(struct reading *r, const char *key, struct strbuf *bytes)
{
	const char *s = get_text(r, key);

	if (s && !kill_json_exact(r->object, key, s, bytes)) {
		strbuf_reset(bytes);
		strbuf_puts(bytes, s);
	}
	if (strbuf_error(bytes) < 0 && !r->error)
		r->error = -ENOMEM;
	return strbuf_text(bytes);
}

static uint64_t get_uint(struct reading *r, const char *key, uint64_t most)
{
	struct json_object *value = get(r, key, json_type_int, WHOLE);

	if (!value)
		return 0;
	if (json_object_get_int64(value) >= 0 && json_object_get_uint64(value) <= most)
		return json_object_get_uint64(value);
	wrong(r, key, WHOLE);
	return 0;
}

/* Sizes and counts of a heap. */
static int64_t get_int(struct reading *r, const char *key)
{
	struct json_object *value = get(r, key, json_type_int, "a whole number");

	return value ? json_object_get_int64(value) : 0;
}

/* *KNOWN: it is there, and not null. */
static bool get_bool(struct reading *r, const char *key, bool *known)
{
	struct json_object *value = get(r, key, json_type_boolean, "true or false");

	*known = value;
	return value && json_object_get_boolean(value);
}

static bool is_known(struct reading *r, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(r->object, key, &value) && value;
}

static void read_who(struct reading *r, struct victim_recorded *v)
{
	struct victim_line *l = &v->line;
	const char *killed_by = get_text(r, "killed_by");

	v->killed = killed_by;
	l->pid = (uint32_t)get_uint(r, "pid", UINT32_MAX);
	l->pid_in_namespace = (uint32_t)get_uint(r, "pid_in_namespace", UINT32_MAX);
	l->comm = get_exact(r, "comm", &v->comm);
	l->by_oom = killed_by && !strcmp(killed_by, "oom_killer");
	l->version = get_text(r, "go_version");
	if (!v->killed || l->by_oom)
		return;
	l->killer_pid = (uint32_t)get_uint(r, "sender_pid", UINT32_MAX);
	l->killer_comm = get_exact(r, "sender_comm", &v->killer_comm);
	l->killer_size = v->killer_comm.length;
}

static void read_buckets(struct reading *r, struct victim_buckets *b)
{
	bool known;

	b->read = get_uint(r, "buckets_read", UINT64_MAX);
	b->cut = get_uint(r, "buckets_cut", UINT64_MAX);
	b->unreadable = get_uint(r, "buckets_unreadable", UINT64_MAX);
	b->lost = get_uint(r, "buckets_lost", UINT64_MAX);
	b->damaged = get_uint(r, "buckets_damaged", UINT64_MAX);
	b->more = get_bool(r, "buckets_not_reached", &known);
	b->heads_unread = !known;
}

static void read_numbers(struct reading *r, struct victim_recorded *v)
{
	struct victim_line *l = &v->line;
	bool from_start, known;

	l->summed = is_known(r, "inuse_bytes");
	if (!l->summed)
		return;
	v->totals.inuse_bytes = l->inuse_bytes = get_int(r, "inuse_bytes");
	v->totals.since_gc_known = is_known(r, "inuse_since_gc_bytes");
	l->inuse_objects = get_int(r, "inuse_objects");
	l->sites = get_uint(r, "sites", UINT64_MAX);
	read_buckets(r, &l->buckets);
	l->enabled = is_known(r, "profiling_enabled_after_ms");
	l->enabled_after_ms = get_uint(r, "profiling_enabled_after_ms", UINT64_MAX / 1000000);
	from_start = get_bool(r, "profiled_from_start", &known);
	l->beginning_missing = known && !from_start && !l->enabled;
}

static void read_file(struct reading *r, struct victim_recorded *v)
{
	struct victim_line *l = &v->line;

	l->timed = is_known(r, "kill_to_file_us");
	l->ms = get_uint(r, "kill_to_file_us", UINT64_MAX) / 1000;
	l->removed_files = get_uint(r, "removed_files", UINT64_MAX);
	l->file_name = get_exact(r, "file", &v->file_name);
	if (l->outcome != VICTIM_WRITTEN)
		l->reason = get_text(r, l->outcome == VICTIM_FAILED ? "error" : "reason");
	if (l->outcome != VICTIM_WRITTEN && !l->reason)
		l->reason = victim_outcome_name(l->outcome);
}

static void read_site(struct reading *r, struct heap_site *ret)
{
	const char *function = get_text(r, "function"), *file = get_text(r, "file");

	ret->frame.function = function ? function : "";
	ret->frame.file = file ? file : "";
	ret->frame.line = (uint32_t)get_uint(r, "line", UINT32_MAX);
	ret->inuse_bytes = get_int(r, "inuse_bytes");
	ret->inuse_objects = get_int(r, "inuse_objects");
	ret->alloc_bytes = get_int(r, "alloc_bytes");
	ret->alloc_objects = get_int(r, "alloc_objects");
	ret->since_gc_bytes = get_int(r, "inuse_since_gc_bytes");
}

static void read_sites(struct reading *r, struct victim_recorded *v)
{
	struct json_object *top = get(r, "top", json_type_array, "an array");
	size_t n = top ? json_object_array_length(top) : 0;

	if (!n)
		return;
	if (n > VICTIM_RECORDED_SITES) {
		wrong(r, "top", "an array of 1000 sites at most");
		return;
	}
	v->sites = calloc(n, sizeof(*v->sites));
	if (!v->sites)
		r->error = r->error ? r->error : -ENOMEM;
	for (; !r->error && v->n_sites < n; v->n_sites++) {
		struct reading site = {json_object_array_get_idx(top, v->n_sites), r->why, 0};

		if (json_object_is_type(site.object, json_type_object))
			read_site(&site, &v->sites[v->n_sites]);
		else
			wrong(&site, "top", "an array of objects");
		r->error = site.error;
	}
}

static void read_all(struct reading *r, struct victim_recorded *v)
{
	const char *time = get_text(r, "time"), *outcome = get_text(r, "outcome");

	if (!r->error && (!time || !outcome || !is_known(r, "pid"))) {
		strbuf_puts(r->why,
			    "no victim of oomprof's: was it made by 'record' or oomprof -j?");
		r->error = -EBADMSG;
		return;
	}
	if (time && !kill_json_time(time, &v->line.time_ns))
		wrong(r, "time", "a time such as 2026-11-22T13:03:27.123Z");
	if (outcome && victim_outcome_parse(outcome, &v->line.outcome) < 0)
		wrong(r, "outcome", "one that is known here");
	read_who(r, v);
	read_numbers(r, v);
	read_file(r, v);
	if (v->line.summed)
		read_sites(r, v);
	if (!r->error)
		r->error = kill_extras_read(&v->more, v->object, victim_report_has_key);
	v->line.more = &v->more;
}

int victim_recorded_read(const char *line, size_t n, struct victim_recorded **ret,
			 struct strbuf *why)
{
	_cleanup_victim_recorded_ struct victim_recorded *v = calloc(1, sizeof(*v));
	struct reading reading = {.why = why};
	int r = v ? kill_json_parse(line, n, &v->object, why) : -ENOMEM;

	if (r < 0)
		return r;
	reading.object = v->object;
	read_all(&reading, v);
	if (!reading.error)
		*ret = STEAL(v);
	return reading.error;
}

void victim_recorded_free(struct victim_recorded *r)
{
	if (!r)
		return;
	json_object_put(r->object);
	strbuf_free(&r->comm);
	strbuf_free(&r->killer_comm);
	strbuf_free(&r->file_name);
	named_values_clear(&r->more);
	free(r->sites);
	free(r);
}

void victim_recorded_freep(struct victim_recorded **r)
{
	victim_recorded_free(*r);
}

bool victim_recorded_killed(const struct victim_recorded *r)
{
	return r->killed;
}

int victim_recorded_text(const struct victim_recorded *r,
			 const struct victim_report_options *options, struct strbuf *out)
{
	victim_line_text(&r->line, options->date, out);
	if (r->line.summed)
		victim_report_sites(&r->totals, r->sites, r->n_sites, options, out);
	return strbuf_error(out);
}
