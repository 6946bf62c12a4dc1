/* The running probe of oomkill: its ring, how its records are laid out, and what a swap changes. */
#pragma once

#include "app/loop.h"
#include "app/tool.h"
#include "bpf-src/oomkill.h"
#include "oom/kill_layout.h"

struct oomkill_probe {
	struct tracer *tracer;
	struct kill_queue *queue; /* where its records go */
	struct loop *loop;
	void (*on_events)(void *user); /* once they are there */
	void *user;
	struct event_ring *ring;
	struct kill_layout *layout, *next;    /* NULL: the built-in one; NEXT: of a text to come */
	uint64_t lost[OOMKILL_LOST_COUNTERS]; /* as far as that was said */
	uint64_t strange;		      /* records that are not the probe's we know */
};

/* Maps that are not handed over in a swap, and those that must be: struct tool. */
extern const char *const oomkill_renewed_maps[], *const oomkill_held_maps[];
extern const struct text_contract oomkill_contract;

/* TRACER, QUEUE, LOOP and ON_EVENTS are set, and QUEUE outlives it. -1, or the exit status. */
int oomkill_probe_open(struct oomkill_probe *p);

/* Feed what has come. */
void oomkill_probe_consume(struct oomkill_probe *p);

/* Say what has been lost since this was said last: LOST. */
void oomkill_probe_report_lost(struct oomkill_probe *p);

/* Around a swap: session.h. */
int oomkill_probe_before(struct oomkill_probe *p, struct tracer *tracer, struct strbuf *why);
int oomkill_probe_after(struct oomkill_probe *p, bool swapped, struct strbuf *why);

void oomkill_probe_close(struct oomkill_probe *p);
