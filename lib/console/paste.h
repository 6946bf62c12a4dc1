/*
 * What a terminal marks as pasted (bracketed paste). Of a text of several lines each becomes one
 * that is typed, as readline cannot draw more than the screen has; what is in a line stays marked,
 * so that a TAB or ? in it is no key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define PASTE_MOST ((size_t)1 << 20) /* bytes that are waited for */

/* Is a pasted text still on its way, or the mark of its beginning? */
bool paste_is_half(const char *input, size_t n);

/*
 * INPUT from AT on: of the next pasted text, which is whole, end each line as if by Enter. A line
 * that ends with a backslash goes on with the next. Where that text ends then, or AT: there is
 * none. INPUT must be checked for errors.
 */
size_t paste_unfold(struct strbuf *input, size_t at);
