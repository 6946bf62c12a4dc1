/* A bucket of the Go runtime's heap profile as it lies in memory (lib/go/heap_buckets.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Its header and its stack, at P; its records go behind. Returns the number of words. */
static inline size_t tiny_bucket(uint64_t *p, uint64_t next, uint64_t size, const uint64_t *stack,
				 size_t depth)
{
	uint64_t h = 0;

	for (size_t i = 0; i < depth; i++) {
		h += stack[i];
		h += h << 10;
		h ^= h >> 6;
	}
	h += size;
	h += h << 10;
	h ^= h >> 6;
	h += h << 3;
	h ^= h >> 11;
	memcpy(p, (uint64_t[]){0xdead, next, 1, h, size, depth}, 48);
	memcpy(p + 6, stack, depth * 8);
	return 6 + depth;
}
