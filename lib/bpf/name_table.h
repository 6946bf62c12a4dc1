/* Names with a number each: an open hash table. The names are not copied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct name_slot {
	const char *start;
	size_t length;
	uint32_t hash;
	uint32_t value; /* 0: the slot is empty */
};

struct name_table { /* {0} is an empty one */
	struct name_slot *slots;
	size_t capacity; /* a power of two; at least half of the slots are empty */
	size_t count;
};

#define _cleanup_name_table_ _cleanup_(name_table_free)

/* The number of a name, 0 if it is not in the table. */
uint32_t name_table_get(const struct name_table *table, const char *name, size_t length);

/* Set the bits of VALUE, which are not all 0, in the number of a name. 0 or -ENOMEM. */
int name_table_add(struct name_table *table, const char *name, size_t length, uint32_t value);

void name_table_free(struct name_table *table);
