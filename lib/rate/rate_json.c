#include "rate/rate_json.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_member.h"

#define MORE_PREFIX "probe_"
#define MORE_SUFFIX "_per_second"
#define NAME_MOST 64 /* bytes of a further member's name */
#define DEPTH_MOST 4 /* of the JSON; ours has 1 */

enum rate_number { BYTES, RATE };

/* The numbers of a row; bytes are whole and known, rates may be unknown: null. */
static const struct {
	const char *key;
	enum rate_number kind;
	size_t offset;
} numbers[] = {
	{"anon_bytes", BYTES, offsetof(struct rate_row, bytes[RATE_ANON])},
	{"file_bytes", BYTES, offsetof(struct rate_row, bytes[RATE_FILE])},
	{"shmem_bytes", BYTES, offsetof(struct rate_row, bytes[RATE_SHMEM])},
	{"swap_bytes", BYTES, offsetof(struct rate_row, bytes[RATE_SWAP])},
	{"anon_growth_bytes_per_second", RATE, offsetof(struct rate_row, growth[RATE_ANON])},
	{"file_growth_bytes_per_second", RATE, offsetof(struct rate_row, growth[RATE_FILE])},
	{"shmem_growth_bytes_per_second", RATE, offsetof(struct rate_row, growth[RATE_SHMEM])},
	{"swap_growth_bytes_per_second", RATE, offsetof(struct rate_row, growth[RATE_SWAP])},
	{"faults_per_second", RATE, offsetof(struct rate_row, faults)},
	{"major_faults_per_second", RATE, offsetof(struct rate_row, major_faults)},
	{"page_alloc_bytes_per_second", RATE, offsetof(struct rate_row, page_bytes)},
	{"page_free_bytes_per_second", RATE, offsetof(struct rate_row, freed_bytes)},
	{"slab_alloc_bytes_per_second", RATE, offsetof(struct rate_row, slab_bytes)},
	{"slab_allocs_per_second", RATE, offsetof(struct rate_row, slab_allocs)},
	{"slab_frees_per_second", RATE, offsetof(struct rate_row, slab_frees)},
};

static void put_rate(struct json_writer *w, const char *key, double value)
{
	if (isfinite(value))
		json_writer_int(w, key, llrint(value));
	else
		json_writer_null(w, key);
}

static void put_share(struct json_writer *w, const char *key, double value)
{
	json_writer_share(w, key, isfinite(value) && value > 0 ? value : NAN);
}

static void put_more(const struct rate_table *t, const struct rate_row *row, struct json_writer *w)
{
	for (size_t i = 0; i < t->n_more; i++) {
		char key[160];

		snprintf(key, sizeof(key), MORE_PREFIX "%s" MORE_SUFFIX, t->more[i]);
		put_rate(w, key, row->more ? row->more[i] : NAN);
	}
}

static void put_whose(const struct rate_table *t, const struct rate_row *row, struct json_writer *w)
{
	if (t->by == RATE_BY_PROCESS) {
		json_writer_int(w, "pid", row->pid);
		json_writer_text(w, "comm", row->comm, strlen(row->comm));
		json_writer_bool(w, "is_new", row->is_new);
	} else {
		json_writer_uint(w, "processes", row->processes);
	}
	if (row->cgroup)
		json_writer_text(w, "cgroup", row->cgroup, strlen(row->cgroup));
	else
		json_writer_null(w, "cgroup");
	if (row->container)
		json_writer_text(w, "container", row->container, strlen(row->container));
	else
		json_writer_null(w, "container");
	json_writer_string(w, "container_runtime", row->runtime);
}

void rate_row_json(const struct rate_table *t, const struct rate_interval *interval,
		   const struct rate_row *row, struct json_writer *w)
{
	static const char *const bys[] = {"process", "cgroup", "container"};

	json_writer_string(w, "time", interval->time);
	json_writer_string(w, "by", bys[t->by]);
	put_share(w, "interval_seconds", interval->seconds);
	put_share(w, "sampled_one_in", interval->one_in);
	put_whose(t, row, w);
	json_writer_int(w, "rss_bytes", rate_row_resident(row));
	put_rate(w, "rss_growth_bytes_per_second", rate_row_growth(row));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const void *at = (const char *)row + numbers[i].offset;

		if (numbers[i].kind == BYTES)
			json_writer_int(w, numbers[i].key, *(const int64_t *)at);
		else
			put_rate(w, numbers[i].key, *(const double *)at);
	}
	put_more(t, row, w);
}

/* NULL: there is none, or it is no text. */
static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = json_member(o, key, json_type_string);

	return v ? json_object_get_string(v) : NULL;
}

static double number_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double)))
		return NAN;
	return json_object_get_double(v);
}

/* Sizes and rates that memrate could have written. */
static bool is_sane(double n)
{
	return n > -9e18 && n < 9e18;
}

static int64_t whole_of(struct json_object *o, const char *key)
{
	double n = number_of(o, key);

	return is_sane(n) ? (int64_t)n : 0;
}

static int read_texts(struct json_object *o, struct rate_row *row)
{
	const char *comm = text_of(o, "comm"), *cgroup = text_of(o, "cgroup");
	const char *container = text_of(o, "container"), *limit = text_of(o, "limit");
	const char *path = text_of(o, "limit_cgroup");

	if (comm)
		snprintf(row->comm, sizeof(row->comm), "%s", comm);
	if (cgroup && !(row->own_cgroup = strdup(cgroup)))
		return -ENOMEM;
	row->cgroup = row->own_cgroup;
	if (container && !(row->container = strdup(container)))
		return -ENOMEM;
	if (limit && !(row->limit.name = strdup(path ? path : "")))
		return -ENOMEM;
	return 0;
}

