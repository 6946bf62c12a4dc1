/* Records that came before the kill they belong to: kept for a while, and tried again. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/named_value.h"

#define KILL_EARLY_BYTES_MOST (1u << 20)

struct kill_early {
	struct kill_early_record *first, **end;
	size_t bytes;
};

/* Does the record, tried again, find its kill? 1: yes, 0: no. */
typedef int (*kill_early_fn)(void *user, const void *record, size_t size,
			     const struct named_values *extras);

/* Called for a record that nobody has wanted in time. */
typedef void (*kill_early_drop_fn)(void *user, const void *record);

/* With a copy of what an edited probe tells besides; or NULL. 0 or -ENOMEM. */
int kill_early_keep(struct kill_early *e, const void *record, size_t size,
		    const struct named_values *extras, uint64_t now_ns);

/* Offer all to TAKE, in the order they came in; what it takes is forgotten. */
void kill_early_offer(struct kill_early *e, kill_early_fn take, void *user);

/* Forget those kept before BEFORE_NS, and the oldest of too many. */
void kill_early_drop(struct kill_early *e, uint64_t before_ns, kill_early_drop_fn drop, void *user);
