/* Numbers as people type them. Each returns 0, or -EINVAL / -ERANGE and leaves the result alone. */
#pragma once

#include <stdint.h>

/* A whole decimal number from LEAST to MOST; no sign, no blanks, nothing behind it. */
int parse_number(const char *s, uint64_t least, uint64_t most, uint64_t *ret);

/* Bytes: a number with an optional suffix K, M, G, T (powers of 1024, an i or iB may follow). */
int parse_size(const char *s, uint64_t *ret);

/*
 * Seconds ("2", "0.5") or with a unit (us, ms, s, m, h, d), or several such ("1h30m"), the larger
 * first; as nanoseconds; more than 0.
 */
int parse_duration(const char *s, uint64_t *ret_ns);
