/*
 * Kills told again, many of them maybe: a few at a time, so that the ring is read meanwhile. For
 * commands that return COMMAND_GOES_ON.
 */
#pragma once

#include "console/console.h"
#include "console/replay.h"
#include "tools/oomkill_output.h"

struct oomkill_telling {
	struct oomkill_output *output;
	struct console *console;
	uint64_t next, end;    /* numbers of kills that are kept */
	bool resumes;	       /* until there are no more: then they are shown as they come */
	struct replay *replay; /* or those of a file */
	uint64_t told, dropped;
};

/* Tell the last N kept ones that pass the filter. COMMAND_GOES_ON or -errno. */
int oomkill_tell_last(struct oomkill_telling *t, uint64_t n);

/* Those from number FROM on, and then show kills as they come. */
int oomkill_tell_and_resume(struct oomkill_telling *t, uint64_t from);

/* Those of a recording. */
int oomkill_tell_file(struct oomkill_telling *t, const char *path, struct strbuf *why);

void oomkill_telling_close(struct oomkill_telling *t);
