#include "unit.h"

#include <errno.h>
#include <unistd.h>

#include "console/command_words.h"
#include "console/history.h"
#include "console/script.h"

static int run(struct command_call *call)
{
	strbuf_printf(call->out, "%s(%s", (const char *)call->user, call->name);
	for (size_t i = 0; i < call->n_words; i++)
		strbuf_printf(call->out, ",%s", call->words[i]);
	strbuf_puts(call->out, ")");
	assert_null(call->words[call->n_words]);
	return call->n_words && !strcmp(call->words[0], "fail") ? -EIO : 0;
}

static void complete(const struct command_completion *c)
{
	strbuf_puts(c->out, "pages\ncomm\ncgroup\ncomm\ntwo words\n");
	*c->files = c->n_words == 1;
}

static int run_switch(struct command_call *call)
{
	static bool is_on;

	return command_switch(call, &is_on);
}

static int run_rows(struct command_call *call)
{
	static uint64_t rows = 5;
	int r = command_number(call, 1, 30, &rows);

	if (r == 0)
		strbuf_printf(call->out, "%s %d\n", call->name, (int)rows);
	return r;
}

static int run_skipped(struct command_call *call)
{
	(void)call;
	return -EIO;
}

static const struct command settings[] = {
	{"dim", "on|off", "a switch", NULL, 0, 1, run_switch, command_complete_switch, NULL},
	{"rows", "N", "a number", NULL, 0, 1, run_rows, NULL, NULL},
	{"never", "", "fails", NULL, 0, 0, run_skipped, NULL, NULL},
	{"log", "FILE|off", "a file", NULL, 0, 1, run_skipped, command_complete_file_or_off, NULL},
	{0},
};

static int run_settings(struct command_call *call)
{
	return command_show_all(call, settings, run_skipped);
}

static const struct command below[] = {
	{.name = "column",
	 .arguments = "NAME",
	 .help = "a column",
	 .least = 1,
	 .most = 2,
	 .run = run,
	 .complete = complete},
	{.name = "color", .arguments = "", .help = "colours", .run = run},
	{0},
};
static const struct command first[] = {
	{.name = "set", .arguments = "", .help = "settings", .run = run, .below = below},
	{.name = "show", .arguments = "[N]", .help = "shows", .most = 1, .run = run},
	{.name = "choose", .arguments = "WHAT", .help = "chooses", .below = below},
	{.name = "words", .arguments = "", .help = "alike", .run = run_settings, .below = settings},
	{0},
};
static const struct command second[] = {
	{.name = "sh", .arguments = "", .help = "exact", .run = run},
	{.name = "show", .arguments = "", .help = "stands behind", .run = run},
	{.name = "list", .arguments = "", .help = "lists", .more = "    More.\n", .run = run},
	{0},
};
static const struct command_table tables[] = {{first, (void *)"1"}, {second, (void *)"2"}};
static const struct command_tree tree = {tables, 2};

/* Words by blanks; the result, then what was printed, or why not. */
static void does_in(const struct command_tree *in, const char *line, int want, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	_cleanup_free_ char *copy = strdup(line);
	char *words[8], *rest = copy, *word;
	size_t n = 0;
	int r;

	while ((word = strsep(&rest, " ")))
		words[n++] = word;
	r = command_run(in, words, n, NULL, &out, &why);
	assert_string_equal(r < 0 && why.length ? strbuf_text(&why) : strbuf_text(&out), text);
	assert_int_equal(r, want);
}

static void does(const char *line, int want, const char *text)
{
	does_in(&tree, line, want, text);
}

static void test_run(void **state)
{
	(void)state;
	does("list", 0, "2(list)");
	does("l", 0, "2(list)");
	does("sh", 0, "2(sh)");
	does("show 3", 0, "1(show,3)");
	does("sho", 0, "1(show)");
	does("set", 0, "1(set)");
	does("set column x", 0, "1(set column,x)");
	does("se colu x y", 0, "1(set column,x,y)");
	does("show fail", -EIO, "1(show,fail)");
}

