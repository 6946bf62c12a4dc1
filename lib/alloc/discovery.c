#include "alloc/discovery.h"

#include <errno.h>
#include <stdlib.h>

#include "bpf/record_layout.h"
#include "base/macro.h"
#include "bpf-src/goalloctop.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"

EVENT_STRUCT(goalloctop_coming);

struct discovery {
	struct tracer *tracer;
	struct discovery_calls calls;
	struct event_ring *ring;
	struct event_layout *layout;   /* of what is on it; NULL: as ours */
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
	struct discovery *d = user;
	struct goalloctop_coming space;
	const struct goalloctop_coming *coming =
		record_layout_own(d->layout, data, size, sizeof(space), &space);

	if (!coming)
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

/* Of the text that runs now. */
static int find_maps(struct discovery *d)
{
	int comings = tracer_map_fd(d->tracer, "comings");

	d->watched = tracer_map_fd(d->tracer, "watched");
	d->not_go = tracer_map_fd(d->tracer, "not_go");
	d->counters = tracer_map_fd(d->tracer, "counters");
	return d->watched < 0 || d->not_go < 0 || d->counters < 0 ? -ENOENT : comings;
}

int discovery_open(struct tracer *tracer, const struct discovery_calls *calls, struct strbuf *why,
		   struct discovery **ret)
{
	_cleanup_(discovery_closep) struct discovery *d = calloc(1, sizeof(*d));
	int comings, r;

	if (!d)
		return -ENOMEM;
	d->tracer = tracer;
	d->calls = *calls;
	comings = find_maps(d);
	if (comings < 0)
		return -ENOENT;
	r = record_layout_read(tracer, &goalloctop_coming_struct, &d->layout, why);
	if (r == 0)
		r = event_ring_open(comings, on_coming, d, &d->ring);
	if (r < 0)
		return r;
	*ret = STEAL(d);
	return 0;
}

int discovery_check(const struct discovery *d, struct strbuf *why)
{
	struct event_layout *layout;
	int r = record_layout_read(d->tracer, &goalloctop_coming_struct, &layout, why);

	if (r == 0)
		event_layout_free(layout);
	return r;
}

int discovery_renew(struct discovery *d)
{
	struct event_layout *layout;
	struct event_ring *ring;
	int comings = find_maps(d);
	int r = comings < 0 ? -ENOENT : event_ring_open(comings, on_coming, d, &ring);

	if (r < 0)
		return r;
	r = record_layout_read(d->tracer, &goalloctop_coming_struct, &layout, NULL);
	if (r < 0) {
		event_ring_close(ring);
		return r;
	}
	r = discovery_take(d);
	event_ring_close(d->ring);
	event_layout_free(d->layout);
	d->ring = ring;
	d->layout = layout;
	return r;
}

int discovery_fd(const struct discovery *d)
{
	return event_ring_fd(d->ring);
}

int discovery_take(struct discovery *d)
{
	int r = event_ring_consume(d->ring);

	return MIN(r, 0);
}

int discovery_ask_lost(struct discovery *d)
{
	const uint32_t index = GOALLOCTOP_LOST_COMINGS;
	uint64_t lost, before = d->lost;
	int r = kernel_map_lookup(d->counters, &index, &lost);

	if (r < 0)
		return r;
	lost += tracer_missed(d->tracer, "raw_tp__sched_process_exec") +
		tracer_missed(d->tracer, "raw_tp__sched_process_exit");
	d->lost = MAX(lost, before);
	if (d->lost > before)
		d->calls.on_lost(d->lost - before, d->calls.user);
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

static int remove_one(const void *key, const void *value, void *user)
{
	(void)value;
	(void)kernel_map_delete(*(const int *)user, key);
	return 0;
}

void discovery_forget(struct discovery *d)
{
	(void)kernel_map_walk(d->not_go, remove_one, &d->not_go);
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
	event_layout_free(d->layout);
	free(d);
}
