#include "rate/limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

struct limits {
	const struct cgroup_memory *cgroups;
	struct limit machine;
	struct limit **list; /* sorted by path */
	size_t count, capacity;
	uint64_t now_ns, round, swap_free_bytes;
};

int limits_open(const struct cgroup_memory *cgroups, struct limits **ret)
{
	struct limits *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->cgroups = cgroups;
	*ret = l;
	return 0;
}

static void limit_free(struct limit *limit)
{
	free(limit->path);
	free(limit);
}

void limits_close(struct limits *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		limit_free(l->list[i]);
	free(l->list);
	free(l);
}

void limits_closep(struct limits **l)
{
	limits_close(*l);
}

static void foretell_nothing(struct limit *limit)
{
	limit->time = (struct trend_time){INFINITY, INFINITY, INFINITY};
	limit->high_seconds = INFINITY;
	limit->sure = TREND_NONE;
}

/* What is reached needs no trend. */
static void tell_reached(struct limit *limit)
{
	if (limit->limit_bytes && limit->used_bytes >= limit->limit_bytes) {
		limit->time = (struct trend_time){0, 0, 0};
		limit->sure = TREND_HIGH;
	}
	if (limit->high_bytes && limit->used_bytes >= limit->high_bytes)
		limit->high_seconds = 0;
}

/* After a reading. */
static void foretell(struct limit *limit, uint64_t now_ns)
{
	trend_add(&limit->trend, now_ns, (double)limit->used_bytes);
	limit->line = trend_fit(&limit->trend);
	foretell_nothing(limit);
	tell_reached(limit);
	/* Where it cannot be told from noise there is no time to tell. */
	if (limit->line.confidence == TREND_NONE || limit->line.per_second <= 0)
		return;
	if (limit->limit_bytes && limit->used_bytes < limit->limit_bytes) {
		limit->time = trend_reaches(&limit->line, (double)limit->limit_bytes);
		limit->sure = trend_reaches_confidence(&limit->line, &limit->time);
	}
	if (limit->high_bytes)
		limit->high_seconds =
			trend_reaches(&limit->line, (double)limit->high_bytes).seconds;
}

void limits_begin(struct limits *l, uint64_t now_ns, const struct meminfo *m)
{
	uint64_t free_bytes = m->available_bytes + m->swap_free_bytes;

	l->now_ns = now_ns;
	l->round++;
	l->swap_free_bytes = m->swap_free_bytes;
	l->machine.limit_bytes = m->total_bytes + m->swap_total_bytes;
	l->machine.used_bytes = l->machine.limit_bytes - MIN(free_bytes, l->machine.limit_bytes);
	l->machine.round = l->round;
	foretell(&l->machine, now_ns);
}

struct key {
	const char *path;
	size_t n;
};

static int order(const struct limit *limit, const struct key *key)
{
	int r = strncmp(limit->path, key->path, key->n);

	return r ? r : limit->path[key->n] ? 1 : 0;
}

static bool is_before(const void *element, const void *key)
{
	return order(*(struct limit *const *)element, key) < 0;
}

static struct limit *find(const struct limits *l, const struct key *key, size_t *ret_place)
{
	size_t i = array_place(l->list, l->count, sizeof(struct limit *), is_before, key);

	if (ret_place)
		*ret_place = i;
	return i < l->count && order(l->list[i], key) == 0 ? l->list[i] : NULL;
}

static struct limit *insert(struct limits *l, const struct key *key, size_t place)
{
	struct limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return NULL;
	limit->path = strndup(key->path, key->n);
	if (!limit->path ||
	    array_reserve(&l->list, &l->capacity, l->count, 1, sizeof(struct limit *)) < 0) {
		limit_free(limit);
		return NULL;
	}
	memmove(l->list + place + 1, l->list + place, (l->count - place) * sizeof(struct limit *));
	l->list[place] = limit;
	l->count++;
	return limit;
}

static void take(struct limits *l, struct limit *limit, const struct cgroup_numbers *n)
{
	uint64_t swap = MIN(n->swap_limit_bytes, n->swap_used_bytes + l->swap_free_bytes);

	limit->used_bytes = n->used_bytes - n->cache_bytes + n->swap_used_bytes;
	limit->limit_bytes = n->limit_bytes ? n->limit_bytes + swap : 0;
	limit->high_bytes = n->high_bytes ? n->high_bytes + n->swap_used_bytes : 0;
	if (limit->limit_bytes || limit->high_bytes) {
		foretell(limit, l->now_ns);
		return;
	}
	foretell_nothing(limit);
	trend_reset(&limit->trend);
}

