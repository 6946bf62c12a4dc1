#include "alloc/program_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

const char *const program_sort_names[] = {"alloc",	"objects", "heap", "rss", "gc",
					  "goroutines", "full",	   "pid",  NULL};

enum column {
	PID,
	COMM,
	GO,
	RSS,
	HEAP,
	ALLOC,
	OBJECTS,
	GCS,
	GOROUTINES,
	GOGC,
	MEMORY_LIMIT,
	CGROUP_LIMIT,
	FULL,
	PROF,
	COLUMNS
};

/* From left to right. Those with the highest `extra` go first where the line is too short. */
static const struct {
	struct table_column column;
	int extra;
} columns[COLUMNS] = {
	[PID] = {{"PID", 7, false}, 0},
	[COMM] = {{"COMM", 15, true}, 0},
	[GO] = {{"GO", 6, true}, 2},
	[RSS] = {{"RSS", 7, false}, 0},
	[HEAP] = {{"HEAP", 7, false}, 0},
	[ALLOC] = {{"ALLOC/s", 7, false}, 0},
	[OBJECTS] = {{"OBJS/s", 6, false}, 0},
	[GCS] = {{"GCS", 3, false}, 0},
	[GOROUTINES] = {{"GOROS", 6, false}, 0},
	[GOGC] = {{"GOGC", 4, false}, 3},
	[MEMORY_LIMIT] = {{"MEMLIMIT", 8, false}, 1},
	[CGROUP_LIMIT] = {{"CGLIMIT", 7, false}, 1},
	[FULL] = {{"FULL%", 5, false}, 0},
	[PROF] = {{"PROF", 7, true}, 0},
};

const struct column_about program_column_abouts[PROGRAM_COLUMNS] = {
	[PID] = {"pid", "PID", "", "the process"},
	[COMM] = {"comm", "COMM", "", "its name"},
	[GO] = {"go", "GO", "", "the version of Go that it was built with"},
	[RSS] = {"rss", "RSS", "bytes", "in memory"},
	[HEAP] = {"heap", "HEAP", "bytes", "pages of the Go heap that hold objects"},
	[ALLOC] = {"alloc", "ALLOC/s", "bytes/s", "allocated a second"},
	[OBJECTS] = {"objects", "OBJS/s", "1/s", "objects allocated a second"},
	[GCS] = {"gc", "GCS", "", "collections that ended in the interval"},
	[GOROUTINES] = {"goroutines", "GOROS", "", "goroutines that have not ended"},
	[GOGC] = {"gogc", "GOGC", "percent", "GOGC as it is now"},
	[MEMORY_LIMIT] = {"memlimit", "MEMLIMIT", "bytes", "GOMEMLIMIT as it is now"},
	[CGROUP_LIMIT] = {"cglimit", "CGLIMIT", "bytes", "the limit of its memory cgroup"},
	[FULL] = {"full", "FULL%", "percent", "how much of that limit is used"},
	[PROF] = {"prof", "PROF", "", "heap profiling; or stopped, exited, no read"},
};

_Static_assert((int)COLUMNS == PROGRAM_COLUMNS, "one for each");

static int width_of(int most_extra)
{
	int width = -1;

	for (int i = 0; i < COLUMNS; i++)
		if (columns[i].extra <= most_extra)
			width += 1 + columns[i].column.width;
	return width;
}

uint64_t program_columns_shown(uint64_t chosen, int width)
{
	uint64_t shown = 0;
	int extra = 3;

	if (chosen)
		return chosen;
	while (width && extra && width_of(extra) > width)
		extra--;
	for (int i = 0; i < COLUMNS; i++)
		if (columns[i].extra <= extra)
			shown |= UINT64_C(1) << i;
	return shown;
}

size_t program_table_columns(uint64_t chosen, int width, struct table_column *ret, int *ret_ids)
{
	uint64_t shown = program_columns_shown(chosen, width);
	size_t n = 0;

	for (int i = 0; i < COLUMNS; i++)
		if (shown & UINT64_C(1) << i) {
			ret[n] = columns[i].column;
			ret_ids[n++] = i;
		}
	return n;
}

static bool fact(const struct go_program *p, enum go_fact f, int64_t *ret)
{
	return go_runtime_get(&p->runtime, f, ret);
}

/* Percent of the cgroup's limit; negative: there is none. */
static double fullness(const struct go_program *p)
{
	return p->cgroup.limit_bytes
		       ? 100.0 * (double)p->cgroup.used_bytes / (double)p->cgroup.limit_bytes
		       : -1;
}

