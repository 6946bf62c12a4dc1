/* The prompt's parts. */
#pragma once

#include <stdbool.h>

#include "console/prompt.h"
#include "console/readline_library.h"

struct prompt {
	struct prompt_config config;
	struct readline rl;
	struct strbuf text; /* "oomkill> " */
	FILE *out;
	bool dumb;	/* the terminal cannot clear a line */
	bool wanted;	/* a line is to be typed */
	bool installed; /* readline waits for it */
	bool drawn;	/* and it can be seen */
	bool away;	/* we are in the background: the terminal is somebody else's */
	bool lent;	/* to another program */
	bool entered;
	char *line; /* that was entered; NULL: the end */
	struct strbuf input;
	size_t taken; /* so much of it was handed to readline */
	int timer;    /* the prompt is drawn again then */
};

/* The keys TAB and ?, called by readline. */
void prompt_complete(struct prompt *p);
void prompt_hint(struct prompt *p, int key);

/* Put TEXT above the line that is being typed. Under the lock. */
void prompt_above(struct prompt *p, const struct strbuf *text);
