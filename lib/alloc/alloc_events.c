#include "alloc/alloc_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/alloc_events_internal.h"
#include "alloc/refill_stack.h"
#include "base/array.h"
#include "base/macro.h"
#include "bpf/kernel_map.h"
#include "go/go_layout.h"

EVENT_STRUCT(goalloctop_sample);

static const char *const flags[][3] = {
	[ALLOC_EVENTS_SAMPLES] = {"-DGOALLOCTOP_EVENTS", NULL},
	[ALLOC_EVENTS_REFILLS] = {"-DGOALLOCTOP_REFILL", NULL},
	[ALLOC_EVENTS_NONE] = {"-DGOALLOCTOP_GC", NULL},
};

const struct tracer_variant *alloc_events_variants(enum alloc_events_mode mode, bool collections)
{
	static const struct tracer_variant variants[][2] = {
		{{.name = "events", .flags = flags[ALLOC_EVENTS_SAMPLES]}, {0}},
		{{.name = "refill", .flags = flags[ALLOC_EVENTS_REFILLS]}, {0}},
		{{.name = "collections", .flags = flags[ALLOC_EVENTS_NONE]}, {0}},
		{{.name = "discovery"}, {0}},
	};

	return variants[mode == ALLOC_EVENTS_NONE && !collections ? 3 : (int)mode];
}

static unsigned int probes_of(const struct alloc_events_config *config)
{
	unsigned int set = GO_PROBE_GC_END;

	if (config->mode == ALLOC_EVENTS_SAMPLES)
		set |= GO_PROBE_SAMPLES;
	if (config->mode == ALLOC_EVENTS_REFILLS)
		set |= GO_PROBE_REFILLS;
	return config->collections ? set | GO_PROBE_GC_BEGIN : set;
}

static bool before_pid(const void *element, const void *key)
{
	return (*(struct event_target *const *)element)->pid < *(const pid_t *)key;
}

/* The place of PID among the targets, or where it would be. */
static size_t place_of(const struct alloc_events *e, pid_t pid)
{
	return array_place(e->targets, e->target_count, sizeof(struct event_target *), before_pid,
			   &pid);
}

static struct event_target *find(const struct alloc_events *e, pid_t pid)
{
	size_t i = place_of(e, pid);

	return i < e->target_count && e->targets[i]->pid == pid ? e->targets[i] : NULL;
}

static void on_sample(const void *data, size_t size, void *user)
{
	struct goalloctop_sample space;
	struct alloc_events *e = user;
	const struct goalloctop_sample *sample =
		record_layout_own(e->layout, data, size, sizeof(space), &space);
	struct event_target *t = sample ? find(e, (pid_t)sample->pid) : NULL;
	struct alloc_stack *stack;
	struct alloc_event event;

	if (!t || !t->heap ||
	    event_stack(e, t, &(struct goalloctop_site){.stack = sample->bucket}, &stack) < 0)
		return;
	named_values_clear(&e->more);
	if (e->layout)
		(void)event_layout_values(e->layout, data, size, &e->more);
	event = (struct alloc_event){.time_ns = sample->time_ns,
				     .pid = (pid_t)sample->pid,
				     .tid = (pid_t)sample->tid,
				     .goroutine = sample->goroutine,
				     .heap = t->heap,
				     .stack = stack,
				     .more = &e->more};
	e->config.on_event(&event, e->config.user);
}

static void alloc_events_closep(struct alloc_events **e)
{
	alloc_events_close(*e);
}

/* Of the text that runs now. */
static int find_maps(struct alloc_events *e)
{
	const struct alloc_events_config *config = &e->config;

	e->targets_fd = tracer_map_fd(config->tracer, "targets");
	e->sites_fd = tracer_map_fd(config->tracer, "sites");
	e->stacks_fd = tracer_map_fd(config->tracer, "stacks");
	return e->targets_fd < 0 || (config->mode != ALLOC_EVENTS_NONE && e->sites_fd < 0) ||
			       (config->mode == ALLOC_EVENTS_REFILLS && e->stacks_fd < 0)
		       ? -ENOENT
		       : 0;
}

int alloc_events_open(const struct alloc_events_config *config, struct strbuf *why,
		      struct alloc_events **ret)
{
	_cleanup_(alloc_events_closep) struct alloc_events *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->config = *config;
	r = find_maps(e);
	if (r == 0)
		r = go_probes_new(config->tracer, probes_of(config), config->shared, &e->probes);
	if (r == 0 && config->on_event)
		r = record_layout_read(config->tracer, &goalloctop_sample_struct, &e->layout, why);
	if (r == 0 && config->on_event)
		r = event_ring_open(tracer_map_fd(config->tracer, "samples"), on_sample, e,
				    &e->ring);
	if (r < 0)
		return r;
	*ret = STEAL(e);
	return 0;
}

