#include "watch/watcher.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "app/message.h"
#include "app/worker.h"
#include "bpf/event_layout.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "bpf/program_wait.h"
#include "bpf/text_contract.h"
#include "watch/enabler.h"
#include "watch/libraries.h"
#include "watch/packed.h"
#include "watch/victim_reader.h"

#define MOST_BINARIES 4096 /* the size of the probe's map */
#define RETRY_NS 10000000
#define OLD_TEXT_S 1 /* for its programs to end, where that cannot be waited for */

struct watcher {
	struct tracer *tracer;
	void (*on_victim)(struct victim *v, void *user);
	void *user;
	struct victim_reader *reader; /* reads the other rings, in a thread of its own */
	struct event_ring *execs;
	struct worker *worker;
	atomic_size_t to_write; /* victims that the worker has, or is to get */
	struct known_binaries *known;
	struct libraries *libraries;
	struct packed *packed;
	struct enabler *enabler; /* NULL: not wanted */
};

void watcher_map_sizes(const struct watcher_settings *settings, struct tracer_map_size *sizes)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	while (bytes < settings->ring_bytes && bytes < 1u << 31)
		bytes *= 2;
	sizes[0] = (struct tracer_map_size){"buckets", (uint32_t)bytes};
	sizes[1] = (struct tracer_map_size){0};
}

int watcher_prepare(struct tracer *tracer, void *data)
{
	const struct watcher_settings *settings = data;
	const uint64_t values[OOMPROF_SETTINGS] = {
		[OOMPROF_SETTING_MAX_WALK_NS] = settings->max_walk_ns,
		[OOMPROF_SETTING_CPUS] = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN),
		[OOMPROF_SETTING_ALL_KILLS] = settings->all_kills,
	};
	int fd = tracer_map_fd(tracer, "settings"), r = 0;

	/* An edited text may do without. */
	for (uint32_t i = 0; fd >= 0 && r == 0 && i < OOMPROF_SETTINGS; i++)
		r = kernel_map_update(fd, &i, &values[i]);
	return r;
}

static void do_job(void *job, void *user)
{
	struct watcher *w = user;

	w->on_victim(job, w->user);
	atomic_fetch_sub(&w->to_write, 1);
}

/* Tell the probe of a Go program, and see to it that there will be a profile. */
static int tell(struct watcher *w, const struct oomprof_seen *seen, const struct known_binary *b)
{
	const struct oomprof_inode inode = {seen->key.inode, seen->key.device};
	struct oomprof_binary for_probe = known_binary_for_probe(b);
	bool enable = w->enabler && b->kind == BINARY_OFF;
	int r;

	for_probe.tell_exec = enable;
	r = kernel_map_update(tracer_map_fd(w->tracer, "binaries"), &seen->key, &for_probe);
	(void)kernel_map_update(tracer_map_fd(w->tracer, "inodes"), &inode, &seen->key);
	if (enable && r == 0)
		r = enabler_add(w->enabler, &(struct enabler_program){.process = seen->process,
								      .binary = b->binary,
								      .exec_ns = seen->exec_ns});
	return r;
}

static void on_library(const struct oomprof_process *process, const struct known_binary *b,
		       uint64_t bias, void *user)
{
	const struct enabler_program program = {
		.process = *process, .binary = b->binary, .in_library = true, .bias = bias};
	struct watcher *w = user;

	if (w->enabler && b->kind == BINARY_OFF && enabler_add(w->enabler, &program) < 0)
		message_warning("PID %u: no memory to switch heap profiling on", process->pid);
}

static void not_go(struct watcher *w, const struct oomprof_seen *seen)
{
	uint32_t one = 1;

	(void)kernel_map_update(tracer_map_fd(w->tracer, "not_go"), &seen->key, &one);
}

