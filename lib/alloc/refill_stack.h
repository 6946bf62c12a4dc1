/*
 * Stacks that the kernel has walked by frame pointers, as the runtime's heap profile would have
 * them: the calls that the compiler inlined are frames of their own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "alloc/alloc_heap.h"
#include "bpf-src/goalloctop.h"
#include "go/go_binary.h"
#include "go/pclntab.h"

struct refill_stacks;

/* BINARY must outlive it. 0 or -errno: its function table cannot be read. */
int refill_stacks_new(const struct go_binary *binary, uint64_t bias, struct refill_stacks **ret);
void refill_stacks_free(struct refill_stacks *stacks);

/*
 * N addresses of FRAMES, innermost first, up to a 0, become return addresses of logical frames, at
 * most MOST. Returns how many.
 */
size_t refill_stack_expand(struct pclntab *table, uint64_t bias, const uint64_t *frames, size_t n,
			   uint64_t *ret, size_t most);

/* The key in a heap of objects of SIZE allocated by that stack. */
uint64_t refill_key(uint64_t stack, uint64_t size);

/* Add the stack of SITE, looked up in the map STACKS_FD. -ENOENT: it is not there. */
int refill_stack_add(struct refill_stacks *stacks, int stacks_fd,
		     const struct goalloctop_site *site, struct alloc_heap *heap,
		     struct alloc_stack **ret);
