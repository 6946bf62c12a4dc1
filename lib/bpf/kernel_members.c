#include "bpf/kernel_members.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/kernel_types.h"
#include "bpf/text_names.h"

enum { DEEPEST_NESTING = 32 }; /* the kernel's own go to about 10 */

struct search {
	const struct btf *btf;
	const struct text_names *names;
	bool all;
	int *budget;
	struct kernel_members *members;
};

static int add_member(struct kernel_members *members, const struct kernel_member *member)
{
	if (members->count == members->capacity) {
		size_t capacity = members->capacity ? members->capacity * 2 : 16;
		struct kernel_member *list = reallocarray(members->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		members->list = list;
		members->capacity = capacity;
	}
	members->list[members->count++] = *member;
	return 0;
}

/* Bits of a bit-field; BTF without the kind flag (before Linux 4.20's) has them in the integer. */
static uint32_t bitfield_bits(const struct btf *btf, const struct btf_type *t, uint32_t i,
			      uint64_t *bit)
{
	const struct btf_type *type = kernel_type_strip(btf, btf_members(t)[i].type);

	if (btf_kflag(t) || !type || !btf_is_int(type) || btf_int_bits(type) == type->size * 8)
		return btf_member_bitfield_size(t, i);
	*bit += btf_int_offset(type);
	return btf_int_bits(type);
}

static int collect(struct search *s, const struct btf_type *t, uint64_t base, int depth)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		struct kernel_member member = {
			.name = kernel_type_name(s->btf, m->name_off),
			.type = m->type,
			.bit = base + btf_member_bit_offset(t, i),
		};
		int r = 0;

		if (--*s->budget < 0)
			return -E2BIG;
		if (!member.name[0]) {
			const struct btf_type *inner = kernel_type_strip(s->btf, m->type);

			if (inner && btf_is_composite(inner) && depth < DEEPEST_NESTING)
				r = collect(s, inner, member.bit, depth + 1);
		} else if (s->all || text_names_use(s->names, member.name)) {
			member.bits = bitfield_bits(s->btf, t, i, &member.bit);
			r = add_member(s->members, &member);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int kernel_members_collect(const struct btf *btf, const struct btf_type *t,
			   const struct text_names *names, bool all, int *budget,
			   struct kernel_members *members)
{
	struct search s = {btf, names, all, budget, members};

	return collect(&s, t, 0, 0);
}
