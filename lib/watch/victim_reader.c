#include "watch/victim_reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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
#include "watch/control_ring.h"
#include "watch/reader_guard.h"

#define TICK_MS 1000
/* Looks at the rings while a walk is to be expected, before the tick will do: 200 ms. */
#define LOOK_NS 200000
#define LOOKS_MOST 1000
#define RETRY_NS 10000000
/* Looks without a pause, while nothing comes of a walk that is going on: a few milliseconds. */
#define QUICK_LOOKS_MOST 5000

/* A ring `control`: of the text that runs, and during a swap of the one that is to run. */
struct control_source {
	struct control_ring *ring; /* NULL: there is none */
	bool busy;		   /* it is being read */
};
enum { RUNNING, COMING, SOURCES };

/* What another thread wants of the reader's. */
enum request {
	REQUEST_NONE,
	REQUEST_END,
	REQUEST_ADD,	 /* read `offered` as well */
	REQUEST_KEEP,	 /* the coming text runs: read the old one's ring to its end, drop it */
	REQUEST_DISMISS, /* the coming text does not run */
};

struct victim_reader {
	struct victim_reader_config config;
	pthread_t thread;
	int wake; /* an eventfd; -1: there is no thread */
	atomic_int request;
	pthread_mutex_t lock; /* for the next: a request was served */
	pthread_cond_t served;
	struct control_ring *offered;
	struct reader_guard *guard;
	struct control_source sources[SOURCES];
	struct event_ring *buckets;
	int counters, claims, walks; /* maps: a swap does not change them */
	struct victims *victims;
	bool several_cpus;
	bool unreadable;    /* a ring; that was told */
	bool walks_left;    /* the probe may hold something of victims that are gone */
	uint64_t tidied_ns; /* when that was looked for last */
	uint64_t lost;	    /* events that found no room, as far as they were reported */
	/* For other threads: the same, and victims on their way. */
	atomic_ullong lost_now;
	atomic_size_t waiting;
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

/* The events of one control ring; how many, or -errno. */
static int consume_source(struct control_source *s)
{
	int n = 0;

	if (!s->ring || s->busy)
		return 0;
	s->busy = true;
	n = control_ring_consume(s->ring);
	s->busy = false;
	return n;
}

static void on_control(const void *data, size_t size, struct named_values *more, void *user)
{
	const __u32 *kind = data;
	struct loadavg load = {.text = "n/a"};
	struct victim_reader *w = user;
	int r;

	if (size >= sizeof(*kind) && *kind == OOMPROF_KILL)
		(void)loadavg_read("", &load);
	/* During a swap, what comes first may be on the other ring. */
	for (int i = 0; i < SOURCES && !victims_follow(w->victims, data, size); i++)
		(void)consume_source(&w->sources[i]);
	tell_walk(w, data, size);
	r = victims_event(w->victims, data, size, &load, more);
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
		for (int i = 0; i < SOURCES; i++)
			(void)consume_source(&w->sources[i]);
	(void)victims_bucket(w->victims, data, size); /* counted there */
}

static void tell_lost(struct victim_reader *w)
{
	uint32_t index = OOMPROF_COUNTER_LOST;
	uint64_t lost;

	if (kernel_map_lookup(w->counters, &index, &lost) < 0 || lost == w->lost)
		return;
	message_warning("%llu events were lost: a ring was full",
			(unsigned long long)(lost - w->lost));
	w->lost = lost;
	atomic_store(&w->lost_now, lost);
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
		(void)kernel_map_delete(w->claims, key);
	return 0;
}

static int forget_walk(const void *key, const void *value, void *user)
{
	const struct oomprof_process *process = key;
	struct victim_reader *w = user;

	(void)value;
	/* As long as it is there, another thread of it could begin anew. */
	if (kill((pid_t)process->pid, 0) < 0 && errno == ESRCH)
		(void)kernel_map_delete(w->walks, key);
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
		(void)kernel_map_walk(w->claims, forget_claim, w);
}

/* N: how many events a ring had, or -errno, which is told. */
static int counted(struct victim_reader *w, int n)
{
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
		(void)kernel_map_walk(w->walks, forget_walk, w);
		(void)kernel_map_walk(w->claims, forget_claim, w);
	}
}

static void open_guard(struct victim_reader *w);

/* Nothing of the old text runs any more: what is on its ring is all there will be. */
static void keep_coming(struct victim_reader *w)
{
	struct control_source *old = &w->sources[RUNNING], *new = &w->sources[COMING];

	if (!new->ring)
		return;
	(void)counted(w, consume_source(old));
	/* It looks at the ring, too. */
	reader_guard_close(w->guard);
	w->guard = NULL;
	control_ring_close(old->ring);
	old->ring = new->ring;
	new->ring = NULL;
	if (w->wake >= 0)
		open_guard(w);
}

static void serve_unlocked(struct victim_reader *w)
{
	switch ((enum request)atomic_load(&w->request)) {
	case REQUEST_ADD:
		w->sources[COMING].ring = STEAL(w->offered);
		break;
	case REQUEST_KEEP:
		keep_coming(w);
		break;
	case REQUEST_DISMISS:
		control_ring_close(STEAL(w->sources[COMING].ring));
		break;
	case REQUEST_NONE:
	case REQUEST_END:
		return;
	}
	atomic_store(&w->request, REQUEST_NONE);
	pthread_cond_signal(&w->served);
}

