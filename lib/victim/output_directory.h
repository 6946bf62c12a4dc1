/* The directory that profiles are written into, opened and tried out before it is needed. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct output_directory {
	int fd;
	const char *path; /* as given; owned by the caller */
};

/*
 * Open PATH; if it does not exist make it (0700). A file is made in it and removed, so that a
 * read-only or full directory is refused now and not when a profile has to go there. 0, or -errno
 * with the reason in WHY.
 */
int output_directory_open(const char *path, struct output_directory *ret, struct strbuf *why);

/*
 * Write a new file COMM-PID-YYYYMMDDTHHMMSS.pb.gz, mode 0600, complete or not at all. What already
 * stands at that name is left alone: "-2" and so on is put before the suffix. FILE_NAME gets PATH
 * and name. 0 or -errno.
 */
int output_directory_write(const struct output_directory *d, const char *comm, size_t comm_length,
			   unsigned int pid, uint64_t realtime_ns, const struct strbuf *contents,
			   struct strbuf *file_name);

void output_directory_close(struct output_directory *d);
