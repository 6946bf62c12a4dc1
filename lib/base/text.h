/*
 * Foreign text made harmless. A process names itself: its comm may hold terminal escapes, newlines,
 * slashes or bytes that are not UTF-8. None of these may reach a terminal, a JSON line or a file
 * name as they are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * For a terminal: printable UTF-8 as it is; control characters (C0, DEL, C1), format characters
 * that reorder text, and bytes that are not UTF-8 as \xNN. A backslash stays a backslash.
 */
void text_display(struct strbuf *out, const char *bytes, size_t n);

/* For JSON: valid UTF-8 as it is, every byte that is not as U+FFFD. No escaping is done here. */
void text_utf8(struct strbuf *out, const char *bytes, size_t n);

/* Is it valid UTF-8 as it is? */
bool text_is_utf8(const char *bytes, size_t n);

/* For a file name: [A-Za-z0-9._+@-] as they are, all else as '_'; never empty, never a leading '.'.
 */
void text_filename(struct strbuf *out, const char *bytes, size_t n);
