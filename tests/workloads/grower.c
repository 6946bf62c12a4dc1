/*
 * grower [-k anon|file|shmem|slab] [-r BYTES] [-m BYTES] [-t SECONDS] [-e SECONDS] [-d DIR] [-w]:
 * grow by so many bytes a second (default: 8 MiB), up to so many (default: 1 GiB), for so long
 * (default: until a signal), by the monotonic clock, in steps of 10 ms. A line a second, and one at
 * the end, tells the seconds since the start and the bytes it has then. -w waits for a line on
 * stdin first. -e: that is the rate at first, and it doubles each time so many seconds have passed.
 *
 *   anon   anonymous memory in pages of 4 KiB (no huge ones)
 *   file   a file below DIR (default: .) that is mapped and written to
 *   shmem  anonymous memory that is shared
 *   slab   pipes whose array of buffers takes 16 KiB of kernel memory each, and about 1.5 KiB more
 *
 * grower -f faults|slab [-n ROUNDS]: as fast as it can; the last line tells the seconds that passed
 * and those of CPU time (user and system). A round of "faults" maps 4 MiB, touches each page and
 * unmaps it; one of "slab" makes a pipe, a socket and an open file, and closes them, 100 times.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define STEP_NS 10000000ull
#define PIPE_PAGES 256		  /* buffers of 40 bytes: kmalloc-16k */
#define PIPE_BYTES (16384 + 1536) /* roughly; the slab kinds differ from kernel to kernel */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

struct grower {
	const char *kind, *dir;
	uint64_t rate, most, seconds, doubles;
	char *memory;
	uint64_t done; /* bytes */
};

static int make_file(const struct grower *g)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/grower.XXXXXX", g->dir);
	fd = mkstemp(path);
	if (fd < 0 || unlink(path) < 0 || ftruncate(fd, (off_t)g->most) < 0)
		fail(path);
	return fd;
}

static void prepare(struct grower *g)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;

	if (!strcmp(g->kind, "slab")) {
		struct rlimit files;

		if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
			files.rlim_cur = files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
		return;
	}
	if (!strcmp(g->kind, "file")) {
		flags = MAP_SHARED;
		fd = make_file(g);
	} else if (!strcmp(g->kind, "shmem")) {
		flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	}
	g->memory = mmap(NULL, g->most, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (g->memory == MAP_FAILED)
		fail("mmap");
	madvise(g->memory, g->most, MADV_NOHUGEPAGE);
}

static void grow_to(struct grower *g, uint64_t bytes)
{
	int ends[2];

	while (g->memory && g->done + PAGE <= bytes) {
		g->memory[g->done] = 1;
		g->done += PAGE;
	}
	while (!g->memory && g->done + PIPE_BYTES <= bytes) {
		if (pipe(ends) < 0 || fcntl(ends[0], F_SETPIPE_SZ, PIPE_PAGES * PAGE) < 0)
			fail("pipe");
		g->done += PIPE_BYTES;
	}
}

static void tell(const struct grower *g, uint64_t since)
{
	printf("%.3f %llu\n", (double)(now_ns() - since) / 1e9, (unsigned long long)g->done);
	fflush(stdout);
}

/* Bytes to have after so many seconds. */
static double target_of(const struct grower *g, double seconds)
{
	double period = (double)g->doubles;

	if (!g->doubles)
		return seconds * (double)g->rate;
	return (double)g->rate * period / M_LN2 * (exp2(seconds / period) - 1);
}

static void grow(struct grower *g)
{
	uint64_t start, now, told;

	prepare(g);
	start = told = now_ns();
	for (now = start; !stopped && (!g->seconds || now - start < g->seconds * 1000000000);
	     now = now_ns()) {
		double target = target_of(g, (double)(now - start) / 1e9);
		struct timespec next;

		grow_to(g, target < (double)g->most ? (uint64_t)target : g->most);
		if (now - told >= 1000000000) {
			told += 1000000000;
			tell(g, start);
		}
		now = start + ((now_ns() - start) / STEP_NS + 1) * STEP_NS;
		next.tv_sec = (time_t)(now / 1000000000);
		next.tv_nsec = (long)(now % 1000000000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	tell(g, start);
}

static void fault_round(void)
{
	size_t n = 4 << 20;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	madvise(p, n, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i += PAGE)
		p[i] = 1;
	munmap(p, n);
}

static void slab_round(void)
{
	for (int i = 0; i < 100; i++) {
		int ends[2], fd, s;

		if (pipe(ends) < 0 || (s = socket(AF_UNIX, SOCK_STREAM, 0)) < 0 ||
		    (fd = open("/dev/null", O_RDONLY)) < 0)
			fail("pipe, socket or open");
		close(ends[0]);
		close(ends[1]);
		close(s);
		close(fd);
	}
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_fast(const char *what, unsigned long rounds)
{
	void (*one)(void) = !strcmp(what, "faults") ? fault_round
			    : !strcmp(what, "slab") ? slab_round
						    : NULL;
	uint64_t start = now_ns();
	double cpu = cpu_seconds();

	if (!one)
		return 2;
	for (unsigned long i = 0; i < rounds && !stopped; i++)
		one();
	printf("%.6f %.6f\n", (double)(now_ns() - start) / 1e9, cpu_seconds() - cpu);
	return 0;
}

int main(int argc, char *argv[])
{
	struct grower g = {.kind = "anon", .dir = ".", .rate = 8 << 20, .most = 1 << 30};
	unsigned long rounds = 1000;
	const char *fast = NULL;
	bool wait = false;
	int c;

	while ((c = getopt(argc, argv, "k:r:m:t:e:d:f:n:w")) != -1) {
		if (c == 'k')
			g.kind = optarg;
		else if (c == 'r')
			g.rate = strtoull(optarg, NULL, 10);
		else if (c == 'm')
			g.most = strtoull(optarg, NULL, 10);
		else if (c == 't')
			g.seconds = strtoull(optarg, NULL, 10);
		else if (c == 'e')
			g.doubles = strtoull(optarg, NULL, 10);
		else if (c == 'd')
			g.dir = optarg;
		else if (c == 'f')
			fast = optarg;
		else if (c == 'n')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 'w')
			wait = true;
		else
			return 2;
	}
	if (strcmp(g.kind, "anon") && strcmp(g.kind, "file") && strcmp(g.kind, "shmem") &&
	    strcmp(g.kind, "slab"))
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (fast)
		return run_fast(fast, rounds);
	if (wait && getchar() == EOF)
		return 1;
	grow(&g);
	return 0;
}
