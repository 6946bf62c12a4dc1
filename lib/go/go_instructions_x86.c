#include "go/go_instructions.h"

#include <elf.h>
#include <string.h>

/* The bytes of an instruction: REX prefix or none, opcode, ModRM, displacement, immediate. */
#define REX_W 0x08
#define MODRM_RIP 0x05 /* mod 00, r/m 101: relative to the next instruction */
#define MODRM_RIP_MASK 0xc7
#define MODRM_REG(m) (((m) >> 3) & 7)

static int32_t signed32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

bool go_is_variable(const struct elf_segment *segments, size_t n, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_W && address >= segments[i].address &&
		    size <= segments[i].memory_size &&
		    address - segments[i].address <= segments[i].memory_size - size)
			return address % size == 0;
	return false;
}

bool go_is_function(const struct elf_segment *segments, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_X && address >= segments[i].address &&
		    address - segments[i].address < segments[i].memory_size)
			return true;
	return false;
}

/* The opcodes that refer to a variable. Returns the size of the immediate operand or -1. */
static int classify(const uint8_t *p, bool wide, struct go_instruction *in)
{
	uint8_t group = MODRM_REG(p[1]);

	in->width = wide ? 8 : 4;
	switch (p[0]) {
	case 0x8b: /* mov r, m */
		in->operation = GO_LOAD;
		return 0;
	case 0x89: /* mov m, r */
	case 0x87: /* xchg */
		in->operation = GO_STORE;
		return 0;
	case 0x8d: /* lea */
		in->operation = GO_ADDRESS;
		in->width = 0;
		return wide ? 0 : -1;
	case 0xc7: /* mov m, imm32 */
		in->operation = GO_STORE;
		return group == 0 ? 4 : -1;
	case 0x80: /* cmp m, imm8: of a byte */
		in->width = 1;
		in->operation = GO_COMPARE;
		return group == 7 ? 1 : -1;
	case 0x83: /* cmp m, imm8 */
		in->operation = GO_COMPARE;
		return group == 7 ? 1 : -1;
	case 0xf6: /* test m, imm8 */
		in->width = 1;
		in->operation = GO_COMPARE;
		return group == 0 ? 1 : -1;
	}
	return -1;
}

/* An instruction that refers to a variable, at offset I. */
static bool decode_variable(const struct go_code *c, size_t i, struct go_instruction *in)
{
	bool rex = (c->bytes[i] & 0xf0) == 0x40, wide = rex && c->bytes[i] & REX_W;
	size_t at = i + rex, size;
	int immediate;

	if (c->size - at < 6 || (c->bytes[at + 1] & MODRM_RIP_MASK) != MODRM_RIP)
		return false;
	immediate = classify(c->bytes + at, wide, in);
	if (immediate < 0 || c->size - at - 6 < (size_t)immediate)
		return false;
	size = (at - i) + 6 + (size_t)immediate;
	in->value = immediate == 1 ? c->bytes[at + 6] : 0;
	in->target = c->address + i + size + (uint64_t)(int64_t)signed32(c->bytes + at + 2);
	return go_is_variable(c->segments, c->segment_count, in->target, in->width ? in->width : 4);
}

static bool decode_call(const struct go_code *c, size_t i, struct go_instruction *in)
{
	if (c->bytes[i] != 0xe8 || c->size - i < 5)
		return false;
	in->operation = GO_CALL;
	in->target = c->address + i + 5 + (uint64_t)(int64_t)signed32(c->bytes + i + 1);
	return go_is_function(c->segments, c->segment_count, in->target);
}

/* shl $n, of a 64-bit register */
static bool decode_shift(const struct go_code *c, size_t i, struct go_instruction *in)
{
	const uint8_t *p = c->bytes + i;

	if (c->size - i < 4 || (p[0] & 0xf8) != 0x48 || p[1] != 0xc1 || (p[2] & 0xf8) != 0xe0)
		return false;
	in->operation = GO_SHIFT;
	in->value = p[3];
	return true;
}

size_t go_instructions_x86(const struct go_code *code, struct go_instruction *ret, size_t most)
{
	size_t n = 0;

	/* Instructions have no fixed length, and are not measured here: look at every byte. One
	 * that was found covers the displacement that follows its opcode. */
	for (size_t i = 0; i < code->size && n < most; i++) {
		struct go_instruction in = {.at = code->address + i};

		if (!decode_variable(code, i, &in) && !decode_call(code, i, &in) &&
		    !decode_shift(code, i, &in))
			continue;
		ret[n++] = in;
		i += in.operation == GO_SHIFT ? 3 : in.operation == GO_CALL ? 4 : 5;
	}
	return n;
}
