/*
 * Stacks as lines for the tools around FlameGraph: names from the outermost on, joined by ";", then
 * a blank and the value. One line for each stack, sorted by their bytes.
 */
#pragma once

#include "flame/frame_tree.h"

/* Append the lines of a finished tree. 0 or -ENOMEM. */
int folded_write(const struct frame_tree *tree, struct strbuf *out);