static void test_words(void **state)
{
	(void)state;
	does("words", 0, "words dim off\nwords rows 5\n");
	does("words dim on", 0, "");
	does("words dim", 0, "words dim on\n");
	does("words dim maybe", -EINVAL, "'maybe' is not off or on");
	does("words rows 30", 0, "words rows 30\n");
	does("words rows 31", -EINVAL, "'31' is not a number from 1 to 30");
	does("words rows x", -EINVAL, "'x' is not a number from 1 to 30");
	does("words", 0, "words dim on\nwords rows 30\n");
}

static void test_refuse(void **state)
{
	(void)state;
	does("s", -EMLINK, "'s' may be set, show or sh");
	does("set co x", -EMLINK, "'set co' may be column or color");
	does("x\033y", -ENOENT,
	     "there is no command 'x\\x1by'; there are set, show, choose, words, sh and list");
	does("set x", -ENOENT, "there is no 'set x'; there are column and color");
	does("choose", -EINVAL, "say what: column or color");
	does("show 1 2", -EINVAL, "'2' is too much; it goes 'show [N]'; see 'help show'");
	does("set column", -EINVAL, "it goes 'set column NAME'; see 'help set column'");
	does("", -ENOENT,
	     "there is no command ''; there are set, show, choose, words, sh and list");
}

static int print_all(struct command_call *call)
{
	strbuf_puts(call->out, "set size 5\nset sizes 6\nset filter name off\n# and more\n");
	return 0;
}

/* What "set" prints, a line of it is what "set size" prints. */
static void test_one_setting(void **state)
{
	static const struct command filters[] = {
		{.name = "name", .arguments = "", .least = 1, .run = run_skipped}, {0}};
	static const struct command sets[] = {
		{.name = "size", .arguments = "", .least = 1, .run = run_skipped},
		{.name = "filter", .arguments = "", .below = filters},
		{.name = "other", .arguments = "", .least = 1, .run = run_skipped},
		{0}};
	static const struct command top[] = {
		{.name = "set", .arguments = "", .run = print_all, .below = sets}, {0}};
	static const struct command_table table = {top, NULL};
	static const struct command_tree set_tree = {&table, 1};

	(void)state;
	does_in(&set_tree, "set size", 0, "set size 5\n");
	does_in(&set_tree, "se f", 0, "set filter name off\n");
	does_in(&set_tree, "set filter name", 0, "set filter name off\n");
	does_in(&set_tree, "set size 7", -EINVAL,
		"'7' is too much; it goes 'set size'; see 'help set size'");
	does_in(&set_tree, "set other", -EINVAL, "it goes 'set other'; see 'help set other'");
}

/* Candidates for the end of LINE, blanks between; then where the word begins, and if files are. */
static void offers(const char *line, const char *want, size_t from, bool files)
{
	struct command_candidates c;

	assert_int_equal(command_complete(&tree, line, strlen(line), &c), 0);
	for (char *s = c.names.data; s && *s; s++)
		*s = *s == '\n' ? ' ' : *s;
	assert_string_equal(strbuf_text(&c.names), want);
	assert_int_equal(c.from, from);
	assert_int_equal(c.files, files);
	command_candidates_clear(&c);
}

static void test_complete(void **state)
{
	(void)state;
	offers("", "choose list set sh show words ", 0, false);
	offers("s", "set sh show ", 0, false);
	offers("sh", "sh show ", 0, false);
	offers("show; l", "list ", 6, false);
	offers("show;", "choose list set sh show words ", 5, false);
	offers("set ", "color column ", 4, false);
	offers("set colu", "column ", 4, false);
	offers("set column ", "cgroup comm pages two words ", 11, false);
	offers("set column c", "cgroup comm ", 11, false);
	offers("set column 'tw", "two words ", 11, false);
	offers("set column \"two w", "two words ", 11, false);
	offers("set column x ", "cgroup comm pages two words ", 13, true);
	offers("nothing ", "", 8, false);
	offers("s x", "", 2, false);
	offers("words dim ", "off on ", 10, false);
	offers("words dim on ", "", 13, false);
	offers("words log ", "off ", 10, true);
	offers("words log x ", "", 12, false);
	offers("set \001", "color column ", 5, false);
}

