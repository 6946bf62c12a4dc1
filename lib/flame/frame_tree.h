/*
 * Stacks with values, those that begin alike joined: a tree of frames, each with the value that
 * ends in it and the sum of all that goes through it. What flame graphs and folded stacks are made
 * of.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct frame_tree;

#define FRAME_NONE UINT32_MAX

/* Owned by the tree; valid until the next frame_tree_add(). */
struct frame_node {
	const char *name;
	uint32_t parent, child, sibling; /* positions or FRAME_NONE; children are sorted by name */
	uint32_t depth;			 /* of the root: 0 */
	int64_t self, total;		 /* sums stop at INT64_MAX */
};

/* A tree of a root without a name only. 0 or -ENOMEM. */
int frame_tree_new(struct frame_tree **ret);
void frame_tree_free(struct frame_tree *tree);
#define _cleanup_frame_tree_ _cleanup_(frame_tree_freep)
void frame_tree_freep(struct frame_tree **tree);

/* Add a stack of N names, outermost first (copied). VALUE is not negative; 0 adds nothing. 0 or
 * -ENOMEM. */
int frame_tree_add(struct frame_tree *tree, const char *const *names, size_t n, int64_t value);

/* After the last one: sort. The root is the first; parents come before their children. 0 or
 * -ENOMEM. */
int frame_tree_finish(struct frame_tree *tree);
size_t frame_tree_nodes(const struct frame_tree *tree, const struct frame_node **ret);

/* The node that follows NODE where parents come before children, or FRAME_NONE. After finish. With
 * SKIP what is below NODE is passed over. */
uint32_t frame_tree_next(const struct frame_tree *tree, uint32_t node, bool skip);
