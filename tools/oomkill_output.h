/* What oomkill does with a kill: the same for one that has just happened and one read back. */
#pragma once

#include "console/console.h"
#include "console/recording.h"
#include "oom/kill_kept.h"
#include "tools/oomkill_options.h"
#include "tools/oomkill_sinks.h"

struct oomkill_output {
	struct oomkill_options *options;
	struct common_options *common;
	struct recording recording;
	struct oomkill_sinks sinks;
	struct strbuf text;
	int error; /* -errno of standard output: nothing more can be shown */
	uint64_t told, filtered;
	/* With a console: what is kept to be shown again, and what has to wait for `resume`. */
	struct console *console;
	struct kill_kept kept;
	bool keeps, paused;
	uint64_t shown_to; /* number of the first kill that was not shown, while paused */
};

/* -1, or the exit status: the user has been told. */
int oomkill_output_open(struct oomkill_output *o, struct tool *tool,
			struct oomkill_options *options);

/* Keep, filter, record, print, tell the sinks. */
void oomkill_output(struct oomkill_output *o, const struct kill *k);

/* Print a kill in the form that was asked for. */
void oomkill_output_show(struct oomkill_output *o, const struct kill *k);

/* Append the line, and all that explains the kill. 0 or -ENOMEM. */
int oomkill_output_explain(const struct oomkill_output *o, const struct kill *k,
			   struct strbuf *out);

/* STATUS, or what it becomes by what could not be recorded. */
int oomkill_output_close(struct oomkill_output *o, int status);
