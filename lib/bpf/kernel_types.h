/*
 * Looking at one BTF type at a time, with nothing believed: libbpf checks the outline of a BTF
 * file, not that type numbers, names and sizes in it make sense, and a chain of typedefs may be a
 * ring.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct btf_type;

/* The name at that offset, "" if there is none or it is not a C identifier. */
const char *kernel_type_name(const struct btf *btf, uint32_t name_off);

/*
 * A member that kernel_writer has put into its declaration of a kernel struct, for its size and for
 * the places of the others: "__size", "__p0".
 */
bool kernel_type_is_filler(const char *name);

/* Is it const, volatile, restrict or a type tag? */
bool kernel_type_is_qualifier(const struct btf_type *t);

/* Past qualifiers and typedefs; NULL for void, a bad number and a chain that is too long. */
const struct btf_type *kernel_type_strip(const struct btf *btf, uint32_t id);

/* Bytes of an object of the type, as sizeof; negative if it has none. */
int64_t kernel_type_size(const struct btf *btf, uint32_t id);

/* How C spells the integer or enumeration type; NULL if C for BPF has no such integer. */
const char *kernel_type_integer(const struct btf *btf, const struct btf_type *t);

/* What a C declaration consists of: TYPE **NAME[N][M]. */
struct kernel_shape {
	uint32_t id;		     /* of the base type; 0: void */
	const struct btf_type *base; /* NULL: void */
	uint32_t alias;		     /* the innermost typedef of the base, or 0 */
	unsigned stars;
	char dims[96]; /* "[N][M]" */
};

/* Take a type apart; a pointer to an array becomes one to void. False if it is too odd for C. */
bool kernel_shape_unfold(const struct btf *btf, uint32_t id, struct kernel_shape *ret);
