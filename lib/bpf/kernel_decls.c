#include "bpf/kernel_decls.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/kernel_types.h"
#include "bpf/name_table.h"
#include "bpf/text_names.h"
#include "bpf/uapi_names.h"

enum {
	DEEPEST_NESTING = 32,	/* of types in types; the kernel's own go to about 10 */
	MOST_MEMBERS = 1 << 20, /* looked at in all; a large text looks at some 10000 */
	MOST_STARS = 4,
};

enum stage { STAGE_NEW, STAGE_QUEUED, STAGE_BUSY, STAGE_DONE };

struct type_state {
	uint8_t stage;
	uint8_t align; /* of what was written */
};

struct writer {
	const struct btf *btf;
	const struct text_names *names;
	const struct text_names *base;
	struct strbuf *out;
	kernel_field_fn *on_field;
	void *user;
	uint32_t type_count;
	struct type_state *states; /* by type number: structs and unions by their own, those without
				      a tag by that of their typedef */
	struct name_table tags;	   /* which type number a tag stands for */
	struct name_table ordinary; /* the same for typedefs and enumerators */
	uint32_t *queue;	    /* structs that a written field points to */
	size_t queue_length, queue_capacity;
	bool marks_signed_enums; /* the BTF is of a time (pahole 1.25) when enums tell their sign */
	bool failed;		 /* out of memory */
	int depth;
	int members_left;
};

struct member {
	const char *name;
	uint32_t type;
	uint64_t bit;  /* offset */
	uint32_t bits; /* of a bit-field, else 0 */
};

struct member_list {
	struct member *members;
	size_t count, capacity;
};

/* Where a member is written: what ON_FIELD and the macros call its surroundings. */
struct place {
	const char *type;   /* the C type of the whole object; NULL: no member of it can be named */
	const char *path;   /* of the struct we are in, "" or "a.b." */
	uint64_t offset;    /* of the struct we are in */
	const char *macros; /* the tag for HAVE_TAG__FIELD, or NULL: not in structs in structs */
};

/* What a declaration consists of: TYPE **NAME[N][M]. */
struct shape {
	uint32_t id;		     /* of the base type */
	const struct btf_type *base; /* NULL: void */
	uint32_t alias;		     /* the innermost typedef of the base, or 0 */
	unsigned stars;
	char dims[96];
};

static int write_composite(struct writer *w, uint32_t state_id, const struct btf_type *t,
			   const char *tag, const char *alias);
static int write_body(struct writer *w, struct strbuf *out, const struct btf_type *t,
		      const struct place *place);

static const char *keyword(const struct btf_type *t)
{
	return btf_is_union(t) || (btf_is_fwd(t) && btf_kflag(t)) ? "union" : "struct";
}

/* May NAME stand for the type ID here? Not if it already stands for another one. */
static bool claim(struct writer *w, struct name_table *table, const char *name, uint32_t id)
{
	uint32_t owner = name_table_get(table, name, strlen(name));

	if (!owner && name_table_add(table, name, strlen(name), id) < 0)
		w->failed = true;
	return !owner || owner == id;
}

/* Is the tag defined by the text, or by libbcc's headers, so that it must not be written here? */
static bool tag_is_taken(const struct writer *w, const char *tag)
{
	return text_names_use(w->names, tag) & TEXT_NAME_TAG_BODY || uapi_names_tag(tag);
}

static bool ordinary_is_taken(const struct writer *w, const char *name)
{
	return text_names_use(w->names, name) & TEXT_NAME_DECLARED ||
	       text_names_use(w->base, name) & TEXT_NAME_DECLARED;
}

static int enqueue(struct writer *w, uint32_t id)
{
	if (w->states[id].stage != STAGE_NEW)
		return 0;
	if (w->queue_length == w->queue_capacity) {
		size_t capacity = w->queue_capacity ? w->queue_capacity * 2 : 64;
		uint32_t *queue = reallocarray(w->queue, capacity, sizeof(*queue));

		if (!queue)
			return -ENOMEM;
		w->queue = queue;
		w->queue_capacity = capacity;
	}
	w->queue[w->queue_length++] = id;
	w->states[id].stage = STAGE_QUEUED;
	return 0;
}

