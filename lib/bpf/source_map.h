/*
 * From the lines that libbcc and the verifier speak of to the lines of the files that people edit.
 *
 * bpf-src/embed.sh joins a text with the headers it includes and keeps a line map beside it. libbcc
 * puts lines of its own before the text when it uses TRACEPOINT_PROBE, so that its line numbers are
 * only near the truth: the quoted source line says which one is meant.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

/* Line `first` (from 1) of the text and those after it are line `line` of `file` and on. */
struct text_line {
	unsigned int first;
	const char *file; /* NULL ends the map */
	unsigned int line;
};

/* Declares what embed.sh makes of bpf-src/NAME.bpf.c. */
#define EMBEDDED_TEXT(name)              \
	extern const char name##_text[]; \
	extern const struct text_line name##_lines[]

/* A text and where it comes from. */
struct source {
	const char *text;
	const struct text_line *lines; /* NULL: the text is the file as it is */
	const char *file;	       /* its name where `lines` is NULL */
	unsigned int *error_line; /* gets the text's line of the first error, if 0 yet; or NULL */
};

/* The file and line of a line of the text. */
void source_locate(const struct source *source, unsigned int line, const char **ret_file,
		   unsigned int *ret_line);
/* Append these: "FILE:LINE". */
void source_put_place(const struct source *source, unsigned int line, struct strbuf *out);

/*
 * The number of the text's line that reads like the quoted one (blanks aside), the one nearest to
 * HINT; 0 if there is none.
 */
unsigned int source_find(const struct source *source, const char *quoted, size_t n,
			 unsigned int hint);

/*
 * The same for a line that libbcc has rewritten, as it does where a map is used: the one that has
 * most in common with it, at both ends; 0 if that is too little.
 */
unsigned int source_find_rewritten(const struct source *source, const char *quoted, size_t n,
				   unsigned int hint);

/*
 * The number of the line where the text defines the function NAME, or has the name at all; 0 if it
 * does not. libbcc's macros make names of their arguments: TRACEPOINT_PROBE(A, B) is the line of
 * tracepoint__A__B.
 */
unsigned int source_line_of(const struct source *source, const char *name);

/* An error was found at that line of the text; 0: nobody knows at which. */
void source_error_at(const struct source *source, unsigned int line);

/*
 * The function NAME is at fault, as REASON says: file and line come before that, the line itself
 * after its first line. Nothing where the text has no such function, or nobody asks for lines
 * (error_line is NULL), as with an image.
 */
void source_blame(const struct source *source, const char *name, struct strbuf *reason);

/*
 * Sort a compiler's output: errors with their notes (each once, with true file and line, harmless
 * on a terminal) and all the rest. An output in which no error is recognised is all errors if
 * FAILED.
 */
void source_messages(const struct source *source, const char *output, bool failed,
		     struct strbuf *errors, struct strbuf *others);
