/* Where commands come from: a text, or a stream that is read as it comes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define SCRIPT_LINE_MOST ((size_t)64 << 10) /* bytes */
#define SCRIPT_MOST ((size_t)4 << 20)	    /* bytes of a file */

struct script {
	const char *name; /* in messages: "setup.oom"; NULL: none is needed */
	struct strbuf text;
	size_t at;	   /* read as far as here */
	unsigned int line; /* the number of the line that was read last */
	unsigned int next; /* and of the one that follows it */
	int fd;		   /* a stream; -1: it is all in TEXT */
};

/* The commands of TEXT. 0 or -ENOMEM. */
int script_open_text(struct script *s, const char *name, const char *text);
/* Of a file; "-": standard input. 0 or -errno with the reason in WHY. */
int script_open_file(struct script *s, const char *path, struct strbuf *why);

/*
 * The next line of commands, lines joined that end with a backslash. 1; 0: that was all; -EAGAIN:
 * script_fill() first; -EFBIG: it is too long; -ENOMEM.
 */
int script_next(struct script *s, struct strbuf *line);

/* Read of the stream what there is; may block, unless it is readable. 0 or -errno. */
int script_fill(struct script *s);

void script_close(struct script *s);
