#include "victim/runtime_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output/human.h"
#include "victim/victim_sites.h"

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)

static bool get(const struct victim *v, enum go_fact fact, int64_t *ret)
{
	return go_runtime_get(&v->runtime, fact, ret);
}

/* What there was: of the cgroup, or (a kill only) of the whole machine. 0: not known, or no limit.
 */
static int64_t limit_of(const struct victim *v, const char **ret_whose)
{
	uint64_t bytes = v->cgroup_limit_bytes;

	*ret_whose = "the cgroup's limit";
	if (!bytes && v->killed && v->kill.flags & OOMKILL_HAS_CONTROL &&
	    v->kill.constraint == OOMKILL_WHOLE_MACHINE) {
		*ret_whose = "the machine's memory and swap";
		bytes = v->kill.totalpages * (uint64_t)sysconf(_SC_PAGESIZE);
	}
	return bytes < (UINT64_C(1) << 60) ? (int64_t)bytes : 0;
}

enum limit_state { LIMIT_NOT_KNOWN, LIMIT_UNSET, LIMIT_ABOVE, LIMIT_BELOW, LIMIT_SET };

static enum limit_state limit_state(const struct victim *v)
{
	int64_t go_limit, limit;
	const char *whose;

	if (!get(v, GO_MEMORY_LIMIT, &go_limit))
		return LIMIT_NOT_KNOWN;
	if (go_limit == GO_NO_MEMORY_LIMIT)
		return LIMIT_UNSET;
	limit = limit_of(v, &whose);
	if (!limit)
		return LIMIT_SET;
	return go_limit >= limit ? LIMIT_ABOVE : LIMIT_BELOW;
}

/* As GOMEMLIMIT is written, and to the byte. */
static void put_limit(struct strbuf *out, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	strbuf_printf(out, "%" PRId64 "%s", bytes, units[unit]);
}

/* A tenth is left for what the limit does not count: the executable, C code, page cache. */
static int64_t advised_limit(int64_t cgroup_limit)
{
	int64_t bytes = cgroup_limit / 10 * 9;

	return bytes >= 16 * MIB ? bytes / MIB * MIB : bytes / KIB * KIB;
}

/* Ends the line. A limit below the machine's memory is not advised: others use that too. */
static void put_what_to_do(const struct victim *v, struct strbuf *out)
{
	int64_t marked, advised = advised_limit((int64_t)v->cgroup_limit_bytes);

	if (advised) {
		strbuf_puts(out, ": set GOMEMLIMIT=");
		put_limit(out, advised);
	}
	strbuf_putc(out, '\n');
	if (advised && get(v, GO_HEAP_MARKED, &marked) && marked > advised) {
		strbuf_puts(out, "That alone is not enough: ");
		human_bytes(out, marked);
		strbuf_puts(out, " were in use at the last collection\n");
	}
}

static void advise_unset(const struct victim *v, struct strbuf *out)
{
	bool gc_off, say = victim_of_oom(v) || v->cgroup_limit_bytes;
	int64_t percent;

	gc_off = get(v, GO_GC_PERCENT, &percent) && percent < 0;
	if (say || gc_off)
		strbuf_puts(out, "GOMEMLIMIT is not set");
	if (v->cgroup_limit_bytes) {
		strbuf_puts(out, ", but the cgroup's limit is ");
		put_limit(out, (int64_t)v->cgroup_limit_bytes);
	}
	if (say || gc_off)
		put_what_to_do(v, out);
	if (gc_off)
		strbuf_puts(out, "GOGC=off: without GOMEMLIMIT no collection starts by itself\n");
}

static void put_go_limit(const struct victim *v, struct strbuf *out)
{
	int64_t limit;

	strbuf_puts(out, "GOMEMLIMIT");
	if (!get(v, GO_MEMORY_LIMIT, &limit) || limit == GO_NO_MEMORY_LIMIT) {
		strbuf_puts(out, " is not set");
		return;
	}
	strbuf_putc(out, '=');
	put_limit(out, limit);
}

static void advise_above(const struct victim *v, struct strbuf *out)
{
	int64_t go_limit, limit;
	const char *whose;

	limit = limit_of(v, &whose);
	put_go_limit(v, out);
	strbuf_printf(out, " is %s %s of ",
		      get(v, GO_MEMORY_LIMIT, &go_limit) && go_limit > limit ? "above" : "all of",
		      whose);
	put_limit(out, limit);
	put_what_to_do(v, out);
}

/* The limit is one that the program cannot keep. */
static bool is_too_low(const struct victim *v, int64_t *ret_marked)
{
	int64_t go_limit;

	return get(v, GO_MEMORY_LIMIT, &go_limit) && get(v, GO_HEAP_MARKED, ret_marked) &&
	       *ret_marked > go_limit;
}

static void advise_below(const struct victim *v, struct strbuf *out)
{
	int64_t marked;

	if (!is_too_low(v, &marked))
		return;
	put_go_limit(v, out);
	strbuf_puts(out, " cannot be kept: ");
	human_bytes(out, marked);
	strbuf_puts(out, " were in use at the last collection\n");
}

void runtime_report_advice(const struct victim *v, struct strbuf *out)
{
	switch (limit_state(v)) {
	case LIMIT_NOT_KNOWN:
		break;
	case LIMIT_UNSET:
		advise_unset(v, out);
		break;
	case LIMIT_ABOVE:
		advise_above(v, out);
		break;
	case LIMIT_BELOW:
	case LIMIT_SET:
		advise_below(v, out);
		break;
	}
}