static void hints(const char *line, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	assert_int_equal(command_hint(&tree, line, strlen(line), &out), 0);
	assert_string_equal(strbuf_text(&out), want);
}

static void test_hint(void **state)
{
	(void)state;
	hints("l", "  list                    lists\n");
	hints("set c", "  set                     settings\n"
		       "  column NAME             a column\n"
		       "  color                   colours\n");
	hints("set column tw", "  column NAME             a column\n    two words\n");
	hints("xyz", "nothing begins so\n");
	hints("s ", "'s' may be set, show or sh\n");
}

static void test_help(void **state)
{
	_cleanup_strbuf_ struct strbuf all = {0}, one = {0}, two = {0}, why = {0};
	char *list[] = {(char *)"l"}, *set[] = {(char *)"set", (char *)"column"},
	     *bad[] = {(char *)"show", (char *)"x"};

	(void)state;
	assert_int_equal(command_help(&tree, NULL, 0, &all, &why), 0);
	assert_non_null(strstr(strbuf_text(&all), "\n  show [N]                shows\n"));
	assert_int_equal(command_help(&tree, list, 1, &one, &why), 0);
	assert_string_equal(strbuf_text(&one), "  list                    lists\n    More.\n");
	assert_int_equal(command_help(&tree, set, 2, &two, &why), 0);
	assert_string_equal(strbuf_text(&two), "  set column NAME         a column\n");
	assert_int_equal(command_help(&tree, bad, 2, &two, &why), -EINVAL);
}

static void test_script(void **state)
{
	static const char text[] = "a\r\n# b \\\nc \\\n d\\\\\n\n'e' # f \\\ng \\";
	static const struct {
		const char *line;
		unsigned int number;
	} want[] = {{"a", 1}, {"# b \\", 2},	 {"c  d\\\\", 3},
		    {"", 5},  {"'e' # f \\", 6}, {"g \\", 7}};
	_cleanup_strbuf_ struct strbuf line = {0};
	struct script s;

	(void)state;
	assert_int_equal(script_open_text(&s, "x", text), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(script_next(&s, &line), 1);
		assert_string_equal(strbuf_text(&line), want[i].line);
		assert_int_equal(s.line, want[i].number);
	}
	assert_int_equal(script_next(&s, &line), 0);
	script_close(&s);
}

/* A stream that comes in pieces, and a line that is too long. */
static void test_stream(void **state)
{
	static char longest[SCRIPT_LINE_MOST + 2];
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
	struct script s;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	s = (struct script){.name = "pipe", .fd = ends[0], .next = 1};
	assert_int_equal(script_next(&s, &line), -EAGAIN);
	assert_int_equal(write(ends[1], "ab", 2), 2);
	assert_int_equal(script_fill(&s), 0);
	assert_int_equal(script_next(&s, &line), -EAGAIN);
	assert_int_equal(write(ends[1], "c \\\nd\ne", 7), 7);
	assert_int_equal(script_fill(&s), 0);
	assert_int_equal(script_next(&s, &line), 1);
	assert_string_equal(strbuf_text(&line), "abc d");
	assert_int_equal(script_next(&s, &line), -EAGAIN);
	close(ends[1]);
	assert_int_equal(script_fill(&s), 0);
	assert_int_equal(script_next(&s, &line), 1);
	assert_string_equal(strbuf_text(&line), "e");
	assert_int_equal(s.line, 3);
	assert_int_equal(script_next(&s, &line), 0);
	script_close(&s);

	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(script_open_text(&s, "x", longest), 0);
	assert_int_equal(script_next(&s, &line), -EFBIG);
	script_close(&s);
	assert_int_equal(script_open_file(&s, "/", &why), -EISDIR);
}

