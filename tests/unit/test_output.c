/* What people and programs read: the kill line, JSON, tables, numbers; and what /proc says. */
#include "unit/unit.h"

#include <errno.h>

#include "oom/kill_line.h"
#include "output/human.h"
#include "output/json_writer.h"
#include "output/table_writer.h"
#include "proc/clock.h"
#include "proc/process.h"

static struct kill *sample_kill(void)
{
	struct kill *k = kill_new();

	assert_non_null(k);
	k->time_ns = clock_realtime_ns();
	k->trigger.pid = 21;
	k->victim.pid = 1000;
	k->domain.pages = 8192;
	k->trigger.comm = strdup("kworker/u8:\x1b[0");
	k->victim.comm = strdup("a\"b\nc\xff");
	k->machine.loadavg = strdup("0.33 1.04 12.50 3/282 13724");
	return k;
}

static void line_is_bccs(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_kill_ struct kill *k = sample_kill(), *none = kill_new();

	(void)state;
	assert_int_equal(kill_line(k, false, NULL, &out), 0);
	assert_string_equal(strbuf_text(&out) + 8,
			    " Triggered by PID 21 (\"kworker/u8:\\x1b[0\"), OOM kill of PID 1000 "
			    "(\"a\"b\\x0ac\\xff\"), 8192 pages, loadavg: 0.33 1.04 12.50 3/282 "
			    "13724\n");
	strbuf_reset(&out);
	k->domain.pages = KILL_UNKNOWN;
	assert_int_equal(kill_line(k, true, NULL, &out), 0);
	assert_non_null(strstr(strbuf_text(&out), "), n/a pages, loadavg: "));
	assert_int_equal(strbuf_text(&out)[23], ' ');
	strbuf_reset(&out);
	assert_int_equal(kill_line(none, false, NULL, &out), 0);
	assert_string_equal(
		strbuf_text(&out),
		"n/a Triggered by PID n/a (\"n/a\"), OOM kill of PID n/a (\"n/a\"), n/a "
		"pages, loadavg: n/a\n");
}

static void json_arrays(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json_writer *w = json_writer_open();

	(void)state;
	json_writer_uint(w, "n", UINT64_MAX);
	for (int i = 0; i < 2; i++) {
		json_writer_begin_element(w, "rows");
		json_writer_int(w, "i", -i);
		json_writer_end_element(w);
	}
	json_writer_bool(w, "ok", true);
	assert_int_equal(json_writer_line(w, &out), 0);
	assert_string_equal(strbuf_text(&out), "{\"n\":18446744073709551615,\"rows\":[{\"i\":0},"
					       "{\"i\":-1}],\"ok\":true}\n");
}

static void bytes_for_people(void **state)
{
	static const struct {
		int64_t bytes;
		const char *want;
	} cases[] = {{0, "0B"},		{1023, "1023B"},     {1024, "1.0K"},	 {1536, "1.5K"},
		     {1048575, "1.0M"}, {-2097152, "-2.0M"}, {INT64_MAX, "8.0E"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		human_bytes(&out, cases[i].bytes);
		assert_string_equal(strbuf_text(&out), cases[i].want);
	}
}

static void counts_for_people(void **state)
{
	static const struct {
		int64_t count;
		const char *want;
	} cases[] = {{0, "0"},		 {99999, "99999"},     {-7, "-7"},
		     {100000, "100.0k"}, {-123456, "-123.5k"}, {999949, "999.9k"},
		     {999950, "1.0M"},	 {1500000, "1.5M"},    {INT64_MAX, "9.2E"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		human_count(&out, cases[i].count);
		assert_string_equal(strbuf_text(&out), cases[i].want);
	}
}

static void spans_for_people(void **state)
{
	static const struct {
		double seconds;
		const char *want;
	} cases[] = {{0, "0 ms"},	 {0.9994, "999 ms"}, {1, "1.0 s"},
		     {119.9, "119.9 s"}, {120, "2 min"},     {7199, "120 min"},
		     {7200, "2.0 h"},	 {172799, "48.0 h"}, {172800, "2.0 days"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		human_duration(&out, (uint64_t)(cases[i].seconds * 1e9));
		assert_string_equal(strbuf_text(&out), cases[i].want);
	}
}

static void table_lines(void **state)
{
	static const struct table_column columns[] = {
		{"BYTES", 7, false}, {"NAME", 0, true}, {"SITE", 0, true}};
	static const char *const row[] = {"12", "ab", "main.leak \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"};
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	table_writer_heads(&out, columns, 3, 2);
	table_writer_row(&out, columns, 3, 2, 0, row);
	table_writer_row(&out, columns, 3, 2, 28, row);
	assert_string_equal(strbuf_text(&out), "    BYTES NAME SITE\n"
					       "       12 ab   main.leak \xc3\xa9\xc3\xa9\xc3\xa9"
					       "\xc3\xa9\n"
					       "       12 ab   main.leak ...\n");
}

static void stat_lines(void **state)
{
	static const char good[] = "7 (a) b) R 1 (x) S 1 2 3 4 5 2097216 7 8 9 10 11 12 13 14 15 "
				   "16 17 18 999 20 31 18446744073709551615 1 2 4711 3\n";
	struct process p;

	(void)state;
	assert_int_equal(process_parse_stat(good, strlen(good), &p), 0);
	assert_int_equal(p.pid, 7);
	assert_string_equal(p.comm, "a) b) R 1 (x");
	assert_int_equal(p.state, 'S');
	assert_int_equal(p.parent, 1);
	assert_true(p.is_kernel_thread);
	assert_int_equal(p.start_ticks, 999);
	assert_int_equal(p.virtual_bytes, 20);
	assert_int_equal(p.resident_bytes, 31 * sysconf(_SC_PAGESIZE));
	assert_int_equal(p.stack_start, 4711);
	assert_int_equal(process_parse_stat("7 (abc", 6, &p), -EBADMSG);
	assert_int_equal(process_parse_stat("7 )a(", 5, &p), -EBADMSG);
	assert_int_equal(process_parse_stat("7 (a) S 1 2", 11, &p), -EBADMSG);
	assert_int_equal(p.arguments_start, 0);
	assert_int_equal(process_read(getpid(), &p), 0);
	assert_true(p.arguments_start && p.arguments_start < p.arguments_end);
	assert_true(p.arguments_end - p.arguments_start > strlen("test_output"));
	assert_int_equal(p.pid, getpid());
	assert_int_equal(process_read(0x7ffffff0, &p), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_bccs),	    cmocka_unit_test(json_arrays),
		cmocka_unit_test(bytes_for_people), cmocka_unit_test(counts_for_people),
		cmocka_unit_test(spans_for_people), cmocka_unit_test(table_lines),
		cmocka_unit_test(stat_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
