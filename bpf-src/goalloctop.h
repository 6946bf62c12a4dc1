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
