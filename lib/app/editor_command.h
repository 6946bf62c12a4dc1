/* How the user's editor is called. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

#define EDITOR_WORDS_MOST 16

struct editor_command {
	char *text; /* what the words are in */
	char *line; /* "+12" */
	char *words[EDITOR_WORDS_MOST + 3];
};

/*
 * The words of $VISUAL or $EDITOR, or, where neither is set, the first of editor, vi and nano that
 * is there; "+LINE" if LINE is not 0 and that is an editor known to take it; and PATH, which must
 * last. 0 or -errno with the reason in WHY.
 */
int editor_command_make(unsigned int line, const char *path, struct editor_command *ret,
			struct strbuf *why);
void editor_command_free(struct editor_command *command);

/* Is the program of that path one that takes +LINE, and works on a terminal? By its name. */
bool editor_takes_line(const char *program);

/* The same of what that name leads to, in PATH and by links: "editor" may be nano. */
bool editor_is_known(const char *name);
