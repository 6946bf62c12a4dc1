/* Commands beside the tool's own work, and a file that shows its state. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/command_runner.h"
#include "app/kept_file.h"
#include "base/file.h"

#define SECOND 1000000000ull
#define MINUTE (60 * SECOND)

static char top[64];
static int own_stderr;
static const struct command_limits usual = {8, 64, MINUTE, MINUTE};

static int make_top(void **state)
{
	(void)state;
	strcpy(top, "/tmp/oomtools-unit.XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	own_stderr = fcntl(2, F_DUPFD_CLOEXEC, 10);
	return 0;
}

static int remove_top(void **state)
{
	char command[100];

	(void)state;
	dup2(own_stderr, 2);
	close(own_stderr);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

/* From here on, what is said goes into the file "said". */
static void listen_to(void)
{
	_cleanup_close_ int fd =
		open("said", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && dup2(fd, 2) == 2);
}

static char *contents(const char *name)
{
	static struct strbuf out;

	strbuf_reset(&out);
	(void)file_read(name, 1 << 20, &out);
	return (char *)(uintptr_t)strbuf_text(&out);
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *s = text; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

static struct command_runner *runner(const char *command, const struct command_limits *limits)
{
	struct command_runner *r = NULL;

	assert_int_equal(command_runner_open(command, "OOMKILL_", limits, &r), 0);
	return r;
}

static void add(struct command_runner *r, const char *what, const char *variable)
{
	struct strbuf environment = {0};

	strbuf_puts(&environment, variable);
	strbuf_putc(&environment, '\0');
	assert_int_equal(command_runner_add(r, what, &environment), 0);
	strbuf_free(&environment);
}

/* Run it once and to its end. */
static void run_once(const char *command)
{
	struct command_runner *r = runner(command, &usual);

	listen_to();
	add(r, "it", "OOMKILL_X=a b\n\xff'");
	assert_true(command_runner_wait(r, true, MINUTE));
	command_runner_close(r);
}

static void test_environment(void **state)
{
	(void)state;
	setenv("OOMKILL_OLD", "1", 1);
	setenv("OTHER", "2", 1);
	run_once("printf %s \"$OOMKILL_X|${OOMKILL_OLD-none}|$OTHER\" >got");
	assert_string_equal(contents("got"), "a b\n\xff'|none|2");
	assert_string_equal(contents("said"), "");
}

static void test_is_a_process_like_any_other(void **state)
{
	char want[64];
	sigset_t some;
	int left;

	(void)state;
	/* What a tool's loop sets, and a descriptor that whoever started us has left open. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	syscall(SYS_rt_sigaction, 32, (const unsigned long[8]){(unsigned long)SIG_IGN}, NULL, 8);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGINT);
	sigprocmask(SIG_BLOCK, &some, NULL);
	left = dup(own_stderr);
	assert_true(left > 2);
	run_once("sed -nE 's/^Sig(Blk|Ign|Cgt):.//p' /proc/self/status >signals;"
		 "ls -l /proc/self/fd >fds; ps -o sid= -p $$ | tr -d ' ' >sid; echo $$ >pid;"
		 "echo out; echo err >&2; read x || echo end");
	close(left);
	assert_string_equal(contents("signals"),
			    "0000000000000000\n0000000000000000\n0000000000000000\n");
	/* 0, 1 and 2, and ls's own on the directory. */
	assert_int_equal(occurrences(contents("fds"), " -> "), 4);
	assert_int_equal(occurrences(contents("fds"), " 0 -> /dev/null\n"), 1);
	snprintf(want, sizeof(want), "%s", contents("pid"));
	assert_string_equal(contents("sid"), want);
	assert_string_equal(contents("said"), "out\nerr\nend\n");
}

static void test_failures_are_said_once(void **state)
{
	struct command_runner *r;

	(void)state;
	run_once("exit 3");
	assert_string_equal(contents("said"),
			    "oomtools: warning: the command for it ended with status 3\n");
	run_once("kill -9 $$");
	assert_string_equal(
		contents("said"),
		"oomtools: warning: the command for it was ended by signal 9 (Killed)\n");
	run_once("exit 0");
	assert_string_equal(contents("said"), "");
	/* More than execve() takes. */
	listen_to();
	r = runner("exit 0", &usual);
	{
		struct strbuf huge = {0};

		for (int i = 0; i < 200000; i++)
			strbuf_putc(&huge, 'x');
		strbuf_putc(&huge, '\0');
		assert_int_equal(command_runner_add(r, "it", &huge), 0);
	}
	assert_true(command_runner_wait(r, true, MINUTE));
	command_runner_close(r);
	assert_string_equal(contents("said"), "oomtools: warning: cannot start the command for it: "
					      "Argument list too long\n");
}

static void test_at_once_waiting_and_dropped(void **state)
{
	const struct command_limits few = {2, 3, MINUTE, MINUTE};
	struct command_runner *r;

	(void)state;
	listen_to();
	r = runner("until [ -e go ]; do sleep 0.01; done; echo $OOMKILL_X >>ran", &few);
	for (int i = 0; i < 9; i++) {
		char variable[32], what[32];

		snprintf(variable, sizeof(variable), "OOMKILL_X=%d", i);
		snprintf(what, sizeof(what), "number %d", i);
		add(r, what, variable);
	}
	/* Nothing has been waited for. Two run, three wait, four are dropped. */
	assert_string_equal(contents("ran"), "");
	assert_false(command_runner_wait(r, false, SECOND / 10));
	assert_string_equal(contents("said"), "oomtools: warning: the command for number 5 is not "
					      "run: 2 run and 3 wait already\n");
	close(open("go", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_true(command_runner_wait(r, true, MINUTE));
	assert_int_equal(strlen(contents("ran")), 10);
	for (int i = 0; i < 5; i++)
		assert_non_null(strchr(contents("ran"), '0' + i));
	assert_int_equal(occurrences(contents("said"), "3 more commands were not run"), 1);
	/* And there is room again. */
	add(r, "ten", "OOMKILL_X=x");
	assert_true(command_runner_wait(r, true, MINUTE));
	assert_int_equal(strlen(contents("ran")), 12);
	command_runner_close(r);
}

static void test_one_that_hangs_is_ended(void **state)
{
	const struct command_limits quick = {1, 8, SECOND, SECOND / 5};
	struct command_runner *r;

	(void)state;
	listen_to();
	/* Deaf to SIGTERM, and so is what it has started, whose PID it leaves. */
	r = runner("case $OOMKILL_X in 1) trap '' TERM; sleep 1000 & echo $! >pid; wait;;"
		   "2) sh -c 'trap \"\" TERM; sleep 1000' & echo $! >pid; sleep 1000;; *) : >late; "
		   "esac",
		   &quick);
	for (int round = 1; round <= 2; round++) {
		char *end;
		long pid;

		unlink("late");
		add(r, "it", round == 1 ? "OOMKILL_X=1" : "OOMKILL_X=2");
		add(r, "the next", "OOMKILL_X=3");
		assert_true(command_runner_wait(r, true, MINUTE));
		pid = strtol(contents("pid"), &end, 10);
		assert_true(pid > 1 && *end == '\n');
		/* A zombie at most, of whoever takes orphans. */
		for (int i = 0; i < 1000 && kill((pid_t)pid, 0) == 0; i++) {
			char status[64];

			snprintf(status, sizeof(status), "/proc/%ld/stat", pid);
			if (strstr(contents(status), ") Z "))
				break;
			assert_true(i < 999);
			usleep(10000);
		}
		assert_int_equal(access("late", F_OK), 0);
	}
	command_runner_close(r);
	assert_int_equal(occurrences(contents("said"),
				     "the command for it was ended: it took longer than 1 s\n"),
			 2);
	assert_int_equal(occurrences(contents("said"), "\n"), 2);
}

static void test_at_the_end(void **state)
{
	const struct command_limits one = {1, 8, MINUTE, MINUTE};
	struct command_runner *r;

	(void)state;
	listen_to();
	r = runner("echo $$ >running; until [ -e go ]; do sleep 0.01; done; echo >done", &one);
	add(r, "it", "OOMKILL_X=1");
	add(r, "the next", "OOMKILL_X=2");
	assert_false(command_runner_wait(r, false, SECOND / 10));
	while (!*contents("running"))
		usleep(1000);
	command_runner_close(r);
	assert_string_equal(contents("said"),
			    "oomtools: warning: 1 commands were not run: others took too long\n");
	/* The one that runs is left alone. */
	close(open("go", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (int i = 0; i < 6000 && access("done", F_OK) < 0; i++)
		usleep(10000);
	assert_int_equal(access("done", F_OK), 0);
}

/* ---- the kept file ---- */

static int put_state(const void *user, struct strbuf *out)
{
	strbuf_printf(out, "%d\n", *(const int *)user);
	return strbuf_error(out);
}

static void stop_when_written(void *user)
{
	static int times;

	if (!strcmp(contents("file"), "2\n") || times++ > 600)
		loop_stop(user, 0);
}

static void test_kept_file(void **state)
{
	struct kept_file *f = NULL;
	struct loop *loop;
	int number = 1;

	(void)state;
	assert_int_equal(kept_file_open("none/file", put_state, &number, &f), -ENOENT);
	assert_int_equal(kept_file_open(".", put_state, &number, &f), -EISDIR);
	assert_null(f);
	assert_int_equal(loop_open(&loop), 0);
	assert_int_equal(kept_file_open("file", put_state, &number, &f), 0);
	assert_int_equal(kept_file_start(f, loop), 0);
	assert_string_equal(contents("file"), "1\n");
	number = 2;
	kept_file_changed(f);
	assert_int_equal(loop_add_timer(loop, SECOND / 10, SECOND / 10, stop_when_written, loop),
			 0);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(contents("file"), "2\n");
	number = 3;
	kept_file_changed(f);
	assert_int_equal(kept_file_close(f), 0);
	loop_close(loop);
	assert_string_equal(contents("file"), "3\n");
}

/* The disk is "full": no file may grow. The old contents stay whole, and it is said once. */
static void test_kept_file_that_cannot_be_written(void **state)
{
	struct rlimit before, none;
	struct kept_file *f = NULL;
	int number = 1;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(kept_file_open("file", put_state, &number, &f), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 1;
	number = 22;
	kept_file_changed(f);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(kept_file_close(f), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_string_equal(contents("file"), "1\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_top, remove_top)
	const struct CMUnitTest tests[] = {
		TEST(test_environment),
		TEST(test_is_a_process_like_any_other),
		TEST(test_failures_are_said_once),
		TEST(test_at_once_waiting_and_dropped),
		TEST(test_one_that_hangs_is_ended),
		TEST(test_at_the_end),
		TEST(test_kept_file),
		TEST(test_kept_file_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
