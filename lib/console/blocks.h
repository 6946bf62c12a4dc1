/*
 * What a tool prints by and by, tables for example: kept for `show N`, and not printed between
 * `pause` and `resume`.
 */
#pragma once

#include <stdbool.h>

#include "console/console.h"
#include "output/recent_texts.h"

struct blocks {
	const char *what;	    /* one of them: "table" */
	struct recent_texts recent; /* the last ones, printed or not */
	bool paused;
	uint64_t passed; /* since the pause */
};

/* Keep MOST of them. 0 or -ENOMEM. */
int blocks_open(struct blocks *b, const char *what, size_t most);
void blocks_close(struct blocks *b);

/* The N bytes of TEXT are one, which CONSOLE may wait for. Is it to be printed? */
bool blocks_take(struct blocks *b, struct console *console, const char *text, size_t n);

/* The commands. `show`: the last N, or "there was no WHAT yet". */
void blocks_show(const struct blocks *b, uint64_t n, struct strbuf *out);
void blocks_pause(struct blocks *b, struct strbuf *out);
void blocks_resume(struct blocks *b, struct strbuf *out);
