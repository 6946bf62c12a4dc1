/*
 * The texts of a session: those that ran one after the other, the last of which runs now, and the
 * draft, which waits to be applied.
 */
#pragma once

#include <stdbool.h>

#include "app/probe_text.h"

#define TEXTS_UNDO_MOST 32

struct texts {
	/* The first is the one that the tool started with; beyond the most the second goes. */
	struct probe_text *list;
	size_t count, capacity;
	struct probe_text draft; /* its text is empty: there is none */
	unsigned int error_line; /* of the draft, where it failed; 0: nowhere */
};

/* FIRST is taken over, also on failure. 0 or -ENOMEM. */
int texts_init(struct texts *texts, struct probe_text *first);

const struct probe_text *texts_running(const struct texts *texts);
bool texts_has_draft(const struct texts *texts);

/* Where the draft failed, as messages and `list` count its lines: with its file's heading. */
unsigned int texts_error_line(const struct texts *texts);

/* NEW is taken over; the draft that there was is gone. */
void texts_set_draft(struct texts *texts, struct probe_text *new);

/* The draft runs now. 0, or -ENOMEM before anything is done: call texts_reserve() in time. */
int texts_reserve(struct texts *texts);
void texts_applied(struct texts *texts);

/* What undo would go back to; NULL: nothing is left. Then: it runs; what ran becomes the draft if
 * there is none. */
const struct probe_text *texts_before(const struct texts *texts);
void texts_undone(struct texts *texts);

void texts_clear(struct texts *texts);
