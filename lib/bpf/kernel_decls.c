#include "bpf/kernel_decls.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/kernel_members.h"
#include "bpf/kernel_types.h"
#include "bpf/kernel_writer.h"
#include "bpf/text_names.h"
#include "bpf/uapi_names.h"

enum { MOST_MEMBERS = 1 << 20 }; /* looked at in all; a large text looks at some 10000 */

/* "NAME = VALUE, " as C writes it. Where BTF does not mark a sign, 32 bits are taken as signed. */
static void write_enumerator(const struct kernel_writer *w, struct strbuf *out,
			     const struct btf_type *t, uint32_t i, const char *name)
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
static int write_enum(struct kernel_writer *w, uint32_t id, const struct btf_type *t)
{
	bool is_short = t->size == 1 || t->size == 2;
	_cleanup_strbuf_ struct strbuf body = {0};
	const char *tag = kernel_type_name(w->btf, t->name_off);
	bool is_named = tag[0] && text_names_use(w->names, tag) & TEXT_NAME_ENUM &&
			!kernel_writer_tag_is_taken(w, tag) &&
			kernel_writer_claim(w, &w->tags, tag, id);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *name =
			kernel_type_name(w->btf, btf_is_enum64(t) ? btf_enum64(t)[i].name_off
								  : btf_enum(t)[i].name_off);

		if (!name[0] || !(is_named || text_names_use(w->names, name)) ||
		    uapi_names_enumerator(name) || kernel_writer_name_is_taken(w, name) ||
		    !kernel_writer_claim(w, &w->ordinary, name, id))
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
static int write_typedef(struct kernel_writer *w, uint32_t id, const struct btf_type *t)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = kernel_type_name(w->btf, t->name_off);
	struct kernel_place nowhere = {.path = ""};
	struct kernel_shape s;
	int r = 0;

	if (!name[0] || !text_names_use(w->names, name) || kernel_writer_name_is_taken(w, name) ||
	    !kernel_shape_unfold(w->btf, id, &s))
		return 0;
	if (s.alias == id && s.base && btf_is_composite(s.base) && !s.stars &&
	    !kernel_type_name(w->btf, s.base->name_off)[0]) {
		kernel_writer_complete(w, id, s.base, NULL, name, &r);
		return r;
	}
	if (!kernel_writer_claim(w, &w->ordinary, name, id))
		return 0;
	r = kernel_writer_declare(w, &text, t->type, name, &nowhere);
	if (r > 0)
		strbuf_printf(w->out, "typedef %s;\n", strbuf_text(&text));
	return r < 0 ? r : strbuf_error(&text);
}

/* A program iter__NAME, or BPF_ITER(NAME) as bcc has it, gets a struct bpf_iter__NAME. */
static bool is_iterator_context(const struct kernel_writer *w, const char *tag)
{
	static const char prefix[] = "bpf_iter__";

	if (strncmp(tag, prefix, strlen(prefix)) != 0)
		return false;
	return text_names_use(w->names, tag + strlen("bpf_")) ||
	       (text_names_use(w->names, "BPF_ITER") &&
		text_names_use(w->names, tag + strlen(prefix)));
}

/* Does the text ask for this very struct or union? */
static bool is_named(const struct kernel_writer *w, const struct btf_type *t, const char *tag)
{
	unsigned use = text_names_use(w->names, tag);

	return use & (btf_is_union(t) ? TEXT_NAME_UNION : TEXT_NAME_STRUCT) ||
	       strcmp(tag, "pt_regs") == 0 || is_iterator_context(w, tag);
}

static bool has_signed_enum(const struct kernel_writer *w)
{
	for (uint32_t id = 1; id < w->type_count; id++) {
		const struct btf_type *t = btf__type_by_id(w->btf, id);

		if (btf_is_any_enum(t) && btf_kflag(t))
			return true;
	}
	return false;
}

/* Everything the text names itself. */
static int write_named(struct kernel_writer *w)
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
				kernel_writer_complete(w, id, t, name, NULL, &r);
		}
	}
	return r;
}

/* What written fields point to, as far as the text names any field of it. */
static int write_queued(struct kernel_writer *w)
{
	for (size_t i = 0; i < w->queue_length; i++) {
		uint32_t id = w->queue[i];
		const struct btf_type *t = btf__type_by_id(w->btf, id);
		struct kernel_members members = {0};
		int r = kernel_members_collect(w->btf, t, w->names, false, &w->budget, &members);

		free(members.list);
		if (r == 0 && members.count)
			kernel_writer_complete(w, id, t, kernel_type_name(w->btf, t->name_off),
					       NULL, &r);
		if (r < 0)
			return r;
	}
	return 0;
}

int kernel_decls_write(const struct btf *btf, const struct text_names *names,
		       const struct text_names *base, struct strbuf *out, kernel_field_fn *on_field,
		       void *user)
{
	struct kernel_writer w = {
		.btf = btf,
		.names = names,
		.base = base,
		.out = out,
		.on_field = on_field,
		.user = user,
		.type_count = btf__type_cnt(btf),
		.budget = MOST_MEMBERS,
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
