/* What the runtime says of itself: the layout of each version, and what is not believed. */
#include "unit/unit.h"

#include <errno.h>

#include "go/go_runtime.h"

#define MIB (INT64_C(1) << 20)

/* The offsets of each version, as its own debug information has them; 1.20's by its source. */
static const struct offsets {
	int minor;
	size_t live, marked, inuse, released, free, total_alloc, total_free;
} versions[] = {
	{19, 0x88, 0xb8, 0x130, 0x138, 0x140, 0x148, 0x150},
	{20, 0x50, 0x80, 0xf8, 0x100, 0x108, 0x110, 0x118},
	{21, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{22, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{23, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{24, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{25, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{26, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
	{27, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
};

static void put(struct oomprof_runtime *raw, size_t offset, uint64_t value)
{
	memcpy(raw->gc_controller + offset, &value, sizeof(value));
}

/* GOGC=150, GOMEMLIMIT=1009MiB, all else prime. */
static struct oomprof_runtime make(const struct offsets *o)
{
	struct oomprof_runtime raw = {
		.known = 63, .write_barrier = 1, .allglen = 1013, .goroutines = 307};

	memset(raw.gc_controller, 0xa5, sizeof(raw.gc_controller));
	put(&raw, 0, 150);
	put(&raw, 8, 1009 << 20);
	put(&raw, 16, (4 << 20) * 150 / 100);
	put(&raw, o->live, 700001);
	put(&raw, o->marked, 500009);
	put(&raw, o->inuse, 800011);
	put(&raw, o->released, 20011);
	put(&raw, o->free, 30011);
	put(&raw, o->total_alloc, 9000011);
	put(&raw, o->total_free, 8300009);
	return raw;
}

static int64_t fact(const struct go_runtime *runtime, enum go_fact which)
{
	int64_t value = -1009;

	return go_runtime_get(runtime, which, &value) ? value : -2003;
}

static void knows_the_layout_of_each_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct oomprof_runtime raw = make(&versions[i]);
		struct go_runtime r;

		go_runtime_decode(&raw, 211 << 1 | 1, versions[i].minor, 1 << 30, &r);
		assert_int_equal(fact(&r, GO_GC_COUNT), 211);
		assert_int_equal(fact(&r, GO_GC_RUNNING), 1);
		assert_int_equal(fact(&r, GO_GC_PERCENT), 150);
		assert_int_equal(fact(&r, GO_MEMORY_LIMIT), 1009 * MIB);
		assert_int_equal(fact(&r, GO_HEAP_LIVE), 700001);
		assert_int_equal(fact(&r, GO_HEAP_MARKED), 500009);
		assert_int_equal(fact(&r, GO_HEAP_INUSE), 800011);
		assert_int_equal(fact(&r, GO_HEAP_RELEASED), 20011);
		assert_int_equal(fact(&r, GO_HEAP_FREE), 30011);
		assert_int_equal(fact(&r, GO_TOTAL_ALLOC), 9000011);
		assert_int_equal(fact(&r, GO_TOTAL_FREE), 8300009);
		assert_int_equal(fact(&r, GO_GOROUTINES_MOST), 1013);
		assert_int_equal(fact(&r, GO_GOROUTINES), 307);
	}
}

/* Of a version that did not exist, or is not known, only what has never moved. */
static void is_careful_with_other_versions(void **state)
{
	static const int others[] = {0, 17, 28, 1000};
	struct oomprof_runtime raw = make(&versions[8]);
	struct go_runtime r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		go_runtime_decode(&raw, 0, others[i], 0, &r);
		assert_int_equal(fact(&r, GO_GC_PERCENT), 150);
		assert_int_equal(fact(&r, GO_MEMORY_LIMIT), 1009 * MIB);
		assert_int_equal(fact(&r, GO_HEAP_LIVE), -2003);
		assert_int_equal(fact(&r, GO_HEAP_INUSE), -2003);
		assert_int_equal(fact(&r, GO_GOROUTINES_MOST), 1013);
	}
	/* Before the memory limit there was the smallest heap. */
	put(&raw, 8, (4 << 20) * 150 / 100);
	go_runtime_decode(&raw, 0, 18, 0, &r);
	assert_int_equal(fact(&r, GO_GC_PERCENT), 150);
	assert_int_equal(fact(&r, GO_MEMORY_LIMIT), -2003);
	put(&raw, 8, 1);
	go_runtime_decode(&raw, 0, 18, 0, &r);
	assert_int_equal(fact(&r, GO_GC_PERCENT), -2003);
}

static void knows_what_is_off(void **state)
{
	struct oomprof_runtime raw = make(&versions[8]);
	struct go_runtime r;

	(void)state;
	put(&raw, 0, UINT32_MAX);
	put(&raw, 8, INT64_MAX);
	put(&raw, 16, (UINT64_C(4) << 20) * UINT64_MAX / 100);
	go_runtime_decode(&raw, 0, 27, 0, &r);
	assert_int_equal(fact(&r, GO_GC_PERCENT), -1);
	assert_int_equal(fact(&r, GO_MEMORY_LIMIT), GO_NO_MEMORY_LIMIT);
	assert_int_equal(fact(&r, GO_GC_COUNT), 0);
	put(&raw, 0, 100);
	put(&raw, 16, 512 << 10); /* GOEXPERIMENT=heapminimum512kib */
	go_runtime_decode(&raw, 0, 27, 0, &r);
	assert_int_equal(fact(&r, GO_GC_PERCENT), 100);
}

/* One word made wrong takes away what can no longer be trusted. */
static void believes_no_nonsense(void **state)
{
	const struct offsets *o = &versions[8];
	const struct {
		size_t offset;
		uint64_t value;
		bool limit_known;
	} cases[] = {
		{0, 151, false},	    /* not what the smallest heap was made from */
		{0, (uint32_t)-2, false},   /* GOGC is never below -1 */
		{8, 0, false},		    /* not set up yet */
		{8, UINT64_MAX, false},	    /* a limit is positive */
		{16, 1, false},		    /* smallest heap */
		{o->live, 800012, true},    /* more than the spans in use */
		{o->marked, 1 << 20, true}, /* more than there is address space */
		{o->inuse, 1 << 20, true},
		{o->inuse, UINT64_MAX - 2, true}, /* the sum overflows */
		{o->released, 1 << 20, true},
		{o->free, 1 << 20, true},
		{o->total_alloc, UINT64_MAX, true},
		{o->total_free, UINT64_MAX, true},
	};
	struct go_runtime r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oomprof_runtime raw = make(o);

		put(&raw, cases[i].offset, cases[i].value);
		go_runtime_decode(&raw, 0, 27, 900000, &r);
		assert_int_equal(fact(&r, GO_MEMORY_LIMIT) == 1009 * MIB, cases[i].limit_known);
		assert_int_equal(fact(&r, GO_HEAP_LIVE), -2003);
		assert_int_equal(fact(&r, GO_HEAP_INUSE), -2003);
		assert_int_equal(fact(&r, GO_TOTAL_ALLOC), -2003);
	}
	for (int nonsense = 0; nonsense < 3; nonsense++) {
		struct oomprof_runtime raw = make(o);

		raw.write_barrier = nonsense == 0 ? 256 : 1;
		raw.goroutines = nonsense == 1 ? 3517 : nonsense == 2 ? 0 : 307;
		raw.allglen = nonsense == 1 ? 900000 : nonsense == 2 ? 0 : 1013;
		go_runtime_decode(&raw, nonsense ? UINT32_MAX : 0, 27, 900000, &r);
		assert_int_equal(fact(&r, GO_GC_RUNNING), nonsense == 0 ? -2003 : 1);
		assert_int_equal(fact(&r, GO_GOROUTINES_MOST), nonsense == 0 ? 1013 : -2003);
		assert_int_equal(fact(&r, GO_GOROUTINES), nonsense == 0 ? 307 : -2003);
		assert_int_equal(fact(&r, GO_GC_COUNT), nonsense ? -2003 : 0);
	}
}

static void knows_only_what_was_read(void **state)
{
	static const struct {
		uint32_t known;
		enum go_fact fact;
	} parts[] = {
		{OOMPROF_KNOWS_CYCLE, GO_GC_COUNT},
		{OOMPROF_KNOWS_WRITE_BARRIER, GO_GC_RUNNING},
		{OOMPROF_KNOWS_GC_CONTROLLER, GO_HEAP_LIVE},
		{OOMPROF_KNOWS_ALLGLEN, GO_GOROUTINES_MOST},
		{OOMPROF_KNOWS_GOROUTINES, GO_GOROUTINES},
	};
	struct oomprof_runtime raw = make(&versions[8]);
	struct go_runtime r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		raw.known = parts[i].known;
		go_runtime_decode(&raw, 0, 27, 0, &r);
		for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
			assert_int_equal(fact(&r, parts[k].fact) != -2003, i == k);
	}
}

/* The memory of a process of five goroutines, from BASE on. */
#define BASE 0x10000ull

static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t n)
{
	const uint8_t *memory = context;

	if (address < BASE || address >= BASE + 4096)
		return -EFAULT;
	n = MIN(n, BASE + 4096 - address);
	memcpy(buffer, memory + (address - BASE), n);
	return (ssize_t)n;
}

static void counts_goroutines(void **state)
{
	static const uint32_t statuses[] = {0, 4, 0x1002, 6, 3, 0x1006, 11, 9};
	uint64_t memory[512] = {ARRAY_SIZE(statuses), BASE + 0x100}, n = 1009;
	struct heap_reader reader = {read_memory, memory};
	struct go_binary b = {.minor = 27, .allglen = BASE - 8, .allgptr = BASE};
	struct oomprof_runtime raw;
	uint32_t cycle;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		memory[0x100 / 8 + i] = BASE + 0x200 + i * 0x100;
		memory[(0x200 + i * 0x100 + 0x90) / 8] = statuses[i];
		memory[(0x200 + i * 0x100 + 0x98) / 8] = i < 3 ? 2 : 6;
	}
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), 0);
	assert_int_equal(n, 4);
	b.minor = 24;
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), 0);
	assert_int_equal(n, 3);
	b.minor = 28;
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), -ENOENT);
	b.minor = 27;
	memory[(0x200 + 0x90) / 8] = 12; /* there is no such status */
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), -EBADMSG);
	memory[0x100 / 8] = 0;
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), -EFAULT);
	memory[0] = UINT64_MAX / 8;
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), -EMSGSIZE);
	b.allgptr = 0;
	assert_int_equal(go_runtime_goroutines(&reader, &b, 8, &n), -ENOENT);
	assert_int_equal(n, 3);

	b.mprof_cycle = BASE + 16;
	b.gc_controller = BASE + 4096 - 0x100; /* not all of it is there */
	go_runtime_read(&reader, &b, 8, &raw, &cycle);
	assert_int_equal(raw.known, OOMPROF_KNOWS_CYCLE | OOMPROF_KNOWS_ALLGLEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_layout_of_each_version),
		cmocka_unit_test(is_careful_with_other_versions),
		cmocka_unit_test(knows_what_is_off),
		cmocka_unit_test(believes_no_nonsense),
		cmocka_unit_test(knows_only_what_was_read),
		cmocka_unit_test(counts_goroutines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
