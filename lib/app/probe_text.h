/*
 * A BPF text as a user brings it or takes it away. A saved one begins with a comment that says
 * which tool and version it is for: its heading. That is not part of the text: it is taken off
 * where a text is read, so that a text that was saved and not changed is the same text, and put
 * before it where one is written.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "bpf/source_map.h"

#define PROBE_TEXT_MOST (1u << 20)

/* The name of one that comes from an editor. */
#define PROBE_TEXT_EDITED "edited"

struct probe_text {
	struct strbuf text;	   /* without the heading */
	char *name;		   /* in messages; NULL: it is the built-in one */
	struct text_line lines[2]; /* which line of the file the first of the text is */
};

/*
 * From these bytes, of a file or an editor of that NAME. -EINVAL, -EFBIG, -ENOMEM: WHY says why
 * that is no text. WARNING: it was saved by another tool or version.
 */
int probe_text_make(const char *bytes, size_t n, const char *name, const char *tool,
		    struct probe_text *ret, struct strbuf *why, struct strbuf *warning);

/*
 * From the file at PATH, "-" is standard input. Refused: what is no regular file, and, unless
 * FORCE, what others may write to (app/trust.h). FORCE_WORD: how the user says so, for WHY.
 */
int probe_text_read(const char *path, bool force, const char *force_word, const char *tool,
		    struct probe_text *ret, struct strbuf *why, struct strbuf *warning);

/* Append the heading and the text. */
void probe_text_put(const char *tool, const char *text, struct strbuf *out);

/* How many lines stand before the text in the file it is from: those of the heading, 0 or 1. */
unsigned int probe_text_heading(const struct probe_text *text);

/* For the tracer: the text with its lines and name. Valid as long as TEXT stays. */
struct source probe_text_source(const struct probe_text *text);

void probe_text_free(struct probe_text *text);
