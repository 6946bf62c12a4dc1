/* The stacks of a kill, by their JSON keys. */
#pragma once

#include "oom/kill.h"

#define KILL_KEY_SIZE 64      /* enough for any key of a kill, */
#define KILL_LONG_KEY_SIZE 72 /* with what may stand behind it */

struct kill_stack_key {
	const char *key; /* frames; KEY_cut, KEY_error and, for bytes that are not UTF-8, KEY_hex */
	size_t offset;	 /* of the struct kill_stack in struct kill */
};

extern const struct kill_stack_key kill_stacks[];
extern const size_t kill_stacks_count;

/* One frame more; the stack gets a copy. 0 or -ENOMEM. */
int kill_stack_add(struct kill_stack *s, const char *frame, size_t n);

/* Forget all of it. */
void kill_stack_clear(struct kill_stack *s);
