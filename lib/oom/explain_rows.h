/*
 * Rows of a block of text, each begun by "OOM:": items with commas between them, wrapped where the
 * terminal ends. A row continues below its beginning, two columns further in.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "oom/kill.h"

struct explain {
	struct strbuf *out;
	struct strbuf item; /* begun, not yet placed */
	const char *head;   /* of a row of which nothing is printed yet, or NULL */
	size_t indent;	    /* of the row's next lines */
	size_t column;
	unsigned items; /* placed in this row */
};

/*
 * A row INDENT columns behind "OOM:", begun by HEAD, a literal. The row before is ended. A row that
 * gets nothing else is not printed.
 */
void explain_row(struct explain *x, size_t indent, const char *head);

/* The row's next item: the caller appends to it, until the next item or row is begun. */
struct strbuf *explain_item(struct explain *x);

/*
 * Foreign text as the row's rest, made harmless: it may be wrapped before any BREAK, which is '/'
 * for paths and ' ' for command lines (and then not printed there).
 */
void explain_words(struct explain *x, const char *text, char wrap);

/* No row is to follow. */
void explain_end(struct explain *x);

/* Parts of an item. What is unknown (KILL_UNKNOWN) is "n/a". */
void explain_bytes(struct strbuf *out, uint64_t bytes);			/* "1.5M" */
void explain_span(struct strbuf *out, uint64_t ns);			/* "0.21 ms", "4.3 s" */
void explain_name(struct strbuf *out, const char *name);		/* 'name' */
void explain_process(struct strbuf *out, const struct kill_process *p); /* 8614 'name' */
void explain_text(struct strbuf *out, const char *text); /* harmless, or n/a if it is NULL */
