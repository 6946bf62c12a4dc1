/* What oomkill does with a kill: the same for one that has just happened and one read back. */
#pragma once

#include "app/options.h"
#include "oom/kill_file.h"
#include "oom/kill_filter.h"

struct oomkill_output {
	/* How it is wanted. */
	bool json, date, explain;
	struct kill_filter filter;
	struct option_numbers pids, uids; /* of the filter */
	const char *record_path;
	/* At work. */
	struct kill_recorder *recorder;
	uint64_t not_recorded;
	struct strbuf text;
	int error; /* -errno of standard output: nothing more can be shown */
};

/* -1, or the exit status: the user has been told. */
int oomkill_output_open(struct oomkill_output *o);

/* Filter, record, print. */
void oomkill_output(struct oomkill_output *o, const struct kill *k);

/* STATUS, or what it becomes by what could not be recorded. */
int oomkill_output_close(struct oomkill_output *o, int status);
