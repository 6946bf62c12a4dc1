/* The members of a BTF struct or union that a text names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct btf_type;
struct text_names;

struct kernel_member {
	const char *name;
	uint32_t type;
	uint64_t bit;  /* offset */
	uint32_t bits; /* of a bit-field, else 0 */
};

struct kernel_members { /* {0} is an empty list */
	struct kernel_member *list;
	size_t count, capacity;
};

/*
 * Append those members of T that the text names, or all; members of structs without a name in it
 * are taken for its own. *BUDGET, the members still to be looked at, goes down. 0, -ENOMEM, or
 * -E2BIG when the budget is used up: a small BTF file can unfold without end. The caller frees the
 * list.
 */
int kernel_members_collect(const struct btf *btf, const struct btf_type *t,
			   const struct text_names *names, bool all, int *budget,
			   struct kernel_members *members);