/* What is not known comes last. */
static double sort_key(const struct go_program *p, enum program_sort sort)
{
	int64_t n = -1;
	double rate = -1;

	switch (sort) {
	case PROGRAM_SORT_ALLOC:
		return go_program_alloc_rate(p, &rate) ? rate : -1;
	case PROGRAM_SORT_OBJECTS:
		return go_program_object_rate(p, &rate) ? rate : -1;
	case PROGRAM_SORT_HEAP:
		return fact(p, GO_HEAP_INUSE, &n) ? (double)n : -1;
	case PROGRAM_SORT_RSS:
		return (double)p->process.resident_bytes;
	case PROGRAM_SORT_GC:
		return go_program_collections(p, &n) ? (double)n : -1;
	case PROGRAM_SORT_GOROUTINES:
		return fact(p, GO_GOROUTINES, &n) ? (double)n : -1;
	case PROGRAM_SORT_FULL:
		return fullness(p);
	case PROGRAM_SORT_PID:
		break;
	}
	return -(double)p->process.pid;
}

static int compare(const void *a, const void *b, void *sort)
{
	const struct go_program *x = *(struct go_program *const *)a;
	const struct go_program *y = *(struct go_program *const *)b;
	double kx = sort_key(x, *(enum program_sort *)sort);
	double ky = sort_key(y, *(enum program_sort *)sort);

	if (kx != ky)
		return kx < ky ? 1 : -1;
	return (x->process.pid > y->process.pid) - (x->process.pid < y->process.pid);
}

void program_table_sort(struct go_program **programs, size_t n, enum program_sort sort)
{
	if (n)
		qsort_r(programs, n, sizeof(struct go_program *), compare, &sort);
}

static void put_bytes_fact(const struct go_program *p, enum go_fact f, struct strbuf *out)
{
	int64_t n;

	if (!fact(p, f, &n))
		strbuf_putc(out, '-');
	else if (f == GO_MEMORY_LIMIT && n == GO_NO_MEMORY_LIMIT)
		strbuf_puts(out, "none");
	else
		human_bytes(out, n);
}

static const char *profiling_text(const struct go_program *p)
{
	int on = go_program_profiling(p);

	return on < 0 ? "?" : on && p->enabled ? "enabled" : on ? "on" : "off";
}

static const char *state_text(const struct go_program *p)
{
	switch (p->state) {
	case GO_PROGRAM_RUNNING:
		return profiling_text(p);
	case GO_PROGRAM_STOPPED:
		return "stopped";
	case GO_PROGRAM_EXITED:
		return "exited";
	case GO_PROGRAM_UNREADABLE:
		break;
	}
	return "no read";
}

static void put_count(bool known, int64_t n, struct strbuf *out)
{
	if (known)
		human_count(out, n);
	else
		strbuf_putc(out, '-');
}

/* The cells of what changes from one interval to the next. */
static void put_change(const struct go_program *p, int id, struct strbuf *out)
{
	double rate;
	int64_t n = 0;
	bool known;

	switch (id) {
	case ALLOC:
		if (go_program_alloc_rate(p, &rate))
			human_bytes(out, llrint(rate));
		else
			strbuf_putc(out, '-');
		return;
	case OBJECTS:
		known = go_program_object_rate(p, &rate);
		put_count(known, known ? llrint(rate) : 0, out);
		return;
	case GCS:
		known = go_program_collections(p, &n);
		put_count(known, n, out);
		return;
	}
}

static void put_limit(const struct go_program *p, int id, struct strbuf *out)
{
	if (!p->cgroup_path)
		strbuf_putc(out, '-');
	else if (!p->cgroup.limit_bytes)
		strbuf_puts(out, id == FULL ? "-" : "none");
	else if (id == FULL)
		strbuf_printf(out, "%.1f", fullness(p));
	else
		human_bytes(out, (int64_t)p->cgroup.limit_bytes);
}

void program_table_cell(const struct go_program *p, int id, struct strbuf *out)
{
	const char *version = p->image.binary->version;
	int64_t n = 0;
	bool known;

	switch ((enum column)id) {
	case PID:
		strbuf_printf(out, "%d", (int)p->process.pid);
		return;
	case COMM:
		text_display(out, p->process.comm, strlen(p->process.comm));
		return;
	case GO:
		if (!strncmp(version, "go", 2))
			version += 2;
		text_display(out, *version ? version : "-", *version ? strcspn(version, " ") : 1);
		return;
	case RSS:
		human_bytes(out, (int64_t)p->process.resident_bytes);
		return;
	case HEAP:
		put_bytes_fact(p, GO_HEAP_INUSE, out);
		return;
	case MEMORY_LIMIT:
		put_bytes_fact(p, GO_MEMORY_LIMIT, out);
		return;
	case GOROUTINES:
		known = fact(p, GO_GOROUTINES, &n);
		put_count(known, n, out);
		return;
	case GOGC:
		if (fact(p, GO_GC_PERCENT, &n) && n < 0)
			strbuf_puts(out, "off");
		else
			put_count(fact(p, GO_GC_PERCENT, &n), n, out);
		return;
	case CGROUP_LIMIT:
	case FULL:
		put_limit(p, id, out);
		return;
	case PROF:
		strbuf_puts(out, state_text(p));
		return;
	default:
		put_change(p, id, out);
	}
}

