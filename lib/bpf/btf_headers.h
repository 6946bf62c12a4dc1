/*
 * Kernel headers for libbcc where none are installed: a small tree with the few files libbcc itself
 * includes and the kernel's types, written from its BTF, that a text names (see kernel_decls.h for
 * what becomes of them). Uses libbpf, so it belongs into the compile helper only. About 10 ms.
 */
#pragma once

#include "base/strbuf.h"
#include "bpf/kernel_decls.h"

/*
 * The kernel's types: of a BTF or ELF file, or of the running kernel (NULL). The caller frees them
 * by btf__free(). 0 or -errno, with the reason in ERROR.
 */
int btf_headers_load(const char *path, struct btf **ret, struct strbuf *error);

/*
 * Write the tree for TEXT into the directory DIR, which exists, is empty and belongs to the caller
 * (who gives it to libbcc as BCC_KERNEL_SOURCE, absolute, and removes it). 0 or -errno, with the
 * reason in ERROR.
 */
int btf_headers_write(const char *dir, const char *text, const struct btf *btf,
		      struct strbuf *error);

/*
 * The macros of that tree alone (HAVE_..., ISARRAY_..., BITS_...), where the types come from the
 * kernel's own headers.
 */
int btf_headers_macros(const char *text, const struct btf *btf, struct strbuf *out,
		       struct strbuf *error);

/*
 * Call ON_FIELD for every member that the tree for TEXT would have, for tests. 0, what ON_FIELD
 * returned if that is negative, or -errno with the reason in ERROR.
 */
int btf_headers_fields(const char *text, const struct btf *btf, kernel_field_fn *on_field,
		       void *user, struct strbuf *error);
