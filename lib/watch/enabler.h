/*
 * Switches heap profiling on in programs where the linker has switched it off, and off again at the
 * end. In a thread of its own: a program that has just been started must be waited for, and another
 * process's memory can keep a reader waiting. The user is told of each program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "victim/victim.h"

struct enabler;

/* RATE: what to write, 1 to GO_RATE_MOST. 0 or -errno. */
int enabler_open(int64_t rate, struct enabler **ret);

/* A start of a program, or its loading a library. */
struct enabler_program {
	struct oomprof_process process; /* its start in whole ticks of /proc, or more exactly */
	const struct go_binary *binary; /* what it runs or has loaded; outlives the enabler */
	uint64_t exec_ns;		/* CLOCK_MONOTONIC; 0: it was found running */
	bool in_library;
	uint64_t bias; /* of the library */
	bool borrowed; /* BINARY is there for the call only: the process is opened at once, and no
			  look is taken at whether that was done before */
};

/* Switch it on there, soon. Done once for each start of a program. 0 or -ENOMEM. */
int enabler_add(struct enabler *enabler, const struct enabler_program *program);

/* When was it switched on in that process, for what BINARY allocates (NULL: it was borrowed)?
 * False: it was not. */
bool enabler_find(struct enabler *enabler, const struct oomprof_process *process,
		  const struct go_binary *binary, struct victim_enabled *ret);

/* Restore what was changed, and change nothing more. NULL is fine. */
void enabler_stop(struct enabler *enabler);

/* The same if it was not done yet. NULL is fine. */
void enabler_close(struct enabler *enabler);
