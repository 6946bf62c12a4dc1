#include "bpf/event_field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "bpf/kernel_types.h"

static bool is_text(const struct btf *btf, const struct btf_type *array)
{
	const struct btf_type *of = kernel_type_strip(btf, btf_array(array)->type);

	if (!of || !btf_is_int(of) || of->size != 1)
		return false;
	return btf_int_encoding(of) & BTF_INT_CHAR ||
	       !strcmp(kernel_type_name(btf, of->name_off), "char");
}

/* The integer that an array is made of, if it is shown as numbers; else NULL. */
static const struct btf_type *number_of(const struct btf *btf, const struct btf_type *array)
{
	const struct btf_type *of = kernel_type_strip(btf, btf_array(array)->type);
	bool plain =
		of && btf_is_int(of) && btf_int_bits(of) == of->size * 8 && !btf_int_offset(of);

	return plain && (of->size == 2 || of->size == 4 || of->size == 8) ? of : NULL;
}

/* Where an integer's bits are: its type may take only some of its bytes. */
static int place_integer(const struct btf_type *t, struct event_field *f)
{
	uint8_t encoding = btf_int_encoding(t);

	if (btf_int_bits(t) + btf_int_offset(t) > t->size * 8)
		return -EBADMSG;
	if (!f->bits) {
		f->bit += btf_int_offset(t);
		f->bits = btf_int_bits(t);
	}
	f->kind = encoding & BTF_INT_BOOL     ? EVENT_FIELD_BOOL
		  : encoding & BTF_INT_SIGNED ? EVENT_FIELD_INT
					      : EVENT_FIELD_UINT;
	return 0;
}

int event_field_classify(const struct btf *btf, uint32_t type, size_t bit, size_t bits,
			 struct event_field *ret)
{
	const struct btf_type *t = kernel_type_strip(btf, type);
	struct event_field f = {.kind = EVENT_FIELD_BYTES, .type = type, .bit = bit, .bits = bits};
	int64_t size = kernel_type_size(btf, type);
	int r = 0;

	if (!t || size < 0)
		return -EBADMSG;
	if (btf_is_int(t) && size <= 8) {
		r = place_integer(t, &f);
	} else if (btf_is_any_enum(t)) {
		f.kind = EVENT_FIELD_ENUM;
	} else if (btf_is_ptr(t)) {
		f.kind = EVENT_FIELD_POINTER;
	} else if (btf_is_array(t) && is_text(btf, t)) {
		f.kind = EVENT_FIELD_TEXT;
	} else if (btf_is_array(t) && number_of(btf, t)) {
		f.kind = EVENT_FIELD_NUMBERS;
	}
	if (!f.bits)
		f.bits = (size_t)size * 8;
	if (f.kind == EVENT_FIELD_TEXT || f.kind == EVENT_FIELD_NUMBERS ||
	    f.kind == EVENT_FIELD_BYTES) {
		if (bits || f.bit % 8)
			return -EBADMSG;
	} else if (!f.bits || f.bits > 64) {
		return -EBADMSG;
	}
	*ret = f;
	return r;
}

/* The bits from the lowest on, as x86-64 and arm64 have them: 65 to 71 may be touched. */
static uint64_t take_bits(const struct event_field *f, const void *record)
{
	size_t first = f->bit / 8, end = (f->bit + f->bits + 7) / 8;
	unsigned __int128 all = 0;

	memcpy(&all, (const char *)record + first, end - first);
	all >>= f->bit % 8;
	return f->bits == 64 ? (uint64_t)all : (uint64_t)all & ((1ull << f->bits) - 1);
}

static uint64_t extend(const struct event_field *f, uint64_t value)
{
	uint64_t sign = 1ull << (f->bits - 1);

	return (value ^ sign) - sign;
}

static char *number_text(const char *format, uint64_t value)
{
	char *text;

	return asprintf(&text, format, value) < 0 ? NULL : text;
}

/* Its name; of a value that has none the number. Old compilers do not say that an enum is signed.
 */
