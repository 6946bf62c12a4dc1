/* A BPF text as a user brings it: its heading, who else may write to it, the editor, what undo
 * does. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/wait.h>

#include "app/editor.h"
#include "app/editor_command.h"
#include "app/probe_text.h"
#include "base/file.h"
#include "session/text_functions.h"
#include "session/texts.h"

/* ---- headings ---- */

static void check_heading(const char *bytes, const char *text, unsigned int line,
			  const char *warning)
{
	_cleanup_strbuf_ struct strbuf why = {0}, warned = {0};
	struct probe_text t = {0};

	assert_int_equal(probe_text_make(bytes, strlen(bytes), "x.c", "oomkill", &t, &why, &warned),
			 0);
	assert_string_equal(strbuf_text(&t.text), text);
	assert_int_equal(t.lines[0].first, 1);
	assert_int_equal(t.lines[0].line, line);
	assert_string_equal(t.lines[0].file, "x.c");
	if (!*warning)
		assert_string_equal(strbuf_text(&warned), "");
	else
		assert_non_null(strstr(strbuf_text(&warned), warning));
	probe_text_free(&t);
}

static void a_heading_is_no_text(void **state)
{
	_cleanup_strbuf_ struct strbuf saved = {0};

	(void)state;
	probe_text_put("oomkill", "int x;\n", &saved);
	assert_memory_equal(saved.data, "/* oomkill " PACKAGE_VERSION ": ", 13);
	check_heading(saved.data, "int x;\n", 2, "");
	check_heading("int x;\n", "int x;\n", 1, "");
	check_heading("/* oomkill 0.0.1: the text of its BPF probe. */\nint x;\n", "int x;\n", 2,
		      "for oomkill 0.0.1, this is " PACKAGE_VERSION);
	check_heading("/* oomprof 0.1.0: the text of its BPF probe. */ \r\nint x;\n", "int x;\n", 2,
		      "for oomprof, not for oomkill");
	/* With something behind it the line is the text's; what it says still counts. */
	check_heading("/* oomprof 9: the text of its BPF probe. */ int x;\n",
		      "/* oomprof 9: the text of its BPF probe. */ int x;\n", 1, "for oomprof");
	/* Two of them: one is taken off. */
	check_heading("/* a 1: the text of its BPF probe. */\n/* oomkill 2 */\nx\n",
		      "/* oomkill 2 */\nx\n", 2, "for a, not");
	check_heading("/* oomkill 1: something else */\nx\n",
		      "/* oomkill 1: something else */\nx\n", 1, "");
	check_heading("/* oomkill", "/* oomkill", 1, "");
	/* A byte order mark is no text either, before a heading or not. */
	check_heading("\xef\xbb\xbfint x;\n", "int x;\n", 1, "");
	check_heading("\xef\xbb\xbf/* a 1: the text of its BPF probe. */\r\nx\n", "x\n", 2,
		      "for a, not");
	check_heading("\xef\xbbint x;\n", "\xef\xbbint x;\n", 1, "");
	check_heading("/*", "/*", 1, "");
}

static void check_no_text(const char *bytes, size_t n, const char *reason)
{
	_cleanup_strbuf_ struct strbuf why = {0}, warning = {0};
	struct probe_text t = {0};

	assert_int_equal(probe_text_make(bytes, n, "x.c", "oomkill", &t, &why, &warning), -EINVAL);
	assert_non_null(strstr(strbuf_text(&why), reason));
}

static void what_is_no_text(void **state)
{
	_cleanup_free_ char *large = malloc(PROBE_TEXT_MOST + 1);

	(void)state;
	assert_non_null(large);
	memset(large, ' ', PROBE_TEXT_MOST + 1);
	check_no_text("", 0, "it is empty");
	check_no_text("/* oomkill 1: the text of its BPF probe. */\n", 44, "it is empty");
	check_no_text("int\0x;", 6, "NUL");
	check_no_text(large, PROBE_TEXT_MOST + 1, "larger than 1 MiB");
}

