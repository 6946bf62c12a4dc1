#include "alloc/discovery.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "bpf-src/goalloctop.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"

struct discovery {
	struct discovery_calls calls;
	struct event_ring *ring;
	int watched, not_go, counters; /* maps of the tracer */
	uint64_t lost;
};

static void on_exec(struct discovery *d, const struct goalloctop_coming *coming)
{
	const uint32_t one = 1;
	enum discovery_verdict verdict;

	/* Before anyone looks into it: its end is told from here on. */
	(void)discovery_watch(d, (pid_t)coming->pid);
	verdict = d->calls.on_exec((pid_t)coming->pid, d->calls.user);
	if (verdict == DISCOVERY_WATCH)
		return;
	discovery_unwatch(d, (pid_t)coming->pid);
	if (verdict == DISCOVERY_NOT_GO)
		(void)kernel_map_update(d->not_go, &coming->key, &one);
}

static void on_coming(const void *data, size_t size, void *user)
{
	const struct goalloctop_coming *coming = data;
	struct discovery *d = user;

	if (size < sizeof(*coming))
		return;
	if (coming->kind == GOALLOCTOP_EXEC)
		on_exec(d, coming);
	else if (coming->kind == GOALLOCTOP_EXIT)
		d->calls.on_exit((pid_t)coming->pid, d->calls.user);
}

static void discovery_closep(struct discovery **d)
{
	discovery_close(*d);
}

int discovery_open(struct tracer *tracer, const struct discovery_calls *calls,
		   struct discovery **ret)
{
	_cleanup_(discovery_closep) struct discovery *d = calloc(1, sizeof(*d));
	int comings = tracer_map_fd(tracer, "comings"), r;

	if (!d)
		return -ENOMEM;
	d->calls = *calls;
	d->watched = tracer_map_fd(tracer, "watched");
	d->not_go = tracer_map_fd(tracer, "not_go");
	d->counters = tracer_map_fd(tracer, "counters");
	if (comings < 0 || d->watched < 0 || d->not_go < 0 || d->counters < 0)
		return -ENOENT;
	r = event_ring_open(comings, on_coming, d, &d->ring);
	if (r < 0)
		return r;
	*ret = STEAL(d);
	return 0;
}

int discovery_fd(const struct discovery *d)
{
	return event_ring_fd(d->ring);
}

int discovery_take(struct discovery *d)
{
	const uint32_t index = GOALLOCTOP_LOST_COMINGS;
	int r = event_ring_consume(d->ring);
	uint64_t lost, before = d->lost;

	if (r < 0)
		return r;
	r = kernel_map_lookup(d->counters, &index, &lost);
	if (r < 0)
		return r;
	d->lost = lost;
	if (lost > before)
		d->calls.on_lost(lost - before, d->calls.user);
	return 0;
}

int discovery_watch(struct discovery *d, pid_t pid)
{
	const uint32_t key = (uint32_t)pid, one = 1;

	return kernel_map_update(d->watched, &key, &one);
}

void discovery_unwatch(struct discovery *d, pid_t pid)
{
	const uint32_t key = (uint32_t)pid;

	(void)kernel_map_delete(d->watched, &key);
}

uint64_t discovery_lost(const struct discovery *d)
{
	return d->lost;
}

void discovery_close(struct discovery *d)
{
	if (!d)
		return;
	event_ring_close(d->ring);
	free(d);
}
