/* A file of lines, JSON for example, that is appended to and read back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct line_writer;

/*
 * Append to the file at PATH, made if there is none, for its owner only. A last line that was cut
 * off gets its newline first. 0 or -errno.
 */
int line_writer_open(const char *path, struct line_writer **ret);

/* LINE with its newline. 0 or -errno: then this line is not in the file, others may be. */
int line_writer_add(struct line_writer *w, const struct strbuf *line);

/* Are these the same file? Then reading it would never end. */
bool line_writer_is(const struct line_writer *w, int fd);

/* NULL is fine. */
void line_writer_close(struct line_writer *w);

#define LINE_READER_MOST (16u << 20) /* bytes of a line: far more than a kill or a victim has */

struct line_reader;

/* PATH may be "-": stdin. Or a regular file only, which never has to be waited for: -ESPIPE if it
 * is none. 0 or -errno. */
int line_reader_open(const char *path, struct line_reader **ret);
int line_reader_open_regular(const char *path, struct line_reader **ret);
int line_reader_fd(const struct line_reader *r);

/*
 * The next line without its newline and blanks before that, or what there is of the last; lines of
 * blanks are passed by.
 * 1; 0: the end; -E2BIG: one too long, which was skipped; -errno. The line is valid until the next.
 */
int line_reader_next(struct line_reader *r, const char **ret, size_t *ret_size);

/* The number of the one that was read last. */
uint64_t line_reader_number(const struct line_reader *r);

/* NULL is fine. */
void line_reader_close(struct line_reader *r);
