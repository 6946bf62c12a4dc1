#include "watch/mapping_events.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "base/macro.h"

#define RING_SIZE ((size_t)65536) /* of each CPU: some 500 records */
#define PAUSE_NS 2000000	  /* between two looks, while there are events */

struct cpu_ring {
	int fd;
	struct perf_event_mmap_page *page; /* the ring follows it */
};

struct mapping_events {
	struct mapping_events_config config;
	int epoll; /* all rings, one shot each */
	int timer;
	size_t page_size;
	struct cpu_ring *rings;
	size_t count;
};

/* include/uapi/linux/perf_event.h, PERF_RECORD_MMAP2 without build id; the path follows. */
struct mmap2_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
};

static void hand_over(struct mapping_events *e, const struct mmap2_record *r)
{
	const struct process_mapping m = {
		.start = r->start,
		.end = r->start + r->length,
		.offset = r->offset,
		.inode = r->inode,
		.major = r->major,
		.minor = r->minor,
		.readable = r->protection & PROT_READ,
		.writable = r->protection & PROT_WRITE,
		.executable = r->protection & PROT_EXEC,
		.path = "",
	};

	if (r->inode && m.end > m.start)
		e->config.on_mapping((pid_t)r->pid, &m, e->config.user);
}

/* N bytes from POSITION on, which may go round the ring's end. */
static void copy_out(const struct mapping_events *e, const struct cpu_ring *ring, uint64_t position,
		     void *to, size_t n)
{
	const char *data = (const char *)ring->page + e->page_size;
	size_t at = position % RING_SIZE, first = MIN(n, RING_SIZE - at);

	memcpy(to, data + at, first);
	memcpy((char *)to + first, data, n - first);
}

/* All records that are there now. Returns how many; sets *LOST. */
static int drain_ring(struct mapping_events *e, struct cpu_ring *ring, bool *lost)
{
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail;
	int count = 0;

	while (head - tail >= sizeof(struct perf_event_header)) {
		struct mmap2_record r = {0};

		copy_out(e, ring, tail, &r.header, sizeof(r.header));
		if (r.header.size < sizeof(r.header) || r.header.size > head - tail)
			return count; /* never seen: no record */
		if (r.header.type == PERF_RECORD_MMAP2 && r.header.size >= sizeof(r))
			copy_out(e, ring, tail, &r, sizeof(r));
		*lost |= r.header.type == PERF_RECORD_LOST;
		tail += r.header.size;
		__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
		count++;
		hand_over(e, &r);
	}
	return count;
}

int mapping_events_take(struct mapping_events *e)
{
	bool lost = false;
	int count = 0;

	for (size_t i = 0; i < e->count; i++)
		count += drain_ring(e, &e->rings[i], &lost);
	if (lost)
		e->config.on_lost(e->config.user);
	return count;
}

static void wake_at_next(struct mapping_events *e)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};

	for (size_t i = 0; i < e->count; i++)
		(void)epoll_ctl(e->epoll, EPOLL_CTL_MOD, e->rings[i].fd, &event);
}

static void wake_after_pause(struct mapping_events *e)
{
	const struct itimerspec when = {.it_value.tv_nsec = PAUSE_NS};

	(void)timerfd_settime(e->timer, 0, &when, NULL);
}

/* The first event in a while. From now on no event wakes us, but the timer. */
static void on_event(void *user)
{
	struct mapping_events *e = user;
	struct epoll_event events[16];

	while (epoll_wait(e->epoll, events, ARRAY_SIZE(events), 0) == ARRAY_SIZE(events))
		;
	mapping_events_take(e);
	wake_after_pause(e);
}

static void on_timer(void *user)
{
	struct mapping_events *e = user;
	uint64_t times;

	if (read(e->timer, &times, sizeof(times)) != sizeof(times))
		return;
	if (mapping_events_take(e) > 0)
		wake_after_pause(e);
	else
		wake_at_next(e);
}

static int open_ring(struct mapping_events *e, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.mmap = 1,
		.mmap2 = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
	struct cpu_ring *ring = &e->rings[e->count];
	void *page;

	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return errno == ENODEV ? 0 : -errno; /* that CPU is offline */
	page = mmap(NULL, e->page_size + RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		    0);
	if (page == MAP_FAILED) {
		int r = -errno;

		close(ring->fd);
		return r;
	}
	ring->page = page;
	e->count++;
	return epoll_ctl(e->epoll, EPOLL_CTL_ADD, ring->fd, &event) < 0 ? -errno : 0;
}

static int open_all(struct mapping_events *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int r = 0;

	e->page_size = (size_t)sysconf(_SC_PAGESIZE);
	e->rings = calloc((size_t)MAX(cpus, 1L), sizeof(*e->rings));
	if (!e->rings)
		return -ENOMEM;
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (e->epoll < 0 || e->timer < 0)
		return -errno;
	for (int cpu = 0; cpu < cpus && r == 0; cpu++)
		r = open_ring(e, cpu);
	if (r == 0 && !e->count)
		r = -ENODEV;
	if (r == 0)
		r = loop_add(e->config.loop, e->epoll, on_event, e);
	if (r == 0)
		r = loop_add(e->config.loop, e->timer, on_timer, e);
	return r;
}

int mapping_events_open(const struct mapping_events_config *config, struct mapping_events **ret)
{
	struct mapping_events *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->config = *config;
	e->epoll = e->timer = -1;
	r = open_all(e);
	if (r < 0) {
		mapping_events_close(e);
		return r;
	}
	*ret = e;
	return 0;
}

void mapping_events_close(struct mapping_events *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->count; i++) {
		munmap(e->rings[i].page, e->page_size + RING_SIZE);
		close(e->rings[i].fd);
	}
	free(e->rings);
	if (e->epoll >= 0)
		close(e->epoll);
	if (e->timer >= 0)
		close(e->timer);
	free(e);
}
