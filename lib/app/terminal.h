/*
 * Who writes to the terminal: all output of a tool (tool_print(), messages) goes between begin and
 * end, so that a console can put its prompt aside meanwhile. Any thread; not nested.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct terminal_hooks {
	void (*begin)(void *user); /* takes a lock, clears the prompt */
	void (*end)(void *user);   /* shows the prompt again, gives the lock back */
	void *user;
};

/* NULL: none, as at the start. Not while another thread writes. */
void terminal_set_hooks(const struct terminal_hooks *hooks);

void terminal_begin(void);
void terminal_end(void);

/* Write all of it to descriptor 1 or 2, between begin and end. 0 or -errno. */
int terminal_write(int fd, const void *bytes, size_t n);

/*
 * While another program has the terminal: what terminal_write() would write to one is kept in
 * memory, TERMINAL_HOLD_MOST bytes of it, and written when that ends; what was more is not, and
 * how many lines that are is said in its place. Other files are written to as ever. Under the lock
 * of the hooks.
 */
#define TERMINAL_HOLD_MOST (16u << 20)
void terminal_hold(bool hold);