/* R of known_binaries_learn...(), and B if it is a Go program. */
static void learnt(struct watcher *w, const struct oomprof_seen *seen, int r,
		   const struct known_binary *b)
{
	uint32_t pid = seen->process.pid;

	if (b) {
		r = tell(w, seen, b);
		message_verbose("PID %u: %s is %s", pid, b->path,
				b->kind == BINARY_READY ? "a Go program"
				: b->kind == BINARY_OFF
					? "a Go program whose heap profile was switched off"
					: b->reason);
	} else if (r == BINARY_NOT_GO) {
		not_go(w, seen);
	}
	if (r < 0)
		message_warning("PID %u cannot be watched: %s", pid, strerror(-r));
}

/* A program not seen before: look into it once. */
static void learn(struct watcher *w, const struct oomprof_seen *seen)
{
	const struct known_binary *b = NULL;
	int r = known_binaries_learn(w->known, (pid_t)seen->tid, &seen->key, &b);

	if (r == BINARY_PACKED)
		packed_add(w->packed, seen);
	else
		learnt(w, seen, r, b);
}

static int learn_packed(const struct oomprof_seen *seen, void *user)
{
	const struct known_binary *b = NULL;
	struct watcher *w = user;
	int r = known_binaries_learn_unpacked(w->known, (pid_t)seen->tid, &seen->key, &b);

	/* What is no image (yet), or has holes, may change; a process that has gone does not. */
	if (r == -EFAULT || r == -EBADMSG)
		r = -EAGAIN;
	if (r != -EAGAIN && r != -ESRCH)
		learnt(w, seen, r, b);
	return r;
}

static void give_up_packed(const struct oomprof_seen *seen, void *user)
{
	not_go(user, seen);
}

static void on_exec(const void *data, size_t size, void *user)
{
	const struct oomprof_seen *seen = data;

	if (size >= sizeof(*seen) && seen->kind == OOMPROF_EXEC)
		learn(user, seen);
}

static void take_execs(void *user)
{
	struct watcher *w = user;

	/* On failure the ring stays readable, so we are called again at once. */
	if (event_ring_consume(w->execs) < 0)
		nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
}

/* In the reader's thread. */
static void on_complete(struct victim *v, void *user)
{
	struct watcher *w = user;

	if (w->enabler && v->binary)
		(void)enabler_find(w->enabler, &v->process, v->binary->binary, &v->enabled);
	atomic_fetch_add(&w->to_write, 1);
	worker_push(w->worker, v);
}

static void look_at_libraries(struct watcher *w, const struct oomprof_seen *seen)
{
	libraries_look_through(w->libraries, (pid_t)seen->tid);
}

/* The programs that run, from the probe's iterator. */
static int each_running(struct watcher *w,
			void (*visit)(struct watcher *w, const struct oomprof_seen *seen))
{
	_cleanup_close_ int fd = tracer_iterate(w->tracer, "iter__task");
	struct oomprof_seen seen[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(fd, seen, sizeof(seen))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(seen[0]); i++)
			visit(w, &seen[i]);
	return n < 0 ? -errno : 0;
}

static void look_again(void *user)
{
	(void)each_running(user, look_at_libraries);
}

static int open_libraries(struct watcher *w, struct loop *loop)
{
	struct libraries_config config = {
		.tracer = w->tracer,
		.known = w->known,
		.loop = loop,
		.catch_up = take_execs,
		.look_again = look_again,
		.on_library = on_library,
		.user = w,
	};

	return libraries_open(&config, &w->libraries);
}

static int open_reader(struct watcher *w)
{
	struct victim_reader_config config = {
		.tracer = w->tracer,
		.known = w->known,
		.on_complete = on_complete,
		.user = w,
	};

	return victim_reader_open(&config, &w->reader);
}

static int open_parts(struct watcher *w, struct loop *loop)
{
	const struct packed_config packed = {loop, learn_packed, give_up_packed, w};
	int r = known_binaries_new(MOST_BINARIES, &w->known);

	if (r == 0)
		r = event_ring_open(tracer_map_fd(w->tracer, "execs"), on_exec, w, &w->execs);
	if (r == 0)
		r = loop_add(loop, event_ring_fd(w->execs), take_execs, w);
	if (r == 0)
		r = worker_open(do_job, w, offsetof(struct victim, next), &w->worker);
	if (r == 0)
		r = packed_open(&packed, &w->packed);
	if (r == 0)
		r = open_libraries(w, loop);
	if (r == 0)
		r = open_reader(w);
	return r;
}