static void serve(struct victim_reader *w)
{
	eventfd_t times;

	if (atomic_load_explicit(&w->request, memory_order_relaxed) == REQUEST_NONE)
		return;
	(void)eventfd_read(w->wake, &times);
	pthread_mutex_lock(&w->lock);
	serve_unlocked(w);
	pthread_mutex_unlock(&w->lock);
}

/* All rings until nothing comes, each complete victim handed to the worker; see victims.h. */
static void drain(struct victim_reader *w)
{
	int n, looks = 0;

	do {
		serve(w);
		n = 0;
		for (int i = 0; i < SOURCES; i++)
			n += counted(w, consume_source(&w->sources[i]));
		victims_settle(w->victims);
		n += counted(w, event_ring_consume(w->buckets));
		reader_guard_alive(w->guard);
		hand_over(w);
		tidy_up(w);
		atomic_store(&w->waiting, victims_count(w->victims));
		if (n > 0)
			looks = 0;
	} while (n > 0 || wait_for_walk(w, &looks));
	tell_lost(w);
}

static void open_guard(struct victim_reader *w)
{
	const int rings[] = {control_ring_fd(w->sources[RUNNING].ring), event_ring_fd(w->buckets)};

	/* Without it the rings are read all the same. */
	if (reader_guard_open(rings, ARRAY_SIZE(rings), &w->guard) < 0)
		message_warning("victims with many records may lose some: %s", strerror(errno));
}

static int poll_fd(const struct control_source *s)
{
	return s->ring ? control_ring_fd(s->ring) : -1; /* poll() passes it over */
}

static void *read_on(void *data)
{
	struct victim_reader *w = data;

	self_protect_priority(READER_PRIORITY);
	open_guard(w);
	while (atomic_load(&w->request) != REQUEST_END) {
		struct pollfd fds[] = {
			{.fd = poll_fd(&w->sources[RUNNING]), .events = POLLIN},
			{.fd = poll_fd(&w->sources[COMING]), .events = POLLIN},
			{.fd = event_ring_fd(w->buckets), .events = POLLIN},
			{.fd = w->wake, .events = POLLIN},
		};

		(void)poll(fds, ARRAY_SIZE(fds), TICK_MS);
		drain(w);
	}
	drain(w); /* what was there already */
	reader_guard_close(w->guard);
	return NULL;
}

static int open_parts(struct victim_reader *w)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct tracer *t = w->config.tracer;
	int r = victims_new(w->config.known, &w->victims);

	w->counters = tracer_map_fd(t, "counters");
	w->claims = tracer_map_fd(t, "claims");
	w->walks = tracer_map_fd(t, "walks");
	if (r == 0)
		r = control_ring_open(t, on_control, w, &w->sources[RUNNING].ring, &why);
	if (why.length) {
		message_error("%s", strbuf_text(&why));
		return -ECANCELED;
	}
	if (r == 0)
		r = event_ring_open(tracer_map_fd(t, "buckets"), on_bucket, w, &w->buckets);
	return r;
}

int victim_reader_start(struct victim_reader *w)
{
	int r;

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return -errno;
	r = pthread_create(&w->thread, NULL, read_on, w);
	if (r) {
		close(w->wake);
		w->wake = -1;
	}
	return -r;
}

/* Have the reader's thread do it, and wait until it has. */
static void ask(struct victim_reader *w, enum request request)
{
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->request, request);
	if (w->wake < 0)
		serve_unlocked(w);
	else
		(void)eventfd_write(w->wake, 1);
	while (atomic_load(&w->request) != REQUEST_NONE)
		pthread_cond_wait(&w->served, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

int victim_reader_before_swap(struct victim_reader *w, const struct tracer *tracer,
			      struct strbuf *why)
{
	int r;

	victim_reader_after_swap(w, false); /* another variant of the text was tried before */
	r = control_ring_open(tracer, on_control, w, &w->offered, why);
	if (r == 0)
		ask(w, REQUEST_ADD);
	return r;
}

void victim_reader_after_swap(struct victim_reader *w, bool swapped)
{
	ask(w, swapped ? REQUEST_KEEP : REQUEST_DISMISS);
}

int victim_reader_open(const struct victim_reader_config *config, struct victim_reader **ret)
{
	struct victim_reader *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->config = *config;
	w->wake = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->served, NULL);
	w->several_cpus = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	r = open_parts(w);
	if (r < 0) {
		victim_reader_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

struct victim_reader_counts victim_reader_count(const struct victim_reader *w)
{
	return (struct victim_reader_counts){
		.waiting = atomic_load(&w->waiting),
		.lost = atomic_load(&w->lost_now),
	};
}

void victim_reader_close(struct victim_reader *w)
{
	struct victim *v;

	if (!w)
		return;
	if (w->wake >= 0) {
		atomic_store(&w->request, REQUEST_END);
		(void)eventfd_write(w->wake, 1);
		pthread_join(w->thread, NULL);
		close(w->wake);
	}
	while (w->victims && (v = victims_take(w->victims, true)))
		w->config.on_complete(v, w->config.user);
	for (int i = 0; i < SOURCES; i++)
		control_ring_close(w->sources[i].ring);
	event_ring_close(w->buckets);
	victims_free(w->victims);
	pthread_cond_destroy(&w->served);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
