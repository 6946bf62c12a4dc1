#include "bpf/btf_value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <bpf/btf.h>

#include "base/macro.h"
#include "base/text.h"
#include "bpf/event_field.h"
#include "bpf/kernel_types.h"

#define DEPTH_MOST 16
#define ELEMENTS_MOST 64
#define TEXT_MOST (16u << 10) /* of a value; what it is stopped at may be a little longer */

struct writer {
	const struct btf *btf;
	const char *bytes;
	size_t size;
	struct strbuf text;
};

static int put(struct writer *w, uint32_t type, size_t bit, size_t bits, unsigned int depth);

static int put_members(struct writer *w, const struct btf_type *t, size_t bit, unsigned int depth)
{
	const char *separator = "";
	int r = 0;

	for (uint32_t i = 0; i < btf_vlen(t) && r == 0; i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *name = kernel_type_name(w->btf, m->name_off);
		const struct btf_type *type = kernel_type_strip(w->btf, m->type);

		if ((!*name && (!type || !btf_is_composite(type))) || kernel_type_is_filler(name))
			continue; /* padding */
		strbuf_puts(&w->text, separator);
		if (*name)
			strbuf_printf(&w->text, "%s=", name);
		r = put(w, m->type, bit + btf_member_bit_offset(t, i),
			btf_member_bitfield_size(t, i), depth + 1);
		separator = " ";
	}
	return r;
}

static bool is_zero(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static int put_elements(struct writer *w, const struct btf_array *a, size_t at, unsigned int depth)
{
	int64_t each = kernel_type_size(w->btf, a->type);
	size_t n = a->nelems, shown;
	int r = 0;

	if (each <= 0)
		return -EBADMSG;
	while (n && is_zero(w->bytes + at + (n - 1) * (size_t)each, (size_t)each))
		n--;
	shown = MIN(n, (size_t)ELEMENTS_MOST);
	for (size_t i = 0; i < shown && r == 0; i++) {
		strbuf_puts(&w->text, i ? " " : "");
		r = put(w, a->type, (at + i * (size_t)each) * 8, 0, depth + 1);
	}
	if (shown < a->nelems)
		strbuf_puts(&w->text, shown ? " ..." : n ? "..." : "0 ...");
	return r;
}

static void put_named(struct strbuf *out, const struct named_value *v, enum event_field_kind kind)
{
	if (v->kind == NAMED_INT)
		strbuf_printf(out, "%" PRId64, (int64_t)v->number);
	else if (v->kind == NAMED_BOOL)
		strbuf_puts(out, v->number ? "true" : "false");
	else if (v->kind == NAMED_UINT)
		strbuf_printf(out, "%" PRIu64, v->number);
	else if (kind == EVENT_FIELD_TEXT) {
		strbuf_putc(out, '"');
		text_display(out, v->text, strlen(v->text));
		strbuf_putc(out, '"');
	} else {
		strbuf_puts(out, v->text);
	}
}

static int put_scalar(struct writer *w, uint32_t type, size_t bit, size_t bits)
{
	struct named_values values = {0};
	struct event_field field;
	int r = event_field_classify(w->btf, type, bit, bits, &field);

	if (r < 0)
		return r;
	field.name = (char *)(uintptr_t) "";
	r = event_field_value(&field, w->btf, w->bytes, &values);
	if (r == 0)
		put_named(&w->text, &values.list[0], field.kind);
	named_values_clear(&values);
	return r;
}

/* Is it an array of anything but characters and bytes? Those are one text. */
static bool is_list(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_type *of = kernel_type_strip(btf, btf_array(t)->type);

	return of && !(btf_is_int(of) && of->size == 1);
}

static int put(struct writer *w, uint32_t type, size_t bit, size_t bits, unsigned int depth)
{
	const struct btf_type *t = kernel_type_strip(w->btf, type);
	int64_t size = kernel_type_size(w->btf, type);
	size_t taken = bits ? bits : (size_t)size * 8;
	int r;

	if (!t || size < 0 || (size_t)size > w->size || bits > (size_t)size * 8 ||
	    bit + taken > w->size * 8 || depth > DEPTH_MOST)
		return -EBADMSG;
	if (w->text.length > TEXT_MOST) {
		strbuf_puts(&w->text, "...");
		return -E2BIG;
	}
	if (!size)
		return 0;
	if (bits || !(btf_is_composite(t) || (btf_is_array(t) && is_list(w->btf, t))))
		return put_scalar(w, type, bit, bits);
	if (bit % 8)
		return -EBADMSG;
	strbuf_putc(&w->text, btf_is_array(t) ? '[' : '{');
	r = btf_is_array(t) ? put_elements(w, btf_array(t), bit / 8, depth)
			    : put_members(w, t, bit, depth);
	if (r == 0)
		strbuf_putc(&w->text, btf_is_array(t) ? ']' : '}');
	return r;
}

void btf_value_hex(const void *value, size_t size, struct strbuf *out)
{
	size_t shown = MIN(size, (size_t)EVENT_FIELD_BYTES_MOST);

	for (size_t i = 0; i < shown; i++)
		strbuf_printf(out, "%s%02x", i ? " " : "", ((const unsigned char *)value)[i]);
	strbuf_puts(out, shown < size ? " ..." : "");
}

void btf_value_text(const struct btf *btf, uint32_t type, const void *value, size_t size,
		    struct strbuf *out)
{
	struct writer w = {.btf = btf, .bytes = value, .size = size};
	int r = btf && type && kernel_type_size(btf, type) == (int64_t)size ? put(&w, type, 0, 0, 0)
									    : -EBADMSG;

	if (r == 0 || r == -E2BIG)
		strbuf_puts(out, strbuf_text(&w.text));
	else
		btf_value_hex(value, size, out);
	strbuf_free(&w.text);
}