static void begin_history(const char *top, struct history *h, struct strbuf *why, bool *warn)
{
	setenv("XDG_STATE_HOME", top, 1);
	strbuf_reset(why);
	assert_int_equal(history_open(h, why, warn), 0);
}

/* Nobody's HOME is not there, and stays so. */
static void test_history_without_home(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct history h;
	bool warn;

	(void)state;
	begin_history("relative", &h, &why, &warn);
	history_close(&h);
	setenv("HOME", "/tmp/oomtools-unit-nowhere/home", 1);
	begin_history("relative", &h, &why, &warn);
	assert_string_equal(strbuf_text(&why),
			    "HOME is /tmp/oomtools-unit-nowhere/home: No such file or directory");
	assert_false(warn);
	assert_true(history_add(&h, "kept for this run"));
	assert_int_equal(history_save(&h), 0);
	history_close(&h);
	assert_int_equal(access("/tmp/oomtools-unit-nowhere", F_OK), -1);
	unsetenv("HOME");
	begin_history("relative", &h, &why, &warn);
	assert_string_equal(strbuf_text(&why), "neither XDG_STATE_HOME nor HOME says where");
	history_close(&h);
}

static void test_history(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	char top[] = "/tmp/oomtools-unit-XXXXXX", file[64], line[16], other[64];
	struct history a, b;
	struct stat st;
	bool warn;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(file, sizeof(file), "%s/oomtools/history", top);
	snprintf(other, sizeof(other), "%s/oomtools/other", top);
	begin_history(top, &a, &why, &warn);
	begin_history(top, &b, &why, &warn);
	assert_string_equal(strbuf_text(&why), "");
	assert_true(history_add(&a, "one"));
	assert_false(history_add(&a, "one"));
	assert_false(history_add(&a, " secret"));
	assert_false(history_add(&a, ""));
	assert_true(history_add(&b, "two"));
	assert_int_equal(history_save(&a), 0);
	assert_int_equal(history_save(&b), 0);
	history_close(&a);
	history_close(&b);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* Both tools' lines are there; the oldest go. */
	begin_history(top, &a, &why, &warn);
	assert_int_equal(a.count, 2);
	assert_string_equal(a.lines[1], "two");
	for (int i = 0; i < HISTORY_LINES_MOST; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		assert_true(history_add(&a, line));
	}
	assert_int_equal(history_save(&a), 0);
	history_close(&a);
	begin_history(top, &a, &why, &warn);
	assert_int_equal(a.count, HISTORY_LINES_MOST);
	assert_string_equal(a.lines[0], "line 0");
	history_close(&a);

	/* Not used: read by others, a link, a folder that others may write to. */
	assert_int_equal(chmod(file, 0640), 0);
	begin_history(top, &a, &why, &warn);
	assert_true(warn && a.directory < 0 && strstr(strbuf_text(&why), "chmod 600"));
	history_close(&a);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(link(file, other), 0);
	begin_history(top, &a, &why, &warn);
	assert_true(warn && a.directory < 0 && strstr(strbuf_text(&why), "hard link"));
	history_close(&a);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("other", file), 0);
	begin_history(top, &a, &why, &warn);
	assert_true(warn && a.directory < 0 && strstr(strbuf_text(&why), "symbolic link"));
	assert_true(history_add(&a, "kept for this run"));
	assert_int_equal(history_save(&a), 0);
	history_close(&a);
	assert_int_equal(unlink(file), 0);
	*strrchr(file, '/') = '\0';
	assert_int_equal(chmod(file, 0777), 0);
	begin_history(top, &a, &why, &warn);
	assert_true(warn && a.directory < 0 && strstr(strbuf_text(&why), "chmod 700"));
	history_close(&a);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(rmdir(top), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),	 cmocka_unit_test(test_one_setting),
		cmocka_unit_test(test_words),	 cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_complete), cmocka_unit_test(test_hint),
		cmocka_unit_test(test_help),	 cmocka_unit_test(test_script),
		cmocka_unit_test(test_stream),	 cmocka_unit_test(test_history_without_home),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
