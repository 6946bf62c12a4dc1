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

/*
 * Switch it on in this process, soon: BINARY, which must outlive the enabler, is what it runs,
 * since EXEC_NS (CLOCK_MONOTONIC; 0: it was found running). Done once for each start of a program.
 * 0 or -ENOMEM.
 */
int enabler_add(struct enabler *enabler, const struct oomprof_process *process,
		const struct known_binary *binary, uint64_t exec_ns);

/* When was it switched on in that process? False: it was not. */
bool enabler_find(struct enabler *enabler, const struct oomprof_process *process,
		  struct victim_enabled *ret);

/* Restore what was changed, and change nothing more. NULL is fine. */
void enabler_stop(struct enabler *enabler);

/* The same if it was not done yet. NULL is fine. */
void enabler_close(struct enabler *enabler);
