/* oomkill --exec and --prom: what other programs are told of a kill. */
#pragma once

#include "app/loop.h"
#include "oom/kill.h"

struct oomkill_sinks {
	const char *command, *prom_path; /* NULL: not wanted */
	bool waits;			 /* for the commands: kills come from a file */
	struct command_runner *runner;
	struct kill_metrics *metrics;
	struct kept_file *file;
};

/* Before anything is traced: -1, or the exit status and the user has been told. */
int oomkill_sinks_open(struct oomkill_sinks *s);

/* From here on they work beside LOOP; NULL: there is none, kills come from a file. 0 or -errno. */
int oomkill_sinks_start(struct oomkill_sinks *s, struct loop *loop);

/* LINE: the classic one. 0 or -ENOMEM. */
int oomkill_sinks_kill(struct oomkill_sinks *s, const struct kill *k, const char *line);

/* TOTAL kills of which nothing is known. */
void oomkill_sinks_lost(struct oomkill_sinks *s, uint64_t total);

/* STATUS, or what it becomes by what could not be done. */
int oomkill_sinks_close(struct oomkill_sinks *s, int status);
