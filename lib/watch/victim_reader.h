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

/* Hands over what is complete, then the rest. NULL is fine. */
void victim_reader_close(struct victim_reader *reader);