int alloc_events_check(const struct alloc_events *e, struct strbuf *why)
{
	struct event_layout *layout = NULL;
	int r = e->ring ? record_layout_read(e->config.tracer, &goalloctop_sample_struct, &layout,
					     why)
			: 0;

	if (r == 0)
		event_layout_free(layout);
	return r;
}

int alloc_events_renew(struct alloc_events *e)
{
	struct event_layout *layout;
	struct event_ring *ring;
	int r = find_maps(e);

	if (r < 0 || !e->ring)
		return r;
	r = event_ring_open(tracer_map_fd(e->config.tracer, "samples"), on_sample, e, &ring);
	if (r < 0)
		return r;
	r = record_layout_read(e->config.tracer, &goalloctop_sample_struct, &layout, NULL);
	if (r < 0) {
		event_ring_close(ring);
		return r;
	}
	r = alloc_events_take(e);
	event_ring_close(e->ring);
	event_layout_free(e->layout);
	e->ring = ring;
	e->layout = layout;
	return r;
}

const char *const *alloc_events_more(const struct alloc_events *e)
{
	static const char *const none[] = {NULL};

	return e->layout ? event_layout_names(e->layout) : none;
}

static void target_free(struct event_target *t)
{
	if (!t)
		return;
	refill_stacks_free(t->refills);
	free(t->sites);
	free(t->bases);
	free(t);
}

void alloc_events_close(struct alloc_events *e)
{
	if (!e)
		return;
	go_probes_free(e->probes);
	event_ring_close(e->ring);
	event_layout_free(e->layout);
	named_values_clear(&e->more);
	for (size_t i = 0; i < e->target_count; i++)
		target_free(e->targets[i]);
	free(e->targets);
	free(e);
}

/* What the probe has to know of the process. */
static int describe(const struct alloc_events *e, struct event_target *t, struct strbuf *why)
{
	struct goalloctop_target *s = &t->state;
	struct go_layout layout;
	bool known = go_layout_of(t->binary->minor, &layout);

	if (!known && (e->config.mode == ALLOC_EVENTS_REFILLS ||
		       e->config.split == GOALLOCTOP_SPLIT_GOROUTINE)) {
		strbuf_printf(why, "%s is not a version of Go of which it is known how to tell %s",
			      *t->binary->version ? t->binary->version : "what it runs",
			      e->config.mode == ALLOC_EVENTS_REFILLS ? "refills" : "goroutines");
		return -ENODATA;
	}
	s->split = e->config.split;
	s->trace = e->ring != NULL;
	if (!known)
		return 0;
	s->goroutines_known = 1;
	s->g_m = layout.g_m;
	s->g_goid = layout.g_goid;
	s->m_curg = layout.m_curg;
	s->mcache_alloc = layout.mcache_alloc;
	s->mspan_allocated = layout.mspan_allocated;
	s->mspan_taken_over = layout.mspan_taken_over;
	s->mspan_object = layout.mspan_object;
	return 0;
}

/* Probes, and before them what they look up. */
static int install(struct alloc_events *e, struct event_target *t, struct strbuf *why)
{
	const uint32_t key = (uint32_t)t->pid;
	int r = describe(e, t, why);

	if (r == 0)
		r = go_probes_look_up(e->probes, t->binary, &t->state.on_jump, why);
	if (r == 0)
		r = kernel_map_update(e->targets_fd, &key, &t->state);
	if (r < 0)
		return r;
	r = go_probes_attach(e->probes, t->pid, t->binary, why);
	if (r < 0)
		(void)kernel_map_delete(e->targets_fd, &key);
	return r;
}

