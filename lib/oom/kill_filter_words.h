/*
 * A filter as it is typed at a console: "name shop cgroup /kubepods", "global", "off". Keys are
 * those of the command line's options.
 */
#pragma once

#include "oom/kill_filter.h"

struct kill_filter_words {
	struct kill_filter filter; /* points to what follows */
	uint64_t *pids, *uids;
	char *name, *cgroup, *container;
};

/*
 * Of N words, NULL behind the last; RET is made anew, and left alone on failure: -EINVAL with the
 * reason in WHY, or -ENOMEM.
 */
int kill_filter_words_parse(char *const *words, size_t n, struct kill_filter_words *ret,
			    struct strbuf *why);
void kill_filter_words_clear(struct kill_filter_words *w);

/* Is anything asked for? */
bool kill_filter_words_any(const struct kill_filter_words *w);

/* Append it as it was typed, or "off". */
void kill_filter_words_put(const struct kill_filter_words *w, struct strbuf *out);

/* For completion: append a line for each key that may follow these words. */
void kill_filter_words_complete(char *const *words, size_t n, struct strbuf *out);
