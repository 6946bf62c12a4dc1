/* oomprof --check: the verdict on files, and what is said of it. */
#include "unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tiny_go.h"
#include "victim/check_report.h"

/* check_argument() of a file with these bytes. */
static struct check check_bytes(const void *bytes, size_t n)
{
	_cleanup_close_ int fd = tiny_file(bytes, n);
	struct check c = {0};
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(check_argument(path, &c), 0);
	return c;
}

static void expect(struct check c, enum check_verdict verdict, const char *why)
{
	assert_int_equal(c.verdict, verdict);
	if (!strstr(strbuf_text(&c.why), why))
		fail_msg("'%s' instead of '%s'", strbuf_text(&c.why), why);
	check_clear(&c);
}

/* Nothing in the tiny program refers to the profile. */
static void test_verdicts(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	uint16_t machine = EM_AARCH64;

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 22}, &bytes);
	expect(check_bytes(bytes.data, bytes.length), CHECK_OFF_LINKER, "net/http/pprof");
	expect(check_bytes(bytes.data, bytes.length / 2), CHECK_CORRUPT, "corrupt");
	expect(check_bytes(bytes.data, 40), CHECK_NOT_GO, "no ELF file");
	expect(check_bytes("#!/bin/sh -e\nexit\n", 18), CHECK_NOT_GO, "interpreter, /bin/sh");
	expect(check_bytes("#!\n", 3), CHECK_NOT_GO, "a script");
	bytes.data[EI_DATA] = ELFDATA2MSB;
	expect(check_bytes(bytes.data, bytes.length), CHECK_OTHER_MACHINE, "another machine");
	bytes.data[EI_DATA] = ELFDATA2LSB;
	bytes.data[EI_CLASS] = ELFCLASS32;
	expect(check_bytes(bytes.data, bytes.length), CHECK_OTHER_MACHINE, "built for amd64");
	bytes.data[EI_CLASS] = ELFCLASS64;
	memcpy(bytes.data + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
	expect(check_bytes(bytes.data, bytes.length), CHECK_OTHER_MACHINE, "built for arm64");
}

static void test_unknown(void **state)
{
	struct check c = {0};

	(void)state;
	assert_int_equal(check_argument("/nowhere/at/all", &c), 0);
	assert_int_equal(c.error, -ENOENT);
	expect(c, CHECK_UNKNOWN, "No such file");
	assert_int_equal(check_argument("/", &c), 0);
	expect(c, CHECK_UNKNOWN, "a directory");
	assert_int_equal(check_argument("0", &c), 0);
	expect(c, CHECK_UNKNOWN, "no PID");
	assert_int_equal(check_argument("2147483648", &c), 0);
	expect(c, CHECK_UNKNOWN, "no PID");
	assert_int_equal(check_argument("2147483647", &c), 0);
	assert_int_equal(c.error, -ESRCH);
	expect(c, CHECK_UNKNOWN, "is not there");
	assert_int_equal(check_argument("42x", &c), 0); /* not a number, so a file */
	expect(c, CHECK_UNKNOWN, "No such file");
}

static void *sleep_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* A process of which only the second thread is left. */
static pid_t leaderless(void)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0)
			syscall(SYS_exit, 0); /* this thread only */
		_exit(1);
	}
	return pid;
}

static void test_leaderless(void **state)
{
	struct check c = {0};
	pid_t pid = leaderless();
	char argument[16];
	struct process p;

	(void)state;
	assert_true(pid > 0);
	do {
		usleep(1000);
		assert_int_equal(process_read(pid, &p), 0);
	} while (p.state != 'Z');
	assert_true(p.thread > 0 && p.thread != pid && p.virtual_bytes > 0);
	snprintf(argument, sizeof(argument), "%d", (int)pid);
	assert_int_equal(check_argument(argument, &c), 0);
	assert_non_null(c.known.path);
	expect(c, CHECK_NOT_GO, "not a Go program");

	kill(pid, SIGKILL);
	do {
		usleep(1000);
		assert_int_equal(process_read(pid, &p), 0);
	} while (p.thread); /* now it waits for us */
	assert_int_equal(check_argument(argument, &c), 0);
	expect(c, CHECK_NO_VICTIM, "has ended");
	waitpid(pid, NULL, 0);
}