static int add_member(struct member_list *list, const struct member *member)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		struct member *members = reallocarray(list->members, capacity, sizeof(*members));

		if (!members)
			return -ENOMEM;
		list->members = members;
		list->capacity = capacity;
	}
	list->members[list->count++] = *member;
	return 0;
}

/* Bits of a bit-field; BTF without the kind flag (before Linux 4.20's) has them in the integer. */
static uint32_t bitfield_bits(struct writer *w, const struct btf_type *t, uint32_t i, uint64_t *bit)
{
	const struct btf_type *type = kernel_type_strip(w->btf, btf_members(t)[i].type);

	if (btf_kflag(t) || !type || !btf_is_int(type) || btf_int_bits(type) == type->size * 8)
		return btf_member_bitfield_size(t, i);
	*bit += btf_int_offset(type);
	return btf_int_bits(type);
}

/* The members of T that the text names (or all), with those of structs without a name in it. */
static int collect_members(struct writer *w, const struct btf_type *t, uint64_t base, bool all,
			   int depth, struct member_list *list)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		struct member member = {
			.name = kernel_type_name(w->btf, m->name_off),
			.type = m->type,
			.bit = base + btf_member_bit_offset(t, i),
		};
		int r = 0;

		if (--w->members_left < 0)
			return -E2BIG;
		if (!member.name[0]) {
			const struct btf_type *inner = kernel_type_strip(w->btf, m->type);

			if (inner && btf_is_composite(inner) && depth < DEEPEST_NESTING)
				r = collect_members(w, inner, member.bit, all, depth + 1, list);
		} else if (all || text_names_use(w->names, member.name)) {
			member.bits = bitfield_bits(w, t, i, &member.bit);
			r = add_member(list, &member);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Take a type apart into what C writes before and behind the name. */
static bool unfold(const struct btf *btf, uint32_t id, struct shape *s)
{
	*s = (struct shape){0};
	for (int steps = 0; id && steps < 64; steps++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		size_t used = strlen(s->dims);

		if (!t)
			return false;
		if (btf_is_typedef(t)) {
			s->alias = id;
			id = t->type;
		} else if (kernel_type_is_qualifier(t)) {
			id = t->type;
		} else if (btf_is_ptr(t)) {
			if (++s->stars > MOST_STARS)
				return false;
			s->alias = 0;
			id = t->type;
		} else if (btf_is_array(t) && s->stars) {
			return true; /* a pointer to an array: void * will do */
		} else if (btf_is_array(t)) {
			int n = snprintf(s->dims + used, sizeof(s->dims) - used, "[%u]",
					 btf_array(t)->nelems);

			if ((size_t)n >= sizeof(s->dims) - used - 12) /* room for one more */
				return false;
			s->alias = 0;
			id = btf_array(t)->type;
		} else {
			s->base = t;
			s->id = id;
			return true;
		}
	}
	return id == 0;
}

/* Have the whole struct or union written, so that it can be a member. True if it is. */
static bool complete(struct writer *w, uint32_t state_id, const struct btf_type *t, const char *tag,
		     const char *alias, int *error)
{
	const struct type_state *state = &w->states[state_id];

	if (alias ? ordinary_is_taken(w, alias) || !claim(w, &w->ordinary, alias, state_id)
		  : tag_is_taken(w, tag) || !claim(w, &w->tags, tag, state_id))
		return false;
	if (state->stage < STAGE_BUSY && w->depth < DEEPEST_NESTING)
		*error = write_composite(w, state_id, t, tag, alias);
	return state->stage == STAGE_DONE;
}

/* A pointer to it can be declared, and what it points to is written later if it is needed. */
static bool refer(struct writer *w, uint32_t id, const struct btf_type *t, const char *tag,
		  int *error)
{
	int found;

	if (tag_is_taken(w, tag))
		return true;
	if (btf_is_fwd(t)) {
		found = btf__find_by_name_kind(w->btf, tag,
					       btf_kflag(t) ? BTF_KIND_UNION : BTF_KIND_STRUCT);
		if (found <= 0)
			return true;
		id = (uint32_t)found;
	}
	if (!claim(w, &w->tags, tag, id))
		return false;
	*error = enqueue(w, id);
	return true;
}

/* Spell a struct or union; its alignment, 0 if it must be made of bytes (or void), or -errno. */
static int spell_composite(struct writer *w, struct strbuf *out, const struct shape *s,
			   const struct place *inner)
{
	const char *tag = kernel_type_name(w->btf, s->base->name_off);
	const char *alias;
	int error = 0;

	if (tag[0]) {
		if (!(s->stars ? refer(w, s->id, s->base, tag, &error)
			       : complete(w, s->id, s->base, tag, NULL, &error)))
			return error;
		strbuf_printf(out, "%s %s", keyword(s->base), tag);
		return error ? error : MAX(w->states[s->id].align, 1);
	}
	if (btf_is_fwd(s->base))
		return 0;
	if (s->alias) {
		alias = kernel_type_name(w->btf, btf__type_by_id(w->btf, s->alias)->name_off);
		if (alias[0] && complete(w, s->alias, s->base, NULL, alias, &error)) {
			strbuf_puts(out, alias);
			return w->states[s->alias].align;
		}
	}
	if (error || s->stars || w->depth >= DEEPEST_NESTING)
		return error;
	strbuf_printf(out, "%s ", keyword(s->base));
	return write_body(w, out, s->base, inner);
}

/*
 * Append "TYPE NAME" for a member, a typedef. Bytes stand for a type that C for BPF or this header
 * cannot spell. Returns the alignment, 0 if it cannot be declared at all, or -errno.
 */
static int declare(struct writer *w, struct strbuf *out, uint32_t id, const char *name,
		   const struct place *inner)
{
	struct shape s;
	const char *integer = NULL;
	int align = 0;

	if (!unfold(w->btf, id, &s))
		return 0;
	if (s.base && (btf_is_int(s.base) || btf_is_any_enum(s.base)))
		integer = kernel_type_integer(w->btf, s.base);
	if (integer) {
		strbuf_puts(out, integer);
		align = (int)s.base->size;
	} else if (s.base && (btf_is_composite(s.base) || btf_is_fwd(s.base))) {
		align = spell_composite(w, out, &s, inner);
		if (align < 0)
			return align;
	}
	if (align == 0 && s.stars) {
		strbuf_puts(out, "void");
	} else if (align == 0) {
		int64_t size = s.id ? kernel_type_size(w->btf, s.id) : -1;

		if (size < 0)
			return 0;
		strbuf_printf(out, "char %s%s[%lld]", name, s.dims, (long long)size);
		return 1;
	}
	strbuf_printf(out, " %.*s%s%s", (int)s.stars, "****", name, s.dims);
	return s.stars ? 8 : align;
}

static int report(struct writer *w, const struct place *place, const char *field, const char *index,
		  uint64_t offset)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct kernel_field f = {.type = place->type, .offset = (uint32_t)(place->offset + offset)};

	if (!w->on_field || !place->type)
		return 0;
	strbuf_printf(&path, "%s%s%s", place->path, field, index);
	f.field = strbuf_text(&path);
	return strbuf_error(&path) ? -ENOMEM : w->on_field(w->user, &f);
}

