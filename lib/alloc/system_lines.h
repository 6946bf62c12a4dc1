/* The lines that head a block of the tables, as those of bcc's tops: time and load, memory. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

/*
 * Two lines, read below ROOT ("" for the machine's own). DATE: with the full date. What cannot be
 * read is left out. 0 or -ENOMEM.
 */
int system_lines(const char *root, uint64_t realtime_ns, int date, struct strbuf *out);