int program_table_text(struct go_program *const *programs, size_t n, size_t rows, uint64_t chosen,
		       int width, struct strbuf *out)
{
	struct table_column heads[PROGRAM_COLUMNS];
	struct strbuf cells[PROGRAM_COLUMNS] = {{0}};
	const char *texts[PROGRAM_COLUMNS];
	int ids[PROGRAM_COLUMNS], r = 0;
	size_t k = program_table_columns(chosen, width, heads, ids);

	table_writer_heads(out, heads, k, 0);
	for (size_t i = 0; i < MIN(n, rows); i++) {
		for (size_t j = 0; j < k; j++) {
			strbuf_reset(&cells[j]);
			program_table_cell(programs[i], ids[j], &cells[j]);
			texts[j] = strbuf_text(&cells[j]);
			r = strbuf_error(&cells[j]) < 0 ? -ENOMEM : r;
		}
		table_writer_row(out, heads, k, 0, width, texts);
	}
	for (size_t j = 0; j < k; j++)
		strbuf_free(&cells[j]);
	return r < 0 ? r : strbuf_error(out);
}

/* Of the interval, where they are timed. */
static void put_collections(const struct go_program *p, struct strbuf *out)
{
	uint64_t timed = p->collections.timed - p->collections_before.timed;

	if (!timed)
		return;
	strbuf_puts(out, ", ");
	human_things(out, timed, "collection");
	strbuf_puts(out, " in ");
	human_duration(out, p->collections.timed_ns - p->collections_before.timed_ns);
}

static void put_note(uint64_t n, const char *what, const char *how, struct strbuf *out)
{
	if (!n)
		return;
	strbuf_puts(out, ", ");
	human_things(out, n, what);
	strbuf_printf(out, " %s", how);
}

void program_table_note(const struct go_program *p, struct strbuf *out)
{
	const struct heap_sums *sums = heap_snapshot_sums(p->snapshot);

	if (p->state == GO_PROGRAM_STOPPED)
		strbuf_puts(out, ", stopped");
	if (p->state == GO_PROGRAM_EXITED)
		strbuf_puts(out, ", has exited");
	if (p->state == GO_PROGRAM_UNREADABLE)
		strbuf_printf(out, ", cannot be read: %s", strerror(-p->error));
	if (!go_program_profiling(p))
		strbuf_puts(out, ", profiling is off");
	else if (p->enabled)
		strbuf_puts(out, ", profiling was enabled");
	if (p->heap && alloc_heap_estimated(p->heap))
		strbuf_puts(out, ", estimated from span refills");
	if (p->heap)
		put_note(alloc_heap_gaps(p->heap)->lost, "event", "lost", out);
	put_collections(p, out);
	put_note(sums->gaps.unreadable, "record", "unreadable", out);
	put_note(sums->gaps.damaged, "record", "damaged", out);
	if (sums->gaps.more)
		strbuf_puts(out, ", its list of records runs in a circle");
}

void program_table_title(const struct go_program *p, struct strbuf *out)
{
	static const enum go_fact facts[] = {GO_HEAP_INUSE, GO_GOROUTINES};
	int64_t n;

	strbuf_printf(out, "PID %d ", (int)p->process.pid);
	text_display(out, p->process.comm, strlen(p->process.comm));
	strbuf_printf(out, " %s", p->image.binary->version);
	strbuf_puts(out, ", RSS ");
	human_bytes(out, (int64_t)p->process.resident_bytes);
	if (go_runtime_get(&p->runtime, facts[0], &n)) {
		strbuf_puts(out, ", heap ");
		human_bytes(out, n);
	}
	if (go_runtime_get(&p->runtime, facts[1], &n))
		strbuf_printf(out, ", %" PRId64 " goroutines", n);
	program_table_note(p, out);
}

static void json_fact(struct json_writer *w, const char *key, const struct go_program *p,
		      enum go_fact f)
{
	int64_t n;

	if (fact(p, f, &n) && !(f == GO_MEMORY_LIMIT && n == GO_NO_MEMORY_LIMIT))
		json_writer_int(w, key, n);
	else
		json_writer_null(w, key);
}

static void json_rate(struct json_writer *w, const char *key, bool known, double rate)
{
	if (known)
		json_writer_int(w, key, llrint(rate));
	else
		json_writer_null(w, key);
}