static double seconds_of(struct json_object *o, const char *key)
{
	double n = number_of(o, key);

	return n >= 0 ? n : INFINITY;
}

static void read_limit(struct json_object *o, struct rate_limit *l)
{
	const char *sure = text_of(o, "limit_confidence");

	l->limit_bytes = (uint64_t)MAX(whole_of(o, "limit_bytes"), 0);
	l->used_bytes = (uint64_t)MAX(whole_of(o, "limit_used_bytes"), 0);
	l->growth = number_of(o, "limit_growth_bytes_per_second");
	l->until.seconds = seconds_of(o, "limit_seconds");
	l->until.earliest = seconds_of(o, "limit_seconds_earliest");
	l->until.latest = seconds_of(o, "limit_seconds_latest");
	for (int c = TREND_NONE; sure && c <= TREND_HIGH; c++)
		if (!strcmp(sure, trend_confidence_name((enum trend_confidence)c)))
			l->confidence = (enum trend_confidence)c;
}

static int read_row(struct json_object *o, struct rate_row *row)
{
	int r = read_texts(o, row);

	row->pid = (pid_t)MIN(MAX(whole_of(o, "pid"), 0), INT32_MAX);
	row->processes = (uint64_t)MAX(whole_of(o, "processes"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		void *at = (char *)row + numbers[i].offset;
		double n = number_of(o, numbers[i].key);

		if (numbers[i].kind == BYTES)
			*(int64_t *)at = MIN(MAX(whole_of(o, numbers[i].key), 0), INT64_MAX / 8);
		else
			*(double *)at = is_sane(n) ? n : NAN;
	}
	read_limit(o, &row->limit);
	return r;
}

void rate_names_clear(struct rate_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	*names = (struct rate_names){0};
}

/* Of a member, or of one within a member: it stands at the head of a column as it is. */
static bool is_member_name(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.",
			    name[i]) ||
		    !name[i])
			return false;
	return n && n <= NAME_MOST;
}

/* Its place among NAMES, to which it is added if it is not there. NAMES->n: no room, no memory. */
static size_t name_place(struct rate_names *names, const char *name, size_t n)
{
	char *copy;

	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->list[i]) == n && !memcmp(names->list[i], name, n))
			return i;
	copy = names->n < RATE_COLUMNS_MORE ? strndup(name, n) : NULL;
	if (!copy)
		return names->n;
	names->list[names->n] = copy;
	return names->n++;
}

static double *unknown_numbers(size_t n)
{
	double *list = calloc(n, sizeof(double));

	for (size_t i = 0; list && i < n; i++)
		list[i] = NAN;
	return list;
}

static int read_more(struct json_object *o, struct rate_names *names, struct rate_row *row)
{
	const size_t before = strlen(MORE_PREFIX), behind = strlen(MORE_SUFFIX);

	json_object_object_foreach(o, key, v)
	{
		size_t n = strlen(key), place;

		if (n <= before + behind || strncmp(key, MORE_PREFIX, before) != 0 ||
		    strcmp(key + n - behind, MORE_SUFFIX) != 0 ||
		    !is_member_name(key + before, n - before - behind))
			continue;
		place = name_place(names, key + before, n - before - behind);
		if (place >= names->n)
			continue;
		if (!row->more && !(row->more = unknown_numbers(RATE_COLUMNS_MORE)))
			return -ENOMEM;
		(void)v;
		row->more[place] = is_sane(number_of(o, key)) ? number_of(o, key) : NAN;
	}
	return 0;
}

static int classify(struct json_object *o, enum rate_by *ret, struct strbuf *why)
{
	const char *by = text_of(o, "by"), *event = text_of(o, "event");

	if (event && !strcmp(event, "alert") && text_of(o, "limit"))
		return -ENOMSG;
	*ret = by && !strcmp(by, "cgroup")	? RATE_BY_CGROUP
	       : by && !strcmp(by, "container") ? RATE_BY_CONTAINER
						: RATE_BY_PROCESS;
	if (by && text_of(o, "time") && isfinite(number_of(o, "rss_bytes")))
		return 0;
	strbuf_puts(why, "no row of memrate's: was it made by 'record' or memrate -j?");
	return -EBADMSG;
}

int rate_row_parse(const char *line, size_t n, enum rate_by *ret_by, char **ret_time,
		   struct rate_interval *ret_interval, struct rate_row *ret,
		   struct rate_names *names, struct strbuf *why)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MOST);
	struct json_object *o = tokener ? json_tokener_parse_ex(tokener, line, (int)n) : NULL;
	struct rate_row row = {0};
	int r = -EBADMSG;

	if (!json_object_is_type(o, json_type_object))
		strbuf_puts(why, "not a JSON object: was it made by 'record' or memrate -j?");
	else
		r = classify(o, ret_by, why);
	if (r == 0)
		r = read_row(o, &row);
	if (r == 0)
		r = read_more(o, names, &row);
	if (r == 0) {
		ret_interval->seconds = number_of(o, "interval_seconds");
		ret_interval->one_in = number_of(o, "sampled_one_in");
		*ret_time = strdup(text_of(o, "time"));
		r = *ret_time ? 0 : -ENOMEM;
	}
	if (r == 0)
		*ret = row;
	else
		rate_row_clear(&row);
	json_object_put(o);
	if (tokener)
		json_tokener_free(tokener);
	return r;
}
