/*
 * heapdump PID FILE [published]: the heap profile of a living (or stopped) Go program into FILE,
 * the sites and the walk's numbers to stdout. For the tests of lib/go, which need no BPF for this.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "go/go_binary.h"
#include "go/heap_buckets.h"
#include "go/heap_profile.h"
#include "proc/process.h"

static int fail(const char *what, int error)
{
	fprintf(stderr, "heapdump: %s: %s\n", what, strerror(-error));
	return 1;
}

static int open_binary(const char *pid, struct go_binary **ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	int r = process_open_executable(atoi(pid), &fd, &path);

	if (r < 0)
		return r;
	r = go_binary_open(fd, &why, ret);
	if (r < 0)
		fprintf(stderr, "heapdump: %s\n", strbuf_text(&why));
	return r;
}

static int on_bucket(void *context, const struct heap_bucket *bucket)
{
	return heap_profile_add(context, bucket);
}

static int take(pid_t pid, const struct go_binary *binary, struct heap_profile_options *options,
		struct heap_walk *walk, struct heap_profile **ret)
{
	struct heap_reader reader = heap_reader_process(pid);
	uint64_t head = 0;
	int r = go_process_bias(pid, binary, &options->bias);

	if (r == 0)
		r = heap_reader_get(&reader, binary->mbuckets + options->bias, &head, 8);
	if (r == 0)
		r = heap_reader_get(&reader, binary->mem_profile_rate + options->bias,
				    &options->rate, 8);
	if (r == 0)
		r = heap_reader_get(&reader, binary->mprof_cycle + options->bias, &options->cycle,
				    4);
	if (r == 0)
		r = heap_profile_new(binary, options, ret);
	if (r == 0)
		r = heap_walk(&reader, head, binary->record_size, 10000000, on_bucket, *ret, walk);
	return r < 0 ? r : heap_profile_resolve(*ret);
}

static void print_sites(const struct heap_profile *profile)
{
	const struct heap_site *sites;
	struct heap_frame caller;
	size_t n = heap_profile_sites(profile, &sites);

	for (size_t i = 0; i < n; i++) {
		printf("site %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s:%" PRIu32,
		       sites[i].inuse_bytes, sites[i].inuse_objects, sites[i].alloc_bytes,
		       sites[i].alloc_objects, sites[i].frame.function, sites[i].frame.file,
		       sites[i].frame.line);
		if (heap_profile_callers(profile, &sites[i], &caller, 1))
			printf(" <- %s", caller.function);
		putchar('\n');
	}
}

static int write_file(const char *name, const struct strbuf *bytes)
{
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : file_write_fd(fd, bytes->data, bytes->length);
}

static double milliseconds(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - since->tv_nsec) / 1e6;
}

int main(int argc, char **argv)
{
	_cleanup_heap_profile_ struct heap_profile *profile = NULL;
	_cleanup_go_binary_ struct go_binary *binary = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	struct heap_profile_options options = {.view = HEAP_VIEW_NOW};
	const struct heap_totals *totals;
	struct timespec start;
	struct heap_walk walk;
	int r;

	if (argc < 3)
		return 2;
	if (argc > 3 && strcmp(argv[3], "published") == 0)
		options.view = HEAP_VIEW_PUBLISHED;
	r = open_binary(argv[1], &binary);
	if (r < 0)
		return fail(argv[1], r);
	printf("version %s record_size %u profiling_linked %d build_id %s\n", binary->version,
	       binary->record_size, binary->profiling_linked, binary->build_id);
	options.file_name = "/proc/self/exe";
	options.time_ns = (int64_t)time(NULL) * 1000000000;
	clock_gettime(CLOCK_MONOTONIC, &start);
	r = take((pid_t)atoi(argv[1]), binary, &options, &walk, &profile);
	if (r == 0)
		r = heap_profile_comment(profile, "taken by heapdump");
	if (r == 0)
		r = heap_profile_write(profile, &out);
	if (r < 0)
		return fail("profile", r);
	printf("rate %" PRId64 " read %" PRIu64 " cut %" PRIu64 " unreadable %" PRIu64
	       " damaged %" PRIu64 " more %d ms %.1f\n",
	       options.rate, walk.read, walk.cut, walk.unreadable, walk.damaged, walk.more,
	       milliseconds(&start));
	totals = heap_profile_totals(profile);
	printf("total %" PRId64 " %" PRId64 " sites %" PRIu64 " unresolved %" PRIu64 "\n",
	       totals->inuse_bytes, totals->inuse_objects, totals->sites, totals->unresolved);
	print_sites(profile);
	r = write_file(argv[2], &out);
	return r < 0 ? fail(argv[2], r) : 0;
}
