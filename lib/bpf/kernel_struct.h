/* The kernel's structs as its BTF has them: what an edited text may name. */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Append the members of NAME ("task_struct", with or without "struct"; also unions and enums), a
 * line each: offset, size, type and name; bit-fields with their bits; members of anonymous structs
 * in their place. "task_struct.mm" is that member only; "task_struct.mm.total_vm" goes on to what a
 * member is, or points to. -ENOENT with names that are near in WHY; -EOPNOTSUPP: the kernel has no
 * BTF.
 */
int kernel_struct_text(const char *name, struct strbuf *out, struct strbuf *why);

/*
 * Append the names that begin with START, a line each, at most MOST. Behind a dot these are
 * members: all that are in the struct before it.
 */
int kernel_struct_names(const char *start, size_t most, struct strbuf *out);
