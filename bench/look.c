/*
 * look [-n ROUNDS] FILE...: what it costs to look into an executable, a line a file:
 *
 *   file bytes kind cold_us first_us first_cpu_us known_ns resident_kb
 *
 * cold: first sight, its contents dropped from the page cache (where the file system does that).
 * first: first sight with a warm cache, the median of ROUNDS (default 11), and the least. known: to
 * find what is known of it by the key that the kernel side gives. resident: what first sight has
 * added.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/parse.h"
#include "proc/clock.h"
#include "victim/known_binaries.h"

#define KNOWN_ROUNDS 100000
#define ROUNDS_MOST 1000

static const char *const kinds[] = {[BINARY_READY] = "profile",
				    [BINARY_OFF] = "off",
				    [BINARY_NOT_FOUND] = "not-found",
				    [BINARY_NOT_GO] = "not-go",
				    [BINARY_UNREADABLE] = "unreadable"};

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct oomprof_key key_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		abort();
	return (struct oomprof_key){.device = (uint32_t)st.st_dev,
				    .inode = st.st_ino,
				    .size = (uint64_t)st.st_size,
				    .mtime_s = (uint64_t)st.st_mtim.tv_sec,
				    .mtime_ns = (uint32_t)st.st_mtim.tv_nsec};
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* First sight: wall and CPU time, in ns. */
static uint64_t first_sight(int fd, const char *path, const char **kind, uint64_t *ret_cpu)
{
	struct oomprof_key key = key_of(fd);
	const struct known_binary *b;
	struct known_binaries *known;
	uint64_t start, cpu;
	int r;

	if (known_binaries_new(8, &known) < 0)
		abort();
	start = clock_monotonic_ns();
	cpu = cpu_ns();
	r = known_binaries_learn_fd(known, fd, path, &key, &b);
	start = clock_monotonic_ns() - start;
	*ret_cpu = cpu_ns() - cpu;
	*kind = r >= 0 ? kinds[r] : strerror(-r);
	known_binaries_free(known);
	return start;
}

/* Of one that is known, in ns: the mean, as one look is shorter than the clock's steps. */
static uint64_t known_sight(int fd, const char *path)
{
	struct oomprof_key key = key_of(fd);
	const struct known_binary *b;
	struct known_binaries *known;
	uint64_t start;

	if (known_binaries_new(8, &known) < 0 ||
	    known_binaries_learn_fd(known, fd, path, &key, &b) < 0)
		return 0;
	start = clock_monotonic_ns();
	for (int i = 0; b && i < KNOWN_ROUNDS; i++)
		known_binaries_learn_fd(known, fd, path, &key, &b);
	start = b ? (clock_monotonic_ns() - start) / KNOWN_ROUNDS : 0;
	known_binaries_free(known);
	return start;
}

static long resident_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static int look(const char *path, uint64_t rounds)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t first[ROUNDS_MOST], cpu[ROUNDS_MOST], cold;
	const char *kind;
	long before = resident_kb();

	if (fd < 0) {
		perror(path);
		return 1;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	cold = first_sight(fd, path, &kind, &cpu[0]);
	for (uint64_t i = 0; i < rounds; i++)
		first[i] = first_sight(fd, path, &kind, &cpu[i]);
	qsort(first, rounds, sizeof(first[0]), compare);
	qsort(cpu, rounds, sizeof(cpu[0]), compare);
	printf("%s %" PRIu64 " %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %ld\n", path,
	       (uint64_t)key_of(fd).size, kind, cold / 1000, first[rounds / 2] / 1000,
	       cpu[rounds / 2] / 1000, known_sight(fd, path), resident_kb() - before);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t rounds = 11;
	int at = 1, failed = 0;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		if (parse_number(argv[2], 1, ROUNDS_MOST, &rounds) < 0)
			return 2;
		at = 3;
	}
	if (at >= argc)
		return 2;
	for (; at < argc; at++)
		failed |= look(argv[at], rounds);
	return failed;
}
