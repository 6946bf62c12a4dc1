/*
 * The terminal as it was, whatever ends the program: a crash, abort(), exit() in a library, a
 * sanitizer's finding, Ctrl-\. (What cannot be caught is SIGKILL; then `reset` helps.)
 */
#pragma once

#include <stddef.h>
#include <termios.h>

#define GUARD_MOST 256

/*
 * Once the terminal is taken over. FD is the terminal, MODES are those that it had before, RESET is
 * what it is to be sent; THEN, if not NULL, is called at last and must be safe in a signal handler.
 */
void guard_begin(int fd, const struct termios *modes, const char *reset, size_t n,
		 void (*then)(void *user), void *user);

/* The terminal was given back in order. */
void guard_end(void);
