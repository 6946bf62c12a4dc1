/* The console's parts. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "console/console.h"
#include "console/history.h"
#include "console/line_editor.h"
#include "console/script.h"
#include "console/tokenizer.h"

/* What the commands wait for. */
enum console_wait {
	WAIT_NOTHING,
	WAIT_COMMAND, /* for console_finish() */
	WAIT_SIGNAL,
	WAIT_TIME,
	WAIT_EVENTS, /* perhaps for some time only */
};

#define CONSOLE_SCRIPTS_MOST 3 /* -c, -X, standard input */

struct console {
	struct console_config config;
	struct command_table *tables; /* the tool's and the common ones */
	struct command_tree tree;
	struct line_editor *prompt;
	struct history history;

	struct script scripts[CONSOLE_SCRIPTS_MOST];
	size_t n_scripts, script; /* SCRIPT is the one that runs */
	struct script typed;	  /* a line of the prompt */
	bool typing;		  /* its commands run */
	struct strbuf line;	  /* which commands are taken from, from AT on */
	size_t at;
	bool listening; /* for more of a stream */

	enum console_wait wait;
	const char *command;		  /* whose end is waited for */
	void (*on_interrupt)(void *user); /* Ctrl-C while that goes on; NULL: nothing */
	void *interrupt_user;
	atomic_bool wait_events; /* console_event() is to tell */
	atomic_uint_fast64_t events;
	uint64_t events_from, events_to; /* counted from; waited for */
	const char *(*no_events)(void *user);
	void *no_events_user;

	int wake; /* eventfd: there is something to go on with */
	bool failed, over;
};

/* The common commands, for a console as the table's user. */
extern const struct command console_commands[];

/* Go on with what follows, as soon as the loop is there. */
void console_wake(struct console *c);

/* Wait: until a signal; DURATION_NS or 0; EVENTS of them, or 0. 0 or -errno, perhaps with WHY. */
int console_wait_begin(struct console *c, uint64_t events, uint64_t duration_ns,
		       struct strbuf *why);
