/*
 * Who writes to the terminal: all output of a tool (tool_print(), messages) goes between begin and
 * end, so that a console can put its prompt aside meanwhile. Any thread; not nested.
 */
#pragma once

struct terminal_hooks {
	void (*begin)(void *user); /* takes a lock, clears the prompt */
	void (*end)(void *user);   /* shows the prompt again, gives the lock back */
	void *user;
};

/* NULL: none, as at the start. Not while another thread writes. */
void terminal_set_hooks(const struct terminal_hooks *hooks);

void terminal_begin(void);
void terminal_end(void);
