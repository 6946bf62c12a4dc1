/*
 * The lines that were typed at the prompt, kept from one run to the next in
 * $XDG_STATE_HOME/oomtools/history. Only its owner may read it. All tools share the file; each adds
 * its lines at its end, so that of tools that end at once none takes away the other's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define HISTORY_LINES_MOST 1000
#define HISTORY_LINE_MOST 4096 /* bytes; longer ones are not kept */

struct history {
	char **lines; /* owned; oldest first */
	size_t count, capacity;
	size_t old;    /* so many of them were read from the file */
	int directory; /* where it is kept; -1: nowhere */
};

/*
 * Read the file. What keeps it from being used is told in WHY (empty: nothing), and in *RET_WARN if
 * it is wrong and can be put right. Lines are kept for this run all the same. 0 or -ENOMEM.
 */
int history_open(struct history *h, struct strbuf *why, bool *ret_warn);

/* Was it kept? Not if it begins with a blank, or is the last one again. */
bool history_add(struct history *h, const char *line);

/* Write the new lines. 0 or -errno. */
int history_save(struct history *h);
void history_close(struct history *h);
