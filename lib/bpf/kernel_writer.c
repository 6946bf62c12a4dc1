#include "bpf/kernel_writer.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/kernel_members.h"
#include "bpf/kernel_types.h"
#include "bpf/text_names.h"
#include "bpf/uapi_names.h"

enum { DEEPEST_NESTING = 32 }; /* of structs in structs; the kernel's own go to about 10 */

static int write_composite(struct kernel_writer *w, uint32_t state_id, const struct btf_type *t,
			   const char *tag, const char *alias);
static int write_body(struct kernel_writer *w, struct strbuf *out, const struct btf_type *t,
		      const struct kernel_place *place);

bool kernel_writer_claim(struct kernel_writer *w, struct name_table *table, const char *name,
			 uint32_t id)
{
	uint32_t owner = name_table_get(table, name, strlen(name));

	if (!owner && name_table_add(table, name, strlen(name), id) < 0)
		w->failed = true;
	return !owner || owner == id;
}

bool kernel_writer_tag_is_taken(const struct kernel_writer *w, const char *tag)
{
	return text_names_use(w->names, tag) & TEXT_NAME_TAG_BODY || uapi_names_tag(tag);
}

bool kernel_writer_name_is_taken(const struct kernel_writer *w, const char *name)
{
	return text_names_use(w->names, name) & TEXT_NAME_DECLARED ||
	       text_names_use(w->base, name) & TEXT_NAME_DECLARED;
}

static const char *keyword(const struct btf_type *t)
{
	return btf_is_union(t) || (btf_is_fwd(t) && btf_kflag(t)) ? "union" : "struct";
}

static int enqueue(struct kernel_writer *w, uint32_t id)
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

bool kernel_writer_complete(struct kernel_writer *w, uint32_t state_id, const struct btf_type *t,
			    const char *tag, const char *alias, int *error)
{
	const struct kernel_type_state *state = &w->states[state_id];

	if (alias ? kernel_writer_name_is_taken(w, alias) ||
			    !kernel_writer_claim(w, &w->ordinary, alias, state_id)
		  : kernel_writer_tag_is_taken(w, tag) ||
			    !kernel_writer_claim(w, &w->tags, tag, state_id))
		return false;
	if (state->stage < STAGE_BUSY && w->depth < DEEPEST_NESTING)
		*error = write_composite(w, state_id, t, tag, alias);
	return state->stage == STAGE_DONE;
}

/* A pointer to it can be declared, and what it points to is written later if it is needed. */
static bool refer(struct kernel_writer *w, uint32_t id, const struct btf_type *t, const char *tag,
		  int *error)
{
	int found;

	if (kernel_writer_tag_is_taken(w, tag))
		return true;
	if (btf_is_fwd(t)) {
		found = btf__find_by_name_kind(w->btf, tag,
					       btf_kflag(t) ? BTF_KIND_UNION : BTF_KIND_STRUCT);
		if (found <= 0)
			return true;
		id = (uint32_t)found;
	}
	if (!kernel_writer_claim(w, &w->tags, tag, id))
		return false;
	*error = enqueue(w, id);
	return true;
}

/* Spell a struct or union; its alignment, 0 if it must be made of bytes (or void), or -errno. */
static int spell_composite(struct kernel_writer *w, struct strbuf *out,
			   const struct kernel_shape *s, const struct kernel_place *inner)
{
	const char *tag = kernel_type_name(w->btf, s->base->name_off);
	const char *alias;
	int error = 0;

	if (tag[0]) {
		if (!(s->stars ? refer(w, s->id, s->base, tag, &error)
			       : kernel_writer_complete(w, s->id, s->base, tag, NULL, &error)))
			return error;
		strbuf_printf(out, "%s %s", keyword(s->base), tag);
		return error ? error : MAX(w->states[s->id].align, 1);
	}
	if (btf_is_fwd(s->base))
		return 0;
	if (s->alias) {
		alias = kernel_type_name(w->btf, btf__type_by_id(w->btf, s->alias)->name_off);
		if (alias[0] && kernel_writer_complete(w, s->alias, s->base, NULL, alias, &error)) {
			strbuf_puts(out, alias);
			return w->states[s->alias].align;
		}
	}
	if (error || s->stars || w->depth >= DEEPEST_NESTING)
		return error;
	strbuf_printf(out, "%s ", keyword(s->base));
	return write_body(w, out, s->base, inner);
}

int kernel_writer_declare(struct kernel_writer *w, struct strbuf *out, uint32_t id,
			  const char *name, const struct kernel_place *inner)
{
	struct kernel_shape s;
	const char *integer = NULL;
	int align = 0;

	if (!kernel_shape_unfold(w->btf, id, &s))
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

static int report(struct kernel_writer *w, const struct kernel_place *place, const char *field,
		  const char *index, uint64_t offset)
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
static void write_bits(struct kernel_writer *w, const struct kernel_member *m, const char *tag,
		       int64_t size)
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
static int64_t second_element(struct kernel_writer *w, uint32_t id, bool *is_array)
{
	const struct btf_type *t = kernel_type_strip(w->btf, id);

	*is_array = t && btf_is_array(t);
	return *is_array && btf_array(t)->nelems > 1 ? kernel_type_size(w->btf, btf_array(t)->type)
						     : -1;
}

static int announce(struct kernel_writer *w, const struct kernel_member *m,
		    const struct kernel_place *place)
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
static int write_member(struct kernel_writer *w, struct strbuf *out, const struct kernel_member *m,
			size_t number, int64_t size, const struct kernel_place *place)
{
	_cleanup_strbuf_ struct strbuf text = {0}, path = {0};
	uint64_t offset = m->bit / 8;
	int64_t member_size = kernel_type_size(w->btf, m->type);
	bool is_array, is_packed;
	struct kernel_place inner = {.offset = place->offset + offset};
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
	align = kernel_writer_declare(w, &text, m->type, m->name, &inner);
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
static int write_body(struct kernel_writer *w, struct strbuf *out, const struct btf_type *t,
		      const struct kernel_place *place)
{
	struct kernel_members members = {0};
	/* libbcc's helpers use the registers by all their names. */
	bool all = place->macros && strcmp(place->macros, "pt_regs") == 0;
	int align = 1, r;

	w->depth++;
	r = kernel_members_collect(w->btf, t, w->names, all, &w->budget, &members);
	strbuf_puts(out, "{ union {\n");
	for (size_t i = 0; i < members.count && r >= 0; i++) {
		r = write_member(w, out, &members.list[i], i, t->size, place);
		align = MAX(align, r);
	}
	strbuf_printf(out, "char __size[%u];\n}; }", t->size);
	w->depth--;
	free(members.list);
	return r < 0 ? r : align;
}

static int write_composite(struct kernel_writer *w, uint32_t state_id, const struct btf_type *t,
			   const char *tag, const char *alias)
{
	_cleanup_strbuf_ struct strbuf body = {0}, type = {0};
	struct kernel_place place = {.path = "", .macros = alias ? alias : tag};
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