static void put_collections(const struct victim *v, struct strbuf *out)
{
	int64_t count, running, percent;
	const char *before = "collections: ";

	if (get(v, GO_GC_COUNT, &count)) {
		strbuf_printf(out, "%s%" PRId64 " completed", before, count);
		before = ", ";
	}
	if (get(v, GO_GC_RUNNING, &running)) {
		strbuf_printf(out, "%s%s running", before, running ? "one" : "none");
		before = ", ";
	}
	if (get(v, GO_GC_PERCENT, &percent)) {
		strbuf_printf(out, percent < 0 ? "%sGOGC=off" : "%sGOGC=%" PRId64, before, percent);
		before = ", ";
	}
	if (*before == ',')
		strbuf_putc(out, '\n');
}

/* Where the advice has not said it already. */
static void put_memory_limit(const struct victim *v, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	enum limit_state state = limit_state(v);
	const char *whose;

	runtime_report_advice(v, &said);
	if (state == LIMIT_NOT_KNOWN || said.length)
		return;
	put_go_limit(v, out);
	if (state == LIMIT_BELOW) {
		int64_t limit = limit_of(v, &whose);

		strbuf_printf(out, ", below %s of ", whose);
		put_limit(out, limit);
	}
	strbuf_putc(out, '\n');
}

/* "31.5M live": nothing if it is not known. */
static bool put_size(const struct victim *v, enum go_fact fact, const char *before,
		     const char *what, struct strbuf *out)
{
	int64_t bytes;

	if (!get(v, fact, &bytes))
		return false;
	strbuf_puts(out, before);
	human_bytes(out, bytes);
	strbuf_puts(out, what);
	return true;
}

static void put_heap(const struct victim *v, struct strbuf *out)
{
	const struct heap_totals *totals = v->profile || v->kept ? victim_totals(v) : NULL;
	int64_t count;

	if (put_size(v, GO_HEAP_LIVE, "heap: ", "", out)) {
		if (!get(v, GO_GC_COUNT, &count) || count > 0)
			put_size(v, GO_HEAP_MARKED, "; ",
				 " of it was in use at the last collection", out);
		strbuf_putc(out, '\n');
		put_size(v, GO_HEAP_INUSE, "spans: ", " in use", out);
		put_size(v, GO_HEAP_FREE, ", ", " free", out);
		put_size(v, GO_HEAP_RELEASED, ", ", " given back to the kernel\n", out);
		put_size(v, GO_TOTAL_ALLOC, "since the start: ", " allocated", out);
		put_size(v, GO_TOTAL_FREE, ", ", " freed\n", out);
	}
	if (totals && totals->since_gc_known) {
		strbuf_puts(out, "since the last collection: ");
		human_bytes(out, totals->since_gc_bytes);
		strbuf_printf(out, " allocated in %" PRId64 " objects (from the samples)\n",
			      totals->since_gc_objects);
	}
}

void runtime_report_details(const struct victim *v, struct strbuf *out)
{
	int64_t now, most;
	bool now_known = get(v, GO_GOROUTINES, &now);

	put_memory_limit(v, out);
	put_collections(v, out);
	put_heap(v, out);
	if (now_known)
		strbuf_printf(out, "goroutines: %" PRId64 ", the runtime's own included", now);
	if (get(v, GO_GOROUTINES_MOST, &most))
		strbuf_printf(out, "%s at most %" PRId64 " at once",
			      now_known ? ";" : "goroutines:", most);
	if (now_known || get(v, GO_GOROUTINES_MOST, &most))
		strbuf_putc(out, '\n');
}

void runtime_report_json(const struct victim *v, struct json_writer *w)
{
	static const struct {
		enum go_fact fact;
		const char *key;
	} members[] = {
		{GO_GC_COUNT, "go_gc_completed"},
		{GO_GC_RUNNING, "go_gc_running"},
		{GO_GC_PERCENT, "go_gc_percent"},
		{GO_MEMORY_LIMIT, "go_memory_limit_bytes"},
		{GO_HEAP_LIVE, "go_heap_live_bytes"},
		{GO_HEAP_MARKED, "go_heap_marked_bytes"},
		{GO_HEAP_INUSE, "go_heap_inuse_bytes"},
		{GO_HEAP_FREE, "go_heap_free_bytes"},
		{GO_HEAP_RELEASED, "go_heap_released_bytes"},
		{GO_TOTAL_ALLOC, "go_total_alloc_bytes"},
		{GO_TOTAL_FREE, "go_total_free_bytes"},
		{GO_GOROUTINES, "go_goroutines"},
		{GO_GOROUTINES_MOST, "go_goroutines_most"},
	};
	static const char *const states[] = {[LIMIT_NOT_KNOWN] = NULL,
					     [LIMIT_UNSET] = "unset",
					     [LIMIT_ABOVE] = "above",
					     [LIMIT_BELOW] = "below",
					     [LIMIT_SET] = "set"};
	int64_t value;

	/* Of other programs there is nothing to say at all. */
	if (!v->binary)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *key = members[i].key;
		bool known = get(v, members[i].fact, &value);

		if (!known || (members[i].fact == GO_MEMORY_LIMIT && value == GO_NO_MEMORY_LIMIT))
			json_writer_null(w, key);
		else if (members[i].fact == GO_GC_RUNNING)
			json_writer_bool(w, key, value);
		else
			json_writer_int(w, key, value);
	}
	json_writer_string(w, "go_memory_limit", states[limit_state(v)]);
	if (v->cgroup_limit_bytes)
		json_writer_uint(w, "cgroup_limit_bytes", v->cgroup_limit_bytes);
	else
		json_writer_null(w, "cgroup_limit_bytes");
}
