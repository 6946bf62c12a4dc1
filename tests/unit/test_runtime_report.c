/* What people read of the runtime: one sentence where they should act, all of it with -v. */
#include "unit/unit.h"

#include "victim/runtime_report.h"

#define MIB (INT64_C(1) << 20)

static struct victim *make(int64_t go_limit, int64_t cgroup_limit)
{
	struct oomprof_process process = {.pid = 1009};
	struct victim *v = victim_new(&process);

	assert_non_null(v);
	v->killed = true;
	v->cgroup_limit_bytes = (uint64_t)cgroup_limit;
	go_runtime_set(&v->runtime, GO_GC_PERCENT, 100);
	go_runtime_set(&v->runtime, GO_GC_COUNT, 7);
	go_runtime_set(&v->runtime, GO_MEMORY_LIMIT, go_limit);
	go_runtime_set(&v->runtime, GO_HEAP_MARKED, 31 * MIB);
	return v;
}

static void check_advice(struct victim *v, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	runtime_report_advice(v, &out);
	assert_string_equal(strbuf_text(&out), want);
	victim_free(v);
}

static void advises(void **state)
{
	struct victim *v;

	(void)state;
	check_advice(make(GO_NO_MEMORY_LIMIT, 64 * MIB),
		     "GOMEMLIMIT is not set, but the cgroup's limit is 64MiB: set "
		     "GOMEMLIMIT=57MiB\n");
	check_advice(make(64 * MIB + 1, 64 * MIB),
		     "GOMEMLIMIT=67108865B is above the cgroup's limit of 64MiB: set "
		     "GOMEMLIMIT=57MiB\n");
	check_advice(make(64 * MIB, 64 * MIB), "GOMEMLIMIT=64MiB is all of the cgroup's limit of "
					       "64MiB: set GOMEMLIMIT=57MiB\n");
	check_advice(make(64 * MIB - 1, 64 * MIB), "");
	check_advice(make(31 * MIB - 1, 64 * MIB), "GOMEMLIMIT=32505855B cannot be kept: 31.0M "
						   "were in use at the last collection\n");
	/* The value is rounded down, of a small cgroup to less than a MiB. */
	check_advice(make(GO_NO_MEMORY_LIMIT, 16 * MIB + 4096),
		     "GOMEMLIMIT is not set, but the cgroup's limit is 16388KiB: set "
		     "GOMEMLIMIT=14749KiB\n"
		     "That alone is not enough: 31.0M were in use at the last collection\n");
	check_advice(make(GO_NO_MEMORY_LIMIT, 3072 * MIB),
		     "GOMEMLIMIT is not set, but the cgroup's limit is 3GiB: set "
		     "GOMEMLIMIT=2764MiB\n");
	v = make(GO_NO_MEMORY_LIMIT, 64 * MIB);
	go_runtime_set(&v->runtime, GO_GC_PERCENT, -1);
	check_advice(v, "GOMEMLIMIT is not set, but the cgroup's limit is 64MiB: set "
			"GOMEMLIMIT=57MiB\n"
			"GOGC=off: without GOMEMLIMIT no collection starts by itself\n");
}

/* No cgroup's limit to compare with: the machine's memory, or nothing. */
static void knows_other_domains(void **state)
{
	struct victim *v;

	(void)state;
	check_advice(make(GO_NO_MEMORY_LIMIT, 0), "GOMEMLIMIT is not set\n");
	v = make(2048 * MIB, 0);
	v->kill = (struct oomkill_event){.flags = OOMKILL_HAS_CONTROL,
					 .constraint = OOMKILL_WHOLE_MACHINE,
					 .totalpages = (1 << 30) / (uint64_t)sysconf(_SC_PAGESIZE)};
	check_advice(v, "GOMEMLIMIT=2GiB is above the machine's memory and swap of 1GiB\n");
	v = make(2048 * MIB, 0);
	check_advice(v, "");
	/* A living program without a limit is the normal case. */
	v = make(GO_NO_MEMORY_LIMIT, 0);
	v->killed = false;
	check_advice(v, "");
	/* Nothing is known: nothing is said. */
	v = make(GO_NO_MEMORY_LIMIT, 64 * MIB);
	v->runtime.known = 0;
	check_advice(v, "");
}

static void tells_all(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct victim *v = make(57 * MIB, 64 * MIB);

	(void)state;
	go_runtime_set(&v->runtime, GO_GC_RUNNING, 1);
	go_runtime_set(&v->runtime, GO_HEAP_LIVE, 40 * MIB);
	go_runtime_set(&v->runtime, GO_HEAP_INUSE, 41 * MIB);
	go_runtime_set(&v->runtime, GO_HEAP_FREE, 1 * MIB);
	go_runtime_set(&v->runtime, GO_HEAP_RELEASED, 2 * MIB);
	go_runtime_set(&v->runtime, GO_TOTAL_ALLOC, 101 * MIB);
	go_runtime_set(&v->runtime, GO_TOTAL_FREE, 61 * MIB);
	go_runtime_set(&v->runtime, GO_GOROUTINES_MOST, 1013);
	runtime_report_details(v, &out);
	assert_string_equal(strbuf_text(&out),
			    "GOMEMLIMIT=57MiB, below the cgroup's limit of 64MiB\n"
			    "collections: 7 completed, one running, GOGC=100\n"
			    "heap: 40.0M; 31.0M of it was in use at the last collection\n"
			    "spans: 41.0M in use, 1.0M free, 2.0M given back to the kernel\n"
			    "since the start: 101.0M allocated, 61.0M freed\n"
			    "goroutines: at most 1013 at once\n");
	strbuf_reset(&out);
	v->runtime.known = 0;
	runtime_report_details(v, &out);
	assert_string_equal(strbuf_text(&out), "");
	go_runtime_set(&v->runtime, GO_GOROUTINES, 17);
	go_runtime_set(&v->runtime, GO_GC_COUNT, 0);
	go_runtime_set(&v->runtime, GO_HEAP_LIVE, 40 * MIB);
	runtime_report_details(v, &out);
	assert_string_equal(strbuf_text(&out), "collections: 0 completed\n"
					       "heap: 40.0M\n"
					       "goroutines: 17, the runtime's own included\n");
	victim_free(v);
}

static void writes_json(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct known_binary binary = {.kind = BINARY_OFF};
	struct victim *v = make(GO_NO_MEMORY_LIMIT, 64 * MIB);
	struct json_writer *w = json_writer_open();

	(void)state;
	runtime_report_json(v, w); /* not a Go program: nothing */
	v->binary = &binary;
	go_runtime_set(&v->runtime, GO_GC_RUNNING, 0);
	runtime_report_json(v, w);
	assert_int_equal(json_writer_line(w, &out), 0);
	assert_string_equal(strbuf_text(&out),
			    "{\"go_gc_completed\":7,\"go_gc_running\":false,\"go_gc_percent\":100,"
			    "\"go_memory_limit_bytes\":null,\"go_heap_live_bytes\":null,"
			    "\"go_heap_marked_bytes\":32505856,\"go_heap_inuse_bytes\":null,"
			    "\"go_heap_free_bytes\":null,\"go_heap_released_bytes\":null,"
			    "\"go_total_alloc_bytes\":null,\"go_total_free_bytes\":null,"
			    "\"go_goroutines\":null,\"go_goroutines_most\":null,"
			    "\"go_memory_limit\":\"unset\",\"cgroup_limit_bytes\":67108864}\n");
	victim_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advises),
		cmocka_unit_test(knows_other_domains),
		cmocka_unit_test(tells_all),
		cmocka_unit_test(writes_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
