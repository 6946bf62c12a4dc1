/* The console of oomprof: its own commands. Those of every tool and of the probe are in lib/. */
#pragma once

#include "app/worker.h"
#include "session/tool_console.h"
#include "tools/oomprof_output.h"
#include "watch/watcher.h"

struct oomprof_console {
	/* Set before it is opened. */
	struct tool *tool;
	struct tracer **tracer;
	struct loop *loop;
	struct watcher *watcher;
	struct watcher_settings *settings;
	struct oomprof_output *output;
	/* Its own. */
	struct tool_console base;
	struct worker *profiler; /* NULL: no profile was asked for yet */
	int profiled;		 /* an eventfd: that job is done; -1: none, set so at first */
	struct profile_job *job;
};

/* Nothing happens where no console was asked for. 0 or -errno: the user has been told. */
int oomprof_console_open(struct oomprof_console *c);

/* No command is carried out any more: before the watcher is closed. */
void oomprof_console_stop(struct oomprof_console *c);

/* After that. STATUS, or 1 if that is 0 and a command failed. */
int oomprof_console_close(struct oomprof_console *c, int status);

/* The commands of `set` (oomprof_set.c), and `profile` (oomprof_profile.c). USER of each is the
 * struct oomprof_console. */
extern const struct command oomprof_set_commands[];
int oomprof_set_show_all(struct command_call *call);
int oomprof_profile_run(struct command_call *call);
void oomprof_profile_complete(const struct command_completion *completion);
void oomprof_profile_stop(struct oomprof_console *c);
