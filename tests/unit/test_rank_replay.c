/* Rankings that were recorded, as tables again; and columns of rows. */
#include "unit/unit.h"

#include <errno.h>

#include "rank/rank_columns.h"
#include "rank/rank_json.h"
#include "rank/rank_replay.h"
#include "unit/rank_fixture.h"

static int keep(void *user, const struct strbuf *text)
{
	strbuf_puts(user, strbuf_text(text));
	return 0;
}

static void play(const char *lines, struct rank_replay_options options, struct strbuf *out)
{
	struct rank_replay *replay;

	options.show = keep;
	options.user = out;
	assert_int_equal(rank_replay_open(&options, &replay), 0);
	for (const char *line = lines; *line;) {
		_cleanup_strbuf_ struct strbuf why = {0};
		size_t n = strcspn(line, "\n");

		assert_int_equal(rank_replay_line(replay, line, n, &why), 0);
		line += n + (line[n] == '\n');
	}
	assert_int_equal(rank_replay_end(replay), 0);
	rank_replay_close(replay);
}

static struct rank_report make(struct rank_view *v, struct ranking *r)
{
	struct domain d;

	*v = (struct rank_view){.machine = fixture_machine(), .root = "/nowhere"};
	domain_of_machine(v->machine, &d);
	assert_int_equal(ranking_of(v->machine, &d, r), 0);
	return (struct rank_report){.view = v, .ranking = r};
}

static void clear(struct rank_view *v, struct ranking *r)
{
	ranking_clear(r);
	rank_view_clear(v);
}

static void what_was_recorded_is_shown(void **state)
{
	_cleanup_strbuf_ struct strbuf lines = {0}, out = {0}, same = {0};
	struct rank_view v;
	struct ranking r;
	struct rank_report p = make(&v, &r);

	(void)state;
	assert_int_equal(rank_json(&p, &lines), 0);
	play(lines.data, (struct rank_replay_options){.rows = 2, .width = 80}, &out);
	assert_string_equal(
		out.data,
		"2026-11-22T12:43:27.123Z machine, available 1.0G of 4.0G, outcome kills\n"
		"VERDICT  RANK     PID COMM                SIZE   POINTS   ADJ WHY\n"
		"skip        -    1043 postgres\\x1b[31m   602.3M        - -1000 oom_score_adj "
		"...\n"
		"kill        1    2001 shop              301.2M   208100   100 /shop/a cgroup "
		"...\n"
		"... and 7 more\n");
	play(lines.data, (struct rank_replay_options){.json = true}, &same);
	assert_string_equal(same.data, lines.data);
	clear(&v, &r);
}

static void reports_are_told_apart(void **state)
{
	static const char lines[] =
		"{\"time\":\"a\",\"domain\":\"memcg\",\"domain_memcg_path\":\"/x\",\"verdict\":"
		"\"kill\",\"change\":\"grown\",\"pid\":1}\n"
		"{\"time\":\"b\",\"verdict\":\"next\",\"pid\":2,\"rss_bytes\":-5,\"swap_bytes\":"
		"9223372036854775807,\"pgtables_bytes\":9223372036854775807}\n"
		"{\"time\":\"b\",\"verdict\":\"rank\",\"pid\":3}\n";
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	play(lines, (struct rank_replay_options){0}, &out);
	assert_non_null(strstr(out.data, "a memcg /x, available 0B of 0B, outcome \n"));
	assert_non_null(strstr(out.data, " grown\n\nb , available"));
	assert_non_null(strstr(out.data, "\nrank "));
}

static void others_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "{}",
					  "[]",
					  "{\"time\":\"a\",\"verdict\":\"kill\"}",
					  "{\"time\":\"a\",\"verdict\":1,\"pid\":1}",
					  "{\"time\":\"a\",\"verdict\":\"kill\",\"pid\":\"1\"}",
					  "{\"time\":\"a\",\"verd"};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct rank_replay_options options = {.show = keep, .user = &out};
	struct rank_replay *replay;

	(void)state;
	assert_int_equal(rank_replay_open(&options, &replay), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};

		assert_int_equal(rank_replay_line(replay, bad[i], strlen(bad[i]), &why), -EBADMSG);
		assert_true(why.length);
	}
	assert_int_equal(rank_replay_end(replay), 0);
	assert_int_equal(out.length, 0);
	rank_replay_close(replay);
}

static uint64_t choose(const char *text, uint64_t before, const char *const *more)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	_cleanup_strbuf_ struct strbuf why = {0};
	size_t n = rank_columns(more, abouts);
	uint64_t chosen;

	assert_int_equal(column_choice_parse(abouts, n, text, rank_columns_shown(before, more),
					     &chosen, &why),
			 0);
	return chosen;
}

static void columns_follow_the_probe(void **state)
{
	static const char *const more[] = {"nice", "cpu", NULL}, *const now[] = {"cpu", NULL};
	struct column_about abouts[COLUMN_CHOICE_MOST];
	uint64_t chosen = choose("+uid", 0, more);
	size_t n = rank_columns(more, abouts);
	_cleanup_strbuf_ struct strbuf text = {0}, later = {0};

	(void)state;
	assert_int_equal(rank_columns_shown(0, NULL), 0);
	assert_int_equal(rank_columns_shown(RANK_COLUMNS_NONE, more), 0);
	column_choice_text(abouts, n, chosen, &text);
	assert_string_equal(text.data, "uid,nice,cpu");
	chosen = rank_columns_as(chosen, more, now);
	n = rank_columns(now, abouts);
	column_choice_text(abouts, n, chosen, &later);
	assert_string_equal(later.data, "uid,cpu");
	assert_true(rank_columns_as(RANK_COLUMNS_NONE, more, NULL) == RANK_COLUMNS_NONE);
}

/* Each that there is must be a key of the JSON. */
static void every_column_has_a_value(void **state)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(NULL, abouts);
	struct named_values values = {0};
	struct rank_view v;
	struct ranking r;
	struct rank_report p = make(&v, &r);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_true(rank_json_has_key(abouts[i].name));
	p.columns = choose("uid,comm,unit", 0, NULL);
	assert_int_equal(rank_columns_values(&p, 0, &values), 0);
	assert_int_equal(values.count, 3);
	assert_string_equal(values.list[0].name, "comm");
	assert_string_equal(values.list[0].text, "postgres\033[31m");
	assert_string_equal(values.list[1].text, "1000");
	assert_string_equal(values.list[2].text, "n/a");
	named_values_clear(&values);
	clear(&v, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_recorded_is_shown),
		cmocka_unit_test(reports_are_told_apart),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(columns_follow_the_probe),
		cmocka_unit_test(every_column_has_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
