/* The prompt's parts. */
#pragma once

#include <stdbool.h>
#include <termios.h>

#include "console/line_editor.h"
#include "console/readline_library.h"

struct line_editor {
	struct line_editor_config config;
	struct readline rl;
	struct strbuf text; /* "oomkill> " */
	FILE *out;
	struct termios modes; /* as they were before */
	bool dumb;	      /* the terminal cannot clear a line */
	bool wanted;	      /* a line is to be typed */
	bool installed;	      /* readline waits for it */
	bool drawn;	      /* and it can be seen */
	bool away;	      /* we are in the background: the terminal is somebody else's */
	bool lent;	      /* to another program */
	bool entered;
	char *line; /* that was entered; NULL: the end */
	struct strbuf input;
	size_t taken;  /* so much of it was handed to readline */
	size_t pasted; /* and as far as here it is lines of a pasted text */
	int timer;     /* the prompt is drawn again then */
};

/* The keys TAB and ?, called by readline. */
void line_editor_complete(struct line_editor *p);
void line_editor_hint(struct line_editor *p, int key);

/* Put TEXT above the line that is being typed. Under the lock. */
void line_editor_above(struct line_editor *p, const struct strbuf *text);
