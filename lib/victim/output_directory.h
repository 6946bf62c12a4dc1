/* The directory that profiles are written into, opened and tried out before it is needed. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"
#include "victim/output_limit.h"

struct output_directory {
	const char *path; /* as given; owned by the caller */
	struct output_limit limit;
	int fd; /* -1: not open */
};

/*
 * Open the directory at D->path; if it does not exist make it (0700). A file is made in it and
 * removed, so that a read-only or full directory is refused now and not when a profile has to go
 * there. A full one is not refused if the limit will make room. 0, or -errno with the reason in
 * WHY.
 */
int output_directory_open(struct output_directory *d, struct strbuf *why);

/*
 * Write a new file COMM-PID-YYYYMMDDTHHMMSS.pb.gz, mode 0600, complete or not at all. What already
 * stands at that name is left alone: "-2" and so on is put before the suffix. FILE_NAME gets
 * D->path and name. A directory that was removed meanwhile is made again.
 *
 * Afterwards the limit is kept. If there is no room for the file, what would have to go afterwards
 * goes first, but never more: a profile that is within the limit is not given up for a newer one.
 * What went is added to REMOVED, on failure too. 0 or -errno.
 */
int output_directory_write(struct output_directory *d, const char *comm, size_t comm_length,
			   unsigned int pid, uint64_t realtime_ns, const struct strbuf *contents,
			   struct strbuf *file_name, struct output_removed *removed);

/* What to do about a failure to write: "; ...", or "". */
const char *output_directory_advice(int error);

void output_directory_close(struct output_directory *d);
