/*
 * The console of a running tool (-i), and its scripts (-c 'CMD; CMD', -X FILE): commands carried
 * out in the tool's loop, between its events. What the tool prints meanwhile stands above the
 * prompt.
 *
 * The common commands are here: help, ?, quit, wait, history, echo. With -c and -X the tool ends
 * after the script, but with -i as well: then the prompt follows; the first command that fails ends
 * the script and is the exit status. `-i` without a terminal takes standard input as a script.
 */
#pragma once

#include <stdbool.h>

#include "app/loop.h"
#include "app/options.h"
#include "console/command.h"

struct console_config {
	const char *tool;		     /* its name: the prompt */
	const struct common_options *common; /* what was asked for on the command line */
	struct command_tree tree;	     /* without the common commands; must last */
	struct loop *loop;
};

/*
 * Before any thread is started, as signals are blocked that a prompt needs to hear of. Opens
 * scripts and history, takes over the terminal. From here on what tool_print() and messages
 * write stands above the prompt, from any thread. Nothing is carried out before the loop runs. 0 or
 * -errno: the user has been told.
 */
int console_open(const struct console_config *config, struct console **ret);

/* The tool has told of an event: for `wait N events`. Any thread. NULL is fine. */
void console_event(struct console *c);

/*
 * Before somebody waits for events NONE is asked: NULL, or why none will come by itself, and what
 * to do. Then `wait N events` fails at once.
 */
void console_without_events(struct console *c, const char *(*none)(void *user), void *user);

/* Ends the loop, as `quit` does. */
void console_quit(struct console *c);

/*
 * The terminal for another program (an editor), as it was before -i, between these two. The loop
 * goes on: what is written to the terminal meanwhile (app/terminal.h) is kept, by terminal_hold(),
 * and stands there after console_resume(). No key is read and no command begun. 0 or -errno; also
 * fine in a script.
 */
int console_suspend(struct console *c);
void console_resume(struct console *c);

/*
 * The end of a command whose run() returned COMMAND_GOES_ON: what it prints besides what it has
 * printed already, and its result. In the loop's thread; not within its run(). The next command
 * of a script, or the prompt, follows.
 */
void console_finish(struct console *c, int result, const struct strbuf *out,
		    const struct strbuf *why);

/*
 * What Ctrl-C at the prompt does until then: it is to end the command, by console_finish(). NULL:
 * nothing, as without this call.
 */
void console_on_interrupt(struct console *c, void (*interrupted)(void *user), void *user);

/* The loop it was opened with. */
struct loop *console_loop(const struct console *c);

/* Is a person there, at a terminal? */
bool console_is_interactive(const struct console *c);

/* Gives the terminal back, saves the history. STATUS, or 1 if that is 0 and a command failed. NULL
 * is fine: STATUS. */
int console_close(struct console *c, int status);
