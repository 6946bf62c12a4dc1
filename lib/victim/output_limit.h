/*
 * A limit to what accumulates in the output directory, say when a program is killed again and
 * again. Counted, and removed, oldest first, are profiles that oomprof has made, in this run or
 * another: regular files of our own user, by their name and not through links. Whatever else is in
 * the directory is not looked at. Order is by time of change, then by name, the same for everyone
 * who looks: several oomproves may share a directory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct output_limit {
	uint64_t keep;	    /* profiles; 0: any number */
	uint64_t max_bytes; /* their sizes together; 0: any */
};

struct output_removed {
	uint64_t files, bytes;
	struct strbuf names; /* of these, one a line */
	int error;	     /* -errno, the first: what had to go could not be removed */
};

/* COMM-PID-YYYYMMDDTHHMMSS.pb.gz, or with "-2" and so on before the suffix. */
bool output_limit_is_profile(const char *name);

/*
 * Remove from the directory what is too much beside NEWEST, which was just written and is never
 * removed, be it larger than the limit alone; nor is any that is newer still. NEWEST may be NULL:
 * there one of SIZE bytes is to come. With PRETEND only count. What was removed is added to RET.
 */
void output_limit_apply(const struct output_limit *limit, int dirfd, const char *newest,
			uint64_t size, bool pretend, struct output_removed *ret);

void output_removed_clear(struct output_removed *removed);
