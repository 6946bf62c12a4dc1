#include "bpf/name_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_bytes(const char *s, size_t n)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)s[i]) * 16777619u;
	return hash;
}

static struct name_slot *find_slot(struct name_slot *slots, size_t capacity, const char *s,
				   size_t n, uint32_t hash)
{
	size_t i = hash & (capacity - 1);

	while (slots[i].value &&
	       (slots[i].hash != hash || slots[i].length != n || memcmp(slots[i].start, s, n) != 0))
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

static int grow(struct name_table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 256;
	struct name_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++) {
		const struct name_slot *old = &table->slots[i];

		if (old->value)
			*find_slot(slots, capacity, old->start, old->length, old->hash) = *old;
	}
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	return 0;
}

uint32_t name_table_get(const struct name_table *table, const char *name, size_t length)
{
	if (!table->capacity)
		return 0;
	return find_slot(table->slots, table->capacity, name, length, hash_bytes(name, length))
		->value;
}

int name_table_add(struct name_table *table, const char *name, size_t length, uint32_t value)
{
	uint32_t hash = hash_bytes(name, length);
	struct name_slot *slot;

	if (table->count * 2 >= table->capacity && grow(table) < 0)
		return -ENOMEM;
	slot = find_slot(table->slots, table->capacity, name, length, hash);
	if (!slot->value) {
		*slot = (struct name_slot){.start = name, .length = length, .hash = hash};
		table->count++;
	}
	slot->value |= value;
	return 0;
}

void name_table_free(struct name_table *table)
{
	free(table->slots);
	*table = (struct name_table){0};
}
