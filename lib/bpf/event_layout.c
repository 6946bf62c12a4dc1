#include "bpf/event_layout.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <bpf/btf.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf/event_field.h"
#include "bpf/image_btf.h"
#include "bpf/kernel_types.h"

/* Bounds that no honest record comes near. */
#define RECORD_MOST (1u << 20)
#define MEMBERS_MOST 4096
#define DEPTH_MOST 16
#define NAME_MOST 127
#define COMPLAINTS_MOST 5

/* Where one of the tool's own members lies, in a record of the text. */
struct place {
	size_t from;
	bool found;
};

struct event_layout {
	struct btf *btf; /* NULL: no field is an enum or an array of integers */
	const struct event_struct *own;
	size_t size;
	struct place *places; /* one for each of the tool's own members */
	struct event_field *fields;
	size_t n_fields, capacity;
	const char **names;
};

struct walk {
	const struct btf *btf;
	struct event_layout *layout;
	struct strbuf *why;
	size_t members;
	unsigned int complaints;
};

static const struct event_member *find_own(const struct event_struct *own, const char *name)
{
	for (size_t i = 0; i < own->n_members; i++)
		if (!strcmp(own->members[i].name, name))
			return &own->members[i];
	return NULL;
}

/* Say no more than a user reads. */
static bool may_complain(struct walk *w)
{
	return w->complaints++ < COMPLAINTS_MOST;
}

static int own_member(struct walk *w, const struct event_member *m, size_t bit, size_t bits,
		      int64_t size)
{
	struct place *place = &w->layout->places[m - w->layout->own->members];
	const char *owner = w->layout->own->name;

	if (place->found)
		return -EBADMSG; /* twice */
	place->found = true;
	place->from = bit / 8;
	if (bits || (size_t)size != m->size) {
		if (!may_complain(w))
			return 0;
		strbuf_printf(w->why,
			      "struct %s: %s has %lld %s, but the tool reads %zu bytes: ", owner,
			      m->name, bits ? (long long)bits : (long long)size,
			      bits ? "bits" : "bytes", m->size);
		strbuf_puts(w->why, "give it back its type, or add a member of your own\n");
		return 0;
	}
	return bit % 8 ? -EBADMSG : 0;
}

static int further_member(struct walk *w, const char *path, uint32_t type, size_t bit, size_t bits)
{
	struct event_layout *l = w->layout;
	struct event_field field;
	int r = event_field_classify(w->btf, type, bit, bits, &field);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n_fields; i++)
		if (!strcmp(l->fields[i].name, path))
			return -EBADMSG;
	if (array_reserve(&l->fields, &l->capacity, l->n_fields, 1, sizeof(*l->fields)) < 0)
		return -ENOMEM;
	field.name = strdup(path);
	if (!field.name)
		return -ENOMEM;
	l->fields[l->n_fields++] = field;
	return 0;
}

static int walk_members(struct walk *w, const struct btf_type *t, const char *prefix, size_t base,
			unsigned int depth);

/* One member; PREFIX: "a.b." if its struct is itself a member. */
static int walk_member(struct walk *w, const struct btf_type *t, int index, const char *prefix,
		       size_t base, unsigned int depth)
{
	const struct btf_member *m = &btf_members(t)[index];
	const struct btf_type *type = kernel_type_strip(w->btf, m->type);
	size_t offset = btf_member_bit_offset(t, (uint32_t)index);
	size_t bits = btf_member_bitfield_size(t, (uint32_t)index);
	int64_t size = kernel_type_size(w->btf, m->type);
	const char *name = kernel_type_name(w->btf, m->name_off);
	_cleanup_strbuf_ struct strbuf path = {0};
	const struct event_member *own;

	if (!type || size < 0 || size > RECORD_MOST || strlen(name) > NAME_MOST ||
	    bits > (size_t)size * 8 ||
	    offset + (bits ? bits : (size_t)size * 8) > (size_t)t->size * 8)
		return -EBADMSG;
	if (++w->members > MEMBERS_MOST)
		return -EBADMSG;
	if (!size || (*prefix && kernel_type_is_filler(name)))
		return 0; /* an array without elements, or an empty struct */
	if (!*name && !btf_is_composite(type))
		return m->name_off ? -EBADMSG : 0; /* padding has no name; or it is none of C's */
	strbuf_printf(&path, "%s%s", prefix, name);
	if (strbuf_error(&path) < 0)
		return -ENOMEM;
	own = *name ? find_own(w->layout->own, path.data) : NULL;
	if (own)
		return own_member(w, own, base + offset, bits, size);
	if (!btf_is_composite(type))
		return further_member(w, path.data, m->type, base + offset, bits);
	if (offset % 8)
		return -EBADMSG;
	if (*name)
		strbuf_putc(&path, '.');
	return walk_members(w, type, strbuf_text(&path), base + offset, depth + 1);
}

static int walk_members(struct walk *w, const struct btf_type *t, const char *prefix, size_t base,
			unsigned int depth)
{
	int r = depth > DEPTH_MOST ? -EBADMSG : 0;

	for (int i = 0; i < btf_vlen(t) && r == 0; i++)
		r = walk_member(w, t, i, prefix, base, depth);
	return r;
}

static void look_for_missing(struct walk *w)
{
	const struct event_struct *own = w->layout->own;

	for (size_t i = 0; i < own->n_members; i++)
		if (!w->layout->places[i].found && may_complain(w))
			strbuf_printf(w->why,
				      "struct %s: %s is missing, which the tool reads: put it back "
				      "(it may stay unfilled)\n",
				      own->name, own->members[i].name);
	if (w->complaints > COMPLAINTS_MOST)
		strbuf_printf(w->why, "and %u more like that\n", w->complaints - COMPLAINTS_MOST);
}

