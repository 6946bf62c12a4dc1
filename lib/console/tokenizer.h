/*
 * A line of commands to words. Blanks part words; ';' and the end of the line part commands; '#' at
 * the start of a word begins a comment. "..." and '...' hold blanks; a backslash takes the next
 * character as it is, but for within '...'. Nothing is expanded: no variables, no patterns, no
 * shell.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct token {
	char *text;	   /* without quotes and backslashes; owned */
	size_t start, end; /* bytes of the line it was made of */
	char quote;	   /* the line ended within this quote (or backslash); else 0 */
};

/* One command: words up to the ';' or the end of the line. */
struct token_list {
	struct token *list;
	size_t count, capacity;
	size_t next; /* where the next command begins; the line's length: there is none */
};

/*
 * The command of LINE (N bytes) that begins at FROM. 0; -EINVAL with the reason in WHY: a quote
 * that is not closed (the words are there all the same: for completion), a NUL or a control
 * character; -ENOMEM.
 */
int tokenize(const char *line, size_t n, size_t from, struct token_list *ret, struct strbuf *why);
void token_list_clear(struct token_list *tokens);

/* Append WORD as it would have to be typed. */
void token_quote(const char *word, struct strbuf *out);
