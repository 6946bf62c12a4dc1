/* Columns that a reader chooses, and the last texts that were printed. */
#include "unit/unit.h"

#include <errno.h>

#include "output/column_choice.h"
#include "output/recent_texts.h"

static const struct column_about columns[] = {
	{"pid", "PID", "", "the process"},
	{"alloc", "ALLOC/s", "bytes/s", "what it allocates"},
	{"allocs", "OBJS/s", "1/s", "how many"},
	{"full", "FULL%", "percent", "of its limit"},
};

static void chosen(const char *text, uint64_t shown, uint64_t want)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	uint64_t set = 99;

	assert_int_equal(column_choice_parse(columns, ARRAY_SIZE(columns), text, shown, &set, &why),
			 0);
	assert_int_equal(set, want);
	assert_int_equal(why.length, 0);
}

static void refused(const char *text, uint64_t shown, const char *want)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	uint64_t set = 99;

	assert_int_equal(column_choice_parse(columns, ARRAY_SIZE(columns), text, shown, &set, &why),
			 -EINVAL);
	assert_int_equal(set, 99);
	assert_string_equal(strbuf_text(&why), want);
}

static void columns_by_name(void **state)
{
	(void)state;
	chosen("pid", 15, 1);
	chosen("full,pid", 2, 9);
	chosen("all", 1, 15);
	chosen("all,-allocs", 1, 11);
	chosen("+full", 1, 9);
	chosen("+full,-pid", 1, 8);
	chosen("-pid,+full", UINT64_MAX, 14);
	chosen("default", 1, 0);
	chosen("FULL%,Alloc/S", 0, 10);
	refused("", 1, "no column ''; there are pid, alloc, allocs, full");
	refused("pid,,full", 1, "no column ''; there are pid, alloc, allocs, full");
	refused("+", 1, "no column ''; there are pid, alloc, allocs, full");
	refused("all\033", 1, "no column 'all\\x1b'; there are pid, alloc, allocs, full");
	refused("pi", 1, "no column 'pi'; there are pid, alloc, allocs, full");
	refused("-pid", 1, "no column would be left");
	refused("-all", 15, "no column would be left");
}

static void columns_for_people(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	column_choice_list(columns, 2, 2, &out);
	assert_string_equal(strbuf_text(&out),
			    "COLUMN       HEAD      SHOWN UNIT      MEANING\n"
			    "pid          PID       no              the process\n"
			    "alloc        ALLOC/s   yes   bytes/s   what it allocates\n");
	strbuf_reset(&out);
	column_choice_complete(columns, 2, "", &out);
	assert_string_equal(strbuf_text(&out), "pid\nalloc\nall\ndefault\n");
	strbuf_reset(&out);
	column_choice_complete(columns, 2, "+al", &out);
	assert_string_equal(strbuf_text(&out), "+pid\n+alloc\n+all\n");
	strbuf_reset(&out);
	column_choice_complete(columns, 2, "pid,-a", &out);
	assert_string_equal(strbuf_text(&out), "pid,-pid\npid,-alloc\n");
}

static void last_texts(void **state)
{
	struct recent_texts recent = {0};
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	assert_int_equal(recent_texts_add(&recent, "x", 1), 0); /* not open: nothing is kept */
	assert_int_equal(recent_texts_show(&recent, 5, &out), 0);
	assert_int_equal(recent_texts_open(&recent, 3, 10), 0);
	for (char c = 'a'; c <= 'e'; c++)
		assert_int_equal(recent_texts_add(&recent, (char[]){c, c}, 2), 0);
	assert_int_equal(recent_texts_show(&recent, 2, &out), 2);
	assert_int_equal(recent_texts_show(&recent, 9, &out), 3);
	assert_string_equal(strbuf_text(&out), "ddeeccddee");
	assert_int_equal(recent_texts_add(&recent, "0123456", 7), 0); /* room for one besides */
	strbuf_reset(&out);
	assert_int_equal(recent_texts_show(&recent, 9, &out), 2);
	assert_string_equal(strbuf_text(&out), "ee0123456");
	assert_int_equal(recent_texts_add(&recent, "01234567890", 11), 0);
	assert_int_equal(recent_texts_show(&recent, 9, &out), 2);
	recent_texts_close(&recent);
	assert_int_equal(recent_texts_show(&recent, 1, &out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_by_name),
		cmocka_unit_test(columns_for_people),
		cmocka_unit_test(last_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