/* There is no member for a bit-field: it is read by the bytes it lies in. */
static void write_bits(struct writer *w, const struct member *m, const char *tag, int64_t size)
{
	const struct btf_type *type = kernel_type_strip(w->btf, m->type);
	uint32_t shift = m->bit % 8, bytes = (shift + m->bits + 7) / 8;
	uint64_t offset = m->bit / 8;
	bool is_signed;

	if (!type || m->bits == 0 || m->bits > 64 || bytes > 8 || offset + bytes > (uint64_t)size)
		return;
	is_signed = btf_is_int(type) ? btf_int_encoding(type) & BTF_INT_SIGNED : btf_kflag(type);
	strbuf_printf(w->out,
		      "#define HAVE_%s__%s 1\n"
		      "#define BITS_%s__%s(p) ({ unsigned long v_ = 0; bpf_probe_read_kernel(&v_, "
		      "%u, (const char *)(p) + %llu); (%slong)(v_ << %u) >> %u; })\n",
		      tag, m->name, tag, m->name, bytes, (unsigned long long)offset,
		      is_signed ? "" : "unsigned ", 64 - shift - m->bits, 64 - m->bits);
}

/* Is the member an array with a second element? How many bytes further is it? */
static int64_t second_element(struct writer *w, uint32_t id, bool *is_array)
{
	const struct btf_type *t = kernel_type_strip(w->btf, id);

	*is_array = t && btf_is_array(t);
	return *is_array && btf_array(t)->nelems > 1 ? kernel_type_size(w->btf, btf_array(t)->type)
						     : -1;
}

