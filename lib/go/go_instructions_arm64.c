#include "go/go_instructions.h"

#include <string.h>

#include "base/macro.h"

/*
 * An address takes two instructions: ADRP puts that of a 4 KiB page into a register, ADD or the
 * load itself adds the offset in the page. So registers are followed, from ADRP on, through the
 * code as it stands; what a jump may change is not looked at.
 */
struct registers {
	uint64_t value[32];
	uint32_t known; /* a bit each */
};

struct form {
	uint32_t mask, bits;
	enum go_operation operation;
	uint8_t width;
	bool offset; /* bits 10 to 21 hold an offset, counted in units of the width */
};

static const struct form forms[] = {
	{0xffc00000, 0xf9400000, GO_LOAD, 8, true},   /* LDR Xt, [Xn, #] */
	{0xffc00000, 0xb9400000, GO_LOAD, 4, true},   /* LDR Wt, [Xn, #] */
	{0xffc00000, 0xb9800000, GO_LOAD, 4, true},   /* LDRSW */
	{0xffc00000, 0x39400000, GO_LOAD, 1, true},   /* LDRB */
	{0xfffffc00, 0xc8dffc00, GO_LOAD, 8, false},  /* LDAR Xt, [Xn] */
	{0xfffffc00, 0x88dffc00, GO_LOAD, 4, false},  /* LDAR Wt, [Xn] */
	{0xfffffc00, 0x08dffc00, GO_LOAD, 1, false},  /* LDARB */
	{0xffc00000, 0xf9000000, GO_STORE, 8, true},  /* STR Xt, [Xn, #] */
	{0xffc00000, 0xb9000000, GO_STORE, 4, true},  /* STR Wt, [Xn, #] */
	{0xfffffc00, 0xc89ffc00, GO_STORE, 8, false}, /* STLR Xt, [Xn] */
};

static uint32_t word_at(const struct go_code *c, size_t i)
{
	uint32_t w;

	memcpy(&w, c->bytes + i, sizeof(w));
	return w;
}

static uint32_t field(uint32_t w, unsigned from, unsigned bits)
{
	return (w >> from) & ((1u << bits) - 1);
}

/* VALUE has BITS bits, the highest of which is its sign. */
static uint64_t extend(uint64_t value, unsigned bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);

	return (value ^ sign) - sign;
}

static void set(struct registers *r, uint32_t number, uint64_t value)
{
	r->value[number] = value;
	r->known |= 1u << number;
}

/* ADRP or ADD # */
static bool is_address(uint32_t w)
{
	return (w & 0x9f000000) == 0x90000000 || (w & 0xff800000) == 0x91000000;
}

/* It writes a register and nothing else ("data processing", immediate or register). */
static bool is_arithmetic(uint32_t w)
{
	return (w & 0x1c000000) == 0x10000000 || (w & 0x0e000000) == 0x0a000000;
}

/* Follows ADRP and ADD #. Only ADD makes an address that somebody asked for. */
static bool decode_address(struct registers *r, uint32_t w, struct go_instruction *in)
{
	uint32_t to = field(w, 0, 5), from = field(w, 5, 5);

	if ((w & 0x9f000000) == 0x90000000) { /* ADRP */
		uint64_t pages = extend(field(w, 29, 2) | field(w, 5, 19) << 2, 21);

		set(r, to, (in->at & ~0xfffull) + (pages << 12));
		return false;
	}
	if ((w & 0xff800000) != 0x91000000) /* ADD Xd, Xn, # */
		return false;
	if (!(r->known >> from & 1)) {
		r->known &= ~(1u << to);
		return false;
	}
	set(r, to, r->value[from] + (field(w, 22, 1) ? field(w, 10, 12) << 12 : field(w, 10, 12)));
	in->operation = GO_ADDRESS;
	in->target = r->value[to];
	return true;
}

static bool decode_access(struct registers *r, uint32_t w, struct go_instruction *in)
{
	uint32_t to = field(w, 0, 5), from = field(w, 5, 5);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		bool known = r->known >> from & 1;

		if ((w & f->mask) != f->bits)
			continue;
		in->operation = f->operation;
		in->width = f->width;
		in->target =
			r->value[from] + (f->offset ? (uint64_t)field(w, 10, 12) * f->width : 0);
		if (f->operation == GO_LOAD)
			r->known &= ~(1u << to);
		return known;
	}
	return false;
}

/* LSL # of a 64-bit register (an alias of UBFM), or ADD with a shifted one. */
static bool decode_shift(uint32_t w, struct go_instruction *in)
{
	in->operation = GO_SHIFT;
	if ((w & 0xffe00000) == 0x8b000000) { /* ADD Xd, Xn, Xm, LSL # */
		in->value = field(w, 10, 6);
		return in->value != 0;
	}
	in->value = 63 - field(w, 10, 6);
	return (w & 0xffc00000) == 0xd3400000 && field(w, 10, 6) != 63 &&
	       field(w, 16, 6) == ((64 - in->value) & 63);
}

static bool decode(const struct go_code *c, struct registers *r, uint32_t w,
		   struct go_instruction *in)
{
	if ((w & 0xfc000000) == 0x94000000) { /* BL: the callee may use any register */
		r->known = 0;
		in->operation = GO_CALL;
		in->target = in->at + (extend(field(w, 0, 26), 26) << 2);
		return go_is_function(c->segments, c->segment_count, in->target);
	}
	if (decode_address(r, w, in) || decode_access(r, w, in))
		return go_is_variable(c->segments, c->segment_count, in->target,
				      in->width ? in->width : 4);
	if (is_arithmetic(w) && !is_address(w))
		r->known &= ~(1u << field(w, 0, 5));
	return decode_shift(w, in);
}

size_t go_instructions_arm64(const struct go_code *code, struct go_instruction *ret, size_t most)
{
	struct registers r = {.known = 0};
	size_t n = 0;

	for (size_t i = 0; code->size - i >= 4 && n < most; i += 4) {
		struct go_instruction in = {.at = code->address + i};

		if (decode(code, &r, word_at(code, i), &in))
			ret[n++] = in;
	}
	return n;
}