static char *enum_text(const struct event_field *f, const struct btf *btf, uint64_t value)
{
	const struct btf_type *t = kernel_type_strip(btf, f->type);
	uint64_t mask = f->bits == 64 ? UINT64_MAX : (1ull << f->bits) - 1;
	bool negative = t && btf_kflag(t);

	for (int i = 0; t && i < btf_vlen(t); i++) {
		uint64_t other = btf_is_enum64(t) ? btf_enum64_value(&btf_enum64(t)[i])
						  : (uint64_t)(int64_t)btf_enum(t)[i].val;
		uint32_t name =
			btf_is_enum64(t) ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;

		negative |= btf_is_enum(t) && (int64_t)other < 0;
		if ((other & mask) == value && *kernel_type_name(btf, name))
			return strdup(kernel_type_name(btf, name));
	}
	return negative ? number_text("%" PRId64, extend(f, value))
			: number_text("%" PRIu64, value);
}

static char *bytes_text(const struct event_field *f, const unsigned char *bytes)
{
	size_t n = f->bits / 8, shown = MIN(n, (size_t)EVENT_FIELD_BYTES_MOST);
	_cleanup_strbuf_ struct strbuf out = {0};

	for (size_t i = 0; i < shown; i++)
		strbuf_printf(&out, "%02x", bytes[i]);
	strbuf_puts(&out, shown < n ? "..." : "");
	return strbuf_steal(&out);
}

/* The elements, parted by blanks. */
static char *numbers_text(const struct event_field *f, const struct btf *btf, const void *record)
{
	const struct btf_type *array = kernel_type_strip(btf, f->type);
	const struct btf_type *of = array && btf_is_array(array) ? number_of(btf, array) : NULL;
	const size_t size = of ? of->size : 1, n = f->bits / 8 / size;
	_cleanup_strbuf_ struct strbuf out = {0};

	for (size_t i = 0; of && i < MIN(n, (size_t)EVENT_FIELD_NUMBERS_MOST); i++) {
		const struct event_field element = {.bit = f->bit + i * size * 8, .bits = size * 8};
		uint64_t value = take_bits(&element, record);

		strbuf_puts(&out, i ? " " : "");
		if (btf_int_encoding(of) & BTF_INT_SIGNED)
			strbuf_printf(&out, "%" PRId64, extend(&element, value));
		else
			strbuf_printf(&out, "%" PRIu64, value);
	}
	strbuf_puts(&out, n > EVENT_FIELD_NUMBERS_MOST ? " ..." : "");
	return strbuf_steal(&out);
}

static char *value_text(const struct event_field *f, const struct btf *btf, const void *record)
{
	const char *at = (const char *)record + f->bit / 8;

	switch (f->kind) {
	case EVENT_FIELD_ENUM:
		return enum_text(f, btf, take_bits(f, record));
	case EVENT_FIELD_POINTER:
		return number_text("0x%" PRIx64, take_bits(f, record));
	case EVENT_FIELD_TEXT:
		return strndup(at, MIN(f->bits / 8, (size_t)EVENT_FIELD_TEXT_MOST));
	case EVENT_FIELD_NUMBERS:
		return numbers_text(f, btf, record);
	default:
		return bytes_text(f, (const unsigned char *)at);
	}
}

int event_field_value(const struct event_field *f, const struct btf *btf, const void *record,
		      struct named_values *ret)
{
	struct named_value *v = named_values_add(ret, f->name);

	if (!v)
		return -ENOMEM;
	switch (f->kind) {
	case EVENT_FIELD_UINT:
		v->kind = NAMED_UINT;
		v->number = take_bits(f, record);
		return 0;
	case EVENT_FIELD_INT:
		v->kind = NAMED_INT;
		v->number = extend(f, take_bits(f, record));
		return 0;
	case EVENT_FIELD_BOOL:
		v->kind = NAMED_BOOL;
		v->number = take_bits(f, record) != 0;
		return 0;
	default:
		v->kind = NAMED_TEXT;
		v->text = value_text(f, btf, record);
	}
	if (v->text)
		return 0;
	/* A value without its text would not be one. */
	free(v->name);
	ret->count--;
	return -ENOMEM;
}
