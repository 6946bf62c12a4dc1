/* A line that is edited at the bottom of the screen. It knows nothing of terminals. */
#pragma once

#include <stddef.h>

#define PROMPT_MOST 512 /* bytes */

struct prompt {
	char text[PROMPT_MOST + 1]; /* UTF-8 */
	size_t length, cursor;	    /* bytes; the cursor stands before a character or at the end */
};

enum prompt_state { PROMPT_EDITING, PROMPT_DONE, PROMPT_CANCELLED };

/* Begin with TEXT (cut if it is too long), the cursor behind it. */
void prompt_begin(struct prompt *p, const char *text);

/*
 * One key (keys.h): characters, the arrows, Home, End, Delete and Backspace, and as in a shell
 * Ctrl-A, Ctrl-E, Ctrl-U, Ctrl-K, Ctrl-W. Enter ends it, Escape and Ctrl-G cancel.
 */
enum prompt_state prompt_key(struct prompt *p, int key);
