/* The numbers behind the kernel's enumerators, from its BTF. */
#pragma once

#include <stdint.h>

struct btf;

/* The value of the first enumerator with that name, of whatever enumeration. 0 or -ENOENT. */
int kernel_enum_value(const struct btf *btf, const char *name, uint64_t *ret);
