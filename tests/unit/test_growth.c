/* What processes have and how they grow: from readings that were made up. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "rate/growth.h"
#include "rate/rate_columns.h"
#include "rate/rate_json.h"
#include "rate/rate_replay.h"
#include "unit/unit.h"

#define PAGE 4096
#define SECOND UINT64_C(1000000000)

static struct memrate_task task(uint32_t pid, uint32_t tid, int64_t anon)
{
	struct memrate_task t = {
		.pid = pid,
		.tid = tid,
		.start_ns = pid,
		.mm = pid == tid ? pid : 0,
		.flags = pid == tid ? MEMRATE_SIZES : 0,
		.minor_faults = 5,
		.anon_pages = anon,
		.comm = "worker",
	};

	return t;
}

static struct rate_reading reading(struct memrate_task *tasks, size_t n, uint64_t seconds)
{
	struct rate_reading r;

	assert_int_equal(rate_reading_from_records(tasks, n, PAGE, &r), 0);
	r.time_ns = seconds * SECOND;
	return r;
}

/* Threads of a process are one, whatever their order; what they have not told yet is added. */
static void test_threads(void **state)
{
	struct memrate_task tasks[] = {task(9, 11, 0), task(7, 7, 3), task(9, 9, 100)};
	struct rate_reading r;

	(void)state;
	tasks[0].anon_untold = -40;
	tasks[0].swap_untold = 2;
	tasks[1].shmem_pages = -3; /* other CPUs have the rest: not less than nothing */
	r = reading(tasks, 3, 1);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.list[0].pid, 7);
	assert_int_equal(r.list[0].bytes[RATE_SHMEM], 0);
	assert_int_equal(r.list[1].bytes[RATE_ANON], 60 * PAGE);
	assert_int_equal(r.list[1].bytes[RATE_SWAP], 2 * PAGE);
	assert_int_equal(r.list[1].minor_faults, 10);
	assert_null(rate_reading_find(&r, 9, 8));
	assert_ptr_equal(rate_reading_find(&r, 9, 9), &r.list[1]);
	rate_reading_clear(&r);
}

/* The first thread has exited: each other one tells of the memory, which is there once. */
static void test_first_thread_gone(void **state)
{
	struct memrate_task tasks[] = {task(5, 5, 0), task(5, 6, 70), task(5, 8, 70)};
	struct rate_reading r;

	(void)state;
	tasks[0].flags = 0;
	tasks[0].mm = 0;
	tasks[1].flags = tasks[2].flags = MEMRATE_SIZES;
	tasks[1].mm = tasks[2].mm = 99;
	r = reading(tasks, 3, 1);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.list[0].bytes[RATE_ANON], 70 * PAGE);
	rate_reading_clear(&r);
}

/* By names: what is known before what is not, what a text counts besides, and growth by default. */
static void test_sort(void **state)
{
	static const char *const more[] = {"large", "small"};
	const struct rate_table table = {.more = more, .n_more = 2};
	double counts[3][2] = {{1, 9}, {5, NAN}, {3, 7}};
	static const struct {
		const char *sort;
		pid_t first, last;
	} cases[] = {{NULL, 3, 1},    {"growth", 3, 1}, {"faults", 1, 3}, {"pid", 1, 3},
		     {"large", 2, 1}, {"small", 1, 2},	{"none", 3, 1}};
	const char *names[RATE_SORTS + RATE_COLUMNS_MORE + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rate_row rows[3] = {0};

		for (int k = 0; k < 3; k++) {
			rows[k].pid = k + 1;
			rows[k].growth[RATE_ANON] = k;
			rows[k].faults = -k;
			rows[k].more = counts[k];
		}
		rate_rows_sort(&table, cases[i].sort, rows, 3);
		assert_int_equal(rows[0].pid, cases[i].first);
		assert_int_equal(rows[2].pid, cases[i].last);
	}
	rate_table_sorts(&table, names);
	assert_string_equal(names[0], "growth");
	assert_string_equal(names[RATE_SORTS + 1], "small");
	assert_null(names[RATE_SORTS + 2]);
}

static struct growth *two_readings(struct memrate_task *first, size_t n,
				   struct memrate_task *second, size_t m)
{
	struct rate_reading a = reading(first, n, 10), b = reading(second, m, 14);
	struct growth *g;

	assert_int_equal(growth_new(PAGE, &g), 0);
	assert_int_equal(growth_update(g, &a, NULL), 0);
	assert_true(growth_is_first(g));
	assert_int_equal(growth_update(g, &b, NULL), 0);
	return g;
}

/* Growth is by second; one that is new has come to all that it has; another with the same PID is
 * another. */
