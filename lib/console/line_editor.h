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

struct line_editor;

struct line_editor_config {
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
void line_editor_prepare(void);

/* Take over the terminal that stdin is. Nothing is shown yet. 0 or -errno with the reason in WHY.
 */
int line_editor_open(const struct line_editor_config *config, struct line_editor **ret,
		     struct strbuf *why);

/* A line for its history, besides those that were there at the start. */
void line_editor_remember(struct line_editor *p, const char *line);

/* Wait for a line, and for that only: until on_line(). */
void line_editor_show(struct line_editor *p);

/* Of a pasted text, lines that have not been entered yet are not to be. Were there any? P may be
 * NULL. */
bool line_editor_drop_paste(struct line_editor *p);

/* The terminal for another program, as console_suspend() has it. P may be NULL: there is none. */
void line_editor_lend(struct line_editor *p);
void line_editor_take_back(struct line_editor *p);

/* NULL is fine. */
void line_editor_close(struct line_editor *p);
