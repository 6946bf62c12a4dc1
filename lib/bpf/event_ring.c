#include "bpf/event_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <bpf/bpf.h>

#include "base/macro.h"

/* Mapped at a time, unless one event is larger. */
#define WINDOW_SIZE (256u << 10)

/*
 * The map's memory (kernel/bpf/ringbuf.c, struct bpf_ringbuf): a page with the consumer's position,
 * a page with the producer's, then the data, twice in a row, so that a record is never broken at
 * the end. Positions only grow; the place is the position modulo the size.
 */
struct event_ring {
	event_ring_handler handler;
	void *user;
	int fd;
	size_t page, size;
	unsigned long *consumer;	  /* written by us */
	const unsigned long *producer;	  /* written by the kernel */
	void *place;			  /* kept for the window: WINDOW_SIZE bytes of nothing */
	const char *window;		  /* NULL: none is mapped */
	size_t window_start, window_size; /* bytes from the start of the data */
};

int event_ring_open(int map_fd, event_ring_handler handler, void *user, struct event_ring **ret)
{
	struct bpf_map_info info = {0};
	__u32 info_size = sizeof(info);
	struct event_ring *ring;
	void *page;
	int r;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &info_size) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->handler = handler;
	ring->user = user;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	/* Our own: the map may be closed before the ring. */
	ring->fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (ring->fd < 0)
		goto failed;
	page = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (page == MAP_FAILED)
		goto failed;
	ring->consumer = page;
	page = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, ring->fd, (off_t)ring->page);
	if (page == MAP_FAILED)
		goto failed;
	ring->producer = page;
	page = mmap(NULL, WINDOW_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (page == MAP_FAILED)
		goto failed;
	ring->place = page;
	*ret = ring;
	return 0;
failed:
	r = -errno;
	event_ring_close(ring);
	return r;
}

int event_ring_fd(const struct event_ring *ring)
{
	return ring->fd;
}

/* The place is kept, so that the next window needs none: there may be no memory then. */
static void close_window(struct event_ring *ring)
{
	if (ring->window && ring->window == ring->place)
		mmap(ring->place, WINDOW_SIZE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	else if (ring->window)
		munmap((void *)(uintptr_t)ring->window, ring->window_size);
	ring->window = NULL;
}

/* Where N bytes of data from AT on are mapped; NULL and errno if they cannot be. */
static const char *look(struct event_ring *ring, size_t at, size_t n)
{
	size_t start = at / ring->page * ring->page, size;
	void *window;

	if (ring->window && at >= ring->window_start &&
	    at + n <= ring->window_start + ring->window_size)
		return ring->window + (at - ring->window_start);
	close_window(ring);
	size = MAX(MIN((size_t)WINDOW_SIZE, ring->size), at - start + n);
	size = (size + ring->page - 1) / ring->page * ring->page;
	window = mmap(size <= WINDOW_SIZE ? ring->place : NULL, size, PROT_READ,
		      MAP_SHARED | (size <= WINDOW_SIZE ? MAP_FIXED : 0), ring->fd,
		      (off_t)(2 * ring->page + start));
	if (window == MAP_FAILED)
		return NULL;
	ring->window = window;
	ring->window_start = start;
	ring->window_size = size;
	return ring->window + (at - start);
}

/* Hand over the record at POSITION. Its length in the ring; 0: not finished yet; or -errno. */
static int64_t take(struct event_ring *ring, unsigned long position)
{
	size_t place = position & (ring->size - 1);
	const char *record = look(ring, place, BPF_RINGBUF_HDR_SZ);
	uint32_t header, size;

	if (!record)
		return -errno;
	header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
	if (header & BPF_RINGBUF_BUSY_BIT)
		return 0;
	size = header & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	if (size > ring->size)
		return -EBADMSG;
	if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
		record = look(ring, place, BPF_RINGBUF_HDR_SZ + size);
		if (!record)
			return -errno;
		ring->handler(record + BPF_RINGBUF_HDR_SZ, size, ring->user);
	}
	return (size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
}

int event_ring_consume(struct event_ring *ring)
{
	unsigned long position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	int64_t length = 1;
	bool more = true;
	int events = 0;

	/* Look again until there is nothing: the kernel wakes nobody for a ring it sees non-empty.
	 */
	while (more && length > 0) {
		unsigned long end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

		for (more = false; position < end && events < INT_MAX; more = true) {
			length = take(ring, position);
			if (length <= 0)
				break;
			position += (unsigned long)length;
			__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
			events++;
		}
	}
	close_window(ring);
	return length < 0 ? (int)length : events;
}

void event_ring_close(struct event_ring *ring)
{
	if (!ring)
		return;
	close_window(ring);
	if (ring->place)
		munmap(ring->place, WINDOW_SIZE);
	if (ring->consumer)
		munmap(ring->consumer, ring->page);
	if (ring->producer)
		munmap((void *)(uintptr_t)ring->producer, ring->page);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
}
