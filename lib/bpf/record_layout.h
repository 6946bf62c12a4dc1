/* The layout of the records of the text that a tracer runs: bpf/event_layout.h. */
#pragma once

#include "base/strbuf.h"
#include "bpf/event_layout.h"
#include "bpf/tracer.h"

/*
 * NULL in RET: they are laid out as OWN says, as far as the text tells. 0, or as
 * event_layout_read() with the reason in WHY.
 */
int record_layout_read(const struct tracer *tracer, const struct event_struct *own,
		       struct event_layout **ret, struct strbuf *why);

/* A record of SIZE bytes as the tool's struct of OWN_SIZE, in SPACE if it is laid out otherwise.
 * NULL: it is too short. */
const void *record_layout_own(const struct event_layout *layout, const void *record, size_t size,
			      size_t own_size, void *space);
