/*
 * From the events of oomprof's probe to finished victims: learns the executables that the probe
 * tells of, drains both rings while a walk is going on, and hands every victim that is complete to
 * a second thread, so that the rings are drained on while one is written.
 */
#pragma once

#include <stdint.h>

#include "app/loop.h"
#include "base/strbuf.h"
#include "bpf/tracer.h"
#include "victim/victim.h"

struct watcher;

/* What the probe is told before it is attached. */
struct watcher_settings {
	uint64_t max_walk_ns; /* for which a thread of a victim may hold its CPU */
	uint64_t ring_bytes;  /* of buckets on their way; rounded up as the kernel wants it */
	bool all_kills;	      /* not only those of the OOM killer */
};

#define WATCHER_MAX_WALK_NS 250000000ull
#define WATCHER_RING_BYTES (8ull << 20)

/* For tool_attach(): sizes of maps (SIZES has room for 2), and filling maps; DATA: the settings. */
void watcher_map_sizes(const struct watcher_settings *settings, struct tracer_map_size *sizes);
int watcher_prepare(struct tracer *tracer, void *data);

struct watcher_config {
	struct tracer *tracer; /* attached; must outlive the watcher */
	struct loop *loop;     /* likewise */
	int64_t enable_rate;   /* switch heap profiling on where it is off; 0: do not */
	/* Each victim, complete, the callee's now; called in a thread of its own, one at a time.
	 * What it points to is there until the watcher is closed. */
	void (*on_victim)(struct victim *v, void *user);
	void *user;
};

/* Programs that run already are learnt before it returns. 0 or -errno. */
int watcher_open(const struct watcher_config *config, struct watcher **ret);

/* From now on victims are told of. 0 or -errno. */
int watcher_start(struct watcher *w);

/*
 * For a swap of the probe. What the probe's text shares with the watcher, ended by NULL: maps that
 * a new text must have as they are, and those that are made anew. Programs that are known, victims
 * on their way and what the probe has begun with them all go on in the new text.
 */
extern const char *const watcher_held_maps[];
extern const struct text_contract watcher_contract;
extern const char *const watcher_renewed_maps[];

/*
 * Around the swap, in the loop's thread: see lib/session/session.h. AFTER waits for the programs of
 * the old text to end, and reads what they have told.
 */
int watcher_before_swap(struct watcher *w, struct tracer *tracer, struct watcher_settings *settings,
			struct strbuf *why);
int watcher_after_swap(struct watcher *w, bool swapped, struct strbuf *why);

struct watcher_counts {
	size_t walking; /* victims whose records are on their way */
	size_t waiting; /* for their file, or it is being made */
	uint64_t lost;	/* events of the probe that found no room */
};
struct watcher_counts watcher_count(const struct watcher *w);

/* Each Go program that is known; VISIT must not use the watcher. */
void watcher_each_program(const struct watcher *w,
			  void (*visit)(const struct known_binary *b, void *user), void *user);

/* Waits until what is complete was handed over, and hands over the rest. NULL is fine. */
void watcher_close(struct watcher *w);
