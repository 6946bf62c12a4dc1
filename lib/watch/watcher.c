#include "watch/watcher.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "app/message.h"
#include "app/worker.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "victim/victims.h"
#include "watch/enabler.h"
#include "watch/libraries.h"
#include "watch/reader_guard.h"

#define MOST_BINARIES 4096 /* the size of the probe's map */
#define TICK_NS 1000000000ull
/* Looks at the rings while a walk is to be expected, before the tick will do: 200 ms. */
#define LOOK_NS 200000
#define LOOKS_MOST 1000
#define RETRY_NS 10000000
/* Looks without a pause, while nothing comes of a walk that is going on: a few milliseconds. */
#define QUICK_LOOKS_MOST 5000

struct watcher {
	struct tracer *tracer;
	void (*on_victim)(struct victim *v, void *user);
	void *user;
	struct reader_guard *guard;
	struct event_ring *control, *buckets;
	struct worker *worker;
	struct known_binaries *known;
	struct libraries *libraries;
	struct victims *victims;
	struct enabler *enabler; /* NULL: not wanted */
	bool several_cpus;
	bool walks_left; /* the probe may hold something of victims that are gone */
	bool unreadable; /* a ring; that was told */
	uint64_t lost;	 /* events that found no room, as far as they were reported */
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
	victim_free(job);
}

/* Tell the probe of a Go program, and see to it that there will be a profile. */
static int tell(struct watcher *w, const struct oomprof_seen *seen, const struct known_binary *b)
{
	struct oomprof_binary for_probe = known_binary_for_probe(b);
	bool enable = w->enabler && b->kind == BINARY_OFF;
	int r;

	for_probe.tell_exec = enable;
	r = kernel_map_update(tracer_map_fd(w->tracer, "binaries"), &seen->key, &for_probe);
	if (enable && r == 0)
		r = enabler_add(w->enabler, &seen->process, b, seen->exec_ns);
	return r;
}

/* A program not seen before: look into it once. */
static void learn(struct watcher *w, const struct oomprof_seen *seen)
{
	const struct known_binary *b = NULL;
	uint32_t pid = seen->process.pid, one = 1;
	int r = known_binaries_learn(w->known, (pid_t)pid, &seen->key, &b);

	if (b) {
		r = tell(w, seen, b);
		message_verbose("PID %u: %s is %s", pid, b->path,
				b->kind == BINARY_READY ? "a Go program"
				: b->kind == BINARY_OFF
					? "a Go program whose heap profile was switched off"
					: b->reason);
	} else if (r == BINARY_NOT_GO) {
		(void)kernel_map_update(tracer_map_fd(w->tracer, "not_go"), &seen->key, &one);
	}
	if (r < 0)
		message_warning("PID %u cannot be watched: %s", pid, strerror(-r));
}

/* Of what a victim's threads do, for --verbose. */
static void tell_walk(struct watcher *w, const void *data, size_t size)
{
	const struct oomprof_begin *b = data;
	const struct oomprof_end *e = data;

	if (size >= sizeof(*b) && b->kind == OOMPROF_BEGIN) {
		w->walks_left = true;
		message_verbose("PID %u: buckets from 0x%llx on, load bias 0x%llx", b->process.pid,
				(unsigned long long)b->head, (unsigned long long)b->bias);
	}
	if (size >= sizeof(*e) && e->kind == OOMPROF_END)
		message_verbose(
			"PID %u: a thread held its CPU for %llu us: %llu buckets read, %llu "
			"unreadable, %llu lost; %u other threads walk, %u parts are left",
			e->process.pid, (unsigned long long)e->held_ns / 1000,
			(unsigned long long)e->read, (unsigned long long)e->unreadable,
			(unsigned long long)e->lost, e->walkers, e->pending);
}

static void on_control(const void *data, size_t size, void *user)
{
	const struct oomprof_seen *seen = data;
	struct loadavg load = {.text = "n/a"};
	struct watcher *w = user;
	int r;

	if (size >= sizeof(*seen) && seen->kind == OOMPROF_EXEC) {
		learn(w, seen);
		return;
	}
	if (size >= sizeof(seen->kind) && seen->kind == OOMPROF_KILL)
		(void)loadavg_read("", &load);
	tell_walk(w, data, size);
	r = victims_event(w->victims, data, size, &load);
	if (r == -ENOMEM)
		message_error("no memory to follow a victim; its profile is lost");
	else if (r < 0)
		message_warning("an event from the probe was not understood: %s", strerror(-r));
}

static void on_bucket(const void *data, size_t size, void *user)
{
	struct watcher *w = user;

	reader_guard_alive(w->guard);
	/* Its beginning may have come to the other ring since that was drained. */
	if (!victims_expects(w->victims, data, size))
		event_ring_consume(w->control);
	(void)victims_bucket(w->victims, data, size); /* counted there */
}

static void tell_lost(struct watcher *w)
{
	uint32_t index = OOMPROF_COUNTER_LOST;
	uint64_t lost;

	if (kernel_map_lookup(tracer_map_fd(w->tracer, "counters"), &index, &lost) < 0 ||
	    lost == w->lost)
		return;
	message_warning("%llu events were lost: the control ring was full",
			(unsigned long long)(lost - w->lost));
	w->lost = lost;
}

/*
 * Wait a little for the walk of a victim. Before Linux 6.16 it runs with interrupts off (see the
 * probe): whatever it says on the rings, nobody is woken before it is over. While buckets come,
 * this CPU is kept: otherwise threads of the victim pass by on it, which are needed to go on with
 * the walk when the time of the present one is over.
 */
