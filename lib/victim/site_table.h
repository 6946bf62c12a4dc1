/* The lines of code that hold most of a Go heap, as a table for people. */
#pragma once

#include "base/strbuf.h"
#include "go/heap_profile.h"

/*
 * Append ROWS sites of a resolved profile at most, those with nothing in use left out; nothing at
 * all if there is none. LINE_WIDTH is the terminal's (0: do not cut): where a name is too long for
 * it, its package's path goes first.
 */
void site_table(const struct heap_profile *profile, size_t rows, int line_width,
		struct strbuf *out);
