#include "go/memory_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)65536) /* measured: larger ones meet the ends of mappings too often */
#define BLOCKS 16

/* A direct-mapped cache. */
struct memory_blocks {
	struct heap_reader reader;
	struct {
		uint64_t number;
		size_t held; /* 0 unused */
	} blocks[BLOCKS];
	uint8_t data[BLOCKS * BLOCK_SIZE];
};

int memory_blocks_new(struct memory_blocks **ret)
{
	struct memory_blocks *m = malloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	memset(m->blocks, 0, sizeof(m->blocks));
	*ret = m;
	return 0;
}

void memory_blocks_free(struct memory_blocks *m)
{
	free(m);
}

void memory_blocks_freep(struct memory_blocks **m)
{
	memory_blocks_free(*m);
}

void memory_blocks_begin(struct memory_blocks *m, const struct heap_reader *reader)
{
	m->reader = *reader;
	memset(m->blocks, 0, sizeof(m->blocks));
}

static int load_block(struct memory_blocks *m, uint64_t number, size_t want, uint8_t **ret)
{
	size_t slot = number % BLOCKS;
	ssize_t r;

	*ret = m->data + slot * BLOCK_SIZE;
	if (m->blocks[slot].held && m->blocks[slot].number == number && want < m->blocks[slot].held)
		return 0;
	m->blocks[slot].held = 0;
	r = m->reader.read(m->reader.context, number * BLOCK_SIZE, *ret, BLOCK_SIZE);
	if (r < 0)
		return (int)r;
	if ((size_t)r <= want)
		return -EFAULT;
	m->blocks[slot].number = number;
	m->blocks[slot].held = (size_t)r;
	return 0;
}

int memory_blocks_get(struct memory_blocks *m, uint64_t address, void *buffer, size_t n)
{
	uint8_t *to = buffer;

	if (address + n < address)
		return -EFAULT;
	while (n) {
		size_t at = address % BLOCK_SIZE, part = MIN(n, BLOCK_SIZE - at);
		uint8_t *block;
		int r = load_block(m, address / BLOCK_SIZE, at + part - 1, &block);

		if (r == 0) {
			memcpy(to, block + at, part);
		} else {
			/* Where a block begins before its mapping, only a part of it can be read.
			 */
			r = heap_reader_get(&m->reader, address, to, part);
			if (r < 0)
				return r;
		}
		to += part;
		address += part;
		n -= part;
	}
	return 0;
}
