/* A bucket of the Go runtime's heap profile as it lies in memory (lib/go/heap_buckets.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The runtime's hash of a stack and a size (runtime/mprof.go, stkbucket). */
static inline uint64_t tiny_bucket_hash(const uint64_t *stack, size_t depth, uint64_t size)
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
	return h ^ h >> 11;
}

/* Its header and its stack, at P; its records go behind. Returns the number of words. */
static inline size_t tiny_bucket(uint64_t *p, uint64_t next, uint64_t size, const uint64_t *stack,
				 size_t depth)
{
	uint64_t h = tiny_bucket_hash(stack, depth, size);

	memcpy(p, (uint64_t[]){0xdead, next, 1, h, size, depth}, 48);
	memcpy(p + 6, stack, depth * 8);
	return 6 + depth;
}
