/*
 * The terminal as it was, whatever ends the program: a crash, abort(), exit() in a library, a
 * sanitizer's finding, Ctrl-\. (What cannot be caught is SIGKILL; then `reset` helps.)
 */
#pragma once

#include <stddef.h>
#include <termios.h>

#include "screen/caught.h"

#define GUARD_MOST 256

/*
 * Once the screen is up. FD is the terminal, MODES are those that it had before, RESET is what it
 * is to be sent.
 */
void guard_begin(int fd, const struct termios *modes, const char *reset, size_t n,
		 struct caught *caught);

/* The screen was closed in order. */
void guard_end(void);
