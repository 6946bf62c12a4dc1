/* oomkill --replay: kills that were recorded, shown again. */
#pragma once

#include "tools/oomkill_output.h"

/* The exit status; the user has been told of what could not be read. */
int oomkill_replay(struct oomkill_output *o, const char *path);
