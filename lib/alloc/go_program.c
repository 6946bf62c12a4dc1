#include "alloc/go_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proc/clock.h"
#include "victim/library.h"
#include "victim/live.h"

#define NS_PER_S 1000000000ull
/* Counting goroutines may take one part in so many of the time. */
#define GOROUTINES_SHARE 200

static int stat_executable(pid_t thread, struct stat *ret)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)thread);
	if (stat(link, ret) == 0)
		return 0;
	return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
}

/* The executable itself, or what stands in for it; the binary is shared where that is possible. */
static int find_image(struct go_program *p, int fd, struct known_binaries *known,
		      struct strbuf *why)
{
	const struct known_binary *b = NULL;
	struct oomprof_key key;
	struct stat st;
	int kind = -ENOSPC;

	if (fstat(fd, &st) == 0) {
		key = key_of_file(&st);
		kind = known_binaries_learn_fd(known, fd, p->path, &key, &b);
	}
	if (kind == -ENOSPC) {
		kind = binary_look_into(fd, why, &p->image.binary);
	} else if (b) {
		p->image.binary = b->binary;
		p->shared_binary = true;
		if (why && b->reason)
			strbuf_puts(why, b->reason);
	}
	if (kind == BINARY_NOT_GO || kind == BINARY_PACKED)
		kind = process_image_find(p->process.thread, fd, &p->image, why);
	if (kind == BINARY_NOT_GO && why)
		strbuf_puts(why, "not a Go program");
	return kind < 0 ? kind : p->image.binary ? 0 : -ENOEXEC;
}

/* CLOCK_MONOTONIC, which stands still while the machine sleeps, of a start time since boot. */
static uint64_t start_of(const struct process *process)
{
	uint64_t tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t boot = clock_boottime_ns(), age = boot - MIN(boot, process->start_ticks * tick);
	uint64_t now = clock_monotonic_ns();

	return now - MIN(now, age);
}

static int open_process(struct go_program *p, struct known_binaries *known, struct strbuf *why)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r = live_open_executable(p->process.thread, &fd, &p->path, why);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	p->device = st.st_dev;
	p->inode = st.st_ino;
	r = find_image(p, fd, known, why);
	if (r < 0)
		return r;
	if (p->image.path) {
		free(p->path);
		p->path = p->image.path;
		p->image.path = NULL;
	}
	p->bias = p->image.bias;
	if (p->image.place != IMAGE_LIBRARY)
		r = go_process_bias(p->process.thread, p->image.binary, &p->bias);
	if (r == 0)
		r = heap_snapshot_new(p->image.binary, p->bias, &p->snapshot);
	return r;
}

int go_program_open(pid_t pid, struct known_binaries *known, struct strbuf *why,
		    struct go_program **ret)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	struct go_program *p = calloc(1, sizeof(*p));
	int r = p ? live_find(pid, &p->process, &reason) : -ENOMEM;

	if (r == 0) {
		r = open_process(p, known, &reason);
		if (r == -ENOEXEC && why)
			strbuf_printf(why, "PID %d: ", (int)pid);
	}
	if (r < 0) {
		if (why)
			strbuf_puts(why, reason.length ? strbuf_text(&reason) : strerror(-r));
		go_program_free(p);
		return r;
	}
	p->started_ns = start_of(&p->process);
	p->now.total_alloc_bytes = p->now.collections = -1;
	p->now.alloc_objects = p->now.alloc_bytes = -1;
	p->before = p->now;
	*ret = p;
	return 0;
}

void go_program_detach(struct go_program *p)
{
	if (p->source)
		p->source->forget(p, p->source->user);
	p->source = NULL;
}

void go_program_free(struct go_program *p)
{
	if (!p)
		return;
	go_program_detach(p);
	alloc_table_free(p->table);
	alloc_heap_free(p->heap);
	heap_snapshot_free(p->snapshot);
	if (!p->shared_binary)
		go_binary_close(p->image.binary);
	free(p->image.path);
	free(p->path);
	free(p->cgroup_path);
	free(p);
}

int go_program_look(struct go_program *p)
{
	struct process now;
	struct stat st;
	int r = process_read(p->process.pid, &now);

	if (r == 0 && (now.start_ticks != p->process.start_ticks || !now.thread))
		r = -ESRCH;
	if (r == 0)
		r = stat_executable(now.thread, &st);
	if (r == -EPERM)
		return 1; /* it has changed its user, say; reading will tell */
	if (r < 0)
		return r == -ENOMEM ? r : -ESRCH;
	if (st.st_dev != p->device || st.st_ino != p->inode ||
	    (now.stack_start && p->process.stack_start &&
	     now.stack_start != p->process.stack_start))
		return 0;
	p->process = now;
	return 1;
}

/*
 * Every struct g has to be looked at, as those that have ended are kept. That takes some ms where
 * there are 100,000, so the more there are the less often they are counted.
 */
static void count_goroutines(struct go_program *p, const struct heap_reader *reader,
			     struct memory_blocks *blocks, const struct go_runtime *before)
{
	uint64_t n, begun = clock_thread_cpu_ns(), now = clock_monotonic_ns();
	int64_t last;

	if (now < p->goroutines_next_ns && go_runtime_get(before, GO_GOROUTINES, &last)) {
		go_runtime_set(&p->runtime, GO_GOROUTINES, last);
		return;
	}
	if (go_runtime_goroutines_blocks(reader, blocks, p->image.binary, p->bias, &n) < 0)
		return;
	go_runtime_set(&p->runtime, GO_GOROUTINES, (int64_t)n);
	p->goroutines_next_ns = now + (clock_thread_cpu_ns() - begun) * GOROUTINES_SHARE;
}

