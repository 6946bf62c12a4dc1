/* lib/screen: what needs no terminal. */
#include <locale.h>

#include "screen/columns.h"
#include "screen/keys.h"
#include "screen/prompt.h"
#include "screen/selection.h"
#include "unit/unit.h"

static enum prompt_state type(struct prompt *p, const char *text)
{
	enum prompt_state state = PROMPT_EDITING;

	for (; *text; text++)
		state = prompt_key(p, *text);
	return state;
}

static void test_prompt_edits(void **unused)
{
	struct prompt p;

	(void)unused;
	prompt_begin(&p, "main");
	type(&p, ".leak");
	assert_string_equal(p.text, "main.leak");
	prompt_key(&p, SCREEN_HOME);
	type(&p, "^");
	prompt_key(&p, SCREEN_RIGHT);
	prompt_key(&p, SCREEN_DELETE);
	assert_string_equal(p.text, "^min.leak");
	prompt_key(&p, SCREEN_END);
	prompt_key(&p, SCREEN_BACKSPACE);
	assert_string_equal(p.text, "^min.lea");
	prompt_key(&p, SCREEN_LEFT);
	prompt_key(&p, SCREEN_CTRL('k'));
	assert_string_equal(p.text, "^min.le");
	prompt_key(&p, SCREEN_CTRL('a'));
	prompt_key(&p, SCREEN_RIGHT);
	prompt_key(&p, SCREEN_CTRL('u'));
	assert_string_equal(p.text, "min.le");
	prompt_key(&p, SCREEN_CTRL('e'));
	type(&p, " a b  ");
	prompt_key(&p, SCREEN_CTRL('w'));
	assert_string_equal(p.text, "min.le a ");
	assert_int_equal(prompt_key(&p, SCREEN_ENTER), PROMPT_DONE);
	assert_int_equal(prompt_key(&p, SCREEN_ESCAPE), PROMPT_CANCELLED);
	assert_int_equal(prompt_key(&p, SCREEN_UP), PROMPT_EDITING);
	assert_string_equal(p.text, "min.le a ");
}

static void test_prompt_at_its_ends(void **unused)
{
	struct prompt p;
	char text[PROMPT_MOST + 10];

	(void)unused;
	prompt_begin(&p, "");
	prompt_key(&p, SCREEN_BACKSPACE);
	prompt_key(&p, SCREEN_DELETE);
	prompt_key(&p, SCREEN_LEFT);
	prompt_key(&p, SCREEN_RIGHT);
	prompt_key(&p, SCREEN_CTRL('w'));
	prompt_key(&p, 1);
	prompt_key(&p, 0x9b);
	prompt_key(&p, 0xd800);
	assert_string_equal(p.text, "");
	for (int i = 0; i < PROMPT_MOST + 5; i++)
		prompt_key(&p, 'x');
	assert_int_equal(p.length, PROMPT_MOST);
	assert_int_equal(p.text[PROMPT_MOST], 0);
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + PROMPT_MOST - 1, "\xc3\xa9", 2); /* across the limit */
	prompt_begin(&p, text);
	assert_int_equal(p.length, PROMPT_MOST - 1);
	prompt_key(&p, 0xe9);
	assert_int_equal(p.length, PROMPT_MOST - 1);
	prompt_key(&p, 'z');
	assert_int_equal(p.length, PROMPT_MOST);
}

static void test_prompt_takes_characters_whole(void **unused)
{
	struct prompt p;

	(void)unused;
	prompt_begin(&p, "a\xc3\xa9");
	prompt_key(&p, 0x6771);
	prompt_key(&p, 0x1f600);
	assert_string_equal(p.text, "a\xc3\xa9\xe6\x9d\xb1\xf0\x9f\x98\x80");
	prompt_key(&p, SCREEN_LEFT);
	prompt_key(&p, SCREEN_BACKSPACE);
	prompt_key(&p, SCREEN_LEFT);
	prompt_key(&p, SCREEN_DELETE);
	assert_string_equal(p.text, "a\xf0\x9f\x98\x80");
	prompt_key(&p, SCREEN_BACKSPACE);
	assert_string_equal(p.text, "\xf0\x9f\x98\x80");
}

static uint64_t key_of(void *user, size_t row)
{
	return ((const uint64_t *)user)[row];
}

static void place(struct selection *s, uint64_t *keys, size_t n, size_t height)
{
	selection_place(s, n, height, key_of, keys);
}

static void test_selection_follows_its_row(void **unused)
{
	uint64_t keys[] = {10, 11, 12, 13, 14}, sorted[] = {14, 13, 11, 12, 10, 9};
	uint64_t without[] = {14, 13, 12, 10};
	struct selection s = {0};

	(void)unused;
	place(&s, keys, 5, 3);
	assert_int_equal(s.key, 10);
	/* Nothing was picked: the first row is meant, whichever it is. */
	place(&s, sorted, 6, 3);
	assert_int_equal(s.row, 0);
	assert_int_equal(s.key, 14);
	place(&s, keys, 5, 3);
	assert_true(selection_move(&s, SCREEN_DOWN, key_of, keys));
	assert_int_equal(s.key, 11);
	place(&s, sorted, 6, 2);
	assert_int_equal(s.row, 2);
	assert_int_equal(s.key, 11);
	assert_int_equal(s.top, 1);
	/* It has gone: the one in its place. */
	place(&s, without, 4, 2);
	assert_int_equal(s.row, 2);
	assert_int_equal(s.key, 12);
	place(&s, without, 1, 2);
	assert_int_equal(s.row, 0);
	assert_int_equal(s.top, 0);
	place(&s, without, 0, 2);
	assert_int_equal(s.row, 0);
	place(&s, keys, 5, 3);
	assert_int_equal(s.row, 4);
	selection_move(&s, SCREEN_HOME, key_of, keys);
	place(&s, sorted, 6, 3);
	assert_int_equal(s.key, 14);
}

