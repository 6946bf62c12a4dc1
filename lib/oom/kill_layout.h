/*
 * The records of an edited text on their way to the queue: laid out as struct oomkill_event
 * (bpf-src/oomkill.h) again; what the text has added goes along as values with names.
 */
#pragma once

#include "bpf/event_layout.h"
#include "bpf/tracer.h"
#include "oom/kill_queue.h"

struct kill_layout;

/*
 * That of the text that TRACER runs (or is about to, within a swap). NULL in RET: as this tool's
 * own, or not known, as the text does not name it. 0; -errno with the reason in WHY.
 */
int kill_layout_read(const struct tracer *tracer, struct kill_layout **ret, struct strbuf *why);

/* As kill_queue_feed(), of a record of that text. LAYOUT may be NULL. */
int kill_layout_feed(const struct kill_layout *layout, struct kill_queue *queue, const void *record,
		     size_t size, uint64_t now_ns);

/* The names of the further members as they are shown (kill_extras.h), NULL at the end. LAYOUT may
 * be NULL. */
const char *const *kill_layout_names(const struct kill_layout *layout);

/* NULL is fine. */
void kill_layout_free(struct kill_layout *layout);