static bool wait_for_walk(struct watcher *w, int *looks)
{
	int most = LOOKS_MOST + QUICK_LOOKS_MOST;

	if (!victims_awaited(w->victims) || ++*looks > most)
		return false;
	if (*looks > QUICK_LOOKS_MOST || !w->several_cpus || !victims_walking(w->victims)) {
		*looks = MAX(*looks, QUICK_LOOKS_MOST);
		nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
	}
	return true;
}

static struct victim *take(struct watcher *w, bool all)
{
	struct victim *v = victims_take(w->victims, all);

	if (v && w->enabler)
		(void)enabler_find(w->enabler, &v->process, &v->enabled);
	return v;
}

static int forget_claim(const void *key, const void *value, void *user)
{
	const struct oomprof_claim *claim = key;
	struct watcher *w = user;

	(void)value;
	if (victims_finished(w->victims, claim->victim))
		(void)kernel_map_delete(tracer_map_fd(w->tracer, "claims"), key);
	return 0;
}

static int forget_walk(const void *key, const void *value, void *user)
{
	const struct oomprof_process *process = key;
	struct watcher *w = user;

	(void)value;
	/* As long as it is there, another thread of it could begin anew. */
	if (kill((pid_t)process->pid, 0) < 0 && errno == ESRCH)
		(void)kernel_map_delete(tracer_map_fd(w->tracer, "walks"), key);
	else
		w->walks_left = true;
	return 0;
}

static void hand_over(struct watcher *w)
{
	struct victim *v;
	bool any = false;

	for (; (v = take(w, false)); any = true)
		worker_push(w->worker, v);
	if (any)
		(void)kernel_map_walk(tracer_map_fd(w->tracer, "claims"), forget_claim, w);
}

/* The events of one ring; how many. */
static int consume(struct watcher *w, struct event_ring *ring)
{
	int n = event_ring_consume(ring);

	if (n >= 0)
		return n;
	if (!w->unreadable)
		message_error("cannot read what the probe has to tell: %s; trying again and again",
			      strerror(-n));
	w->unreadable = true;
	/* The ring stays readable, so we are called again at once. */
	nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
	return 0;
}

/* Both rings until nothing comes, each complete victim handed to the worker; see victims.h. */
static void drain(void *user)
{
	struct watcher *w = user;
	int n, looks = 0;

	do {
		n = consume(w, w->control);
		victims_settle(w->victims);
		n += consume(w, w->buckets);
		reader_guard_alive(w->guard);
		hand_over(w);
		if (n > 0)
			looks = 0;
		libraries_take(w->libraries);
	} while (n > 0 || wait_for_walk(w, &looks));
	tell_lost(w);
}

static void tick(void *user)
{
	struct watcher *w = user;

	drain(w);
	if (w->walks_left) {
		w->walks_left = false;
		(void)kernel_map_walk(tracer_map_fd(w->tracer, "walks"), forget_walk, w);
		(void)kernel_map_walk(tracer_map_fd(w->tracer, "claims"), forget_claim, w);
	}
}

static void look_at_libraries(struct watcher *w, const struct oomprof_seen *seen)
{
	libraries_look_through(w->libraries, (pid_t)seen->process.pid);
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

static void catch_up(void *user)
{
	event_ring_consume(((struct watcher *)user)->control);
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
		.catch_up = catch_up,
		.look_again = look_again,
		.user = w,
	};

	return libraries_open(&config, &w->libraries);
}

static int open_guard(struct watcher *w)
{
	const int fds[] = {event_ring_fd(w->control), event_ring_fd(w->buckets)};

	return reader_guard_open(fds, ARRAY_SIZE(fds), &w->guard);
}

static int open_parts(struct watcher *w, struct loop *loop)
{
	int r = known_binaries_new(MOST_BINARIES, &w->known);

	if (r == 0)
		r = victims_new(w->known, &w->victims);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(w->tracer, "control"), on_control, w,
				    &w->control);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(w->tracer, "buckets"), on_bucket, w, &w->buckets);
	if (r == 0)
		r = loop_add(loop, event_ring_fd(w->control), drain, w);
	if (r == 0)
		r = loop_add(loop, event_ring_fd(w->buckets), drain, w);
	if (r == 0)
		r = loop_add_timer(loop, TICK_NS, TICK_NS, tick, w);
	if (r == 0)
		r = worker_open(do_job, w, offsetof(struct victim, next), &w->worker);
	if (r == 0)
		r = open_libraries(w, loop);
	return r;
}

int watcher_open(const struct watcher_config *config, struct watcher **ret)
{
	struct watcher *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->tracer = config->tracer;
	w->several_cpus = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	w->on_victim = config->on_victim;
	w->user = config->user;
	r = open_parts(w, config->loop);
	if (r == 0 && config->enable_rate)
		r = enabler_open(config->enable_rate, &w->enabler);
	if (r == 0)
		r = each_running(w, learn);
	if (r == 0)
		r = each_running(w, look_at_libraries);
	r = open_guard(w); /* last: other threads would be confined, too */
	if (r < 0) {
		watcher_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

void watcher_close(struct watcher *w)
{
	struct victim *v;

	if (!w)
		return;
	enabler_stop(w->enabler); /* first: writing may take its time */
	reader_guard_close(w->guard);
	worker_close(w->worker);
	while (w->victims && (v = take(w, true)))
		do_job(v, w);
	enabler_close(w->enabler);
	libraries_close(w->libraries);
	event_ring_close(w->control);
	event_ring_close(w->buckets);
	victims_free(w->victims);
	known_binaries_free(w->known);
	free(w);
}
