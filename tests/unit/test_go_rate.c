/*
 * Writing a rate into another process: a child of ours, whose variables stand for the runtime's,
 * and whose "Go binary" is this program.
 */
#include "unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "go/go_rate.h"

/* The variables of a runtime. */
static int64_t rate;
static uint64_t allglen;
static uint64_t mbuckets;
static uint64_t bucket[6 + 16]; /* without a stack */

struct fixture {
	struct go_binary binary;
	pid_t child;
	struct go_rate *rate;
};

static void describe_myself(struct go_binary *b)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	const struct elf_segment *segments;
	uint64_t bias;
	size_t n;

	*b = (struct go_binary){.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
				.version = "go1.22.3",
				.minor = 22,
				.record_size = 32,
				.sure = true};
	assert_true(b->fd >= 0);
	assert_int_equal(elf_image_open_fd(b->fd, NULL, &image), 0);
	b->entry = elf_image_entry(image);
	n = elf_image_segments(image, &segments);
	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_X)
			b->text = segments[i];
	assert_true(b->text.file_size > 0);
	assert_int_equal(go_process_bias(getpid(), b, &bias), 0);
	b->mem_profile_rate = (uintptr_t)&rate - bias;
	b->allglen = (uintptr_t)&allglen - bias;
	b->mbuckets = (uintptr_t)&mbuckets - bias;
}

/* A child with the variables as they are now. */
static pid_t child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(struct fixture *f)
{
	go_rate_close(f->rate);
	f->rate = NULL;
	if (!f->child)
		return;
	kill(f->child, SIGKILL);
	waitpid(f->child, NULL, 0);
	f->child = 0;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	describe_myself(&f->binary);
	rate = 0;
	allglen = 4;
	mbuckets = 0;
	memset(bucket, 0, sizeof(bucket));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	end_child(f);
	close(f->binary.fd);
	free(f);
	return 0;
}

static int open_child(struct fixture *f, struct strbuf *why)
{
	end_child(f);
	f->child = child();
	return go_rate_open(f->child, &f->binary, NULL, why, &f->rate);
}

static void on_and_off(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct fixture *f = *state;
	int64_t value = -1;

	assert_int_equal(open_child(f, &why), 0);
	assert_int_equal(go_rate_settled(f->rate, &why), 1);
	assert_int_equal(go_rate_change(f->rate, 0, 524288), 0);
	assert_int_equal(go_rate_get(f->rate, &value), 0);
	assert_int_equal(value, 524288);
	/* Not twice, and never over another value. */
	assert_int_equal(go_rate_change(f->rate, 0, 7), -EBUSY);
	assert_int_equal(go_rate_change(f->rate, 524288, 0), 0);
	assert_int_equal(go_rate_change(f->rate, 524288, 0), -EBUSY);
	assert_int_equal(go_rate_get(f->rate, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(rate, 0); /* ours is another process's memory */
	assert_string_equal(strbuf_text(&why), "");
}

static void waits_for_the_runtime(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct fixture *f = *state;

	for (allglen = 0; allglen < 6; allglen++) {
		assert_int_equal(open_child(f, &why), 0);
		assert_int_equal(go_rate_settled(f->rate, &why), allglen >= 4);
	}
}

static void doubts(struct fixture *f, const char *what)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(open_child(f, &why), 0);
	assert_int_equal(go_rate_settled(f->rate, &why), -EBADMSG);
	assert_non_null(strstr(strbuf_text(&why), what));
}

static void variables_that_make_no_sense(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct fixture *f = *state;

	allglen = 0x7fff12345678;
	doubts(f, "variables");
	allglen = 4;
	rate = -5;
	doubts(f, "variables");
	rate = 0;
	mbuckets = 8; /* nothing is mapped there */
	doubts(f, "buckets");
	mbuckets = (uintptr_t)bucket; /* no bucket at all */
	doubts(f, "buckets");
	bucket[2] = 1;
	bucket[3] = 99; /* not its hash */
	doubts(f, "buckets");
	bucket[3] = 0;
	assert_int_equal(open_child(f, &why), 0);
	assert_int_equal(go_rate_settled(f->rate, &why), 1);
}

static void refuses(struct fixture *f, int error, const char *what)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(open_child(f, &why), error);
	assert_null(f->rate);
	assert_non_null(strstr(strbuf_text(&why), what));
}