static int announce(struct writer *w, const struct member *m, const struct place *place)
{
	bool is_array;
	int64_t second = second_element(w, m->type, &is_array);
	int r;

	if (place->macros)
		strbuf_printf(w->out, "#define HAVE_%s__%s 1\n", place->macros, m->name);
	if (place->macros && is_array)
		strbuf_printf(w->out, "#define ISARRAY_%s__%s 1\n", place->macros, m->name);
	r = report(w, place, m->name, "", m->bit / 8);
	if (r == 0 && second > 0)
		r = report(w, place, m->name, "[1]", m->bit / 8 + (uint64_t)second);
	return r;
}

/*
 * One member of an object of SIZE bytes, at its offset. What the kernel packs closer than C would
 * has to be packed here too. Returns the alignment the object gets from it, or -errno.
 */
static int write_member(struct writer *w, struct strbuf *out, const struct member *m, size_t number,
			int64_t size, const struct place *place)
{
	_cleanup_strbuf_ struct strbuf text = {0}, path = {0};
	uint64_t offset = m->bit / 8;
	int64_t member_size = kernel_type_size(w->btf, m->type);
	bool is_array, is_packed;
	struct place inner = {.offset = place->offset + offset};
	int align, r;

	second_element(w, m->type, &is_array);
	strbuf_printf(&path, "%s%s.", place->path, m->name);
	inner.type = is_array ? NULL : place->type;
	inner.path = strbuf_text(&path);
	if (m->bits || m->bit % 8) {
		if (place->macros)
			write_bits(w, m, place->macros, size);
		return 1;
	}
	if (member_size < 0 || member_size > size || offset > (uint64_t)(size - member_size))
		return 1;
	align = declare(w, &text, m->type, m->name, &inner);
	if (align <= 0)
		return align < 0 ? align : 1;
	is_packed = offset % (unsigned)align || size % align;
	strbuf_puts(out, "struct { ");
	if (offset)
		strbuf_printf(out, "char __p%zu[%llu]; ", number, (unsigned long long)offset);
	strbuf_printf(out, "%s; }%s;\n", strbuf_text(&text),
		      is_packed ? " __attribute__((packed))" : "");
	r = announce(w, m, place);
	return r < 0 ? r : is_packed ? 1 : align;
}

/* "{ ... }" with the wanted members; the alignment of the object, or -errno. */
static int write_body(struct writer *w, struct strbuf *out, const struct btf_type *t,
		      const struct place *place)
{
	_cleanup_free_ struct member *members = NULL;
	struct member_list list = {0};
	/* libbcc's helpers use the registers by all their names. */
	bool all = place->macros && strcmp(place->macros, "pt_regs") == 0;
	int align = 1, r;

	w->depth++;
	r = collect_members(w, t, 0, all, 0, &list);
	members = list.members;
	strbuf_puts(out, "{ union {\n");
	for (size_t i = 0; i < list.count && r >= 0; i++) {
		r = write_member(w, out, &members[i], i, t->size, place);
		align = MAX(align, r);
	}
	strbuf_printf(out, "char __size[%u];\n}; }", t->size);
	w->depth--;
	return r < 0 ? r : align;
}

