/* For targets that read recordings: lines, and what is made of them for a terminal. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* How long the line is that begins there, with its newline. */
static inline size_t fuzz_line(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);

	return end ? (size_t)(end - text) + 1 : size;
}

/* Nothing that a terminal would obey. */
static inline void fuzz_check_plain(const struct strbuf *text)
{
	for (size_t i = 0; i < text->length; i++)
		if ((unsigned char)text->data[i] < ' ' && text->data[i] != '\n')
			abort();
}