static void test_selection_scrolls(void **unused)
{
	uint64_t keys[100];
	struct selection s = {0};

	(void)unused;
	for (size_t i = 0; i < 100; i++)
		keys[i] = i;
	place(&s, keys, 100, 10);
	selection_move(&s, SCREEN_UP, key_of, keys);
	assert_int_equal(s.row, 0);
	selection_move(&s, SCREEN_PAGE_DOWN, key_of, keys);
	assert_int_equal(s.row, 9);
	assert_int_equal(s.top, 0);
	selection_move(&s, SCREEN_DOWN, key_of, keys);
	assert_int_equal(s.top, 1);
	selection_move(&s, SCREEN_END, key_of, keys);
	assert_int_equal(s.row, 99);
	assert_int_equal(s.top, 90);
	selection_move(&s, SCREEN_DOWN, key_of, keys);
	assert_int_equal(s.row, 99);
	/* A higher window shows more of what is above, no void below. */
	place(&s, keys, 100, 30);
	assert_int_equal(s.top, 70);
	place(&s, keys, 100, 5);
	assert_int_equal(s.top, 95);
	selection_move(&s, SCREEN_PAGE_UP, key_of, keys);
	assert_int_equal(s.row, 95);
	selection_move(&s, SCREEN_PAGE_UP, key_of, keys);
	assert_int_equal(s.row, 91);
	assert_int_equal(s.top, 91);
	assert_false(selection_move(&s, 'x', key_of, keys));
	place(&s, keys, 0, 5);
	selection_move(&s, SCREEN_END, key_of, keys);
	selection_move(&s, SCREEN_PAGE_DOWN, key_of, keys);
	assert_int_equal(s.row, 0);
}

static void test_columns_fit(void **unused)
{
	const struct screen_column columns[] = {{"PID", 5, false, 9},
						{"A", 8, false, 1},
						{"B", 8, false, 3},
						{"WHAT", 10, true, 8}};
	int widths[4] = {5, 8, 12, 0};

	(void)unused;
	columns_fit(columns, 4, 80, widths);
	assert_int_equal(widths[0], 5);
	assert_int_equal(widths[2], 12);
	assert_int_equal(widths[3], 80 - 5 - 8 - 12 - 3);
	columns_fit(columns, 4, 30, (memcpy(widths, (int[]){5, 8, 12, 0}, sizeof(widths)), widths));
	assert_int_equal(widths[1], 0);
	assert_int_equal(widths[2], 12);
	assert_int_equal(widths[3], 11);
	columns_fit(columns, 4, 20, (memcpy(widths, (int[]){5, 8, 12, 0}, sizeof(widths)), widths));
	assert_int_equal(widths[2], 0);
	assert_int_equal(widths[3], 14);
	columns_fit(columns, 4, 4, (memcpy(widths, (int[]){5, 8, 12, 0}, sizeof(widths)), widths));
	assert_int_equal(widths[0], 5);
	assert_int_equal(widths[3], 0);
}

static void check_cut(const char *text, bool plain, int width, const wchar_t *want, int columns)
{
	wchar_t got[32];

	assert_int_equal(columns_cut(text, plain, width, got, 32), columns);
	assert_int_equal(wcscmp(got, want), 0);
}

static void test_texts_are_cut(void **unused)
{
	wchar_t small[4];

	(void)unused;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	check_cut("abc", false, 3, L"abc", 3);
	check_cut("abcd", false, 3, L"ab\u2026", 3);
	check_cut("abcd", true, 3, L"ab>", 3);
	check_cut("", false, 3, L"", 0);
	check_cut("abc", false, 0, L"", 0);
	/* Two columns for one character: never half of it. */
	check_cut("\xe6\x9d\xb1\xe6\x9d\xb1", false, 4, L"\u6771\u6771", 4);
	check_cut("\xe6\x9d\xb1\xe6\x9d\xb1", false, 3, L"\u6771\u2026", 3);
	check_cut("\xe6\x9d\xb1\xe6\x9d\xb1", false, 2, L"\u2026", 1);
	check_cut("caf\xc3\xa9!", true, 9, L"caf?!", 5);
	check_cut("a\xff"
		  "b",
		  false, 9, L"a?b", 3);
	check_cut("a\x1b[m", false, 9, L"a?[m", 4);
	assert_int_equal(columns_of_text("e\xcc\x81t\xe6\x9d\xb1", false), 4);
	assert_int_equal(columns_cut("abcdefgh", false, 8, small, 4), 2);
	assert_int_equal(wcscmp(small, L"ab"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_edits),
		cmocka_unit_test(test_prompt_at_its_ends),
		cmocka_unit_test(test_prompt_takes_characters_whole),
		cmocka_unit_test(test_selection_follows_its_row),
		cmocka_unit_test(test_selection_scrolls),
		cmocka_unit_test(test_columns_fit),
		cmocka_unit_test(test_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