static int write_composite(struct writer *w, uint32_t state_id, const struct btf_type *t,
			   const char *tag, const char *alias)
{
	_cleanup_strbuf_ struct strbuf body = {0}, type = {0};
	struct place place = {.path = "", .macros = alias ? alias : tag};
	int r;

	if (alias)
		strbuf_puts(&type, alias);
	else
		strbuf_printf(&type, "%s %s", keyword(t), tag);
	place.type = strbuf_text(&type);
	w->states[state_id].stage = STAGE_BUSY;
	r = write_body(w, &body, t, &place);
	if (r >= 0 && (strbuf_error(&body) || strbuf_error(&type)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	w->states[state_id].stage = STAGE_DONE;
	w->states[state_id].align = (uint8_t)r;
	strbuf_printf(w->out, "#define HAVE_%s 1\n", place.macros);
	if (alias)
		strbuf_printf(w->out, "typedef %s %s %s;\n", keyword(t), strbuf_text(&body), alias);
	else
		strbuf_printf(w->out, "%s %s;\n", place.type, strbuf_text(&body));
	return report(w, &place, "", "", t->size);
}

/* "NAME = VALUE, " as C writes it. Where BTF does not mark a sign, 32 bits are taken as signed. */
static void write_enumerator(const struct writer *w, struct strbuf *out, const struct btf_type *t,
			     uint32_t i, const char *name)
{
	bool is_signed = btf_kflag(t) || (!w->marks_signed_enums && !btf_is_enum64(t));
	int64_t value;

	if (btf_is_enum64(t))
		value = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
	else
		value = is_signed ? btf_enum(t)[i].val : (int64_t)(uint32_t)btf_enum(t)[i].val;
	if (is_signed)
		strbuf_printf(out, "%s = %lld, ", name, (long long)value);
	else
		strbuf_printf(out, "%s = %lluu, ", name, (unsigned long long)value);
}

/* An enumeration the text names: all of it; any other: only the enumerators the text names. */
static int write_enum(struct writer *w, uint32_t id, const struct btf_type *t)
{
	bool is_short = t->size == 1 || t->size == 2;
	_cleanup_strbuf_ struct strbuf body = {0};
	const char *tag = kernel_type_name(w->btf, t->name_off);
	bool is_named = tag[0] && text_names_use(w->names, tag) & TEXT_NAME_ENUM &&
			!tag_is_taken(w, tag) && claim(w, &w->tags, tag, id);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *name =
			kernel_type_name(w->btf, btf_is_enum64(t) ? btf_enum64(t)[i].name_off
								  : btf_enum(t)[i].name_off);

		if (!name[0] || !(is_named || text_names_use(w->names, name)) ||
		    uapi_names_enumerator(name) || ordinary_is_taken(w, name) ||
		    !claim(w, &w->ordinary, name, id))
			continue;
		if (text_names_use(w->names, name))
			strbuf_printf(w->out, "#define HAVE_ENUMERATOR_%s 1\n", name);
		write_enumerator(w, &body, t, i, name);
	}
	if (body.length && is_named)
		strbuf_printf(w->out, "#define HAVE_%s 1\nenum %s { %s}%s;\n", tag, tag,
			      strbuf_text(&body), is_short ? " __attribute__((packed))" : "");
	else if (body.length)
		strbuf_printf(w->out, "enum { %s};\n", strbuf_text(&body));
	return strbuf_error(&body);
}

/* A typedef the text names. Those of structs without a tag are also written where a field needs
 * them. */
static int write_typedef(struct writer *w, uint32_t id, const struct btf_type *t)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = kernel_type_name(w->btf, t->name_off);
	struct place nowhere = {.path = ""};
	struct shape s;
	int r = 0;

	if (!name[0] || !text_names_use(w->names, name) || ordinary_is_taken(w, name) ||
	    !unfold(w->btf, id, &s))
		return 0;
	if (s.alias == id && s.base && btf_is_composite(s.base) && !s.stars &&
	    !kernel_type_name(w->btf, s.base->name_off)[0]) {
		complete(w, id, s.base, NULL, name, &r);
		return r;
	}
	if (!claim(w, &w->ordinary, name, id))
		return 0;
	r = declare(w, &text, t->type, name, &nowhere);
	if (r > 0)
		strbuf_printf(w->out, "typedef %s;\n", strbuf_text(&text));
	return r < 0 ? r : strbuf_error(&text);
}

