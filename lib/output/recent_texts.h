/* The last texts that were printed, to be shown again: so many of them, and so many bytes. */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

struct recent_texts {
	char **list; /* a circle of MOST */
	size_t most, first, count;
	size_t bytes, bytes_most;
};

/* Nothing is kept before this. 0 or -ENOMEM. */
int recent_texts_open(struct recent_texts *recent, size_t most, size_t bytes_most);
void recent_texts_close(struct recent_texts *recent);

/* Keep a copy; the oldest go. One larger than all there may be is not kept. 0 or -ENOMEM. */
int recent_texts_add(struct recent_texts *recent, const char *text, size_t n);

/* The Ith of those that are kept, from 0, the oldest; owned by RECENT. */
const char *recent_texts_at(const struct recent_texts *recent, size_t i);

/* Append the last N, or as many as there are, the oldest first. How many these are. */
size_t recent_texts_show(const struct recent_texts *recent, size_t n, struct strbuf *out);
