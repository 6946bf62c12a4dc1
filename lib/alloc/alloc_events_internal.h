/* What the parts of alloc_events share. */
#pragma once

#include "alloc/alloc_events.h"
#include "alloc/go_probes.h"
#include "bpf/record_layout.h"
#include "bpf/event_ring.h"

/* One entry of the probe's map `sites`. */
struct event_site {
	struct goalloctop_site site;
	struct goalloctop_count count;
};

/* What a stack of the heap had before its events were counted. */
struct event_base {
	uint64_t allocs, frees;
	uint64_t since_gc;
};

struct event_target {
	pid_t pid;
	const struct go_binary *binary;
	uint64_t bias;
	struct goalloctop_target state;

	struct event_site *sites; /* as of the last reading */
	size_t site_count, site_size;

	struct alloc_heap *heap;  /* NULL until it was filled in once */
	struct event_base *bases; /* of the heap's first stacks */
	size_t base_count;
	uint64_t base_cycle;
	struct heap_reader reader;
	struct refill_stacks *refills; /* NULL until a refill was seen */
};

struct alloc_events {
	struct alloc_events_config config;
	struct go_probes *probes;
	struct event_ring *ring;     /* NULL: no events are wanted */
	struct event_layout *layout; /* of what is on it; NULL: as ours */
	struct named_values more;    /* of one */
	int targets_fd, sites_fd, stacks_fd;
	struct event_target **targets; /* ordered by PID */
	size_t target_count, target_size;
	uint64_t untold_by_gone; /* by processes that were removed */
	bool leftovers;		 /* of such processes in the map `sites` */
};

/* Read the counters of one process, or of all (PID 0); remove those of others. */
int event_sites_read(struct alloc_events *e, pid_t pid);

/* The numbers of the target's sites become an update of its heap. */
int event_heap_update(struct alloc_events *e, struct event_target *t);

/* The first time: what there was before, from SNAPSHOT. */
int event_heap_begin(struct alloc_events *e, struct event_target *t, struct heap_snapshot *snapshot,
		     struct memory_blocks *blocks);

/* The stack of a site in the target's heap, made if it is new. -ENOENT: it cannot be read. */
int event_stack(struct alloc_events *e, struct event_target *t, const struct goalloctop_site *site,
		struct alloc_stack **ret);