int alloc_events_add(struct alloc_events *e, pid_t pid, const struct go_binary *binary,
		     uint64_t bias, struct strbuf *why)
{
	size_t at = place_of(e, pid);
	struct event_target *t;
	int r;

	if (find(e, pid))
		return 0;
	/* PIDs come back: what is left of the last one must not count for this one. */
	r = e->leftovers ? event_sites_read(e, pid) : 0;
	if (r < 0)
		return r;
	r = array_reserve(&e->targets, &e->target_size, e->target_count, 1,
			  sizeof(struct event_target *));
	t = r == 0 ? calloc(1, sizeof(*t)) : NULL;
	if (!t)
		return -ENOMEM;
	*t = (struct event_target){
		.pid = pid, .binary = binary, .bias = bias, .reader = heap_reader_process(pid)};
	r = install(e, t, why);
	if (r < 0) {
		if (!why->length)
			strbuf_puts(why, strerror(-r));
		target_free(t);
		return r;
	}
	memmove(&e->targets[at + 1], &e->targets[at],
		(e->target_count - at) * sizeof(struct event_target *));
	e->targets[at] = t;
	e->target_count++;
	return 0;
}

struct reading {
	struct alloc_events *e;
	pid_t pid; /* 0: all */
};

static int on_site(const void *key, const void *value, void *user)
{
	const struct goalloctop_site *of = key;
	const struct reading *reading = user;
	struct event_target *t = find(reading->e, (pid_t)of->pid);
	struct event_site *site;
	int r;

	if (!t) /* of one that was removed */
		(void)kernel_map_delete(reading->e->sites_fd, key);
	if (!t || (reading->pid && t->pid != reading->pid))
		return 0;
	r = array_reserve(&t->sites, &t->site_size, t->site_count, 1, sizeof(*t->sites));
	if (r < 0)
		return r;
	site = &t->sites[t->site_count++];
	memcpy(&site->site, key, sizeof(site->site));
	memcpy(&site->count, value, sizeof(site->count));
	return 0;
}

int event_sites_read(struct alloc_events *e, pid_t pid)
{
	struct reading reading = {e, pid};
	int r;

	for (size_t i = 0; i < e->target_count; i++) {
		struct event_target *t = e->targets[i];
		const uint32_t key = (uint32_t)t->pid;

		if (pid && pid != t->pid)
			continue;
		t->site_count = 0;
		/* Before what it counts: a cycle that begins meanwhile is one of the next time. */
		(void)kernel_map_lookup(e->targets_fd, &key, &t->state);
	}
	r = e->sites_fd < 0 ? 0 : kernel_map_walk(e->sites_fd, on_site, &reading);
	if (r == 0)
		e->leftovers = false;
	return r;
}

int alloc_events_read(struct alloc_events *e)
{
	return event_sites_read(e, 0);
}

int alloc_events_fill(struct alloc_events *e, pid_t pid, struct heap_snapshot *snapshot,
		      const struct heap_reader *reader, struct memory_blocks *blocks,
		      struct alloc_heap *heap)
{
	struct event_target *t = find(e, pid);
	bool first;

	if (!t)
		return -ENOENT;
	if (!heap || e->config.mode == ALLOC_EVENTS_NONE)
		return 0;
	t->reader = *reader;
	first = !t->heap;
	t->heap = heap;
	return first && e->config.mode == ALLOC_EVENTS_SAMPLES
		       ? event_heap_begin(e, t, snapshot, blocks)
		       : event_heap_update(e, t);
}

void alloc_events_remove(struct alloc_events *e, pid_t pid)
{
	const uint32_t key = (uint32_t)pid;
	struct event_target *t = find(e, pid);
	size_t at = place_of(e, pid);

	if (!t)
		return;
	go_probes_detach(e->probes, pid);
	(void)kernel_map_lookup(e->targets_fd, &key, &t->state);
	(void)kernel_map_delete(e->targets_fd, &key);
	e->untold_by_gone += t->state.lost_samples;
	target_free(t);
	e->target_count--;
	memmove(&e->targets[at], &e->targets[at + 1],
		(e->target_count - at) * sizeof(struct event_target *));
	e->leftovers = true;
}

bool alloc_events_collections(const struct alloc_events *e, pid_t pid,
			      struct alloc_collections *ret)
{
	const struct event_target *t = find(e, pid);

	if (!t)
		return false;
	*ret = (struct alloc_collections){true, t->state.cycle, t->state.timed, t->state.timed_ns,
					  t->state.longest_ns};
	return true;
}

int alloc_events_fd(const struct alloc_events *e)
{
	return e->ring ? event_ring_fd(e->ring) : -1;
}

int alloc_events_take(struct alloc_events *e)
{
	int r = e->ring ? event_ring_consume(e->ring) : 0;

	return MIN(r, 0);
}

uint64_t alloc_events_untold(const struct alloc_events *e)
{
	uint64_t n = e->untold_by_gone;

	for (size_t i = 0; i < e->target_count; i++)
		n += e->targets[i]->state.lost_samples;
	return n;
}