static void test_growth(void **state)
{
	struct memrate_task first[] = {task(1, 1, 100), task(2, 2, 50), task(3, 3, 10)};
	struct memrate_task second[] = {task(1, 1, 180), task(2, 2, 10), task(3, 3, 20),
					task(4, 4, 8)};
	const struct growth_filter any = {0};
	struct rate_row *rows;
	struct growth *g;
	size_t n;

	(void)state;
	second[1].minor_faults = 45;
	second[2].start_ns = 77;
	g = two_readings(first, 3, second, 4);
	assert_int_equal(growth_rows(g, RATE_BY_PROCESS, &any, &rows, &n), 0);
	assert_int_equal(n, 4);
	assert_true(growth_seconds(g) == 4);
	assert_true(rows[0].growth[RATE_ANON] == 20 * PAGE);
	assert_true(rows[1].growth[RATE_ANON] == -10 * PAGE);
	assert_true(rows[1].faults == 10);
	assert_true(rows[2].is_new && rows[2].growth[RATE_ANON] == 5 * PAGE);
	assert_true(rows[3].is_new && rows[3].growth[RATE_ANON] == 2 * PAGE);
	assert_true(isnan(rows[0].page_bytes) && isnan(rows[0].slab_bytes));
	rate_rows_sort(&(struct rate_table){0}, NULL, rows, n);
	assert_int_equal(rows[0].pid, 1);
	assert_int_equal(rows[3].pid, 2);
	growth_free(g);
}

/* A group has what its processes have, each memory once; it loses what one has that ended. */
static void test_groups(void **state)
{
	struct memrate_task first[] = {task(1, 1, 100), task(2, 2, 50)};
	struct memrate_task second[] = {task(1, 1, 120), task(4, 4, 120)};
	const struct growth_filter any = {0};
	struct rate_row *rows;
	struct growth *g;
	size_t n;

	(void)state;
	second[1].mm = 1; /* of process 1, by vfork */
	g = two_readings(first, 2, second, 2);
	assert_int_equal(growth_rows(g, RATE_BY_CGROUP, &any, &rows, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].processes, 2);
	assert_int_equal(rows[0].bytes[RATE_ANON], 120 * PAGE);
	assert_true(rows[0].growth[RATE_ANON] == -7.5 * PAGE);
	growth_free(g);
}

/* What was counted stands for the seconds in which it was, and for that very process. */
static void test_counts(void **state)
{
	struct memrate_task tasks[] = {task(1, 1, 100), task(2, 2, 50)};
	struct rate_count list[] = {
		{.key = {.pid = 2, .start_ns = 1}, .count = {.pages = 1000}},
		{.key = {.pid = 1, .start_ns = 1},
		 .count = {.pages = 8, .pages_freed = 4, .slab_bytes = 100, .slab_frees = 3}},
	};
	struct rate_counts counts = {
		.list = malloc(sizeof(list)), .n = 2, .capacity = 2, .seconds = 0.5};
	struct rate_reading a = reading(tasks, 2, 1), b = reading(tasks, 2, 2);
	const uint64_t pids[] = {1};
	const struct growth_filter any = {0}, one = {.pids = pids, .n_pids = 1};
	struct rate_row *rows;
	struct growth *g;
	size_t n;

	(void)state;
	memcpy(counts.list, list, sizeof(list));
	counts.has_pages = true;
	assert_int_equal(growth_new(PAGE, &g), 0);
	growth_update(g, &a, NULL);
	growth_update(g, &b, &counts);
	assert_null(counts.list);
	assert_int_equal(growth_rows(g, RATE_BY_PROCESS, &any, &rows, &n), 0);
	assert_true(rows[0].page_bytes == 16 * PAGE && rows[0].freed_bytes == 8 * PAGE);
	assert_true(isnan(rows[0].slab_bytes)); /* this kernel lacks these tracepoints */
	assert_true(rows[1].page_bytes == 0);	/* that was another with its PID */
	assert_int_equal(growth_rows(g, RATE_BY_PROCESS, &one, &rows, &n), 0);
	assert_int_equal(n, 1);
	growth_free(g);
}

/*
 * Counted for a tenth of a second of one: who has run and was not seen then may have allocated; who
 * has slept, or has run all of the time, has not.
 */
