#include "unit.h"

#include <errno.h>

#include "console/tokenizer.h"

/* The words of the command at FROM, "|" between; what comes next is in *NEXT. */
static int words(const char *line, size_t n, size_t from, char *out, size_t size, size_t *next)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct token_list t = {0};
	int r = tokenize(line, n, from, &t, &why);

	*out = '\0';
	for (size_t i = 0; i < t.count; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s", i ? "|" : "",
			 t.list[i].text);
	*next = t.next;
	assert_true(r == 0 || why.length);
	token_list_clear(&t);
	return r;
}

static void is(const char *line, const char *want)
{
	char got[256];
	size_t next;

	assert_int_equal(words(line, strlen(line), 0, got, sizeof(got), &next), 0);
	assert_string_equal(got, want);
}

static void test_words(void **state)
{
	(void)state;
	is("", "");
	is("  a\tbc  d ", "a|bc|d");
	is("a 'b c' \"d e\"", "a|b c|d e");
	is("a'b'\"c\"d", "abcd");
	is("a '' \"\" b", "a|||b");
	is("a\\ b \\' \\\" \\\\ \\; \\#", "a b|'|\"|\\|;|#");
	is("'a\\b' \"a\\\"b\" \"a'b\" 'a\"b'", "a\\b|a\"b|a'b|a\"b");
	is("# all of it", "");
	is("a # the rest; too", "a");
	is("a#b '#c'", "a#b|#c");
	is("caf\xc3\xa9 \xff\xfe", "caf\xc3\xa9|\xff\xfe");
	is("? $HOME `x` *.c ~", "?|$HOME|`x`|*.c|~");
}

static void test_commands(void **state)
{
	static const char line[] = "a b;; c ';' ;d # e ; f";
	static const char *const want[] = {"a|b", "", "c|;", "d"};
	char got[64];
	size_t from = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_true(from < strlen(line));
		assert_int_equal(words(line, strlen(line), from, got, sizeof(got), &from), 0);
		assert_string_equal(got, want[i]);
	}
	assert_int_equal(from, strlen(line));
}

static void test_faults(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		const char *words, *why;
		char quote;
	} faults[] = {
		{"a \"b c", 6, "a|b c", "the quote \" at character 3 is not closed", '"'},
		{"a 'b", 4, "a|b", "the quote ' at character 3 is not closed", '\''},
		{"a b\\", 4, "a|b", "there is nothing behind the backslash at the end", '\\'},
		{"a \0b", 4, "a", "character 3 is a control character (0x00): remove it", 0},
		{"a x\033[2J", 7, "a|x", "character 4 is a control character (0x1b): remove it", 0},
		{"a \\\n", 4, "a|", "character 4 is a control character (0x0a): remove it", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};
		struct token_list t = {0};
		char got[64];
		size_t next;

		assert_int_equal(words(faults[i].line, faults[i].n, 0, got, sizeof(got), &next),
				 -EINVAL);
		assert_string_equal(got, faults[i].words);
		assert_int_equal(tokenize(faults[i].line, faults[i].n, 0, &t, &why), -EINVAL);
		assert_string_equal(strbuf_text(&why), faults[i].why);
		assert_int_equal(t.list[t.count - 1].quote, faults[i].quote);
		token_list_clear(&t);
	}
}

static void test_places(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct token_list t = {0};

	(void)state;
	assert_int_equal(tokenize(" ab 'c d'", 9, 0, &t, &why), 0);
	assert_int_equal(t.list[0].start, 1);
	assert_int_equal(t.list[0].end, 3);
	assert_int_equal(t.list[1].start, 4);
	assert_int_equal(t.list[1].end, 9);
	/* Used again without being cleared. */
	assert_int_equal(tokenize("x", 1, 0, &t, &why), 0);
	assert_int_equal(t.count, 1);
	token_list_clear(&t);
}

/* What is quoted comes back as the same one word, also when more is typed behind it. */
static void test_quote(void **state)
{
	static const char *const texts[] = {"",	   "a",	    "a b",	"'\"\\;#?", "#x",
					    "x#y", "\t; a", "\xc3\xa9", "-c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
		struct token_list t = {0};

		token_quote(texts[i], &line);
		assert_int_equal(tokenize(strbuf_text(&line), line.length, 0, &t, &why), 0);
		assert_int_equal(t.count, 1);
		assert_string_equal(t.list[0].text, texts[i]);
		token_list_clear(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),  cmocka_unit_test(test_commands),
		cmocka_unit_test(test_faults), cmocka_unit_test(test_places),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
