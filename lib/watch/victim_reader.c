#include "watch/victim_reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "app/message.h"
#include "app/self_protect.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "proc/clock.h"
#include "victim/victims.h"
#include "watch/reader_guard.h"

#define TICK_MS 1000
/* Looks at the rings while a walk is to be expected, before the tick will do: 200 ms. */
#define LOOK_NS 200000
#define LOOKS_MOST 1000
#define RETRY_NS 10000000
/* Looks without a pause, while nothing comes of a walk that is going on: a few milliseconds. */
#define QUICK_LOOKS_MOST 5000

struct victim_reader {
	struct victim_reader_config config;
	pthread_t thread;
	int stop; /* an eventfd; -1: there is no thread */
	struct reader_guard *guard;
	struct event_ring *control, *buckets;
	struct victims *victims;
	bool several_cpus;
	bool unreadable;    /* a ring; that was told */
	bool walks_left;    /* the probe may hold something of victims that are gone */
	uint64_t tidied_ns; /* when that was looked for last */
	uint64_t lost;	    /* events that found no room, as far as they were reported */
};

/* Of what a victim's threads do, for --verbose. */
static void tell_walk(struct victim_reader *w, const void *data, size_t size)
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
	const __u32 *kind = data;
	struct loadavg load = {.text = "n/a"};
	struct victim_reader *w = user;
	int r;

	if (size >= sizeof(*kind) && *kind == OOMPROF_KILL)
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
	struct victim_reader *w = user;

	reader_guard_alive(w->guard);
	/* Its beginning may have come to the other ring since that was drained. */
	if (!victims_expects(w->victims, data, size))
		event_ring_consume(w->control);
	(void)victims_bucket(w->victims, data, size); /* counted there */
}

static void tell_lost(struct victim_reader *w)
{
	uint32_t index = OOMPROF_COUNTER_LOST;
	uint64_t lost;

	if (kernel_map_lookup(tracer_map_fd(w->config.tracer, "counters"), &index, &lost) < 0 ||
	    lost == w->lost)
		return;
	message_warning("%llu events were lost: a ring was full",
			(unsigned long long)(lost - w->lost));
	w->lost = lost;
}

/*
 * Wait a little for the walk of a victim. Before Linux 6.16 it runs with interrupts off (see the
 * probe): whatever it says on the rings, nobody is woken before it is over. While buckets come,
 * this CPU is kept: otherwise threads of the victim pass by on it, which are needed to go on with
 * the walk when the time of the present one is over.
 */
static bool wait_for_walk(struct victim_reader *w, int *looks)
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

static int forget_claim(const void *key, const void *value, void *user)
{
	const struct oomprof_claim *claim = key;
	struct victim_reader *w = user;

	(void)value;
	if (victims_finished(w->victims, claim->victim))
		(void)kernel_map_delete(tracer_map_fd(w->config.tracer, "claims"), key);
	return 0;
}

static int forget_walk(const void *key, const void *value, void *user)
{
	const struct oomprof_process *process = key;
	struct victim_reader *w = user;

	(void)value;
	/* As long as it is there, another thread of it could begin anew. */
	if (kill((pid_t)process->pid, 0) < 0 && errno == ESRCH)
		(void)kernel_map_delete(tracer_map_fd(w->config.tracer, "walks"), key);
	else
		w->walks_left = true;
	return 0;
}

static void hand_over(struct victim_reader *w)
{
	struct victim *v;
	bool any = false;

	for (; (v = victims_take(w->victims, false)); any = true)
		w->config.on_complete(v, w->config.user);
	if (any)
		(void)kernel_map_walk(tracer_map_fd(w->config.tracer, "claims"), forget_claim, w);
}

/* The events of one ring; how many. */
static int consume(struct victim_reader *w, struct event_ring *ring)
{
	int n = event_ring_consume(ring);

	if (n >= 0)
		return n;
	if (!w->unreadable)
		message_error("cannot read what the probe has to tell: %s; trying again and again",
			      strerror(-n));
	w->unreadable = true;
	/* The ring stays readable, so we would be here again at once. */
	nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
	return 0;
}

/* Each second, however busy: the probe has room for 512 victims that are not forgotten. */
static void tidy_up(struct victim_reader *w)
{
	uint64_t now = clock_monotonic_ns();

	if (w->walks_left && now - w->tidied_ns >= TICK_MS * 1000000ull) {
		w->tidied_ns = now;
		w->walks_left = false;
		(void)kernel_map_walk(tracer_map_fd(w->config.tracer, "walks"), forget_walk, w);
		(void)kernel_map_walk(tracer_map_fd(w->config.tracer, "claims"), forget_claim, w);
	}
}

/* Both rings until nothing comes, each complete victim handed to the worker; see victims.h. */
static void drain(struct victim_reader *w)
{
	int n, looks = 0;

	do {
		n = consume(w, w->control);
		victims_settle(w->victims);
		n += consume(w, w->buckets);
		reader_guard_alive(w->guard);
		hand_over(w);
		tidy_up(w);
		if (n > 0)
			looks = 0;
	} while (n > 0 || wait_for_walk(w, &looks));
	tell_lost(w);
}

static void *read_on(void *data)
{
	struct victim_reader *w = data;
	struct pollfd fds[] = {{.fd = event_ring_fd(w->control), .events = POLLIN},
			       {.fd = event_ring_fd(w->buckets), .events = POLLIN},
			       {.fd = w->stop, .events = POLLIN}};
	const int rings[] = {fds[0].fd, fds[1].fd};

	self_protect_priority(READER_PRIORITY);
	/* Without it the rings are read all the same. */
	if (reader_guard_open(rings, ARRAY_SIZE(rings), &w->guard) < 0)
		message_warning("victims with many records may lose some: %s", strerror(errno));
	while (!fds[2].revents) {
		(void)poll(fds, ARRAY_SIZE(fds), TICK_MS);
		drain(w);
	}
	drain(w); /* what was there already */
	reader_guard_close(w->guard);
	return NULL;
}

static int open_parts(struct victim_reader *w)
{
	struct tracer *t = w->config.tracer;
	int r = victims_new(w->config.known, &w->victims);

	if (r == 0)
		r = event_ring_open(tracer_map_fd(t, "control"), on_control, w, &w->control);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(t, "buckets"), on_bucket, w, &w->buckets);
	return r;
}

int victim_reader_start(struct victim_reader *w)
{
	int r;

	w->stop = eventfd(0, EFD_CLOEXEC);
	if (w->stop < 0)
		return -errno;
	r = pthread_create(&w->thread, NULL, read_on, w);
	if (r) {
		close(w->stop);
		w->stop = -1;
	}
	return -r;
}

int victim_reader_open(const struct victim_reader_config *config, struct victim_reader **ret)
{
	struct victim_reader *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->config = *config;
	w->stop = -1;
	w->several_cpus = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	r = open_parts(w);
	if (r < 0) {
		victim_reader_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

void victim_reader_close(struct victim_reader *w)
{
	struct victim *v;

	if (!w)
		return;
	if (w->stop >= 0) {
		(void)eventfd_write(w->stop, 1);
		pthread_join(w->thread, NULL);
		close(w->stop);
	}
	while (w->victims && (v = victims_take(w->victims, true)))
		w->config.on_complete(v, w->config.user);
	event_ring_close(w->control);
	event_ring_close(w->buckets);
	victims_free(w->victims);
	free(w);
}