static void test_missed(void **state)
{
	enum { SEEN = 1, MISSED, SLEPT, RAN, N = 4 };
	struct memrate_task before[N], after[N];
	struct rate_count list[] = {
		{.key = {.pid = SEEN, .start_ns = SEEN}, .count = {.pages = 8}}};
	struct rate_counts counts = {.list = malloc(sizeof(list)),
				     .n = 1,
				     .capacity = 1,
				     .seconds = 0.1,
				     .has_pages = true};
	struct rate_reading a, b;
	struct growth_filter any = {0};
	struct rate_row *rows;
	struct growth *g;
	size_t n;

	(void)state;
	memcpy(counts.list, list, sizeof(list));
	for (uint32_t i = 0; i < N; i++) {
		before[i] = after[i] = task(i + 1, i + 1, 10);
		before[i].memcg_id = after[i].memcg_id = 1;
		before[i].cpu_ns = SECOND;
		after[i].cpu_ns = SECOND + (i + 1 == SLEPT ? 0
					    : i + 1 == RAN ? SECOND * 99 / 100
							   : SECOND / 10);
	}
	a = reading(before, N, 1);
	b = reading(after, N, 2);
	assert_int_equal(growth_new(PAGE, &g), 0);
	growth_update(g, &a, NULL);
	growth_update(g, &b, &counts);
	assert_int_equal(growth_rows(g, RATE_BY_PROCESS, &any, &rows, &n), 0);
	assert_int_equal(n, N);
	assert_true(rows[SEEN - 1].page_bytes == 80 * PAGE);
	assert_true(isnan(rows[MISSED - 1].page_bytes) && isnan(rows[MISSED - 1].freed_bytes));
	assert_true(rows[SLEPT - 1].page_bytes == 0);
	assert_true(rows[RAN - 1].page_bytes == 0);
	/* Of a group that has some that were seen, these are told. */
	assert_int_equal(growth_rows(g, RATE_BY_CGROUP, &any, &rows, &n), 0);
	assert_true(n == 1 && rows[0].page_bytes == 80 * PAGE);
	any.pids = (const uint64_t[]){MISSED, SLEPT};
	any.n_pids = 2;
	assert_int_equal(growth_rows(g, RATE_BY_CGROUP, &any, &rows, &n), 0);
	assert_true(n == 1 && isnan(rows[0].page_bytes));
	growth_free(g);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	strbuf_printf(&path, "%s/%s", directory, name);
	assert_int_equal(file_replace(strbuf_text(&path), 0600, text, strlen(text)), 0);
}

/* From files alone: without BPF. */
static void test_proc(void **state)
{
	char root[] = "/tmp/test_growth-XXXXXX", command[64];
	_cleanup_strbuf_ struct strbuf directory = {0};
	struct rate_reading r;

	(void)state;
	assert_non_null(mkdtemp(root));
	strbuf_printf(&directory, "%s/proc", root);
	assert_int_equal(mkdir(strbuf_text(&directory), 0700), 0);
	strbuf_puts(&directory, "/42");
	assert_int_equal(mkdir(strbuf_text(&directory), 0700), 0);
	write_file(strbuf_text(&directory), "stat",
		   "42 (a) b) S 1 42 42 0 -1 4194304 11 0 3 0 1 2 0 0 20 0 1 0 500 1000 7 0\n");
	write_file(strbuf_text(&directory), "status",
		   "Name:\ta) b\nVmRSS:\t 7 kB\nRssAnon:\t      4 kB\nRssFile:\t 2 kB\n"
		   "RssShmem:\t 1 kB\nVmData:\t 9 kB\nVmSwap:\t 8 kB\n");
	write_file(strbuf_text(&directory), "cgroup", "0::/shop\n");
	assert_int_equal(rate_reading_from_proc(root, &r), 0);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.list[0].comm, "a) b");
	assert_string_equal(r.list[0].cgroup, "/shop");
	assert_int_equal(r.list[0].minor_faults, 11);
	assert_int_equal(r.list[0].major_faults, 3);
	assert_int_equal(r.list[0].start_ns, 5 * SECOND);
	assert_int_equal(r.list[0].bytes[RATE_ANON], 4096);
	assert_int_equal(r.list[0].bytes[RATE_SWAP], 8192);
	rate_reading_clear(&r);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* As JSON and back again. */
static void test_json(void **state)
{
	struct rate_row row = {.pid = 7,
			       .comm = "x\"y",
			       .cgroup = "/a",
			       .faults = 3,
			       .bytes = {4096, 8192, 0, 1},
			       .growth = {-5, 6, NAN, 0},
			       .page_bytes = NAN,
			       .more = (double[]){17, NAN}};
	static const char *const more[] = {"large", "small", NULL};
	const struct rate_table table = {.by = RATE_BY_PROCESS, .more = more, .n_more = 2};
	struct rate_names names = {0};
	const struct rate_interval interval = {.time = "T", .seconds = 2, .one_in = 100};
	struct rate_interval back_interval;
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
	struct json_writer *w = json_writer_open();
	struct rate_row back = {0};
	char *time = NULL;
	enum rate_by by;

	(void)state;
	rate_row_json(&table, &interval, &row, w);
	assert_int_equal(json_writer_line(w, &line), 0);
	assert_int_equal(rate_row_parse(strbuf_text(&line), line.length, &by, &time, &back_interval,
					&back, &names, &why),
			 0);
	assert_int_equal(by, RATE_BY_PROCESS);
	assert_string_equal(time, "T");
	assert_true(back_interval.seconds == 2 && back_interval.one_in == 100);
	assert_string_equal(back.comm, row.comm);
	assert_string_equal(back.cgroup, row.cgroup);
	assert_int_equal(back.pid, 7);
	assert_memory_equal(back.bytes, row.bytes, sizeof(row.bytes));
	assert_true(back.growth[RATE_ANON] == -5 && isnan(back.growth[RATE_SHMEM]));
	assert_true(isnan(back.page_bytes) && back.faults == 3);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.list[0], "large");
	assert_true(back.more[0] == 17 && isnan(back.more[1]));
	rate_names_clear(&names);
	rate_row_clear(&back);
	free(time);
}

