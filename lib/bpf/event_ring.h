/*
 * The events that BPF programs send through a ring buffer map.
 *
 * Not libbpf's reader: that keeps the whole ring mapped, twice over, and the kernel counts every
 * page of it as resident in the tool, 16 MiB for a ring of 8. Here only a window is mapped, and
 * only while events are handed over. It takes a place that was set aside, so that events can be
 * read where memory is short.
 */
#pragma once

#include <stddef.h>

struct event_ring;

/* An event: SIZE bytes at DATA, valid during the call, aligned to 8. */
typedef void (*event_ring_handler)(const void *data, size_t size, void *user);

/* Read the ring buffer map MAP_FD; each event goes to HANDLER. 0 or -errno. */
int event_ring_open(int map_fd, event_ring_handler handler, void *user, struct event_ring **ret);

/* A descriptor that polls readable while there are events. Owned by the ring. */
int event_ring_fd(const struct event_ring *ring);

/* Hand over all events that are there, without waiting. How many, or -errno. */
int event_ring_consume(struct event_ring *ring);

/* NULL is fine. */
void event_ring_close(struct event_ring *ring);
