/* The console of memrate: its commands, and what they keep. */
#pragma once

#include "console/blocks.h"
#include "session/tool_console.h"
#include "tools/memrate.h"

struct memrate_console {
	struct tool_console base;
	struct blocks blocks; /* tables */
};

/* If one is wanted: when all is attached, before the loop. 0 or -errno: the user has been told. */
int memrate_console_open(struct memrate *m);
/* The exit status: STATUS, or another one if a command has failed. */
int memrate_console_close(struct memrate *m, int status);

/* The N bytes of TEXT are a block: kept for `show`. Is it to be printed? */
bool memrate_console_take(struct memrate *m, const char *text, size_t n);

/* `set` and all below (memrate_set.c). */
extern const struct command memrate_set_commands[];
int memrate_show_settings(struct command_call *call);