/* Keep of the BTF what is still asked for: the names of enumerators, the elements of arrays. */
static int settle(struct event_layout *l, struct btf **btf)
{
	l->names = calloc(l->n_fields + 1, sizeof(*l->names));
	if (!l->names)
		return -ENOMEM;
	for (size_t i = 0; i < l->n_fields; i++) {
		l->names[i] = l->fields[i].name;
		if ((l->fields[i].kind == EVENT_FIELD_ENUM ||
		     l->fields[i].kind == EVENT_FIELD_NUMBERS) &&
		    *btf)
			l->btf = STEAL(*btf);
	}
	return 0;
}

static void free_btf(struct btf **btf)
{
	btf__free(*btf);
}

static void free_layout(struct event_layout **layout)
{
	event_layout_free(*layout);
}

/* The struct in the BTF; NULL with -ENOENT or -EBADMSG. */
static const struct btf_type *find_struct(const struct btf *btf, const char *name, int *ret)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	*ret = !t ? -ENOENT : t->size > RECORD_MOST ? -EBADMSG : 0;
	return *ret < 0 ? NULL : t;
}

static int read_layout(const struct btf *btf, struct event_layout *l, struct strbuf *why)
{
	struct walk w = {.btf = btf, .layout = l, .why = why};
	int r;
	const struct btf_type *t = find_struct(btf, l->own->name, &r);

	if (!t)
		return r;
	l->size = t->size;
	l->places = calloc(l->own->n_members + 1, sizeof(*l->places));
	if (!l->places)
		return -ENOMEM;
	r = walk_members(&w, t, "", 0, 0);
	if (r < 0)
		return r;
	if (l->n_fields > EVENT_LAYOUT_FIELDS_MOST && may_complain(&w))
		strbuf_printf(why,
			      "struct %s: %zu members of your own are more than the %d that can be "
			      "shown\n",
			      l->own->name, l->n_fields, EVENT_LAYOUT_FIELDS_MOST);
	look_for_missing(&w);
	return w.complaints ? -EINVAL : 0;
}

int event_layout_read(const void *bytes, size_t btf_size, const struct event_struct *own,
		      struct event_layout **ret, struct strbuf *why)
{
	_cleanup_(free_layout) struct event_layout *l = calloc(1, sizeof(*l));
	_cleanup_(free_btf) struct btf *btf = NULL;
	size_t before = why->length;
	int r = l ? image_btf_open(bytes, btf_size, &btf) : -ENOMEM;

	if (r == 0) {
		l->own = own;
		r = read_layout(btf, l, why);
	}
	if (r == 0)
		r = settle(l, &btf);
	if (r == 0)
		*ret = STEAL(l);
	else if (r == -ENOENT)
		strbuf_printf(why,
			      "the text does not tell how struct %s is laid out: it needs the "
			      "line OOMTOOLS_EVENT(%s);\n",
			      own->name, own->name);
	else if (r == -EBADMSG && why->length == before)
		strbuf_printf(why, "struct %s: what the image tells of it makes no sense\n",
			      own->name);
	else if (r == -ENOMEM)
		strbuf_puts(why, "no memory\n");
	return r;
}

size_t event_layout_size(const struct event_layout *l)
{
	return l->size;
}

bool event_layout_is_own(const struct event_layout *l)
{
	if (l->n_fields || l->size != l->own->size)
		return false;
	for (size_t i = 0; i < l->own->n_members; i++)
		if (l->places[i].from != l->own->members[i].offset)
			return false;
	return true;
}

bool event_layout_equal(const struct event_layout *a, const struct event_layout *b)
{
	if (a->own != b->own || a->size != b->size || a->n_fields != b->n_fields)
		return false;
	for (size_t i = 0; i < a->own->n_members; i++)
		if (a->places[i].from != b->places[i].from)
			return false;
	for (size_t i = 0; i < a->n_fields; i++) {
		const struct event_field *x = &a->fields[i], *y = &b->fields[i];

		/* Enumerators may have other names now, numbers another size. */
		if (strcmp(x->name, y->name) || x->kind != y->kind || x->bit != y->bit ||
		    x->bits != y->bits || x->kind == EVENT_FIELD_ENUM ||
		    x->kind == EVENT_FIELD_NUMBERS)
			return false;
	}
	return true;
}

int event_layout_own(const struct event_layout *l, const void *record, size_t size, void *ret)
{
	if (size < l->size)
		return -EBADMSG;
	memset(ret, 0, l->own->size);
	for (size_t i = 0; i < l->own->n_members; i++) {
		const struct event_member *m = &l->own->members[i];

		memcpy((char *)ret + m->offset, (const char *)record + l->places[i].from, m->size);
	}
	return 0;
}

const char *const *event_layout_names(const struct event_layout *l)
{
	return l->names;
}

const char *event_layout_no_counter(const struct event_layout *l)
{
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct event_field *f = &l->fields[i];
		bool number = f->kind == EVENT_FIELD_UINT || f->kind == EVENT_FIELD_INT;

		if (!number || f->bits != 64 || f->bit % 64)
			return f->name;
	}
	return NULL;
}

int event_layout_values(const struct event_layout *l, const void *record, size_t size,
			struct named_values *ret)
{
	int r = size < l->size ? -EBADMSG : 0;

	for (size_t i = 0; i < l->n_fields && r == 0; i++)
		r = event_field_value(&l->fields[i], l->btf, record, ret);
	return r;
}

void event_layout_free(struct event_layout *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_fields; i++)
		free(l->fields[i].name);
	free(l->fields);
	free(l->places);
	free(l->names);
	btf__free(l->btf);
	free(l);
}
