/*
 * The prompt on a terminal, by readline. What is printed meanwhile, by whatever thread, stands
 * above it (app/terminal.h). All of readline is called under that lock. There is one prompt in a
 * process.
 */
#pragma once

#include "app/loop.h"
#include "base/strbuf.h"
#include "console/command.h"
#include "console/history.h"

struct prompt;

struct prompt_config {
	const char *tool;
	struct loop *loop;
	const struct command_tree *tree;
	const struct history *history; /* lines typed before */
	/* A line was entered; NULL: the end (Ctrl-D). The prompt is not shown meanwhile. */
	void (*on_line)(const char *line, void *user);
	void (*on_interrupt)(void *user); /* Ctrl-C while it is not shown */
	void *user;
};

/* To be called before the first thread is started: the lock around what is printed. */
void prompt_prepare(void);

/* Take over the terminal that stdin is. Nothing is shown yet. 0 or -errno with the reason in WHY.
 */
int prompt_open(const struct prompt_config *config, struct prompt **ret, struct strbuf *why);

/* A line for its history, besides those that were there at the start. */
void prompt_remember(struct prompt *p, const char *line);

/* Wait for a line, and for that only: until on_line(). */
void prompt_show(struct prompt *p);

/* The terminal for another program, as console_suspend() has it. P may be NULL: there is none. */
void prompt_lend(struct prompt *p);
void prompt_take_back(struct prompt *p);

/* NULL is fine. */
void prompt_close(struct prompt *p);