static struct go_binary example(void)
{
	return (struct go_binary){
		.fd = -1,
		.version = "go1.24.4",
		.version_source = GO_SOURCE_BUILDINFO,
		.address_source = GO_SOURCE_INSTRUCTIONS,
		.stripped = true,
		.mbuckets = 0x1fe660,
		.mem_profile_rate = 0x1f8bf0,
		.mprof_cycle = 0x21ec18,
		.profiling_linked = true,
		.build_id = "0123456789012345678901234567890123456789",
	};
}

static void test_text(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct go_binary b = example();
	struct check c = {
		.argument = "17",
		.pid = 17,
		.process = {.pid = 17, .comm = "sh\033op"},
		.known = {.binary = &b, .path = (char *)"/srv/shop"},
		.machine = EM_X86_64,
		.position_independent = true,
		.rate = 524288,
		.live = true,
		.bias = 0x561668340000,
		.buckets = 1009,
		.profile_bytes = 40000,
	};

	(void)state;
	assert_int_equal(check_report_text(&c, &out), 0);
	assert_string_equal(strbuf_text(&out),
			    "PID 17 (\"sh\\x1bop\"): /srv/shop\n"
			    "  Go version       go1.24.4, from the build info\n"
			    "  executable       amd64, position independent, stripped\n"
			    "  build ID         0123456789012345678901234567890123456789\n"
			    "  addresses        from the runtime's instructions; load bias "
			    "0x561668340000\n"
			    "    mbuckets       0x1fe660          MemProfileRate 0x1f8bf0\n"
			    "    mProfCycle     0x21ec18\n"
			    "  profiling        linked in\n"
			    "  rate             a sample every 524288 bytes, now\n"
			    "  buckets          1009 now\n"
			    "  profile          about 39.1K as a file\n"
			    "  would be written\n");
}

/* Whatever it says fits an old terminal. */
static void test_width(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct go_binary b = example();
	struct check c = {.argument = "server",
			  .known.binary = &b,
			  .machine = EM_AARCH64,
			  .live = true,
			  .bias = UINT64_MAX,
			  .rate = INT64_MAX};

	(void)state;
	b.mbuckets = b.mem_profile_rate = UINT64_MAX;
	b.profiling_linked = false;
	for (c.verdict = 0; c.verdict <= CHECK_UNKNOWN; c.verdict++)
		assert_int_equal(check_report_text(&c, &out), 0);
	for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 80)
			fail_msg("too long: %s", line);
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *member;

	assert_true(json_object_object_get_ex(o, key, &member));
	return json_object_get_string(member);
}

static void test_json(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	struct go_binary b = example();
	struct check c = {.argument = "server",
			  .known.binary = &b,
			  .machine = EM_X86_64,
			  .verdict = CHECK_WRITTEN,
			  .rate = 512};
	struct json_writer *w = json_writer_open();
	struct json_object *o;

	(void)state;
	check_report_json(&c, w);
	assert_int_equal(json_writer_line(w, &line), 0);
	o = json_tokener_parse(strbuf_text(&line));
	assert_non_null(o);
	assert_string_equal(text(o, "argument"), "server");
	assert_null(text(o, "pid"));
	assert_string_equal(text(o, "verdict"), "written");
	assert_string_equal(text(o, "would_be_written"), "true");
	assert_string_equal(text(o, "go_version_source"), "build_info");
	assert_string_equal(text(o, "address_source"), "instructions");
	assert_string_equal(text(o, "mbuckets_address"), "2090592");
	assert_null(text(o, "buckhash_address"));
	assert_string_equal(text(o, "mem_profile_rate_bytes"), "512");
	assert_false(json_object_object_get_ex(o, "buckets", NULL));
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_text),	 cmocka_unit_test(test_width),
		cmocka_unit_test(test_json),	 cmocka_unit_test(test_leaderless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
