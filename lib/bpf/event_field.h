/* A member of a record that the tool does not know: what it is, and its value. */
#pragma once

#include "base/named_value.h"

struct btf;
struct btf_type;

enum event_field_kind {
	EVENT_FIELD_UINT,
	EVENT_FIELD_INT,
	EVENT_FIELD_BOOL,
	EVENT_FIELD_ENUM,
	EVENT_FIELD_POINTER,
	EVENT_FIELD_TEXT,    /* an array of char */
	EVENT_FIELD_NUMBERS, /* one of integers of two bytes and more */
	EVENT_FIELD_BYTES,
};

/* Values in hex, and texts, are cut at so many bytes. */
#define EVENT_FIELD_BYTES_MOST 256
#define EVENT_FIELD_TEXT_MOST 4096
/* Of an array of integers, so many are shown. */
#define EVENT_FIELD_NUMBERS_MOST 64

struct event_field {
	char *name; /* owned by the layout */
	enum event_field_kind kind;
	uint32_t type;	  /* its number in the BTF, past typedefs; for an enum and for numbers */
	size_t bit, bits; /* its place in the record */
};

/*
 * What a member is, of the type numbered TYPE, at BIT of its record; BITS: of a bit-field, else 0.
 * -EBADMSG for what is no type of a member.
 */
int event_field_classify(const struct btf *btf, uint32_t type, size_t bit, size_t bits,
			 struct event_field *ret);

/* Append its value in a record that is long enough. BTF: for an enum and for numbers. 0 or -ENOMEM.
 */
int event_field_value(const struct event_field *field, const struct btf *btf, const void *record,
		      struct named_values *ret);
