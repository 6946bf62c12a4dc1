/*
 * Which files are mapped executable, by any process from now on: how a library that is loaded is
 * heard of. The kernel's perf events tell it (PERF_RECORD_MMAP2), so nothing runs for other system
 * calls. The first event after a quiet time is handed over at once, those that follow within some
 * milliseconds, so that a machine that starts many programs does not wake us for each.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "app/loop.h"
#include "proc/process_maps.h"

struct mapping_events;

struct mapping_events_config {
	struct loop *loop; /* must outlive it */
	/* PID has made this mapping (may be gone by now); "" for the path. */
	void (*on_mapping)(pid_t pid, const struct process_mapping *mapping, void *user);
	/* Some were not told: they came faster than they were read. */
	void (*on_lost)(void *user);
	void *user;
};

/* 0 or -errno: -EACCES, -EPERM, -ENOENT where the kernel does not allow or have it. */
int mapping_events_open(const struct mapping_events_config *config, struct mapping_events **ret);

/* Hand over now what has not been handed over yet. How many there were. */
int mapping_events_take(struct mapping_events *events);

/* NULL is fine. */
void mapping_events_close(struct mapping_events *events);
