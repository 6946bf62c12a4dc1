/*
 * The last kills, to be shown again: as JSON (kill_json.h), which is a kill whole and in one piece
 * of memory, so that it is known how much they take. Each has a number, from 0, in their order.
 */
#pragma once

#include <stdint.h>

#include "oom/kill.h"
#include "output/recent_texts.h"

#define KILL_KEPT_MOST 1000
#define KILL_KEPT_BYTES_MOST (8u << 20)

struct kill_kept {
	struct recent_texts texts;
	uint64_t end; /* the number that the next one gets */
};

/* 0 or -ENOMEM. */
int kill_kept_open(struct kill_kept *kept);
void kill_kept_close(struct kill_kept *kept);

/* The oldest go. 0 or -ENOMEM. */
int kill_kept_add(struct kill_kept *kept, const struct kill *k);

/* The number of the oldest that is kept; the same as the end: there is none. */
uint64_t kill_kept_first(const struct kill_kept *kept);

/* The kill of that number. 0; -ENOENT: it is not kept (any more); -ENOMEM. */
int kill_kept_get(const struct kill_kept *kept, uint64_t number, struct kill **ret);

/* The last one of which PID is the victim, or died with it. 0, -ENOENT or -ENOMEM. */
int kill_kept_find(const struct kill_kept *kept, uint64_t pid, struct kill **ret);
