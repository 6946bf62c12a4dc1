/*
 * The ring `control` of one text of the probe, which tells of victims. An edited text may lay its
 * records out otherwise, and have more members in them: that is undone here.
 */
#pragma once

#include "base/named_value.h"
#include "base/strbuf.h"
#include "bpf/tracer.h"

struct control_ring;

/*
 * RECORD is laid out as oomprof.h says. MORE: the values of members that the text has added; the
 * callee may take them.
 */
typedef void (*control_handler)(const void *record, size_t size, struct named_values *more,
				void *user);

/*
 * That of the text which TRACER has the maps of now. 0, or -errno with the reason in WHY: a member
 * of a record is missing, say.
 */
int control_ring_open(const struct tracer *tracer, control_handler handler, void *user,
		      struct control_ring **ret, struct strbuf *why);

/* As event_ring_fd() and event_ring_consume(). */
int control_ring_fd(const struct control_ring *ring);
int control_ring_consume(struct control_ring *ring);

/* NULL is fine. */
void control_ring_close(struct control_ring *ring);
