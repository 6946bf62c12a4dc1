/* What is pasted at the prompt: lines of their own. */
#include "unit.h"

#include "console/paste.h"

#define B "\033[200~"
#define E "\033[201~"

static void unfolds(const char *input, size_t at, const char *want, size_t to)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_puts(&b, input);
	assert_int_equal(paste_unfold(&b, at), to);
	assert_string_equal(strbuf_text(&b), want);
}

static void lines_are_entered(void **state)
{
	(void)state;
	unfolds("ab", 0, "ab", 0);
	unfolds("x" B "one" E "y", 0, "x" B "one" E "y", 16);
	unfolds(B "one\rtwo\r" E "y", 0, B "one" E "\r" B "two" E "\ry", 32);
	unfolds(B "one\ntwo" E, 0, B "one" E "\r" B "two" E, 31);
	unfolds(B "one\r\n\r\n\n\rtwo\r\n" E, 0, B "one" E "\r" B "two" E "\r", 32);
	unfolds(B E "y", 0, "y", 0);
	unfolds(B "\r" E "y", 0, "y", 0);
	/* As in a script. */
	unfolds(B "one \\\rmore\rtwo" E, 0, B "one \\\rmore" E "\r" B "two" E, 38);
	unfolds(B "one\\\\\rtwo" E, 0, B "one\\\\" E "\r" B "two" E, 33);
	unfolds(B "one\\" E, 0, B "one\\" E, 16);
}

static void one_after_the_other(void **state)
{
	(void)state;
	unfolds(B "a\rb" E B "c\rd" E, 0, B "a" E "\r" B "b" E B "c\rd" E, 27);
	unfolds(B "a" E "\r" B "b" E B "c\rd" E, 27, B "a" E "\r" B "b" E B "c" E "\r" B "d" E, 54);
	unfolds(B "a\rb", 0, B "a\rb", 0);
}

static void is_half(const char *input, bool want)
{
	assert_int_equal(paste_is_half(input, strlen(input)), want);
}

static void a_half_is_waited_for(void **state)
{
	(void)state;
	is_half("", false);
	is_half("abc", false);
	is_half("\033", false);
	is_half("\033[", false);
	is_half("abc\033[2", true);
	is_half("abc\033[200", true);
	is_half("\033[3", false);
	is_half(B, true);
	is_half("x" B "one\r\033[201", true);
	is_half("x" B "one\r" E, false);
	is_half(B E "ab", false);
}

static void what_is_too_long_is_not(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	strbuf_puts(&b, B);
	while (b.length < PASTE_MOST)
		strbuf_putc(&b, 'x');
	assert_true(paste_is_half(b.data, b.length));
	strbuf_putc(&b, 'x');
	assert_false(paste_is_half(b.data, b.length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_entered),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(a_half_is_waited_for),
		cmocka_unit_test(what_is_too_long_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
