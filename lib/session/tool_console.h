/* The console of a tool: its commands, those for its probe, and the common ones. */
#pragma once

#include "session/session.h"

struct tool_console {
	struct session *session;
	struct console *console; /* NULL: no commands are wanted, or not yet */
	struct command_table tables[2];
};

/*
 * If commands are wanted (tool_has_console()): when all is attached, before the loop and before any
 * thread, as console_open() says. COMMANDS get CONFIG's user. C must stay where it is. 0 or -errno;
 * -ECANCELED: the user has been told.
 */
int tool_console_open(struct tool_console *c, const struct session_config *config,
		      const struct command *commands, struct loop *loop);

/* No swap and no editor any more; prompt and output stay. Fine where nothing is open, and twice. */
void tool_console_stop(struct tool_console *c);

/* All of it. STATUS, or another one if a command has failed. */
int tool_console_close(struct tool_console *c, int status);
