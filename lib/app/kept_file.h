/*
 * A file that always shows the present state, for others to read: whole at any moment, written anew
 * after a change, once a second at most. A second thread writes it: a disk that is slow when memory
 * is short does not hold up the tool. What fails is said once, until it works again.
 */
#pragma once

#include "app/loop.h"
#include "base/strbuf.h"

struct kept_file;

/*
 * Write it now: 0, or -errno if that cannot be done. FORMAT appends the present state; it is called
 * in the caller's thread only.
 */
int kept_file_open(const char *path, int (*format)(const void *user, struct strbuf *out),
		   const void *user, struct kept_file **ret);

/* Write it beside LOOP's work from now on; without this it is written again at the close only. */
int kept_file_start(struct kept_file *f, struct loop *loop);

/* It is to be written again. */
void kept_file_changed(struct kept_file *f);

/* Write what has changed, and wait for it. 0 or -errno, which was said. NULL is fine. */
int kept_file_close(struct kept_file *f);
