/*
 * Programs that start and end, as they do: by the probe of goalloctop on the running kernel. Needs
 * root and BPF.
 */
#include "live/bpf_test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#include "alloc/discovery.h"
#include "tools/texts.h"

#define CHILDREN 211 /* a prime */

static struct {
	enum discovery_verdict verdict;
	pid_t children[CHILDREN];
	unsigned int execs[CHILDREN], exits[CHILDREN], strangers;
	uint64_t lost;
} seen;

static int child(pid_t pid)
{
	for (int i = 0; i < CHILDREN; i++)
		if (seen.children[i] == pid)
			return i;
	return -1;
}

static enum discovery_verdict on_exec(pid_t pid, void *user)
{
	int i = child(pid);

	(void)user;
	if (i < 0) /* somebody else's */
		return DISCOVERY_PASS;
	seen.execs[i]++;
	return seen.verdict;
}

static void on_exit_of(pid_t pid, void *user)
{
	int i = child(pid);

	(void)user;
	if (i < 0)
		seen.strangers++;
	else
		seen.exits[i]++;
}

static void on_lost(uint64_t n, void *user)
{
	(void)user;
	seen.lost += n;
}

static const struct discovery_calls calls = {on_exec, on_exit_of, on_lost, NULL};

static struct tracer *start(uint32_t ring_bytes)
{
	const struct tracer_map_size sizes[] = {{"comings", ring_bytes}, {0}};
	const struct tracer_config config = {.name = "test",
					     .text = goalloctop_text,
					     .lines = goalloctop_lines,
					     .map_sizes = sizes};
	struct tracer *t;

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(tracer_new(&config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s", tracer_error(t));
	return t;
}

static void *end_thread(void *unused)
{
	return unused;
}

/* A child that waits for a byte, then runs PATH; or if PATH is NULL, lets threads come and go. */
static pid_t make_child(int from, const char *path)
{
	pthread_t thread;
	char byte;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	if (read(from, &byte, 1) != 1)
		_exit(1);
	if (path)
		execl(path, path, (char *)NULL);
	for (int i = 0; i < 7; i++)
		if (pthread_create(&thread, NULL, end_thread, NULL) || pthread_join(thread, NULL))
			_exit(1);
	_exit(0);
}

/* All the children, from first to end; some of the ends are told first to be WATCHED. */
static void run_children(struct discovery *d, const char *path, bool watched)
{
	int gate[2];

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < CHILDREN; i++) {
		seen.children[i] = make_child(gate[0], path);
		seen.execs[i] = seen.exits[i] = 0;
		if (watched)
			assert_int_equal(discovery_watch(d, seen.children[i]), 0);
	}
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(write(gate[1], "", 1), 1);
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(waitpid(seen.children[i], NULL, 0), seen.children[i]);
	close(gate[0]);
	close(gate[1]);
	assert_int_equal(discovery_take(d), 0);
	assert_int_equal(discovery_ask_lost(d), 0);
}

/* Told so often, but for what it says that it has lost: the kernel may leave out an event. */
static void all_are(const unsigned int *counts, unsigned int wanted)
{
	unsigned int missing = 0;

	for (int i = 0; i < CHILDREN; i++) {
		assert_true(counts[i] <= wanted);
		missing += wanted - counts[i];
	}
	assert_true(missing <= seen.lost);
}

static void tells_starts_and_ends(void **state)
{
	struct tracer *t = start(1 << 18);
	struct discovery *d;
	struct pollfd waiting;

	(void)state;
	assert_int_equal(discovery_open(t, &calls, NULL, &d), 0);
	/* The ends of those only that are watched, and of processes, not of their threads. */
	run_children(d, "/bin/true", false);
	all_are(seen.execs, 1);
	all_are(seen.exits, 0);
	run_children(d, NULL, true);
	all_are(seen.execs, 0);
	all_are(seen.exits, 1);
	/* A watched one that runs another program, and ends before anybody has looked. */
	run_children(d, "/bin/true", true);
	all_are(seen.execs, 1);
	assert_int_equal(seen.strangers, 0);
	/* The ring has room for all. */
	assert_true(seen.lost <= tracer_missed(t, NULL));

	seen.children[0] = fork();
	assert_true(seen.children[0] >= 0);
	if (!seen.children[0])
		execl("/bin/true", "/bin/true", (char *)NULL);
	waiting = (struct pollfd){.fd = discovery_fd(d), .events = POLLIN};
	assert_int_equal(poll(&waiting, 1, 30000), 1);
	waitpid(seen.children[0], NULL, 0);
	discovery_close(d);
	tracer_close(t);
}

static void tells_no_more_of_what_is_not_go(void **state)
{
	struct tracer *t = start(1 << 18);
	struct discovery *d;

	(void)state;
	assert_int_equal(discovery_open(t, &calls, NULL, &d), 0);
	seen.verdict = DISCOVERY_NOT_GO;
	run_children(d, "/bin/true", false);
	all_are(seen.execs, 1);
	run_children(d, "/bin/true", false);
	all_are(seen.execs, 0);
	run_children(d, "/bin/cat", false);
	all_are(seen.execs, 1);
	/* It was a Go program before, so that it runs this now is news. */
	run_children(d, "/bin/true", true);
	all_are(seen.execs, 1);
	discovery_close(d);
	tracer_close(t);
}

static void says_what_it_lost(void **state)
{
	struct tracer *t = start(4096);
	struct discovery *d;
	unsigned int told = 0;

	(void)state;
	assert_int_equal(discovery_open(t, &calls, NULL, &d), 0);
	run_children(d, "/bin/true", false);
	for (int i = 0; i < CHILDREN; i++)
		told += seen.execs[i];
	/* None at all, if others start many programs meanwhile. */
	assert_true(told < CHILDREN);
	assert_true(seen.lost >= CHILDREN - told);
	assert_int_equal(seen.lost, discovery_lost(d));
	run_children(d, "/bin/true", false);
	assert_int_equal(seen.lost, discovery_lost(d));
	discovery_close(d);
	tracer_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_starts_and_ends),
		cmocka_unit_test(tells_no_more_of_what_is_not_go),
		cmocka_unit_test(says_what_it_lost),
	};
	int unavailable = bpf_test_unavailable();

	if (unavailable >= 0)
		return unavailable;
	return cmocka_run_group_tests(tests, bpf_test_setup, bpf_test_teardown);
}
