/*
 * Reads the rings that the probe fills at a kill, in a thread of its own: while a victim is walked
 * nothing may keep it from that, such as a look into an executable that has to come from a disk.
 */
#pragma once

#include "bpf/tracer.h"
#include "victim/victim.h"

struct victim_reader;

struct victim_reader_config {
	struct tracer *tracer;	      /* attached; must outlive the reader, as all others */
	struct known_binaries *known; /* other threads may add to it */
	/* Each victim that is complete, now the callee's; called in the reader's thread. */
	void (*on_complete)(struct victim *v, void *user);
	void *user;
};

/* Nothing is read before the start. 0 or -errno. */
int victim_reader_open(const struct victim_reader_config *config, struct victim_reader **ret);

int victim_reader_start(struct victim_reader *reader);

/*
 * Around a swap of the probe, both in one thread. BEFORE: the maps of TRACER are the new text's;
 * its ring `control` is read from here on, beside the old one. -errno with the reason in WHY.
 * AFTER: once nothing of the text that does not run (any more) can write; its ring is read to its
 * end. All maps else that the reader uses must be the same as before.
 */
int victim_reader_before_swap(struct victim_reader *reader, const struct tracer *tracer,
			      struct strbuf *why);
void victim_reader_after_swap(struct victim_reader *reader, bool swapped);

struct victim_reader_counts {
	size_t waiting; /* victims on their way */
	uint64_t lost;	/* events of the probe: a ring was full */
};

/* From any thread. */
struct victim_reader_counts victim_reader_count(const struct victim_reader *reader);

/* Hands over what is complete, then the rest. NULL is fine. */
void victim_reader_close(struct victim_reader *reader);
