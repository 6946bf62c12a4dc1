/*
 * Values with names, as an edited probe's new members give them: what a tool shows as further
 * columns and JSON keys without knowing what they mean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum named_value_kind {
	NAMED_UINT, /* number */
	NAMED_INT,  /* number, as int64_t */
	NAMED_BOOL, /* number: 0 or 1 */
	NAMED_TEXT, /* text: also enumerators by name, pointers as "0x...", bytes as hex */
};

struct named_value {
	char *name; /* owned, as text is */
	enum named_value_kind kind;
	uint64_t number;
	char *text; /* may hold any byte but NUL; NULL for numbers */
};

struct named_values {
	struct named_value *list;
	size_t count, capacity;
};

/* A value more, of that name; its members are to be set. NULL: no memory. */
struct named_value *named_values_add(struct named_values *values, const char *name);
/* NULL: none of that name. */
const struct named_value *named_values_find(const struct named_values *values, const char *name);
void named_values_clear(struct named_values *values);
/* A value more, the same as V. NULL: no memory. */
struct named_value *named_values_copy(struct named_values *values, const struct named_value *v);

/* Append the value as text: digits, "true" or "false", the text byte by byte. */
void named_value_text(const struct named_value *v, struct strbuf *out);
