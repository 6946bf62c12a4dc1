#include "base/hash_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct hash_slot {
	uint64_t hash;
	uint32_t position; /* plus one; 0 is an empty slot */
};

uint32_t hash_index_find(const struct hash_index *index, uint64_t hash,
			 bool (*same)(const void *context, uint32_t position, const void *key),
			 const void *context, const void *key)
{
	for (size_t i = hash, left = index->size; left; i++, left--) {
		const struct hash_slot *slot = &index->slots[i & (index->size - 1)];

		if (!slot->position)
			break;
		if (slot->hash == hash && same(context, slot->position - 1, key))
			return slot->position - 1;
	}
	return HASH_INDEX_NONE;
}

static void put(struct hash_slot *slots, size_t size, struct hash_slot slot)
{
	size_t i = slot.hash & (size - 1);

	while (slots[i].position)
		i = (i + 1) & (size - 1);
	slots[i] = slot;
}

static int grow(struct hash_index *index)
{
	size_t size = index->size ? index->size * 2 : 64;
	struct hash_slot *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->size; i++)
		if (index->slots[i].position)
			put(slots, size, index->slots[i]);
	free(index->slots);
	index->slots = slots;
	index->size = size;
	return 0;
}

int hash_index_add(struct hash_index *index, uint64_t hash, uint32_t position)
{
	/* At most three quarters full. */
	if (index->used >= index->size / 4 * 3 && grow(index) < 0)
		return -ENOMEM;
	put(index->slots, index->size, (struct hash_slot){hash, position + 1});
	index->used++;
	return 0;
}

void hash_index_free(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index){0};
}

/* Eight bytes at a time, mixed as in splitmix64: quick, and good in the low bits. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	hash ^= n * 0x9e3779b97f4a7c15;
	while (n) {
		uint64_t word = 0;
		size_t part = n < 8 ? n : 8;

		memcpy(&word, p, part);
		hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
		hash ^= hash >> 29;
		p += part;
		n -= part;
	}
	hash *= 0x94d049bb133111eb;
	return hash ^ (hash >> 32);
}
