/* What goalloctop has running in the kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alloc/alloc_events.h"
#include "alloc/discovery.h"
#include "alloc/go_program.h"
#include "app/options.h"

struct goalloctop;

enum goalloctop_via { VIA_SNAPSHOT, VIA_EVENTS, VIA_REFILL };

struct goalloctop_probe {
	/* The command line. */
	struct option_choice via, split;
	bool trace, collections;

	struct tracer *tracer; /* NULL: nothing runs there */
	struct discovery *discovery;
	struct alloc_events *events; /* NULL: not wanted */
	struct go_program_source source;
	const char *refused; /* not NULL: no probe can be attached at all */
	struct strbuf lines; /* of --trace, not printed yet */
	uint64_t untold;     /* allocations, as was last said */
};

/* The names of the choices, as in enum goalloctop_via; and of --split. */
extern const char *const goalloctop_via_names[], *const goalloctop_split_names[];

/* What the options mean together. -1 to go on, or the exit status. */
int goalloctop_probe_understand(struct goalloctop *t);

/* Is the column that is sorted by one that there is? The same. */
int goalloctop_probe_check_sort(const struct goalloctop *t);

/* When there are go_programs and the loop, before the first refresh. The same. */
int goalloctop_probe_start(struct goalloctop *t);

/* Before and after each go_programs_refresh(). 0 or -errno. */
int goalloctop_probe_read(struct goalloctop *t);
int goalloctop_probe_settle(struct goalloctop *t);

/* Append a line on what was lost, if anything was. */
void goalloctop_probe_lost(const struct goalloctop *t, struct strbuf *out);

/* After go_programs_free(). */
void goalloctop_probe_stop(struct goalloctop *t);

/* --trace (goalloctop_trace.c): at the start; for each allocation; after each interval, what could
 * not be told. 0 or -errno. */
int goalloctop_trace_heads(const struct goalloctop *t);
int goalloctop_trace_interval(struct goalloctop *t);
void goalloctop_trace_flush(struct goalloctop *t);
void goalloctop_trace_event(const struct alloc_event *event, void *user);
