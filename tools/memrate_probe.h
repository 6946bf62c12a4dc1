/* What memrate has running in the kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "bpf/event_layout.h"
#include "bpf/tracer.h"

struct memrate;
struct rate_counts;
struct rate_reading;

struct memrate_probe {
	uint64_t one_in; /* the command line: in which share of the time it counts */

	struct tracer *tracer; /* NULL: nothing runs there */
	struct strbuf none;    /* why there is no tracer */
	bool has_pages, has_slab;
	bool can_iterate;
	uint32_t value_size;	     /* of the map of counts; 0: there is none */
	uint32_t running_size;	     /* of the map of what CPUs have not added there; 0: none */
	struct event_layout *layout; /* of its values; NULL: as ours */

	/* The window in which it counts (memrate_window.c). */
	bool is_attached, is_open;
	uint64_t opened_ns;  /* this one; CLOCK_MONOTONIC */
	uint64_t counted_ns; /* of the windows of this interval */
	double one_in_now;   /* measured in the last interval; NAN: nothing was counted */
	uint64_t lost;	     /* not counted since the start: the map of processes was full */
	uint64_t windows;
};

/* Attach, or say why numbers are missing. -1 to go on, or the exit status. */
int memrate_probe_start(struct memrate *m);
void memrate_probe_stop(struct memrate *m);

/* All processes now, as exactly as this kernel tells. 0 or -errno. */
int memrate_probe_read(struct memrate *m, struct rate_reading *ret);

/* What was counted since the last time (memrate_counts.c); the map is empty then. 0 or -errno. */
int memrate_probe_counts(struct memrate *m, struct rate_counts *ret);

/* Around another text's taking over, as struct session_config has it. */
int memrate_probe_before(struct tracer *tracer, struct strbuf *why, void *user);
int memrate_probe_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user);

/* Names of the further members; NULL at the end. */
const char *const *memrate_probe_more(const struct memrate *m);

/*
 * Windows: begin with them when the loop is there, and again when the interval has changed; end the
 * one that is open, if one is. 0 or -errno.
 */
int memrate_window_start(struct memrate *m);
int memrate_window_restart(struct memrate *m);
void memrate_window_close(struct memrate *m);
/* After a reading: open again, where it is open all the time. */
int memrate_window_reopen(struct memrate *m);