static void read_runtime(struct go_program *p, const struct heap_reader *reader,
			 struct memory_blocks *blocks)
{
	const struct go_runtime before = p->runtime;
	struct oomprof_runtime raw;
	uint32_t cycle;

	go_runtime_read(reader, p->image.binary, p->bias, &raw, &cycle);
	p->now.time_ns = clock_monotonic_ns();
	go_runtime_decode(&raw, cycle, p->image.binary->minor, p->process.virtual_bytes,
			  &p->runtime);
	(void)go_runtime_get(&p->runtime, GO_TOTAL_ALLOC, &p->now.total_alloc_bytes);
	(void)go_runtime_get(&p->runtime, GO_GC_COUNT, &p->now.collections);
	if (p->selected)
		count_goroutines(p, reader, blocks, &before);
}

int go_program_read_snapshot(struct go_program *p, const struct heap_reader *reader,
			     struct memory_blocks *blocks)
{
	const struct heap_sums *sums = heap_snapshot_sums(p->snapshot);
	int r = heap_snapshot_read(p->snapshot, reader, blocks, p->want_heap ? p->heap : NULL);

	if (r == 0 && (sums->rate > 0 || sums->buckets)) {
		p->now.sample_rate = sums->rate;
		p->now.alloc_objects = sums->alloc_objects;
		p->now.alloc_bytes = sums->alloc_bytes;
	}
	return r;
}

static int read_heap(struct go_program *p, const struct heap_reader *reader,
		     struct memory_blocks *blocks)
{
	int r = 0;

	if (p->want_heap && !p->heap)
		r = alloc_heap_new(p->image.binary, p->bias, &p->heap);
	if (r < 0)
		return r;
	return p->source ? p->source->fill(p, reader, blocks, p->source->user)
			 : go_program_read_snapshot(p, reader, blocks);
}

int go_program_read_heap(struct go_program *p, const struct go_program_reader *from)
{
	const struct heap_reader reader = heap_reader_process(p->process.thread);
	const struct go_program_numbers now = p->now;
	int r;

	if (p->state == GO_PROGRAM_EXITED)
		return 0;
	r = read_heap(p, &reader, from->blocks);
	p->now = now;
	return r == -ENOMEM ? r : 0;
}

int go_program_find_cgroup(struct go_program *p, const struct cgroup_memory *cgroup)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	int r = cgroup_memory_path(cgroup, p->process.thread, &path);

	free(p->cgroup_path);
	p->cgroup_path = r == 0 ? strbuf_steal(&path) : NULL;
	return r == 0 && !p->cgroup_path ? -ENOMEM : r;
}

static void read_cgroup(struct go_program *p, const struct cgroup_memory *cgroup)
{
	p->cgroup = (struct cgroup_room){0};
	if (go_program_find_cgroup(p, cgroup) == 0)
		(void)cgroup_memory_room(cgroup, p->cgroup_path, &p->cgroup);
}

int go_program_refresh(struct go_program *p, const struct go_program_reader *from)
{
	const struct heap_reader reader = heap_reader_process(p->process.thread);
	char state = p->process.state;
	int r = 0;

	p->before = p->now;
	p->now = (struct go_program_numbers){clock_monotonic_ns(), -1, -1, -1, -1, 0};
	p->state = state == 'T' || state == 't' ? GO_PROGRAM_STOPPED : GO_PROGRAM_RUNNING;
	read_runtime(p, &reader, from->blocks);
	if (p->selected) {
		read_cgroup(p, from->cgroup);
		r = read_heap(p, &reader, from->blocks);
	}
	if (r == -ENOMEM)
		return r;
	p->error = r;
	if (r == -ESRCH)
		p->state = GO_PROGRAM_EXITED;
	else if (r < 0)
		p->state = GO_PROGRAM_UNREADABLE;
	return 0;
}

/* Seconds since the numbers before; 0: there are none. */
static double seconds(const struct go_program *p)
{
	return p->before.time_ns && p->now.time_ns > p->before.time_ns
		       ? (double)(p->now.time_ns - p->before.time_ns) / NS_PER_S
		       : 0;
}

static bool rate(const struct go_program *p, double before, double now, double *ret)
{
	double span = seconds(p);

	if (span <= 0 || before < 0 || now < 0)
		return false;
	*ret = MAX(now - before, 0.0) / span;
	return true;
}

/* A program that changes its rate changes all estimates, also of what was there before. */
static bool comparable(const struct go_program *p)
{
	return p->before.alloc_objects == 0 || p->before.sample_rate == p->now.sample_rate;
}

bool go_program_alloc_rate(const struct go_program *p, double *ret_bytes)
{
	return rate(p, (double)p->before.total_alloc_bytes, (double)p->now.total_alloc_bytes,
		    ret_bytes) ||
	       (comparable(p) && rate(p, p->before.alloc_bytes, p->now.alloc_bytes, ret_bytes));
}

bool go_program_object_rate(const struct go_program *p, double *ret_objects)
{
	return comparable(p) && rate(p, p->before.alloc_objects, p->now.alloc_objects, ret_objects);
}

bool go_program_collections(const struct go_program *p, int64_t *ret)
{
	if (seconds(p) <= 0 || p->before.collections < 0 || p->now.collections < 0)
		return false;
	*ret = MAX(p->now.collections - p->before.collections, (int64_t)0);
	return true;
}

int go_program_profiling(const struct go_program *p)
{
	const struct heap_sums *sums = heap_snapshot_sums(p->snapshot);

	return sums->time_ns ? sums->rate > 0 : -1;
}
