/*
 * Which row of a list is picked, and which part of the list is in sight. Rows come and go and
 * change places; a row is known by its key. Before the user has picked one, the first row is it,
 * whichever that is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct selection {
	bool picked;
	uint64_t key; /* of the picked row */
	size_t row;   /* where it is */
	size_t top;   /* the first row in sight */
	size_t rows, height;
};

typedef uint64_t (*selection_key_fn)(void *user, size_t row);

/*
 * The list is now ROWS long, of which HEIGHT have room. The picked row stays picked where it is
 * still there; else the one that took its place is.
 */
void selection_place(struct selection *s, size_t rows, size_t height, selection_key_fn key,
		     void *user);

/* Arrows, Page Up and Down, Home and End; false: KEY is none of these. */
bool selection_move(struct selection *s, int key, selection_key_fn row_key, void *user);
