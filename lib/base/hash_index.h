/*
 * A hash index over things that live in an array elsewhere: it holds their positions, the owner
 * compares. Nothing is ever removed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_index {
	struct hash_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

#define HASH_INDEX_NONE UINT32_MAX

/*
 * The position of the entry with that hash for which SAME(context, position, key) is true, or
 * HASH_INDEX_NONE.
 */
uint32_t hash_index_find(const struct hash_index *index, uint64_t hash,
			 bool (*same)(const void *context, uint32_t position, const void *key),
			 const void *context, const void *key);

/* Add a position that is not in the index yet. 0 or -ENOMEM. */
int hash_index_add(struct hash_index *index, uint64_t hash, uint32_t position);

void hash_index_free(struct hash_index *index);

/* A hash of bytes; HASH is that of what came before them, 0 at first. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n);
