/* Which stacks count: those where a frame matches one expression, and none matches another. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "go/heap_profile.h"

struct alloc_filter;

/* Lets everything pass. 0 or -ENOMEM. */
int alloc_filter_new(struct alloc_filter **ret);
void alloc_filter_free(struct alloc_filter *filter);
#define _cleanup_alloc_filter_ _cleanup_(alloc_filter_freep)
void alloc_filter_freep(struct alloc_filter **filter);

/*
 * Count only stacks with a frame that matches REGEX (POSIX, extended) / with none. It is tried on
 * the function's name and on "/path/file.go:12". A second call replaces the first, NULL takes it
 * back. 0, or -EINVAL with what is wrong with it in WHY, and all as it was.
 */
int alloc_filter_focus(struct alloc_filter *filter, const char *regex, struct strbuf *why);
int alloc_filter_ignore(struct alloc_filter *filter, const char *regex, struct strbuf *why);

/* Does it let everything pass? So does NULL. */
bool alloc_filter_is_open(const struct alloc_filter *filter);

/* What one frame matches; slow: ask once for each frame. */
struct alloc_match {
	bool focus, ignore;
};
struct alloc_match alloc_filter_frame(const struct alloc_filter *filter,
				      const struct heap_frame *frame);

/* Does a stack pass, of whose frames some match as in ANY? */
bool alloc_filter_passes(const struct alloc_filter *filter, struct alloc_match any);