/* A program iter__NAME, or BPF_ITER(NAME) as bcc has it, gets a struct bpf_iter__NAME. */
static bool is_iterator_context(const struct writer *w, const char *tag)
{
	static const char prefix[] = "bpf_iter__";

	if (strncmp(tag, prefix, strlen(prefix)) != 0)
		return false;
	return text_names_use(w->names, tag + strlen("bpf_")) ||
	       (text_names_use(w->names, "BPF_ITER") &&
		text_names_use(w->names, tag + strlen(prefix)));
}

/* Does the text ask for this very struct or union? */
static bool is_named(const struct writer *w, const struct btf_type *t, const char *tag)
{
	unsigned use = text_names_use(w->names, tag);

	return use & (btf_is_union(t) ? TEXT_NAME_UNION : TEXT_NAME_STRUCT) ||
	       strcmp(tag, "pt_regs") == 0 || is_iterator_context(w, tag);
}

static bool has_signed_enum(const struct writer *w)
{
	for (uint32_t id = 1; id < w->type_count; id++) {
		const struct btf_type *t = btf__type_by_id(w->btf, id);

		if (btf_is_any_enum(t) && btf_kflag(t))
			return true;
	}
	return false;
}

/* Everything the text names itself. */
static int write_named(struct writer *w)
{
	int r = 0;

	for (uint32_t id = 1; id < w->type_count && r >= 0; id++) {
		const struct btf_type *t = btf__type_by_id(w->btf, id);
		const char *name;

		if (btf_is_any_enum(t)) {
			r = write_enum(w, id, t);
		} else if (btf_is_typedef(t)) {
			r = write_typedef(w, id, t);
		} else if (btf_is_composite(t)) {
			name = kernel_type_name(w->btf, t->name_off);
			if (name[0] && is_named(w, t, name))
				complete(w, id, t, name, NULL, &r);
		}
	}
	return r;
}

/* What written fields point to, as far as the text names any field of it. */
static int write_queued(struct writer *w)
{
	for (size_t i = 0; i < w->queue_length; i++) {
		uint32_t id = w->queue[i];
		const struct btf_type *t = btf__type_by_id(w->btf, id);
		struct member_list list = {0};
		int r = collect_members(w, t, 0, false, 0, &list);
		size_t count = list.count;

		free(list.members);
		if (r == 0 && count)
			complete(w, id, t, kernel_type_name(w->btf, t->name_off), NULL, &r);
		if (r < 0)
			return r;
	}
	return 0;
}

int kernel_decls_write(const struct btf *btf, const struct text_names *names,
		       const struct text_names *base, struct strbuf *out, kernel_field_fn *on_field,
		       void *user)
{
	struct writer w = {
		.btf = btf,
		.names = names,
		.base = base,
		.out = out,
		.on_field = on_field,
		.user = user,
		.type_count = btf__type_cnt(btf),
		.members_left = MOST_MEMBERS,
	};
	int r;

	w.states = calloc(w.type_count, sizeof(*w.states));
	w.marks_signed_enums = has_signed_enum(&w);
	r = w.states ? write_named(&w) : -ENOMEM;
	if (r >= 0)
		r = write_queued(&w);
	if (r >= 0)
		r = w.failed ? -ENOMEM : strbuf_error(out);
	free(w.states);
	free(w.queue);
	name_table_free(&w.tags);
	name_table_free(&w.ordinary);
	return r < 0 ? r : 0;
}
