/* What goalloctop's probe and user space tell each other. Both sides include this file. */
#pragma once

#include "oomprof.h"

/* Index into the map `counters`: events that could not be sent because a ring was full. */
#define GOALLOCTOP_LOST_COMINGS 0 /* of `comings`: programs that start and end */
#define GOALLOCTOP_COUNTERS 8

enum goalloctop_coming_kind {
	GOALLOCTOP_EXEC = 1, /* the process runs another program from now on */
	GOALLOCTOP_EXIT,     /* the last thread of a process of the map `watched` has gone */
};

/* On the ring `comings`. PIDs are those of the initial namespace. */
struct goalloctop_coming {
	__u32 kind;
	__u32 pid;
	__u64 time_ns;		/* CLOCK_MONOTONIC */
	struct oomprof_key key; /* of the executable; 0 for an exit */
};

/* Whose numbers are kept apart. */
enum goalloctop_split {
	GOALLOCTOP_SPLIT_NONE,
	GOALLOCTOP_SPLIT_THREAD,
	GOALLOCTOP_SPLIT_GOROUTINE,
};

/* The probes in a Go runtime: bits of a target's `on_jump`. */
enum goalloctop_place {
	GOALLOCTOP_ON_ALLOC,
	GOALLOCTOP_ON_FREE,
	GOALLOCTOP_ON_REFILL,
	GOALLOCTOP_ON_LARGE,
	GOALLOCTOP_ON_GC_END,
	GOALLOCTOP_ON_GC_BEGIN,
};

/*
 * A process whose Go runtime is probed: by its PID in the map `targets`. The first part is user
 * space's and never changes, the second the probe's. Offsets are those of lib/go/go_layout.h.
 */
struct goalloctop_target {
	__u32 split;		/* enum goalloctop_split */
	__u16 trace;		/* not 0: tell of each allocation */
	__u16 on_jump;		/* of which probes the flags say whether it counts */
	__u16 goroutines_known; /* the three that follow are */
	__u16 g_m;
	__u16 g_goid;
	__u16 m_curg;
	__u16 mcache_alloc;
	__u16 mspan_allocated;
	__u16 mspan_taken_over;
	__u16 mspan_object;

	__u64 cycle;	    /* collections that ended while it was probed */
	__u64 timed;	    /* of these: with a known beginning */
	__u64 timed_ns;	    /* how long these took together */
	__u64 longest_ns;   /* and the longest one */
	__u64 began_ns;	    /* the one that goes on; CLOCK_MONOTONIC; 0: none */
	__u64 lost_sites;   /* allocations and frees not counted: the map is full */
	__u64 lost_samples; /* allocations not told: the ring is full */
	__u64 lost_stacks;  /* allocations not counted: no stack, or no room for one */
};

/*
 * What is counted, in the map `sites`: by bucket of the heap profile, as the runtime's own numbers
 * are; or, for span refills, by stack and size of objects.
 */
struct goalloctop_site {
	__u64 stack; /* address of the bucket; or a hash, the key of `stacks` */
	__u64 owner; /* thread or goroutine that allocated; frees are nobody's: 0 */
	__u64 size;  /* of an object; 0: the bucket knows */
	__u32 pid;
	__u32 pad;
};

struct goalloctop_count {
	__u64 allocs;
	__u64 frees;
	__u64 cycle; /* of the target, when it allocated last */
	__u64 at_gc; /* allocs when that cycle began */
};

#define GOALLOCTOP_FRAMES 64 /* physical ones, inlined calls not counted */

/* Of a span refill: addresses, innermost first; 0 behind the last one. */
struct goalloctop_stack {
	__u64 frames[GOALLOCTOP_FRAMES];
};

/* An allocation that the runtime has sampled, on the ring `samples`. */
struct goalloctop_sample {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 bucket;
	__u64 goroutine; /* 0: none, or not known */
	__u32 pid;
	__u32 tid;
};