static const char *const no_rows[] = {
	"",
	"{",
	"[]",
	"1",
	"{}",
	"{\"by\":\"process\"}",
	"{\"by\":1,\"time\":2,\"rss_bytes\":3}",
	"{\"by\":\"process\",\"time\":\"T\",\"rss_bytes\":\"x\"}",
	"{\"by\":{\"a\":{\"b\":{\"c\":{}}}}}",
};

static int keep(void *user, const struct strbuf *text)
{
	strbuf_append(user, strbuf_text(text), text->length);
	return 0;
}

/* What is no recording is refused with a reason; numbers that nobody can have written do no harm.
 */
static void test_foreign(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0}, out = {0};
	const struct rate_replay_options options = {.rows = 5, .show = keep, .user = &out};
	const char *wild =
		"{\"by\":\"process\",\"time\":\"T\",\"rss_bytes\":1e300,\"pid\":-1e99,"
		"\"anon_bytes\":9e18,\"file_bytes\":9e18,\"faults_per_second\":1e400,"
		"\"limit\":\"memcg\",\"limit_seconds\":1e308,\"limit_confidence\":\"high\"}";
	struct rate_replay *replay;

	(void)state;
	assert_int_equal(rate_replay_open(&options, &replay), 0);
	for (size_t i = 1; i < ARRAY_SIZE(no_rows); i++) {
		strbuf_reset(&why);
		assert_int_equal(rate_replay_line(replay, no_rows[i], strlen(no_rows[i]), &why),
				 -EBADMSG);
		assert_true(why.length > 0);
	}
	assert_int_equal(rate_replay_line(replay, wild, strlen(wild), &why), 0);
	assert_int_equal(rate_replay_end(replay), 0);
	assert_non_null(strstr(strbuf_text(&out), "years"));
	rate_replay_close(replay);
}

/* A narrow line has what matters; a wide one all. */
static void test_columns(void **state)
{
	struct rate_table t = {.width = 80};
	struct rate_row row = {.pid = 1, .comm = "x", .cgroup = "/a"};
	_cleanup_strbuf_ struct strbuf narrow = {0}, wide = {0};

	(void)state;
	assert_int_equal(rate_table_text(&t, &row, 1, &narrow), 0);
	assert_non_null(strstr(strbuf_text(&narrow), "FULL IN"));
	assert_null(strstr(strbuf_text(&narrow), "CGROUP"));
	assert_in_range(strcspn(strbuf_text(&narrow), "\n"), 70, 80);
	strbuf_reset(&narrow);
	t.width = 40; /* no cell is cut for a column that matters less */
	assert_int_equal(rate_table_text(&t, &row, 1, &narrow), 0);
	assert_true(strstr(strbuf_text(&narrow), "GROW/s") && strstr(strbuf_text(&narrow), "FULL"));
	assert_null(strstr(strbuf_text(&narrow), "ALLOC"));
	assert_in_range(strcspn(strbuf_text(&narrow), "\n"), 30, 40);
	strbuf_reset(&narrow);
	t.width = 100;
	assert_int_equal(rate_table_text(&t, &row, 1, &narrow), 0);
	assert_non_null(strstr(strbuf_text(&narrow), "LIMIT"));
	assert_in_range(strcspn(strbuf_text(&narrow), "\n"), 90, 100);
	t.width = 0;
	assert_int_equal(rate_table_text(&t, &row, 1, &wide), 0);
	assert_non_null(strstr(strbuf_text(&wide), "CGROUP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads), cmocka_unit_test(test_first_thread_gone),
		cmocka_unit_test(test_sort),	cmocka_unit_test(test_growth),
		cmocka_unit_test(test_groups),	cmocka_unit_test(test_counts),
		cmocka_unit_test(test_proc),	cmocka_unit_test(test_json),
		cmocka_unit_test(test_foreign), cmocka_unit_test(test_columns),
		cmocka_unit_test(test_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
