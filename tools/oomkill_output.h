/* What oomkill does with a kill: the same for one that has just happened and one read back. */
#pragma once

#include "oom/kill_file.h"
#include "tools/oomkill_options.h"
#include "tools/oomkill_sinks.h"

struct oomkill_output {
	const struct oomkill_options *options;
	bool json, date;
	struct kill_recorder *recorder;
	uint64_t not_recorded;
	struct oomkill_sinks sinks;
	struct strbuf text;
	int error; /* -errno of standard output: nothing more can be shown */
};

/* -1, or the exit status: the user has been told. */
int oomkill_output_open(struct oomkill_output *o, const struct tool *tool,
			const struct oomkill_options *options);

/* Filter, record, print, tell the sinks. */
void oomkill_output(struct oomkill_output *o, const struct kill *k);

/* STATUS, or what it becomes by what could not be recorded. */
int oomkill_output_close(struct oomkill_output *o, int status);
