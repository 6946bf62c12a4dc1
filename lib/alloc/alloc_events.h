/*
 * What Go programs allocate and free, counted in the kernel as it happens: the source behind --via
 * events and --via refill, and the times of collections (--gc). Needs the probe
 * bpf-src/goalloctop.bpf.c in the variant of the mode.
 *
 * Events: uprobes on what the Go runtime does for each allocation that its heap profile samples,
 * and for each such object that is freed: about once in 512 KiB. The bucket is the key, as in
 * heap_snapshot.h, so both give the same numbers of the same stacks. What was counted before the
 * probes were there is read from the buckets once.
 *
 * Refill: where the heap profile is off. Uprobes on the refill of an empty span and on large
 * objects: an estimate of who allocates how much. What is in use cannot be told.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "alloc/alloc_heap.h"
#include "alloc/heap_snapshot.h"
#include "base/named_value.h"
#include "bpf-src/goalloctop.h"
#include "bpf/tracer.h"

enum alloc_events_mode {
	ALLOC_EVENTS_SAMPLES,
	ALLOC_EVENTS_REFILLS,
	ALLOC_EVENTS_NONE, /* only the collections */
};

struct alloc_events;

/* A sampled allocation, as it happens. */
struct alloc_event {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	pid_t pid, tid;
	uint64_t goroutine; /* 0: not known */
	const struct alloc_heap *heap;
	const struct alloc_stack *stack; /* its numbers are those of the last update */
	const struct named_values *more; /* what an edited text tells besides */
};

struct alloc_events_config {
	struct tracer *tracer; /* outlives it */
	enum alloc_events_mode mode;
	enum goalloctop_split split; /* of allocations; what is freed is nobody's */
	bool collections;	     /* how long they take, too */
	bool shared;		     /* all that run an executable are wanted: see go_probes.h */
	/* Called by alloc_events_take(); NULL: not wanted. */
	void (*on_event)(const struct alloc_event *event, void *user);
	void *user;
};

/* How the tracer has to be started: its variants, for one that has those probes. */
const struct tracer_variant *alloc_events_variants(enum alloc_events_mode mode, bool collections);

/* 0 or -errno; -ENOENT: the tracer's text does not have the maps; -EINVAL: its events cannot be
 * read, the reason is in WHY (may be NULL). */
int alloc_events_open(const struct alloc_events_config *config, struct strbuf *why,
		      struct alloc_events **ret);
/* Detaches everything. NULL is fine. */
void alloc_events_close(struct alloc_events *events);

/*
 * Attach to a process, if that was not done. BINARY outlives its stay. 0 or as go_probes_attach(),
 * with the reason in WHY. -ENODATA: of its version of Go it is not known how (of refills,
 * goroutines).
 */
int alloc_events_add(struct alloc_events *events, pid_t pid, const struct go_binary *binary,
		     uint64_t bias, struct strbuf *why);
/* Detach, and forget what was counted. It need not have been added. */
void alloc_events_remove(struct alloc_events *events, pid_t pid);

/* Once an interval: read what was counted in all processes. 0 or -errno. */
int alloc_events_read(struct alloc_events *events);

/*
 * Make that one update of a process's heap, which outlives its stay. The first time SNAPSHOT and
 * BLOCKS tell what was there before (not of refills); it may be a few updates then, if the program
 * allocates meanwhile. Where it does so without a pause, a bucket's numbers may be off by the
 * allocations of that instant.
 */
int alloc_events_fill(struct alloc_events *events, pid_t pid, struct heap_snapshot *snapshot,
		      const struct heap_reader *reader, struct memory_blocks *blocks,
		      struct alloc_heap *heap);

/* Collections since the probes were attached. */
struct alloc_collections {
	bool known;
	uint64_t count;
	uint64_t timed, timed_ns; /* of these: with a known beginning, and their time together */
	uint64_t longest_ns;	  /* of all */
};
/* As of the last reading. False: the process is not probed. */
bool alloc_events_collections(const struct alloc_events *events, pid_t pid,
			      struct alloc_collections *ret);

/* Polls readable while there are events to take; -1: none are wanted. */
int alloc_events_fd(const struct alloc_events *events);
/* The names of what an edited text tells of each besides, in their order; NULL at the end. Valid
 * until alloc_events_renew(). */
const char *const *alloc_events_more(const struct alloc_events *events);

/* Call on_event for all that are there; of processes whose heap was filled in once. */
int alloc_events_take(struct alloc_events *events);
/* How many were not told, of all processes, by now. */
uint64_t alloc_events_untold(const struct alloc_events *events);

/*
 * Around a swap of the tracer's text (tracer_swap()). Check, before it: are its events ones that
 * can be read? 0, or -errno with the reason in WHY. Renew, after it: what is on the old ring is
 * taken first; alloc_events_fd() is another one from here on. 0 or -errno.
 */
int alloc_events_check(const struct alloc_events *events, struct strbuf *why);
int alloc_events_renew(struct alloc_events *events);
