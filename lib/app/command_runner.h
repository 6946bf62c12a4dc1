/*
 * Runs a shell command again and again, beside the tool's own work: a few at once, further ones
 * wait, what is more is dropped and said. The caller is never held up: a second thread starts them
 * (an exec may have to wait for the disk), and no page table is copied for that (vfork).
 *
 * A command has /dev/null as its input and the tool's standard error as its output; a session of
 * its own, so that neither Ctrl-C nor the terminal reaches it; none of the tool's descriptors,
 * signal settings and protection. One that takes too long is ended, with what it has started.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct command_runner;

struct command_limits {
	size_t at_once, waiting; /* commands */
	uint64_t time_ns;	 /* then SIGTERM, */
	uint64_t grace_ns;	 /* and then SIGKILL, to all processes of its group */
};

/*
 * COMMAND is run as "/bin/sh -c COMMAND". Variables of our environment whose name begins with
 * PREFIX are not handed on. 0 or -errno.
 */
int command_runner_open(const char *command, const char *prefix,
			const struct command_limits *limits, struct command_runner **ret);

/* Readable when there is something to do; then call command_runner_work(). */
int command_runner_fd(const struct command_runner *r);
void command_runner_work(void *runner);

/*
 * Run it once more: now, when its turn comes, or not at all if too many wait. ENVIRONMENT holds
 * "NAME=value" texts, each closed by NUL, and is taken over. Messages name it "the command for
 * WHAT". 0 (also if it was dropped) or -ENOMEM.
 */
int command_runner_add(struct command_runner *r, const char *what, struct strbuf *environment);

/*
 * Work until no command waits to be started, with ENDED until none runs, or PATIENCE_NS have
 * passed. Was it done?
 */
bool command_runner_wait(struct command_runner *r, bool ended, uint64_t patience_ns);

/* Those that run go on alone; those that wait are dropped, and their number is said. NULL is fine.
 */
void command_runner_close(struct command_runner *r);