static void unsure_layouts(void **state)
{
	struct fixture *f = *state;
	const struct go_binary good = f->binary;

	f->binary.sure = false;
	refuses(f, -EBADMSG, "is not sure");
	f->binary.contradicted = true;
	refuses(f, -EBADMSG, "symbols or version, and code, tell different things");
	f->binary.minor = 28;
	refuses(f, -EBADMSG, "Go version (go1.22.3)");
	f->binary.minor = 0;
	f->binary.version[0] = '\0';
	refuses(f, -EBADMSG, "Go version (unknown)");
	f->binary = good;
	f->binary.allglen = 0;
	refuses(f, -EBADMSG, "not all");
	f->binary = good;
	f->binary.mbuckets = f->binary.mem_profile_rate;
	refuses(f, -EBADMSG, "not all");
	/* Loaded elsewhere than we believe, or changed since. */
	f->binary = good;
	f->binary.entry += 4096;
	refuses(f, -EBADMSG, "code");
	f->binary = good;
	f->binary.text.offset += 16;
	refuses(f, -EBADMSG, "code is not that of its executable");
	f->binary = good;
}

static void other_processes(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct fixture *f = *state;
	int fd = f->binary.fd;
	uint64_t bias;
	int64_t value;

	/* Another executable under that PID. */
	f->binary.fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	refuses(f, -ESRCH, "another executable");
	/* A library may be in any, if its code is there. */
	assert_int_equal(go_process_bias(getpid(), &f->binary, &bias), 0);
	assert_int_equal(go_rate_open(f->child, &f->binary, &bias, &why, &f->rate), -EBADMSG);
	close(f->binary.fd);
	f->binary.fd = fd;
	assert_int_equal(go_rate_open(f->child, &f->binary, &bias, &why, &f->rate), 0);
	go_rate_close(f->rate);
	f->rate = NULL;
	bias += 4096;
	assert_int_equal(go_rate_open(f->child, &f->binary, &bias, &why, &f->rate), -EBADMSG);
	strbuf_reset(&why);
	/* It ends once it is open: nothing is written, whatever has its PID then. */
	assert_int_equal(open_child(f, &why), 0);
	kill(f->child, SIGKILL);
	waitpid(f->child, NULL, 0);
	assert_int_equal(go_rate_settled(f->rate, &why), -ESRCH);
	assert_int_equal(go_rate_get(f->rate, &value), -ESRCH);
	assert_int_equal(go_rate_change(f->rate, 0, 1), -ESRCH);
	go_rate_close(f->rate);
	f->rate = NULL;
	assert_int_equal(go_rate_open(f->child, &f->binary, NULL, &why, &f->rate), -ESRCH);
	f->child = 0;
}

/* A breakpoint of a debugger, or a uprobe, is no other code; more than a few are. */
__attribute__((noinline)) static int code(int x)
{
	return x * 3 + 1;
}

static void breakpoints(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct fixture *f = *state;
	uint64_t at = (uintptr_t)code, bias;
	uint8_t stops[5] = {0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
	char path[64];
	int fd;

	/* Let the part that is compared begin at that function. */
	assert_int_equal(go_process_bias(getpid(), &f->binary, &bias), 0);
	f->binary.text.offset += at - bias - f->binary.text.address;
	f->binary.text.address = at - bias;
	f->binary.text.file_size = 16;
	f->child = child();
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)f->child);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(fd, stops, 1, (off_t)at), 1);
	assert_int_equal(go_rate_open(f->child, &f->binary, NULL, &why, &f->rate), 0);
	go_rate_close(f->rate);
	f->rate = NULL;
	assert_int_equal(pwrite(fd, stops, 5, (off_t)at), 5);
	assert_int_equal(go_rate_open(f->child, &f->binary, NULL, &why, &f->rate), -EBADMSG);
	stops[0] = 0x90;
	assert_int_equal(pwrite(fd, stops, 1, (off_t)at), 1);
	assert_int_equal(go_rate_open(f->child, &f->binary, NULL, &why, &f->rate), -EBADMSG);
	close(fd);
	assert_int_equal(code(2), 7);
}

int main(void)
{
#define RATE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		RATE_TEST(on_and_off),	    RATE_TEST(waits_for_the_runtime),
		RATE_TEST(unsure_layouts),  RATE_TEST(variables_that_make_no_sense),
		RATE_TEST(other_processes), RATE_TEST(breakpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