static void json_rates(const struct go_program *p, struct json_writer *w)
{
	int64_t collections;
	double rate = 0;
	bool known = go_program_alloc_rate(p, &rate);

	json_rate(w, "alloc_bytes_per_second", known, rate);
	known = go_program_object_rate(p, &rate);
	json_rate(w, "alloc_objects_per_second", known, rate);
	if (go_program_collections(p, &collections))
		json_writer_int(w, "collections", collections);
	else
		json_writer_null(w, "collections");
}

static void json_collections(const struct go_program *p, struct json_writer *w)
{
	const struct alloc_collections *now = &p->collections, *before = &p->collections_before;

	if (!now->known)
		return;
	json_writer_uint(w, "collections_seen", now->count - before->count);
	json_writer_uint(w, "collections_timed", now->timed - before->timed);
	json_writer_uint(w, "collections_ns", now->timed_ns - before->timed_ns);
	json_writer_uint(w, "longest_collection_ns", now->longest_ns);
}

static void json_cgroup(const struct go_program *p, struct json_writer *w)
{
	json_writer_string(w, "cgroup", p->cgroup_path);
	if (p->cgroup.limit_bytes) {
		json_writer_uint(w, "cgroup_limit_bytes", p->cgroup.limit_bytes);
		json_writer_uint(w, "cgroup_used_bytes", p->cgroup.used_bytes);
		json_writer_int(w, "cgroup_full_percent", llrint(fullness(p)));
	} else {
		json_writer_null(w, "cgroup_limit_bytes");
		json_writer_null(w, "cgroup_used_bytes");
		json_writer_null(w, "cgroup_full_percent");
	}
}

void program_table_json(const struct go_program *p, struct json_writer *w)
{
	static const char *const states[] = {
		[GO_PROGRAM_RUNNING] = "running",
		[GO_PROGRAM_STOPPED] = "stopped",
		[GO_PROGRAM_EXITED] = "exited",
		[GO_PROGRAM_UNREADABLE] = "unreadable",
	};
	const struct heap_sums *sums = heap_snapshot_sums(p->snapshot);

	json_writer_int(w, "pid", p->process.pid);
	json_writer_text(w, "comm", p->process.comm, strlen(p->process.comm));
	json_writer_string(w, "executable", p->path);
	json_writer_string(w, "go_version",
			   p->image.binary->version[0] ? p->image.binary->version : NULL);
	json_writer_string(w, "state", states[p->state]);
	json_writer_uint(w, "rss_bytes", p->process.resident_bytes);
	json_fact(w, "heap_inuse_bytes", p, GO_HEAP_INUSE);
	json_fact(w, "heap_live_bytes", p, GO_HEAP_LIVE);
	json_rates(p, w);
	json_collections(p, w);
	json_fact(w, "total_alloc_bytes", p, GO_TOTAL_ALLOC);
	json_fact(w, "total_collections", p, GO_GC_COUNT);
	json_fact(w, "goroutines", p, GO_GOROUTINES);
	json_fact(w, "go_gc_percent", p, GO_GC_PERCENT);
	json_fact(w, "go_memory_limit_bytes", p, GO_MEMORY_LIMIT);
	json_cgroup(p, w);
	if (go_program_profiling(p) < 0)
		json_writer_null(w, "profiling");
	else
		json_writer_bool(w, "profiling", go_program_profiling(p));
	json_writer_bool(w, "profiling_enabled", p->enabled);
	json_writer_int(w, "mem_profile_rate_bytes", sums->rate);
	json_writer_uint(w, "buckets_read", sums->buckets);
	json_writer_uint(w, "buckets_unreadable", sums->gaps.unreadable);
	json_writer_uint(w, "buckets_damaged", sums->gaps.damaged);
}

/* "3 events lost" behind what stands there already. */
static void put_gap(uint64_t n, const char *what, const char *how, size_t start, struct strbuf *out)
{
	if (!n)
		return;
	strbuf_puts(out, out->length > start ? ", " : "not complete: ");
	human_things(out, n, what);
	strbuf_printf(out, " %s", how);
}

void program_table_gaps(struct go_program *const *programs, size_t n, struct strbuf *out)
{
	struct alloc_gaps sum = {0};
	size_t start = out->length;
	uint64_t circles = 0;

	for (size_t i = 0; i < n; i++) {
		const struct go_program *p = programs[i];
		const struct alloc_gaps *gaps =
			p->heap ? alloc_heap_gaps(p->heap) : &heap_snapshot_sums(p->snapshot)->gaps;

		sum.unreadable += gaps->unreadable;
		sum.damaged += gaps->damaged;
		sum.lost += gaps->lost;
		circles += gaps->more;
	}
	put_gap(sum.unreadable, "record", "unreadable", start, out);
	put_gap(sum.damaged, "record", "damaged", start, out);
	put_gap(circles, "circular list", "of records", start, out);
	put_gap(sum.lost, "event", "lost", start, out);
	if (out->length > start)
		strbuf_putc(out, '\n');
}
