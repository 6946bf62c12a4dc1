/* What a tool records, and what is shown of a file that is no such thing, or not all of it. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "base/file.h"
#include "console/recording.h"
#include "console/replay.h"

static char top[] = "/tmp/oomtools-recording-XXXXXX";
static int own_stderr;

static int make_top(void **state)
{
	(void)state;
	own_stderr = fcntl(2, F_DUPFD_CLOEXEC, 10);
	return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	dup2(own_stderr, 2);
	close(own_stderr);
	(void)unlink("file");
	(void)unlink("said");
	(void)unlink("pipe");
	return chdir("/") == 0 ? rmdir(top) : -1;
}

/* From here on, what is said goes into the file "said". */
static void listen_to(void)
{
	_cleanup_close_ int fd =
		open("said", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && dup2(fd, 2) == 2);
}

static void assert_said(const char *text)
{
	_cleanup_strbuf_ struct strbuf said = {0};

	assert_int_equal(file_read("said", 1 << 20, &said), 0);
	assert_string_equal(strbuf_text(&said), text);
}

static void record(const char *path, const char *text)
{
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
	struct recording r = {.what = "kill"};

	assert_int_equal(recording_start(&r, path, &why), 0);
	strbuf_printf(&line, "%s\n", text);
	recording_add(&r, 0, &line);
	assert_int_equal(recording_close(&r, EXIT_OK), EXIT_OK);
}

static void append(const char *text, size_t n)
{
	_cleanup_close_ int fd = open("file", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(file_write_fd(fd, text, n), 0);
}

/* Lines that begin with '{' are good. */
static int keep(void *user, const char *line, size_t n, struct strbuf *why)
{
	struct strbuf *shown = user;

	if (*line != '{') {
		strbuf_puts(why, "no JSON");
		return -EBADMSG;
	}
	strbuf_append(shown, line, n);
	strbuf_putc(shown, ';');
	return 0;
}

static int keep_end(void *user)
{
	strbuf_puts(user, "end");
	return 0;
}

static const struct recording none;

static int replay(const struct recording *recording, const char *path, struct strbuf *shown,
		  struct strbuf *why)
{
	const struct replay_config config = {"it", recording, keep, keep_end, shown};

	strbuf_reset(shown);
	strbuf_reset(why);
	listen_to();
	return replay_file(path, false, &config, why);
}

static void a_cut_line_costs_only_itself(void **state)
{
	_cleanup_strbuf_ struct strbuf shown = {0}, why = {0};
	struct stat st;

	(void)state;
	record("file", "{1}");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	append("\n \r\nx{", 6);
	record("file", "{2} \r");
	append("{3}", 3);
	assert_int_equal(replay(&none, "file", &shown, &why), -EBADMSG);
	assert_string_equal(strbuf_text(&shown), "{1};{2};{3};end");
	assert_string_equal(strbuf_text(&why), "1 of 4 lines of file could not be shown");
	assert_said("oomtools: file, line 4: no JSON\n");
	assert_int_equal(unlink("file"), 0);
}

static void what_is_none_of_ours_is_told_of(void **state)
{
	_cleanup_strbuf_ struct strbuf shown = {0}, why = {0}, said = {0};

	(void)state;
	append("{\033[2J}\nx\n", 9);
	assert_int_equal(replay(&none, "file", &shown, &why), -EBADMSG);
	assert_string_equal(strbuf_text(&shown), "end");
	assert_string_equal(strbuf_text(&why),
			    "2 of 2 lines of file could not be shown: was it made by it?");
	assert_said("oomtools: file, line 1: no JSON: it has control characters\n"
		    "oomtools: file, line 2: no JSON\n");
	for (int i = 0; i < 500; i++)
		append("x\n", 2);
	assert_int_equal(replay(&none, "file", &shown, &why), -EBADMSG);
	assert_memory_equal(strbuf_text(&why), "502 of 502 ", 11);
	assert_int_equal(file_read("said", 1 << 20, &said), 0);
	assert_null(strstr(strbuf_text(&said), "line 21"));
	assert_int_equal(unlink("file"), 0);
}

static void a_line_without_an_end_is_passed_by(void **state)
{
	_cleanup_strbuf_ struct strbuf shown = {0}, why = {0};
	_cleanup_free_ char *much = malloc(1 << 20);

	(void)state;
	memset(much, '{', 1 << 20);
	for (int i = 0; i < 20; i++)
		append(much, 1 << 20);
	record("file", "{2}");
	assert_int_equal(replay(&none, "file", &shown, &why), -EBADMSG);
	assert_string_equal(strbuf_text(&shown), "{2};end");
	assert_said("oomtools: file, line 1: longer than 16 MiB\n");
	assert_int_equal(unlink("file"), 0);
}

static void what_is_no_file_is_refused(void **state)
{
	_cleanup_strbuf_ struct strbuf shown = {0}, why = {0};

	(void)state;
	assert_int_equal(replay(&none, "file", &shown, &why), -ENOENT);
	assert_string_equal(strbuf_text(&why), "cannot read file: No such file or directory");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(replay(&none, "pipe", &shown, &why), -ESPIPE);
	assert_string_equal(strbuf_text(&why), "cannot read pipe: it is not a regular file");
	assert_int_equal(replay(&none, ".", &shown, &why), -ESPIPE);
	append("\n", 1);
	assert_int_equal(replay(&none, "file", &shown, &why), 0);
	assert_said("oomtools: warning: file: there is nothing in it\n");
	assert_int_equal(unlink("file"), 0);
}

static void what_is_recorded_is_not_shown(void **state)
{
	_cleanup_strbuf_ struct strbuf shown = {0}, why = {0};
	struct recording r = {.what = "kill"};

	(void)state;
	assert_int_equal(recording_start(&r, "file", &why), 0);
	assert_int_equal(replay(&r, "file", &shown, &why), -EINVAL);
	assert_string_equal(strbuf_text(&why),
			    "file is the file that is recorded: it would never end");
	recording_stop(&r);
	assert_int_equal(replay(&r, "file", &shown, &why), 0);
	assert_int_equal(unlink("file"), 0);
}

/* It is said once, and at the end how many; and a disk may have room again. */
static void what_cannot_be_written_is_counted(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0}, status = {0};
	struct recording r = {.what = "kill"};

	(void)state;
	listen_to();
	strbuf_puts(&line, "{}\n");
	assert_int_equal(recording_start(&r, "/dev/full", &why), 0);
	recording_add(&r, 0, &line);
	recording_add(&r, -ENOMEM, &line);
	recording_status(&r, &status);
	assert_string_equal(strbuf_text(&status),
			    "recorded: 0 kills in /dev/full; 2 could not be recorded\n");
	assert_int_equal(recording_start(&r, "file", &why), 0);
	recording_add(&r, 0, &line);
	assert_int_equal(recording_close(&r, EXIT_OK), EXIT_FAILED);
	assert_said(
		"oomtools: cannot write /dev/full: No space left on device; nothing is recorded "
		"until it works again\n"
		"oomtools: 2 kills could not be recorded\n");
	assert_int_equal(recording_start(&r, "none/x", &why), -ENOENT);
	assert_int_equal(unlink("file"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_line_costs_only_itself),
		cmocka_unit_test(what_is_none_of_ours_is_told_of),
		cmocka_unit_test(a_line_without_an_end_is_passed_by),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(what_is_recorded_is_not_shown),
		cmocka_unit_test(what_cannot_be_written_is_counted),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
