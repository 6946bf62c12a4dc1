/*
 * toggle PID TIMES: switch the heap profiler of a running Go program on and off so often, at
 * several rates, a millisecond apart; it is left switched off.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "go/go_rate.h"
#include "proc/process.h"

static int fail(const char *what, int error)
{
	fprintf(stderr, "toggle: %s: %s\n", what, strerror(-error));
	return 1;
}

static void rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int open_process(const char *pid, struct go_rate **ret)
{
	_cleanup_go_binary_ struct go_binary *binary = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	int r = process_open_executable(atoi(pid), &fd, &path);

	if (r < 0)
		return r;
	r = go_binary_open(fd, &why, &binary);
	if (r == 0)
		r = go_rate_open((pid_t)strtol(pid, NULL, 10), binary, NULL, &why, ret);
	while (r == 0 && (r = go_rate_settled(*ret, &why)) == 0)
		rest();
	if (r < 0)
		fprintf(stderr, "toggle: %s\n", strbuf_text(&why));
	return MIN(r, 0);
}

int main(int argc, char *argv[])
{
	static const int64_t rates[] = {0, GO_RATE_DEFAULT, 0, 1, 4096};
	struct go_rate *rate = NULL;
	unsigned long times, i;
	int r;

	if (argc != 3)
		return 2;
	times = strtoul(argv[2], NULL, 10);
	r = open_process(argv[1], &rate);
	if (r < 0)
		return fail("cannot open", r);
	for (i = 0; r == 0 && i < times; i++) {
		r = go_rate_change(rate, rates[i % ARRAY_SIZE(rates)],
				   rates[(i + 1) % ARRAY_SIZE(rates)]);
		rest();
	}
	if (r == 0)
		r = go_rate_change(rate, rates[i % ARRAY_SIZE(rates)], 0);
	go_rate_close(rate);
	if (r < 0)
		return fail("cannot write", r);
	printf("toggled %lu times\n", i);
	return 0;
}