/* ---- files ---- */

struct place {
	char top[64];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->top, "/tmp/oomtools-unit.XXXXXX");
	if (!mkdtemp(p->top))
		return -1;
	unsetenv("SUDO_UID");
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static int remove_place(void **state)
{
	struct place *p = *state;

	nftw(p->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

/* 0: it is read; else it is refused with that errno and reason. */
static void check_read(const struct place *p, const char *name, bool force, int want,
		       const char *reason)
{
	_cleanup_strbuf_ struct strbuf why = {0}, warning = {0};
	struct probe_text t = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", p->top, name);
	assert_int_equal(probe_text_read(path, force, "--force", "oomkill", &t, &why, &warning),
			 want);
	if (!strstr(strbuf_text(&why), reason))
		fail_msg("%s: %s", name, strbuf_text(&why));
	if (want == 0)
		assert_string_equal(strbuf_text(&t.text), "int x;\n");
	probe_text_free(&t);
}

static void change(const struct place *p, const char *name, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", p->top, name);
	assert_int_equal(chmod(path, mode), 0);
}

static void others_may_write(void **state)
{
	struct place *p = *state;

	put_file(p->top, "x.c", "int x;\n");
	change(p, "x.c", 0644);
	check_read(p, "x.c", false, 0, "");
	change(p, "x.c", 0664);
	check_read(p, "x.c", false, -EACCES, "others may write to the file");
	check_read(p, "x.c", true, 0, "");
	change(p, "x.c", 0602);
	check_read(p, "x.c", false, -EACCES, "--force");
	change(p, "x.c", 0600);

	put_file(p->top, "open", NULL);
	put_file(p->top, "open/x.c", "int x;\n");
	change(p, "open/x.c", 0644);
	change(p, "open", 0777);
	check_read(p, "open/x.c", false, -EACCES, "others may write to the folder");
	check_read(p, "open/x.c", true, 0, "");
	/* In a sticky one nobody takes it away. */
	change(p, "open", 01777);
	check_read(p, "open/x.c", false, 0, "");
	change(p, "open", 0770);
	check_read(p, "open/../x.c", false, 0, "");
}

static void links_lead_there(void **state)
{
	struct place *p = *state;
	char from[128], to[128];

	put_file(p->top, "open", NULL);
	put_file(p->top, "open/x.c", "int x;\n");
	put_file(p->top, "x.c", "int x;\n");
	change(p, "open/x.c", 0644);
	change(p, "x.c", 0644);
	change(p, "open", 0777);
	/* Into such a folder, and out of one: there another link may stand at any time. */
	snprintf(from, sizeof(from), "%s/in", p->top);
	assert_int_equal(symlink("open/x.c", from), 0);
	check_read(p, "in", false, -EACCES, "the folder");
	snprintf(from, sizeof(from), "%s/open/out", p->top);
	snprintf(to, sizeof(to), "%s/x.c", p->top);
	assert_int_equal(symlink(to, from), 0);
	check_read(p, "open/out", false, -EACCES, "the folder");
	snprintf(from, sizeof(from), "%s/far", p->top);
	assert_int_equal(symlink("open/out", from), 0);
	check_read(p, "far", false, -EACCES, "the folder");
	check_read(p, "far", true, 0, "");
	snprintf(from, sizeof(from), "%s/good", p->top);
	assert_int_equal(symlink("x.c", from), 0);
	check_read(p, "good", false, 0, "");
	snprintf(from, sizeof(from), "%s/loop", p->top);
	assert_int_equal(symlink("loop", from), 0);
	check_read(p, "loop", false, -ELOOP, "cannot read");
}

static void others_own(void **state)
{
	struct place *p = *state;
	char path[128];

	if (geteuid() != 0) {
		skip();
		return;
	}
	put_file(p->top, "x.c", "int x;\n");
	change(p, "x.c", 0644);
	snprintf(path, sizeof(path), "%s/x.c", p->top);
	assert_int_equal(chown(path, 65534, 65534), 0);
	check_read(p, "x.c", false, -EACCES, "belongs to another user");
	setenv("SUDO_UID", "65534", 1);
	check_read(p, "x.c", false, 0, "");
	setenv("SUDO_UID", "65533", 1);
	check_read(p, "x.c", false, -EACCES, "belongs to another user");
	setenv("SUDO_UID", "", 1);
	check_read(p, "x.c", false, -EACCES, "belongs to another user");
	unsetenv("SUDO_UID");
}

static void what_is_no_file(void **state)
{
	struct place *p = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/pipe", p->top);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_read(p, "pipe", false, -EINVAL, "is a pipe");
	check_read(p, "pipe", true, -EINVAL, "is a pipe");
	check_read(p, "", true, -EINVAL, "is a folder");
	check_read(p, "../../dev/zero", true, -EINVAL, "is a device");
	check_read(p, "none", false, -ENOENT, "cannot read");
}

/* ---- editors ---- */

static void lines_of_editors(void **state)
{
	(void)state;
	assert_true(editor_takes_line("vi"));
	assert_true(editor_takes_line("/usr/bin/vim.basic"));
	assert_true(editor_takes_line("/usr/bin/emacs28-nox"));
	assert_true(editor_takes_line("nano"));
	assert_false(editor_takes_line("vimdiff"));
	assert_false(editor_takes_line("/usr/bin/code"));
	assert_false(editor_takes_line("/bin/busybox"));
	assert_false(editor_takes_line("ed"));
	assert_false(editor_takes_line("/vi/"));
}

static void check_words(const char *editor, unsigned int line, const char *want)
{
	_cleanup_strbuf_ struct strbuf why = {0}, got = {0};
	struct editor_command c;
	int r;

	unsetenv("VISUAL");
	setenv("EDITOR", editor, 1);
	r = editor_command_make(line, "/x/y.c", &c, &why);
	for (char **w = c.words; r == 0 && *w; w++)
		strbuf_printf(&got, "<%s>", *w);
	assert_string_equal(r == 0 ? strbuf_text(&got) : strbuf_text(&why), want);
	editor_command_free(&c);
}

static void words_of_editors(void **state)
{
	struct place *p = *state;
	char path[128], want[256];

	put_file(p->top, "vi", "");
	change(p, "vi", 0755);
	snprintf(path, sizeof(path), "%s/vi -n", p->top);
	snprintf(want, sizeof(want), "<%s/vi><-n><+12></x/y.c>", p->top);
	check_words(path, 12, want);
	snprintf(want, sizeof(want), "<%s/vi><-n></x/y.c>", p->top);
	check_words(path, 0, want);
	/* Nothing of it is for a shell. */
	check_words("none; rm -rf $HOME `x` \"a b\"", 3,
		    "<none;><rm><-rf><$HOME><`x`><\"a><b\"></x/y.c>");
	check_words(" \t", 0, "VISUAL or EDITOR holds blanks only: name an editor by it");
	check_words("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 0,
		    "VISUAL or EDITOR has too many words");
}

/* A script as the editor; it is told where this test's folder is. */
static int edit(const struct place *p, const char *script, struct strbuf *text, struct strbuf *why)
{
	struct editor *e = NULL;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/edit", p->top);
	unlink(path);
	put_file(p->top, "edit", script);
	change(p, "edit", 0755);
	unsetenv("VISUAL");
	setenv("EDITOR", path, 1);
	setenv("TOP", p->top, 1);
	setenv("XDG_RUNTIME_DIR", p->top, 1);
	r = editor_start("oomkill", "one\n", 0, false, &e, why);
	if (r == 0)
		r = editor_wait(e, why);
	if (r == 0)
		r = editor_result(e, text, why);
	editor_close(e);
	return r;
}

static void check_edit(const struct place *p, const char *script, int want, const char *text)
{
	_cleanup_strbuf_ struct strbuf got = {0}, why = {0}, left = {0};
	char path[128];
	int r = edit(p, script, &got, &why);

	if (r != want)
		fail_msg("%d: %s", r, strbuf_text(&why));
	if (!strstr(r == 0 ? strbuf_text(&got) : strbuf_text(&why), text))
		fail_msg("%s: %s", strbuf_text(&got), strbuf_text(&why));
	/* Each script tells where its file was; nothing of that may be left. */
	snprintf(path, sizeof(path), "%s/where", p->top);
	if (file_read(path, 4096, &left) == 0) {
		left.data[strcspn(left.data, "\n")] = '\0';
		assert_int_equal(access(left.data, F_OK), -1);
		assert_int_equal(errno, ENOENT);
	}
}

#define SCRIPT "#!/bin/sh\ndirname \"$1\" >\"$TOP/where\"\n"

static void editors_end(void **state)
{
	struct place *p = *state;

	check_edit(p, SCRIPT "echo two >>\"$1\"\n", 0, "one\ntwo\n");
	check_edit(p, SCRIPT "echo three >\"$1.new\"; mv \"$1.new\" \"$1\"; touch \"$1~\" $1.swp\n",
		   0, "three\n");
	check_edit(p, SCRIPT "mkdir \"${1%/*}/more\"; touch \"${1%/*}/more/x\"\n", 0, "one\n");
	check_edit(p, SCRIPT "rm \"$1\"\n", -ENOENT, "left no file");
	check_edit(p, SCRIPT "exit 3\n", -ECHILD, "ended with status 3");
	check_edit(p, SCRIPT "kill -9 $$\n", -ECHILD, "ended by signal 9");
	check_edit(p, SCRIPT "truncate -s 1048577 \"$1\"\n", -EFBIG, "larger than 1 MiB");
	check_edit(p, SCRIPT "rm \"$1\"; mkfifo \"$1\"\n", -EINVAL, "cannot be read");
	check_edit(p, SCRIPT "stat -c %a \"$1\" \"${1%/*}\" >\"$1.x\"; cat \"$1.x\" >\"$1\"\n", 0,
		   "600\n700\n");
	check_edit(p, "#!/nonexistent\n", -ENOENT, "does not start");
}

/* The tool is told to end while an editor runs: the editor goes, the folder goes, then the tool. */
static void a_signal_ends_it(void **state)
{
	struct place *p = *state;
	_cleanup_strbuf_ struct strbuf text = {0}, why = {0}, where = {0};
	char path[128];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		edit(p, SCRIPT "kill -TERM $PPID; exec sleep 100\n", &text, &why);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	snprintf(path, sizeof(path), "%s/where", p->top);
	assert_int_equal(file_read(path, 4096, &where), 0);
	where.data[strcspn(where.data, "\n")] = '\0';
	assert_int_equal(access(where.data, F_OK), -1);
}

/* ---- the texts of a session ---- */

static struct probe_text text_of(const char *text)
{
	struct probe_text t = {0};

	strbuf_puts(&t.text, text);
	return t;
}

static void apply(struct texts *t, const char *text)
{
	struct probe_text draft = text_of(text);

	texts_set_draft(t, &draft);
	assert_true(texts_has_draft(t));
	assert_int_equal(texts_reserve(t), 0);
	texts_applied(t);
	assert_false(texts_has_draft(t));
	assert_string_equal(strbuf_text(&texts_running(t)->text), text);
}

static void undo_goes_back(void **state)
{
	struct probe_text first = text_of("built in"), draft;
	struct texts t;

	(void)state;
	assert_int_equal(texts_init(&t, &first), 0);
	assert_null(texts_before(&t));
	apply(&t, "a");
	apply(&t, "b");
	assert_string_equal(strbuf_text(&texts_before(&t)->text), "a");
	texts_undone(&t);
	assert_string_equal(strbuf_text(&texts_running(&t)->text), "a");
	assert_string_equal(strbuf_text(&t.draft.text), "b");
	/* A draft that waits is not lost by another undo. */
	draft = text_of("mine");
	texts_set_draft(&t, &draft);
	texts_undone(&t);
	assert_string_equal(strbuf_text(&t.draft.text), "mine");
	assert_string_equal(strbuf_text(&texts_running(&t)->text), "built in");
	assert_null(texts_before(&t));
	texts_clear(&t);
}

static void undo_is_bounded(void **state)
{
	struct probe_text first = text_of("built in");
	struct texts t;
	char text[16];

	(void)state;
	assert_int_equal(texts_init(&t, &first), 0);
	for (int i = 0; i < 3 * TEXTS_UNDO_MOST; i++) {
		snprintf(text, sizeof(text), "%d", i);
		apply(&t, text);
	}
	for (int i = 1; i < TEXTS_UNDO_MOST; i++) {
		snprintf(text, sizeof(text), "%d", 3 * TEXTS_UNDO_MOST - 1 - i);
		assert_string_equal(strbuf_text(&texts_before(&t)->text), text);
		texts_undone(&t);
	}
	/* However many there were: the last step leads to the first of all. */
	assert_string_equal(strbuf_text(&texts_before(&t)->text), "built in");
	texts_undone(&t);
	assert_null(texts_before(&t));
	texts_clear(&t);
}

/* ---- functions ---- */

static bool put_function(const struct text_function *f, void *user)
{
	strbuf_printf(user, "%s %u-%u\n", f->name, f->first, f->last);
	return true;
}

static void check_functions(const char *text, const char *want)
{
	_cleanup_strbuf_ struct strbuf got = {0};

	text_functions(text, put_function, &got);
	assert_string_equal(strbuf_text(&got), want);
}

static void functions_are_found(void **state)
{
	(void)state;
	check_functions("int f(void)\n{\n}\n", "f 1-3\n");
	check_functions("/* int no() {} */\n#define x() {\nstruct s {\n\tint (*p)(void);\n};\n"
			"BPF_ARRAY(lost, u64, 3);\n"
			"static inline u64 tell(void *a,\n\tint b)\n{\n\tif (a) { b('}', \"}\"); } "
			"// }\n}\nBPF_PROG(fentry__x, struct y *z)\n{\n}\n",
			"tell 7-11\nfentry__x 12-14\n");
	check_functions("TRACEPOINT_PROBE(oom, mark_victim) {\n}\n",
			"tracepoint__oom__mark_victim 1-2\n");
	check_functions("OOMTOOLS_CALLBACK(2)\n{\n}\nX(3) {}", "callback_2 1-3\nX 4-4\n");
	check_functions("int f(void) __attribute__((noinline)) {\n}\n", "f 1-2\n");
	check_functions("int a[] = {f(1), 2};\nint g(int x) { return x; }", "g 2-2\n");
	check_functions("int f(void) {", "f 1-1\n");
	check_functions("#define A \\\n int b() { \\\n }\nint c() {\n}\n", "c 4-5\n");
	check_functions("'\"/*\n}}})(", "");
	check_functions("/* open", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heading_is_no_text),
		cmocka_unit_test(what_is_no_text),
		cmocka_unit_test_setup_teardown(others_may_write, make_place, remove_place),
		cmocka_unit_test_setup_teardown(links_lead_there, make_place, remove_place),
		cmocka_unit_test_setup_teardown(others_own, make_place, remove_place),
		cmocka_unit_test_setup_teardown(what_is_no_file, make_place, remove_place),
		cmocka_unit_test(lines_of_editors),
		cmocka_unit_test_setup_teardown(words_of_editors, make_place, remove_place),
		cmocka_unit_test_setup_teardown(editors_end, make_place, remove_place),
		cmocka_unit_test_setup_teardown(a_signal_ends_it, make_place, remove_place),
		cmocka_unit_test(undo_goes_back),
		cmocka_unit_test(undo_is_bounded),
		cmocka_unit_test(functions_are_found),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
