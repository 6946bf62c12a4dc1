/*
 * What a victim's line is made of: plain facts, of a victim that was just told of or of one that
 * was recorded. The same wording for both.
 */
#pragma once

#include "victim/victim.h"

struct victim_line {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint32_t pid;
	uint32_t pid_in_namespace; /* 0: the same */
	const char *comm;
	bool by_oom;
	const char *killer_comm; /* of who has sent SIGKILL; NULL: the OOM killer, or it lives */
	size_t killer_size;	 /* of that, in bytes */
	uint32_t killer_pid;
	const char *version; /* of Go; NULL: not known */
	enum victim_outcome outcome;
	const char *reason; /* why there is no profile, or with VICTIM_FAILED no file; else NULL */
	bool summed;	    /* the next are known */
	int64_t inuse_bytes, inuse_objects;
	uint64_t sites;
	struct victim_buckets buckets;
	bool enabled;		   /* heap profiling, by this tool */
	uint64_t enabled_after_ms; /* the program's start */
	bool beginning_missing;	   /* it was switched on, by whom is not known */
	bool timed;		   /* MS is known */
	uint64_t ms;		   /* from the kill to the file */
	uint64_t removed_files;
	const char *file_name;
	const struct named_values *more; /* what an edited probe tells besides */
};

/* Was a file to be written? Else there is a reason why not. */
static inline bool victim_line_has_file(enum victim_outcome outcome)
{
	return outcome == VICTIM_WRITTEN || outcome == VICTIM_FAILED;
}

/* The outcome in JSON, and back: NULL, if it is none; -ENOENT. */
const char *victim_outcome_name(enum victim_outcome outcome);
int victim_outcome_parse(const char *name, enum victim_outcome *ret);

/* Append the line, with DATE also of that, and a line for each of MORE. */
void victim_line_text(const struct victim_line *l, bool date, struct strbuf *out);
