/* The code of tiny_go's runtime: as much of it as refers to the runtime's variables. */
#include <elf.h>
#include <string.h>

#include "tiny_go.h"

#define MCACHE0 (TINY_GO_TEXT + 0x220)

struct code {
	uint8_t *to;
	uint64_t address;
	uint16_t machine;
};

static void put(struct code *c, const void *bytes, size_t n)
{
	memcpy(c->to, bytes, n);
	c->to += n;
	c->address += n;
}

static void put32(struct code *c, uint32_t word)
{
	put(c, &word, sizeof(word));
}

/* ADRP x27 and ADD x27, x27, #: the register that Go's assembler uses for this. */
static void put_page(struct code *c, uint64_t target)
{
	uint32_t pages = (uint32_t)((target >> 12) - (c->address >> 12));

	put32(c, 0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7ffff) << 5 | 27);
	put32(c, 0x91000000 | (uint32_t)(target & 0xfff) << 10 | 27 << 5 | 27);
}

static void put_relative(struct code *c, uint64_t target)
{
	put32(c, (uint32_t)(target - (c->address + 4)));
}

static void load(struct code *c, uint64_t target, bool wide)
{
	if (c->machine == EM_AARCH64) {
		put_page(c, target);
		put32(c, (wide ? 0xc8dffc00 : 0x88dffc00) | 27 << 5);
		return;
	}
	if (wide)
		put(c, "\x48", 1);
	put(c, "\x8b\x05", 2);
	put_relative(c, target);
}

static void take_address(struct code *c, uint64_t target)
{
	if (c->machine == EM_AARCH64) {
		put_page(c, target);
		return;
	}
	put(c, "\x48\x8d\x05", 3);
	put_relative(c, target);
}

static void call(struct code *c, uint64_t target)
{
	if (c->machine == EM_AARCH64) {
		put32(c, 0x94000000 | (uint32_t)((int64_t)(target - c->address) >> 2 & 0x3ffffff));
		return;
	}
	put(c, "\xe8", 1);
	put_relative(c, target);
}

static void shift(struct code *c, unsigned count)
{
	const uint8_t bytes[] = {0x48, 0xc1, 0xe1, (uint8_t)count};

	if (c->machine == EM_AARCH64) /* ADD x0, x1, x2, LSL # */
		put32(c, 0x8b020020 | count << 10);
	else
		put(c, bytes, sizeof(bytes));
}

void tiny_code_put(uint8_t *text, uint16_t machine, int minor)
{
	const size_t at[] = {0, 0x120, 0x140, 0x160, 0x180, 0x1a0};
	struct code c[ARRAY_SIZE(at)];

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		c[i] = (struct code){text + at[i], TINY_GO_TEXT + at[i], machine};
	load(&c[0], TINY_GO_RATE, true); /* runtime.mallocgc */
	load(&c[1], TINY_GO_MBUCKETS, true);
	shift(&c[1], minor >= 27 ? 4 : 5);
	load(&c[2], MCACHE0, true);
	load(&c[2], TINY_GO_RATE, true);
	call(&c[2], TINY_GO_TEXT);
	load(&c[3], TINY_GO_CYCLE, false);
	call(&c[3], TINY_GO_TEXT);
	load(&c[4], TINY_GO_CYCLE, false);
	load(&c[5], TINY_GO_BUCKHASH, true);
	load(&c[5], TINY_GO_BUCKHASH, true);
	take_address(&c[5], TINY_GO_BUCKHASH);
	take_address(&c[5], TINY_GO_MBUCKETS);
}
