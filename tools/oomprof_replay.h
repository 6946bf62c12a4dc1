/* oomprof --replay, and the command of that name: victims that were recorded, shown again. */
#pragma once

#include "tools/oomprof_output.h"

/*
 * Print them in the present form, those that pass the filter; "-" is standard input. Lines that
 * are no victims are passed by. 0; or -errno: WHY says what could not be read, and if it says
 * nothing, printing failed. From the thread of commands: nobody else changes the filter and the
 * recording.
 */
int oomprof_replay(struct oomprof_output *o, const char *path, struct strbuf *why);

/* The same for --replay, before anything else is done: the exit status. */
int oomprof_replay_file(struct oomprof_output *o, const char *path);
