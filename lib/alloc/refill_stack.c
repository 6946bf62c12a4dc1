#include "alloc/refill_stack.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash_index.h"
#include "base/macro.h"
#include "bpf/kernel_map.h"
#include "go/heap_buckets.h"

struct refill_stacks {
	struct elf_image *image;
	struct pclntab *table;
	uint64_t bias;
};

int refill_stacks_new(const struct go_binary *binary, uint64_t bias, struct refill_stacks **ret)
{
	struct refill_stacks *s = calloc(1, sizeof(*s));
	int r = s ? elf_image_open_fd(binary->fd, NULL, &s->image) : -ENOMEM;

	if (r == 0)
		r = pclntab_open(s->image, NULL, &s->table);
	if (r < 0) {
		refill_stacks_free(s);
		return r;
	}
	s->bias = bias;
	*ret = s;
	return 0;
}

void refill_stacks_free(struct refill_stacks *s)
{
	if (!s)
		return;
	pclntab_close(s->table);
	elf_image_close(s->image);
	free(s);
}

size_t refill_stack_expand(struct pclntab *table, uint64_t bias, const uint64_t *frames, size_t n,
			   uint64_t *ret, size_t most)
{
	struct go_frame chain[GO_CHAIN_MOST];
	size_t count = 0;

	for (size_t i = 0; i < n && frames[i] && count < most; i++) {
		uint64_t pc = frames[i] - bias - 1;
		int k = pclntab_chain(table, pc, chain, ARRAY_SIZE(chain));

		/* Not in a Go function (C code, say): an address without a name. */
		if (k <= 0) {
			ret[count++] = frames[i];
			continue;
		}
		for (int j = 0; j < k && count < most; j++)
			ret[count++] = chain[j].pc + bias + 1;
	}
	return count;
}

uint64_t refill_key(uint64_t stack, uint64_t size)
{
	return hash_bytes(stack, &size, sizeof(size));
}

int refill_stack_add(struct refill_stacks *s, int stacks_fd, const struct goalloctop_site *site,
		     struct alloc_heap *heap, struct alloc_stack **ret)
{
	uint64_t frames[GOALLOCTOP_FRAMES]; /* struct goalloctop_stack */
	uint64_t logical[HEAP_STACK_MOST];
	size_t n;
	int r = kernel_map_lookup(stacks_fd, &site->stack, frames);

	if (r < 0)
		return r;
	n = refill_stack_expand(s->table, s->bias, frames, GOALLOCTOP_FRAMES, logical,
				ARRAY_SIZE(logical));
	return alloc_heap_add(heap, refill_key(site->stack, site->size), site->owner, site->size,
			      logical, n, ret);
}
