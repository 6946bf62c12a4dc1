/* Filters as they are typed at a console. */
#include "unit/unit.h"

#include <errno.h>

#include "oom/kill_filter_words.h"

struct words {
	char *list[16];
	size_t n;
};

static struct words split(char *text)
{
	struct words w = {0};

	for (char *one; w.n < 15 && (one = strsep(&text, " "));)
		w.list[w.n++] = one;
	return w;
}

static int parse(const char *text, struct kill_filter_words *w, struct strbuf *why)
{
	char copy[256];
	struct words words;

	snprintf(copy, sizeof(copy), "%s", text);
	words = split(copy);
	return kill_filter_words_parse(words.list, words.n, w, why);
}

static void what_is_typed_is_shown(void **state)
{
	static const char *const good[][2] = {
		{"off", "off"},
		{"name leaky", "name leaky"},
		{"pid 12,345 uid 0", "pid 12,345 uid 0"},
		{"global", "global"},
		{"uid 7 pid 1 pid 2", "pid 1,2 uid 7"},
		{"container abcd1234 global cgroup /a/b name x",
		 "name x cgroup /a/b container abcd1234 global"},
	};
	struct kill_filter_words w = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_strbuf_ struct strbuf out = {0}, why = {0};

		assert_int_equal(parse(good[i][0], &w, &why), 0);
		kill_filter_words_put(&w, &out);
		assert_string_equal(strbuf_text(&out), good[i][1]);
		assert_int_equal(kill_filter_words_any(&w), i > 0);
	}
	assert_string_equal(w.filter.cgroup_path, "/a/b");
	kill_filter_words_clear(&w);
}

static void what_is_wrong_changes_nothing(void **state)
{
	static const char *const bad[][2] = {
		{"pid", "pid: of what?"},	 {"pid x", "pid: 'x' is not a number"},
		{"pid 1,,2", "is not a number"}, {"names x", "'names' is nothing to filter by"},
		{"name x off", "'off' is"},	 {"cgroup /a/../b", "'..' in it"},
		{"uid 4294967296", "uid: '"},	 {"name ", "name: of what?"},
	};
	struct kill_filter_words w = {0};
	_cleanup_strbuf_ struct strbuf out = {0}, first = {0};

	(void)state;
	assert_int_equal(parse("name leaky pid 5", &w, &first), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};

		assert_int_equal(parse(bad[i][0], &w, &why), -EINVAL);
		if (!strstr(strbuf_text(&why), bad[i][1]))
			fail_msg("%s: %s", bad[i][0], strbuf_text(&why));
	}
	kill_filter_words_put(&w, &out);
	assert_string_equal(strbuf_text(&out), "pid 5 name leaky");
	kill_filter_words_clear(&w);
}

static void keys_are_offered(void **state)
{
	char copy[] = "name x pid";
	struct words words = split(copy);
	_cleanup_strbuf_ struct strbuf none = {0}, all = {0}, after = {0};

	(void)state;
	kill_filter_words_complete(words.list, 0, &all);
	assert_string_equal(strbuf_text(&all), "pid\nname\nuid\ncgroup\ncontainer\nglobal\noff\n");
	kill_filter_words_complete(words.list, 2, &after);
	assert_null(strstr(strbuf_text(&after), "off"));
	kill_filter_words_complete(words.list, 3, &none);
	assert_int_equal(none.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_shown),
		cmocka_unit_test(what_is_wrong_changes_nothing),
		cmocka_unit_test(keys_are_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
