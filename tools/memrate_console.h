/* The console of memrate: its commands, and what they keep. */
#pragma once

#include "console/console.h"
#include "output/recent_texts.h"
#include "session/session.h"
#include "tools/memrate.h"

struct memrate_console {
	struct console *console;
	struct session *session;
	struct command_table tables[2]; /* ours, the session's */
	bool paused;
	uint64_t passed;	    /* tables that were not printed, since the pause */
	struct recent_texts recent; /* the last of them, printed or not */
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
