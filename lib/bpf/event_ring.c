#include "bpf/event_ring.h"

#include <errno.h>
#include <bpf/libbpf.h>

#include "base/macro.h"

struct event_ring {
	struct ring_buffer *buffer;
	event_ring_handler handler;
	void *user;
};

static int hand_over(void *ctx, void *data, size_t size)
{
	const struct event_ring *ring = ctx;

	ring->handler(data, size, ring->user);
	return 0;
}

int event_ring_open(int map_fd, event_ring_handler handler, void *user, struct event_ring **ret)
{
	struct event_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	ring->handler = handler;
	ring->user = user;
	ring->buffer = ring_buffer__new(map_fd, hand_over, ring, NULL);
	if (!ring->buffer) {
		int r = -errno;

		free(ring);
		return r;
	}
	*ret = ring;
	return 0;
}

int event_ring_fd(const struct event_ring *ring)
{
	return ring_buffer__epoll_fd(ring->buffer);
}

int event_ring_consume(struct event_ring *ring)
{
	return ring_buffer__consume(ring->buffer);
}

void event_ring_close(struct event_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->buffer);
	free(ring);
}
