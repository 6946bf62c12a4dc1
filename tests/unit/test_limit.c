/* What memory grows into, when it is full, and when to say so. */
#include "unit/unit.h"

#include <errno.h>

#include "proc/cgroup_memory.h"
#include "rate/alert.h"
#include "rate/limit.h"

#define SECOND 1000000000ULL
#define MIB 1048576.0

static char top[64];

static int make_top(void **state)
{
	(void)state;
	strcpy(top, "/tmp/oomtools-limit.XXXXXX");
	assert_non_null(mkdtemp(top));
	put_file(top, "pod", NULL);
	put_file(top, "pod/leaf", NULL);
	put_file(top, "pod/other", NULL);
	return 0;
}

static int remove_top(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command);
}

static void put_mib(const char *name, double mib)
{
	char text[32];

	snprintf(text, sizeof(text), "%.0f\n", mib * MIB);
	put_file(top, name, text);
}

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%g is not %g", value, expected);
}

static const struct meminfo machine = {.total_bytes = 8ULL << 30,
				       .available_bytes = 6ULL << 30,
				       .swap_total_bytes = 1ULL << 30,
				       .swap_free_bytes = 1ULL << 28};

/* Page cache is dropped first, swap is room and use, v2's "max" and "0" are told apart. */
static void numbers_v2(void **state)
{
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	struct cgroup_numbers n;

	(void)state;
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), -ENOENT);
	put_file(top, "pod/memory.max", "max\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	assert_int_equal(n.limit_bytes, 0);
	put_mib("pod/memory.max", 100);
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), -ENOENT);
	put_mib("pod/memory.current", 60);
	put_file(top, "pod/memory.high", "max\n");
	put_file(top, "pod/memory.swap.max", "max\n");
	put_mib("pod/memory.swap.current", 5);
	put_file(top, "pod/memory.stat",
		 "anon 1\nfile 30000000\ninactive_file_x 7\ninactive_file 1048576\n"
		 "active_file 2097152\nslab_reclaimable 524288");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	near((double)n.limit_bytes, 100 * MIB, 0);
	near((double)n.used_bytes, 60 * MIB, 0);
	near((double)n.cache_bytes, 3.5 * MIB, 0);
	near((double)n.swap_used_bytes, 5 * MIB, 0);
	assert_true(n.swap_limit_bytes == UINT64_MAX);
	assert_int_equal(n.high_bytes, 0);
	put_file(top, "pod/memory.swap.max", "0\n");
	put_mib("pod/memory.high", 50);
	/* More than there is: counters that are told late. */
	put_file(top, "pod/memory.stat", "inactive_file 99999999999\nactive_file 4096\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod/", &n), 0);
	assert_int_equal(n.swap_limit_bytes, 0);
	near((double)n.high_bytes, 50 * MIB, 0);
	near((double)n.cache_bytes, 60 * MIB, 0);
	put_file(top, "pod/memory.max", "0\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	assert_int_equal(n.limit_bytes, 1);
	put_file(top, "pod/memory.max", "lots\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), -EBADMSG);
}

static void numbers_v1(void **state)
{
	struct cgroup_memory c = {.version = 1, .mount_point = top};
	struct cgroup_numbers n;

	(void)state;
	put_mib("pod/memory.limit_in_bytes", 100);
	put_mib("pod/memory.usage_in_bytes", 60);
	put_file(top, "pod/memory.stat",
		 "inactive_file 4096\nactive_file 4096\ntotal_inactive_file 1048576\n"
		 "total_active_file 1048576\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	near((double)n.cache_bytes, 2 * MIB, 0);
	assert_int_equal(n.swap_used_bytes, 0);
	assert_true(n.swap_limit_bytes == UINT64_MAX);
	put_mib("pod/memory.memsw.usage_in_bytes", 70);
	put_mib("pod/memory.memsw.limit_in_bytes", 120);
	put_file(top, "pod/memory.swappiness", "60\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	near((double)n.swap_used_bytes, 10 * MIB, 0);
	near((double)n.swap_limit_bytes, 20 * MIB, 0);
	put_file(top, "pod/memory.swappiness", "0\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	near((double)n.swap_limit_bytes, 10 * MIB, 0);
	put_file(top, "pod/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_memory_read(&c, "/pod", &n), 0);
	assert_int_equal(n.limit_bytes, 0);
}

static void round_of(struct limits *l, uint64_t second, const struct meminfo *m)
{
	limits_begin(l, second * SECOND, m);
	assert_int_equal(limits_add(l, "/pod/leaf"), 0);
	assert_int_equal(limits_add(l, "/pod/leaf"), 0);
	assert_int_equal(limits_add(l, "/pod/other/"), 0);
	assert_int_equal(limits_add(l, "/../elsewhere"), -ENOENT);
	limits_end(l);
}

static void expect_first(struct limits *l, const char *path, const char *expected)
{
	_cleanup_strbuf_ struct strbuf name = {0};

	limit_name(limits_first(l, path), &name);
	assert_string_equal(strbuf_text(&name), expected);
}

/* The leaf has less room; but the pod, with what grows beside the leaf, is full sooner. */
static void which_is_first(void **state)
{
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	_cleanup_limits_ struct limits *l = NULL;
	_cleanup_strbuf_ struct strbuf line = {0};
	struct meminfo m = machine;
	const struct limit *first;
	struct json_writer *json;

	(void)state;
	assert_int_equal(limits_open(&c, &l), 0);
	put_mib("pod/memory.max", 1000);
	put_file(top, "pod/memory.swap.max", "0\n");
	put_mib("pod/leaf/memory.max", 500);
	put_file(top, "pod/leaf/memory.swap.max", "0\n");
	put_mib("pod/leaf/memory.high", 420);
	for (uint64_t i = 0; i < 10; i++) {
		put_mib("pod/leaf/memory.current", 400 + (double)i);
		put_mib("pod/memory.current", 800 + 10 * (double)i);
		m.available_bytes -= 11 << 20;
		round_of(l, i, &m);
		if (i == 0)
			expect_first(l, "/pod/leaf", "memcg /pod/leaf"); /* least room */
	}
	expect_first(l, "/pod/leaf", "memcg /pod");
	expect_first(l, "/pod/leaf/gone", "memcg /pod");
	expect_first(l, "/pod/other", "memcg /pod");
	expect_first(l, "/podder", "machine");
	expect_first(l, "/", "machine");
	expect_first(l, NULL, "machine");
	first = limits_first(l, "/pod/leaf");
	near(first->time.seconds, 11, 0.01);
	near(first->line.per_second, 10 * MIB, 1);
	assert_int_equal(first->sure, TREND_HIGH);
	near((double)limit_room(first), 110 * MIB, 0);
	near(limits_first(l, NULL)->time.seconds, (6144 + 256 - 110) / 11.0, 0.01);
	assert_int_equal(limits_first(l, NULL)->sure, TREND_MEDIUM); /* of ten seconds */
	/* The leaf's high mark is told, but is no limit. */
	assert_string_equal(limits_first_high(l, "/pod/leaf")->path, "/pod/leaf");
	near(limits_first_high(l, "/pod/leaf")->high_seconds, 11, 0.01);
	assert_null(limits_first_high(l, "/pod/other"));
	assert_null(limits_first_high(l, NULL));
	/* One above that is reached sooner. */
	put_mib("pod/memory.high", 900);
	put_mib("pod/memory.current", 900);
	put_mib("pod/leaf/memory.current", 410);
	round_of(l, 10, &m);
	assert_string_equal(limits_first_high(l, "/pod/leaf")->path, "/pod");
	near(limits_first_high(l, "/pod/leaf")->high_seconds, 0, 0);
	json = json_writer_open();
	limit_write_high_json(limits_first_high(l, "/pod/leaf"), json);
	assert_int_equal(json_writer_line(json, &line), 0);
	assert_string_equal(strbuf_text(&line),
			    "{\"high_cgroup\":\"/pod\",\"high_bytes\":943718400,"
			    "\"high_seconds\":0.00}\n");
	/* Who is not added any more is forgotten. */
	assert_int_equal(limits_count(l), 5);
	limits_begin(l, 20 * SECOND, &m);
	limits_end(l);
	assert_int_equal(limits_count(l), 1);
	assert_null(limits_at(l, 0)->path);
}

/* What jumps at a limit is told of that limit, not of a far one that has a trend. */
static void jumps(void **state)
{
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	_cleanup_limits_ struct limits *l = NULL;
	struct meminfo m = machine;

	(void)state;
	assert_int_equal(limits_open(&c, &l), 0);
	put_mib("pod/memory.max", 1000);
	put_file(top, "pod/leaf/memory.max", "max\n");
	put_file(top, "pod/memory.swap.max", "0\n");
	for (uint64_t i = 0; i < 12; i++) {
		m.available_bytes -= 11 << 20;
		put_mib("pod/memory.current", i < 10 ? 100 : i < 11 ? 400 : 390);
		round_of(l, i, &m);
		if (i >= 5) /* there is a trend of the machine */
			expect_first(l, "/pod/leaf", i == 10 ? "memcg /pod" : "machine");
		if (i != 10)
			continue;
		assert_int_equal(limits_first(l, "/pod/leaf")->sure, TREND_NONE);
		assert_true(isinf(limits_first(l, "/pod/leaf")->time.seconds));
	}
}

/* Swap is room as far as the cgroup and the machine have it. */
static void swap_is_room(void **state)
{
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	_cleanup_limits_ struct limits *l = NULL;

	(void)state;
	assert_int_equal(limits_open(&c, &l), 0);
	put_mib("pod/leaf/memory.max", 500);
	put_mib("pod/leaf/memory.current", 490);
	put_mib("pod/leaf/memory.swap.current", 100);
	put_file(top, "pod/leaf/memory.stat", "inactive_file 10485760\n");
	put_file(top, "pod/leaf/memory.swap.max", "max\n");
	round_of(l, 1, &machine);
	near((double)limit_room(limits_first(l, "/pod/leaf")), (20 + 256) * MIB, 0);
	put_mib("pod/leaf/memory.swap.max", 150);
	round_of(l, 2, &machine);
	near((double)limit_room(limits_first(l, "/pod/leaf")), (20 + 50) * MIB, 0);
	near((double)limits_first(l, "/pod/leaf")->limit_bytes, 650 * MIB, 0);
	/* The limit falls below what is used: there is no room, not a lot. */
	put_mib("pod/leaf/memory.max", 50);
	round_of(l, 3, &machine);
	assert_int_equal(limit_room(limits_first(l, "/pod/leaf")), 0);
	/* That it is full needs no trend, and is no guess; so with a high mark that is passed. */
	assert_true(limits_first(l, "/pod/leaf")->time.seconds == 0);
	assert_int_equal(limits_first(l, "/pod/leaf")->sure, TREND_HIGH);
	put_mib("pod/leaf/memory.high", 50);
	round_of(l, 4, &machine);
	assert_true(limits_first_high(l, "/pod/leaf")->high_seconds == 0);
}

static void without_cgroups(void **state)
{
	struct cgroup_memory c = {0};
	_cleanup_limits_ struct limits *l = NULL;
	struct meminfo none = {0};

	(void)state;
	assert_int_equal(limits_open(&c, &l), 0);
	limits_begin(l, SECOND, &machine);
	assert_int_equal(limits_add(l, "/x"), -ENOENT);
	limits_end(l);
	expect_first(l, "/x", "machine");
	assert_true(isinf(limits_first(l, "/x")->time.seconds));
	limits_begin(l, 2 * SECOND, &none);
	assert_int_equal(limit_room(limits_first(l, NULL)), 0);
}

static bool at(struct alert_state *s, double second, double seconds)
{
	return alert_due(s, 30, seconds, TREND_HIGH, (uint64_t)(second * 1e9));
}

static void once_a_need(void **state)
{
	struct alert_state s = {0};

	(void)state;
	assert_false(at(&s, 1, INFINITY));
	assert_false(at(&s, 2, 31));
	assert_true(at(&s, 3, 29));
	assert_int_equal(s.count, 1);
	/* It wavers around the bound. */
	for (double t = 4; t < 100; t += 2) {
		assert_false(at(&s, t, 44));
		assert_false(at(&s, t + 1, 16));
	}
	/* It has halved. */
	assert_true(at(&s, 101, 14.5));
	assert_int_equal(s.count, 2);
	assert_false(at(&s, 102, 8));
	assert_true(at(&s, 103, 5));
	/* For a moment it is over. */
	assert_false(at(&s, 104, 100));
	assert_false(at(&s, 110, 100));
	assert_false(at(&s, 111, 20));
	assert_false(at(&s, 112, INFINITY));
	assert_false(at(&s, 126, INFINITY));
	assert_false(at(&s, 126.5, 29));
	/* For long. */
	assert_false(at(&s, 127, INFINITY));
	assert_false(at(&s, 142, INFINITY));
	assert_true(at(&s, 143, 20));
	assert_int_equal(s.count, 1);
	assert_true(at(&s, 144, 0));
	assert_false(at(&s, 145, 0));
}

/* What is hardly sure has to be seen twice, unless there is no time. */
static void hardly_sure(void **state)
{
	struct alert_state s = {0};

	(void)state;
	assert_false(alert_due(&s, 30, 20, TREND_LOW, SECOND));
	assert_false(alert_due(&s, 30, INFINITY, TREND_NONE, 2 * SECOND));
	assert_false(alert_due(&s, 30, 20, TREND_LOW, 3 * SECOND));
	assert_true(alert_due(&s, 30, 20, TREND_LOW, 4 * SECOND));
	s = (struct alert_state){0};
	assert_true(alert_due(&s, 30, 5, TREND_LOW, SECOND));
}

static const struct alert_grower growers[] = {
	{.pid = 12, .comm = "java\n", .cgroup = "/shop/a", .bytes_per_second = 1.5 * MIB},
	{.pid = 13, .comm = "cp", .bytes_per_second = 1024},
};

/* The value of a variable; NULL: it is not there. */
static const char *variable(const struct strbuf *environment, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < environment->length; i += strlen(environment->data + i) + 1)
		if (!strncmp(environment->data + i, name, n) && environment->data[i + n] == '=')
			return environment->data + i + n + 1;
	return NULL;
}

static void told(void **state)
{
	char path[] = "/shop\033[2J";
	struct limit limit = {.path = path,
			      .limit_bytes = 512 << 20,
			      .used_bytes = 472 << 20,
			      .line = {.per_second = 1.75 * MIB, .shape = TREND_CHANGED},
			      .time = {22.9, 18.2, INFINITY},
			      .sure = TREND_MEDIUM,
			      .alert = {.count = 2}};
	struct alert a = {.limit = &limit,
			  .time_ns = 1795388607123456789,
			  .growers = growers,
			  .n_growers = 2};
	_cleanup_strbuf_ struct strbuf line = {0}, json = {0}, environment = {0};
	struct json_writer *w = json_writer_open();

	(void)state;
	setenv("TZ", "UTC", 1);
	alert_line(&a, &line);
	assert_string_equal(strbuf_text(&line),
			    "23:03:27 ALERT memcg /shop\\x1b[2J: full in about 22.9 s (18.2 s to "
			    "never, confidence medium): 40.0M of 512.0M left, grows by 1.8M/s; "
			    "fastest: java\\x0a (12) 1.5M/s, cp (13) 1.0K/s\n");
	alert_write_json(&a, w);
	assert_int_equal(json_writer_line(w, &json), 0);
	assert_string_equal(
		strbuf_text(&json),
		"{\"event\":\"alert\",\"time\":\"2026-11-22T23:03:27.123Z\",\"alert\":2,"
		"\"limit\":\"memcg\",\"limit_cgroup\":\"/shop\\u001b[2J\","
		"\"limit_bytes\":536870912,\"limit_used_bytes\":494927872,"
		"\"limit_room_bytes\":41943040,\"limit_growth_bytes_per_second\":1835008,"
		"\"limit_seconds\":22.90,\"limit_seconds_earliest\":18.20,"
		"\"limit_seconds_latest\":null,\"limit_confidence\":\"medium\","
		"\"limit_shape\":\"changed\",\"processes\":[{\"pid\":12,\"comm\":\"java\\n\","
		"\"cgroup\":\"/shop/a\",\"growth_bytes_per_second\":1572864},{\"pid\":13,"
		"\"comm\":\"cp\",\"cgroup\":null,\"growth_bytes_per_second\":1024}]}\n");
	limit.line.shape = TREND_FASTER;
	strbuf_reset(&line);
	alert_line(&a, &line);
	assert_non_null(strstr(strbuf_text(&line), "grows by 1.8M/s, faster and faster; fastest"));
	assert_int_equal(alert_environment(&a, &environment), 0);
	assert_string_equal(variable(&environment, "MEMRATE_CGROUP"), path);
	assert_string_equal(variable(&environment, "MEMRATE_ALERT"), "2");
	assert_string_equal(variable(&environment, "MEMRATE_LIMIT"), "memcg");
	assert_string_equal(variable(&environment, "MEMRATE_LIMIT_BYTES"), "536870912");
	assert_string_equal(variable(&environment, "MEMRATE_LIMIT_ROOM_BYTES"), "41943040");
	assert_string_equal(variable(&environment, "MEMRATE_SECONDS"), "22");
	assert_string_equal(variable(&environment, "MEMRATE_SECONDS_EARLIEST"), "18");
	assert_null(variable(&environment, "MEMRATE_SECONDS_LATEST"));
	assert_string_equal(variable(&environment, "MEMRATE_PID"), "12");
	assert_string_equal(variable(&environment, "MEMRATE_PIDS"), "12 13");
	assert_string_equal(variable(&environment, "MEMRATE_COMM"), "java\n");
	assert_string_equal(variable(&environment, "MEMRATE_PROCESS_CGROUP"), "/shop/a");
	assert_memory_equal(variable(&environment, "MEMRATE_LINE"), strbuf_text(&line),
			    line.length - 1);
}

/* The machine is full, and nobody is known to grow. */
static void told_of_the_machine(void **state)
{
	struct limit limit = {.limit_bytes = 1 << 30, .used_bytes = 1 << 30};
	struct alert a = {.limit = &limit};
	_cleanup_strbuf_ struct strbuf line = {0}, environment = {0};

	(void)state;
	alert_line(&a, &line);
	assert_string_equal(strbuf_text(&line), "00:00:00 ALERT machine: full: 0B of 1.0G left, "
						"grows by 0B/s\n");
	assert_int_equal(alert_environment(&a, &environment), 0);
	assert_null(variable(&environment, "MEMRATE_CGROUP"));
	assert_null(variable(&environment, "MEMRATE_PID"));
	assert_string_equal(variable(&environment, "MEMRATE_LIMIT"), "machine");
	assert_string_equal(variable(&environment, "MEMRATE_SECONDS"), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_v2, make_top, remove_top),
		cmocka_unit_test_setup_teardown(numbers_v1, make_top, remove_top),
		cmocka_unit_test_setup_teardown(which_is_first, make_top, remove_top),
		cmocka_unit_test_setup_teardown(jumps, make_top, remove_top),
		cmocka_unit_test_setup_teardown(swap_is_room, make_top, remove_top),
		cmocka_unit_test(without_cgroups),
		cmocka_unit_test(once_a_need),
		cmocka_unit_test(hardly_sure),
		cmocka_unit_test(told),
		cmocka_unit_test(told_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
