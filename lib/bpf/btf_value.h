/* Bytes as text, by their type in an image's BTF, which is not trusted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct btf;

/*
 * Append a value of SIZE bytes, of that type: "5", "FLAG_A", "text", {a=1 b=[1 2]}. In hex, if the
 * type (0: none) has another size or makes no sense. Trailing zeros of an array are left out
 * ("..."), as is what is too much for a line.
 */
void btf_value_text(const struct btf *btf, uint32_t type, const void *value, size_t size,
		    struct strbuf *out);

/* The bytes in hex: "01 02". */
void btf_value_hex(const void *value, size_t size, struct strbuf *out);
