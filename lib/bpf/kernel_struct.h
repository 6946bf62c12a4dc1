/* The kernel's structs as its BTF has them: what an edited text may name. */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Append the members of NAME ("task_struct", with or without "struct"; also unions and enums), a
 * line each: offset, size, type and name; bit-fields with their bits; members of anonymous structs
 * in their place. -ENOENT with names that are near in WHY; -EOPNOTSUPP: the kernel has no BTF.
 */
int kernel_struct_text(const char *name, struct strbuf *out, struct strbuf *why);

/* Append the names that begin with START, a line each, at most MOST. */
int kernel_struct_names(const char *start, size_t most, struct strbuf *out);