/* The cgroup itself, unless it was read in this round. */
static int add_one(struct limits *l, const struct key *key)
{
	struct cgroup_numbers n = {0};
	size_t place;
	struct limit *limit = find(l, key, &place);
	int r;

	if (limit && limit->round == l->round)
		return 0;
	if (!limit)
		limit = insert(l, key, place);
	if (!limit)
		return -ENOMEM;
	/* A cgroup whose controllers are not enabled has no such files, nor has the root of v2. */
	r = cgroup_memory_read(l->cgroups, limit->path, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	limit->round = l->round;
	take(l, limit, &n);
	return 0;
}

/* The next one above; false: that was the root, whose path is "". */
static bool go_up(struct key *key)
{
	const char *slash = key->n ? memrchr(key->path, '/', key->n) : NULL;

	if (!slash)
		return false;
	key->n = (size_t)(slash - key->path);
	return true;
}

static struct key key_of(const char *path)
{
	struct key key = {path, strlen(path)};

	while (key.n && path[key.n - 1] == '/')
		key.n--;
	return key;
}

int limits_add(struct limits *l, const char *path)
{
	struct key key = key_of(path);
	int r;

	if (!l->cgroups->version || path[0] != '/' || !strncmp(path, "/..", 3))
		return -ENOENT; /* outside what this cgroup namespace shows */
	do {
		r = add_one(l, &key);
	} while (r == 0 && go_up(&key));
	return r;
}

void limits_end(struct limits *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->list[i]->round == l->round)
			l->list[kept++] = l->list[i];
		else
			limit_free(l->list[i]);
	l->count = kept;
}

uint64_t limit_room(const struct limit *limit)
{
	return limit->limit_bytes - MIN(limit->used_bytes, limit->limit_bytes);
}

/* Of one that has only begun to grow, perhaps: as the last reading has it. */
static double guessed_seconds(const struct limit *l)
{
	if (isfinite(l->time.seconds) || !(l->line.newest_per_second > 0))
		return l->time.seconds;
	return (double)limit_room(l) / l->line.newest_per_second;
}

static bool is_sooner(const struct limit *a, const struct limit *b)
{
	double x = guessed_seconds(a), y = guessed_seconds(b);

	if (x < y || y < x)
		return x < y;
	return limit_room(a) < limit_room(b);
}

const struct limit *limits_first(const struct limits *l, const char *path)
{
	const struct limit *first = &l->machine;
	struct key key = key_of(path ? path : "");

	if (!path)
		return first;
	do {
		const struct limit *limit = find(l, &key, NULL);

		if (limit && limit->limit_bytes && is_sooner(limit, first))
			first = limit;
	} while (go_up(&key));
	return first;
}

static uint64_t high_room(const struct limit *limit)
{
	return limit->high_bytes - MIN(limit->used_bytes, limit->high_bytes);
}

static bool is_high_sooner(const struct limit *a, const struct limit *b)
{
	if (a->high_seconds < b->high_seconds || b->high_seconds < a->high_seconds)
		return a->high_seconds < b->high_seconds;
	return high_room(a) < high_room(b);
}

const struct limit *limits_first_high(const struct limits *l, const char *path)
{
	const struct limit *first = NULL;
	struct key key = key_of(path ? path : "");

	if (!path)
		return NULL;
	do {
		const struct limit *limit = find(l, &key, NULL);

		if (limit && limit->high_bytes && (!first || is_high_sooner(limit, first)))
			first = limit;
	} while (go_up(&key));
	return first;
}

size_t limits_count(const struct limits *l)
{
	return l->count + 1;
}

struct limit *limits_at(struct limits *l, size_t i)
{
	return i ? l->list[i - 1] : &l->machine;
}

void limit_name(const struct limit *limit, struct strbuf *out)
{
	if (!limit->path) {
		strbuf_puts(out, "machine");
		return;
	}
	strbuf_puts(out, "memcg ");
	if (limit->path[0])
		text_display(out, limit->path, strlen(limit->path));
	else
		strbuf_putc(out, '/');
}

static int64_t whole(double value)
{
	return (int64_t)MIN(MAX(value, -9e18), 9e18);
}

static double seconds_or_nan(double seconds)
{
	return isfinite(seconds) ? seconds : NAN;
}

void limit_write_json(const struct limit *limit, struct json_writer *w)
{
	const char *path = !limit->path ? NULL : limit->path[0] ? limit->path : "/";

	json_writer_string(w, "limit", path ? "memcg" : "machine");
	json_writer_string(w, "limit_cgroup", path);
	json_writer_uint(w, "limit_bytes", limit->limit_bytes);
	json_writer_uint(w, "limit_used_bytes", limit->used_bytes);
	json_writer_uint(w, "limit_room_bytes", limit_room(limit));
	json_writer_int(w, "limit_growth_bytes_per_second", whole(limit->line.per_second));
	json_writer_share(w, "limit_seconds", seconds_or_nan(limit->time.seconds));
	json_writer_share(w, "limit_seconds_earliest", seconds_or_nan(limit->time.earliest));
	json_writer_share(w, "limit_seconds_latest", seconds_or_nan(limit->time.latest));
	json_writer_string(w, "limit_confidence", trend_confidence_name(limit->sure));
	json_writer_string(w, "limit_shape", trend_shape_name(limit->line.shape));
}

void limit_write_high_json(const struct limit *limit, struct json_writer *w)
{
	json_writer_string(w, "high_cgroup", limit->path[0] ? limit->path : "/");
	json_writer_uint(w, "high_bytes", limit->high_bytes);
	json_writer_share(w, "high_seconds", seconds_or_nan(limit->high_seconds));
}
