/* oomprof --replay, and the command of that name: victims that were recorded, shown again. */
#pragma once

#include "tools/oomprof_output.h"

/*
 * Print them in the present form, those that pass the filter: as replay_file(). From the thread of
 * commands: nobody else changes the filter and the recording.
 */
int oomprof_replay(struct oomprof_output *o, const char *path, bool waits, struct strbuf *why);

/* The same for --replay, before anything else is done: the exit status. */
int oomprof_replay_option(struct oomprof_output *o, const char *path);
