/*
 * A flame graph as one SVG file: each frame a bar as wide as its share of the value, its callers
 * below it. Nothing is fetched from anywhere. In a browser its script zooms and searches; without
 * it the picture is whole, with the numbers of each frame in its title. The same tree gives the
 * same bytes.
 */
#pragma once

#include "flame/frame_tree.h"

struct flame_options {
	const char *title, *subtitle; /* foreign names are made harmless */
	const char *root;	      /* what the lowest bar is called: "all" */
};

/* Append the file for a finished tree of bytes. 0 or -ENOMEM. */
int flame_graph_write(const struct frame_tree *tree, const struct flame_options *options,
		      struct strbuf *out);
