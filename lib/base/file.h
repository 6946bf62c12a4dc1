/* Whole files in, whole files out. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/strbuf.h"

/*
 * Of standard input, output and error, put one that errors come from where it was closed: else the
 * next file that is opened gets its number, and what is meant for a user is written into it.
 */
void file_open_standard(void);

/*
 * Append all of a descriptor or file to OUT; more than MOST bytes: -EFBIG. 0 or -errno; a file that
 * is a pipe is not waited for: -ESPIPE.
 */
int file_read_fd(int fd, size_t most, struct strbuf *out);
int file_read(const char *path, size_t most, struct strbuf *out);

/* Write all N bytes, however often the kernel stops short. 0 or -errno. */
int file_write_fd(int fd, const void *bytes, size_t n);

/*
 * Make NAME in the directory DIRFD from the bytes: written without a name (or, where the filesystem
 * cannot do that, under a temporary one), fsynced, then given its name. Never follows or overwrites
 * what already stands at NAME: -EEXIST. On any failure nothing is left behind, and without a name
 * not even when the writer is killed. 0 or -errno.
 */
int file_create_at(int dirfd, const char *name, mode_t mode, const void *bytes, size_t n);

/*
 * The file at PATH, old or new, gets these bytes, all or none of them: they are written under
 * another name beside it, fsynced, then given its name. A symbolic link is followed; what is no
 * regular file (a pipe, a device) is written into. 0 or -errno.
 */
int file_replace(const char *path, mode_t mode, const void *bytes, size_t n);

/* Would that work now, as far as can be told without doing it? 0 or -errno. */
int file_replace_try(const char *path);
