/* What goalloctop has running in the kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alloc/alloc_events.h"
#include "alloc/discovery.h"
#include "alloc/go_program.h"
#include "app/options.h"
#include "output/column_choice.h"
#include "output/table_writer.h"

struct goalloctop;
struct goalloctop_columns;

/* What there is a row for. */
enum goalloctop_by { BY_PROGRAM, BY_SITE, BY_FUNCTION, BY_STACK, BY_PACKAGE };

enum goalloctop_via { VIA_SNAPSHOT, VIA_EVENTS, VIA_REFILL };

/* The columns of --trace: ours, and between them those of an edited text. */
struct goalloctop_trace_table {
	struct column_about abouts[COLUMN_CHOICE_MOST];
	struct table_column heads[COLUMN_CHOICE_MOST];
	size_t n;
	char **names;	 /* of the further ones: NULL at the end */
	uint64_t chosen; /* output/column_choice.h */
	bool heads_due;	 /* they are others since they were printed */
};

struct goalloctop_probe {
	/* The command line. */
	struct option_choice via, split;
	bool trace, collections;

	struct tracer *tracer; /* NULL: nothing runs there */
	struct discovery *discovery;
	struct alloc_events *events; /* NULL: not wanted */
	struct go_program_source source;
	struct strbuf none;  /* why there is no tracer */
	const char *refused; /* not NULL: no probe can be attached at all */
	struct strbuf lines; /* of --trace, not printed yet */
	struct goalloctop_trace_table table;
	uint64_t untold; /* allocations, as was last said */
};

/* The names of the choices, as in enum goalloctop_via; and of --split. */
extern const char *const goalloctop_via_names[], *const goalloctop_split_names[];

/* What the options mean together. -1 to go on, or the exit status. */
int goalloctop_probe_understand(struct goalloctop *t);

/* Are rows, and the column that is sorted by, such as there are? 0, or -EINVAL with the reason. */
int goalloctop_probe_check_by(const struct goalloctop *t, enum goalloctop_by by,
			      struct strbuf *why);
int goalloctop_probe_check_sort(const struct goalloctop *t, enum alloc_sort sort,
				struct strbuf *why);

/* When there are go_programs and the loop, before the first refresh. The same. */
int goalloctop_probe_start(struct goalloctop *t);

/* Before and after each go_programs_refresh(). 0 or -errno. */
int goalloctop_probe_read(struct goalloctop *t);
int goalloctop_probe_settle(struct goalloctop *t);

/* Append a line on what was lost, if anything was. */
void goalloctop_probe_lost(const struct goalloctop *t, struct strbuf *out);

/* Who starts and ends is told by the tracer, or why it is not (goalloctop_rings.c). -1 to go on, or
 * the exit status. */
int goalloctop_discovery_start(struct goalloctop *t);
int goalloctop_discovery_none(struct goalloctop *t, const char *why);

/* What is on the rings, for the loop. */
void goalloctop_take_comings(void *user);
void goalloctop_take_events(void *user);
void goalloctop_take_rings(void *user); /* all there are: while a text is compiled */

/* Around another text's taking over, as struct session_config has it. */
int goalloctop_probe_before(struct tracer *tracer, struct strbuf *why, void *user);
int goalloctop_probe_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user);

/* After go_programs_free(). */
void goalloctop_probe_stop(struct goalloctop *t);

/*
 * --trace (goalloctop_trace.c). At the start, and when another text runs, the columns are found;
 * heads are printed; for each allocation; after each interval, what could not be told. 0 or -errno.
 */
int goalloctop_trace_begin(struct goalloctop *t);
int goalloctop_trace_heads(const struct goalloctop *t);
int goalloctop_trace_line(const struct goalloctop *t, const struct alloc_event *event, bool json,
			  struct strbuf *out);
int goalloctop_trace_interval(struct goalloctop *t);
void goalloctop_trace_flush(struct goalloctop *t);
int goalloctop_trace_json(const struct goalloctop *t, const struct alloc_event *event,
			  int64_t bytes, int64_t objects, struct strbuf *out);
void goalloctop_trace_event(const struct alloc_event *event, void *user);
void goalloctop_trace_columns(struct goalloctop *t, struct goalloctop_columns *ret);
void goalloctop_trace_end(struct goalloctop *t);
