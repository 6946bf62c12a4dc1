/*
 * Which kernel this is, exactly: compiled BPF code holds structure offsets and BTF ids, which
 * belong to one build of the kernel.
 */
#pragma once

#include "base/strbuf.h"

/*
 * Hexadecimal SHA-256 of /sys/kernel/notes (it holds the build id) with the release, version and
 * machine of uname(2). Quick: it is asked at every start. 0 or -errno.
 */
int kernel_identity(struct strbuf *ret);

/* Hexadecimal SHA-256 of a BTF file; NULL: of the running kernel (5 MB, some ms). 0 or -errno. */
int kernel_btf_hash(const char *path, struct strbuf *ret);

/* The same from the bytes of such a file. */
int kernel_btf_hash_of(const void *btf, size_t size, struct strbuf *ret);

/* Where the running kernel's BTF is. */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