int watcher_open(const struct watcher_config *config, struct watcher **ret)
{
	struct watcher *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->tracer = config->tracer;
	w->on_victim = config->on_victim;
	w->user = config->user;
	r = config->enable_rate ? enabler_open(config->enable_rate, &w->enabler) : 0;
	if (r == 0)
		r = open_parts(w, config->loop);
	if (r == 0)
		r = each_running(w, learn);
	if (r == 0)
		r = each_running(w, look_at_libraries);
	if (r < 0) {
		watcher_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

int watcher_start(struct watcher *w)
{
	return victim_reader_start(w->reader);
}

/* What is in them is laid out by user space, or by the text that wrote it and read by the next. */
const char *const watcher_held_maps[] = {
	"execs",  "buckets", "counters", "binaries", "places", "not_go",
	"inodes", "killed",  "walks",	 "claims",   NULL,
};
EVENT_STRUCT(oomprof_seen);
EVENT_STRUCT(oomprof_bucket);
EVENT_STRUCT(oomprof_binary);
EVENT_STRUCT(oomprof_place);

static const struct text_map maps[] = {
	{"counters", 0, sizeof(__u32), sizeof(__u64)},
	{"binaries", 0, sizeof(struct oomprof_key), sizeof(struct oomprof_binary)},
	{"places", 0, sizeof(struct oomprof_process), sizeof(struct oomprof_place)},
	{"not_go", 0, sizeof(struct oomprof_key), sizeof(__u32)},
	{"inodes", 0, sizeof(struct oomprof_inode), sizeof(struct oomprof_key)},
	{"killed", 0, sizeof(struct oomprof_process), sizeof(__u64)},
	{"settings", 0, sizeof(__u32), sizeof(__u64)},
	{0},
};
static const struct event_struct *const structs[] = {&oomprof_seen_struct, &oomprof_bucket_struct,
						     &oomprof_binary_struct, &oomprof_place_struct,
						     NULL};
const struct text_contract watcher_contract = {
	maps, structs, "struct oomprof_kill, oomprof_begin, oomprof_end or oomprof_exit"};

/* Its records may have got members more: control_ring.h. */
const char *const watcher_renewed_maps[] = {"control", NULL};

int watcher_before_swap(struct watcher *w, struct tracer *tracer, struct watcher_settings *settings,
			struct strbuf *why)
{
	int r = watcher_prepare(tracer, settings);

	if (r < 0) {
		strbuf_printf(why, "filling the map 'settings': %s", strerror(-r));
		return r;
	}
	return victim_reader_before_swap(w->reader, tracer, why);
}

int watcher_after_swap(struct watcher *w, bool swapped, struct strbuf *why)
{
	(void)why;
	if (program_wait() < 0)
		nanosleep(&(struct timespec){.tv_sec = OLD_TEXT_S}, NULL);
	victim_reader_after_swap(w->reader, swapped);
	return 0;
}

struct watcher_counts watcher_count(const struct watcher *w)
{
	struct victim_reader_counts r = victim_reader_count(w->reader);

	return (struct watcher_counts){r.waiting, atomic_load(&w->to_write), r.lost};
}

void watcher_each_program(const struct watcher *w,
			  void (*visit)(const struct known_binary *b, void *user), void *user)
{
	known_binaries_each(w->known, visit, user);
}

void watcher_close(struct watcher *w)
{
	if (!w)
		return;
	enabler_stop(w->enabler); /* first: writing may take its time */
	victim_reader_close(w->reader);
	worker_close(w->worker);
	enabler_close(w->enabler);
	libraries_close(w->libraries);
	packed_close(w->packed);
	event_ring_close(w->execs);
	known_binaries_free(w->known);
	free(w);
}
