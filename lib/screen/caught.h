/*
 * What is written to stderr while a full screen is shown would garble it. It is caught in memory
 * (never in a pipe: a full one would block who writes), and written out afterwards.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

#define CAUGHT_MOST (256 << 10) /* bytes kept; then the oldest are dropped */

struct caught {
	int real; /* where stderr goes otherwise; -1: nothing is caught */
	int file;
	long long seen;
	bool dropped;
};

/* From here on stderr is caught, if it is the terminal that stdout is. 0 or -errno. */
int caught_begin(struct caught *c);

/* Append the last line that came since this was called before; false if there is none. */
bool caught_news(struct caught *c, struct strbuf *line);

/* Stderr as it was, and what was caught written to it. Safe in a signal handler. */
void caught_end(struct caught *c);
