/*
 * C declarations of those kernel types that a BPF C text names, written from BTF.
 *
 * A struct gets only the fields whose names occur in the text, each at its offset behind a char
 * array: no other padding may be used, for libbcc compiles with the data layout of the host and
 * then changes it to BPF's, and bit-field padding (as in vmlinux.h) has another alignment there, so
 * that fields move without a word.
 *
 * Beside a type come macros by which a text asks what this kernel has:
 *   HAVE_TAG, HAVE_TAG__FIELD     the struct, union or enum; the field. 1 or not defined
 *   ISARRAY_TAG__FIELD            1 if the field is an array
 *   BITS_TAG__FIELD(pointer)      read a bit-field of the kernel's object at POINTER (there is no
 *                                 other way: it has no member)
 *   HAVE_ENUMERATOR_NAME          1 if the kernel has the enumerator
 */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct btf;
struct text_names;

struct kernel_field {
	const char *type;  /* "struct mm_struct"; "atomic_long_t" */
	const char *field; /* "total_vm", "a.b", "rss_stat[1]"; "": the end of the object */
	uint32_t offset;   /* bytes from the start of the object */
};

/* Called for each member written; what it is given lives until it returns. 0 or -errno: stop. */
typedef int kernel_field_fn(void *user, const struct kernel_field *field);

/*
 * Append to OUT the declarations that a text with those NAMES needs, except what the file-scope
 * names of BASE (the text that stands before them) and libbcc's own headers declare. ON_FIELD may
 * be NULL. 0, -ENOMEM, or -E2BIG if the BTF is nonsense or the text asks for more than is sane.
 */
int kernel_decls_write(const struct btf *btf, const struct text_names *names,
		       const struct text_names *base, struct strbuf *out, kernel_field_fn *on_field,
		       void *user);
