/* The value of a constant expression of C, as the kernel writes it into its format files. */
#pragma once

#include <stdint.h>

#include "bpf/flag_names.h"

/*
 * An expression of numbers, enumerators, casts, parentheses and | & << ~ at *P, which moves behind
 * it. 0; -EBADMSG if it is something else, or deeper than is sane; what VALUE_OF returned.
 */
int flag_value_read(const char **p, flag_value_fn *value_of, void *user, uint64_t *ret);
