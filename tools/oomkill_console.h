/* The console of oomkill: its own commands. Those of every tool and of the probe are in lib/. */
#pragma once

#include "session/tool_console.h"
#include "tools/oomkill_output.h"
#include "tools/oomkill_probe.h"
#include "tools/oomkill_telling.h"

struct oomkill_console {
	/* Set before it is opened. */
	struct tool *tool;
	struct oomkill_options *options;
	struct oomkill_output *output;
	struct oomkill_probe *probe;
	const char **flags; /* the text's: oomkill_options_flags() */
	/* Its own. */
	struct tool_console base;
	struct oomkill_telling telling;
};

/* Nothing happens where no console was asked for. 0 or -errno: the user has been told. */
int oomkill_console_open(struct oomkill_console *c);

/* STATUS, or 1 if that is 0 and a command failed. */
int oomkill_console_close(struct oomkill_console *c, int status);

/* The commands of `set` (tools/oomkill_set.c). USER of each is the struct oomkill_console. */
extern const struct command oomkill_set_commands[];
int oomkill_set_show_all(struct command_call *call);
void oomkill_complete_columns(const struct command_completion *c);
