/*
 * What a tool tells its user on stderr: "NAME: text". Only tools and lib/app speak; other library
 * code keeps a reason that the tool passes on. Foreign bytes in the text are made harmless, so a
 * file name or a comm may be given as it is; newlines stay.
 */
#pragma once

#include <stdbool.h>

#include "base/macro.h"

/* Once, at start. VERBOSE switches message_verbose() on. */
void message_init(const char *program, bool verbose);

void message_error(const char *format, ...) _printf_(1, 2);
void message_warning(const char *format, ...) _printf_(1, 2);
void message_verbose(const char *format, ...) _printf_(1, 2);

/* The same as a callback for library code that reports its choices; USER is ignored. */
void message_verbose_line(const char *line, void *user);
