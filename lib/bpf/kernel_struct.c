#include "bpf/kernel_struct.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf/kernel_identity.h"
#include "bpf/kernel_types.h"

#define DEPTH_MOST 16
#define NEAR_MOST 5

static void free_btf(struct btf **btf)
{
	btf__free(*btf);
}

static int load(struct btf **ret, struct strbuf *why)
{
	struct btf *btf;

	if (access(KERNEL_BTF, R_OK) < 0) {
		strbuf_puts(why, "this kernel tells nothing of its structs: it has no " KERNEL_BTF
				 " (it is built without CONFIG_DEBUG_INFO_BTF=y)");
		return -EOPNOTSUPP;
	}
	btf = btf__parse_raw(KERNEL_BTF);
	if (!btf) {
		int r = errno == ENOMEM ? -ENOMEM : -EIO;

		strbuf_printf(why, KERNEL_BTF ": %s", strerror(-r));
		return r;
	}
	*ret = btf;
	return 0;
}

/* Tags that a text may name. */
static bool has_tag(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_any_enum(t);
}

/* ---- one struct ---- */

struct printer {
	const struct btf *btf;
	struct btf_dump *dump;
	struct strbuf *out, declaration;
	const char *only;  /* this member, with what is within it; NULL: all */
	const char *names; /* names only, behind this; NULL: all there is to tell */
	bool any;
};

static void collect(void *user, const char *format, va_list args)
{
	struct printer *p = user;
	char *text;

	if (vasprintf(&text, format, args) < 0) {
		p->declaration.failed = true;
		return;
	}
	strbuf_puts(&p->declaration, text);
	free(text);
}

static const char *tag_kind(const struct btf_type *t)
{
	return btf_is_struct(t) ? "struct" : btf_is_union(t) ? "union" : "enum";
}

/* Its type has no name: libbpf would write it out in full. */
static bool is_nameless(const struct kernel_shape *s)
{
	return s->base && !s->alias && has_tag(s->base) && !s->base->name_off;
}

/* "TYPE NAME" as C has it, in p->declaration. */
static int declare(struct printer *p, uint32_t type, const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);
	struct kernel_shape s;

	strbuf_reset(&p->declaration);
	if (kernel_shape_unfold(p->btf, type, &s) && is_nameless(&s)) {
		strbuf_printf(&p->declaration, "%s {...} %.*s%s%s", tag_kind(s.base), (int)s.stars,
			      "****", name, s.dims);
		return strbuf_error(&p->declaration);
	}
	if (btf_dump__emit_type_decl(p->dump, type, &opts) < 0)
		strbuf_printf(&p->declaration, "? %s", name);
	return strbuf_error(&p->declaration);
}

static int put_member(struct printer *p, const struct btf_type *t, uint32_t index,
		      const char *prefix, size_t base, unsigned int depth);

static int put_members(struct printer *p, const struct btf_type *t, const char *prefix, size_t base,
		       unsigned int depth)
{
	int r = 0;

	for (uint32_t i = 0; i < btf_vlen(t) && r == 0; i++)
		r = put_member(p, t, i, prefix, base, depth);
	return r;
}

/* Is that wanted: the one member, or a part of it where its struct has no name? */
static bool is_wanted(const struct printer *p, const char *path)
{
	size_t n = p->only ? strlen(p->only) : 0;

	return !p->only || (!strncmp(path, p->only, n) && (!path[n] || strchr(".[", path[n])));
}

static int put_member(struct printer *p, const struct btf_type *t, uint32_t index,
		      const char *prefix, size_t base, unsigned int depth)
{
	const struct btf_member *m = &btf_members(t)[index];
	const char *name = kernel_type_name(p->btf, m->name_off);
	size_t bit = base + btf_member_bit_offset(t, index);
	size_t bits = btf_member_bitfield_size(t, index);
	int64_t size = kernel_type_size(p->btf, m->type);
	_cleanup_strbuf_ struct strbuf path = {0};
	struct kernel_shape s;
	bool plain = kernel_shape_unfold(p->btf, m->type, &s) && !s.stars && !*s.dims;
	bool within = plain && is_nameless(&s) && btf_is_composite(s.base);
	int r;

	if (!*name && !within)
		return 0; /* padding */
	strbuf_printf(&path, "%s%s", prefix, name);
	if (within && depth < DEPTH_MOST) {
		strbuf_puts(&path, *name ? "." : "");
		return put_members(p, s.base, strbuf_text(&path), bit, depth + 1);
	}
	if (!is_wanted(p, strbuf_text(&path)))
		return strbuf_error(&path);
	p->any = true;
	if (p->names) {
		strbuf_printf(p->out, "%s%s\n", p->names, strbuf_text(&path));
		return strbuf_error(p->out);
	}
	r = declare(p, m->type, strbuf_text(&path));
	if (r < 0)
		return r;
	if (bits)
		strbuf_printf(p->out, "%7zu.%zu %5zu %s %s:%zu\n", bit / 8, bit % 8, bits,
			      bits == 1 ? "bit  " : "bits ", p->declaration.data, bits);
	else
		strbuf_printf(p->out, "%7zu   %5lld %s %s\n", bit / 8, (long long)MAX(size, 0),
			      size == 1 ? "byte " : "bytes", p->declaration.data);
	return strbuf_error(p->out);
}

static void put_enumerators(struct printer *p, const struct btf_type *t)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (btf_is_enum64(t)) {
			const struct btf_enum64 *e = &btf_enum64(t)[i];

			strbuf_printf(p->out, btf_kflag(t) ? "%20lld  %s\n" : "%20llu  %s\n",
				      (long long)btf_enum64_value(e),
				      kernel_type_name(p->btf, e->name_off));
		} else {
			const struct btf_enum *e = &btf_enum(t)[i];

			strbuf_printf(p->out, "%20d  %s\n", e->val,
				      kernel_type_name(p->btf, e->name_off));
		}
	}
}

static int put_type(struct printer *p, const char *name, const struct btf_type *t)
{
	strbuf_printf(p->out, "%s %s: %u bytes\n", tag_kind(t),
		      t->name_off ? kernel_type_name(p->btf, t->name_off) : name, t->size);
	if (btf_is_any_enum(t)) {
		put_enumerators(p, t);
		return strbuf_error(p->out);
	}
	strbuf_puts(p->out, " offset    size\n");
	return put_members(p, t, "", 0, 0);
}

/* ---- which one ---- */

/* Without "struct", "union", "enum" and the blanks about it. */
static void trim(const char *name, char ret[static 128])
{
	static const char *const kinds[] = {"struct ", "union ", "enum "};

	name += strspn(name, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i]))) {
			name += strlen(kinds[i]);
			break;
		}
	name += strspn(name, " \t");
	snprintf(ret, 128, "%.*s", (int)MIN(strcspn(name, " \t."), (size_t)127), name);
}

/* By tag; else by typedef: of a struct, or of an enum. The number of the type without the typedef.
 */
static const struct btf_type *find(const struct btf *btf, const char *name)
{
	static const uint32_t kinds[] = {BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
					 BTF_KIND_ENUM64, BTF_KIND_TYPEDEF};

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && *name; i++) {
		int id = btf__find_by_name_kind(btf, name, kinds[i]);
		const struct btf_type *t = id > 0 ? kernel_type_strip(btf, (uint32_t)id) : NULL;

		if (t && has_tag(t))
			return t;
	}
	return NULL;
}

/* Letters to change, add or leave out to come from A to B; at most MOST + 1. */
static size_t distance(const char *a, const char *b, size_t most)
{
	size_t n = strlen(a), m = strlen(b), row[129];

	if (n > 127 || m > 127 || n > m + most || m > n + most)
		return most + 1;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0], least = row[0] = i;

		for (size_t j = 1; j <= m; j++) {
			size_t other = MIN(row[j], row[j - 1]) + 1;

			other = MIN(other, corner + (a[i - 1] != b[j - 1]));
			corner = row[j];
			row[j] = other;
			least = MIN(least, other);
		}
		if (least > most)
			return most + 1;
	}
	return row[m];
}

struct near_name {
	const char *name;
	size_t distance;
};

/* Keep the nearest, the nearest first. */
static void note_near(struct near_name *near, size_t *n, const char *name, size_t far)
{
	size_t at = 0;

	while (at < *n && near[at].distance <= far) {
		if (!strcmp(near[at].name, name))
			return;
		at++;
	}
	if (at == NEAR_MOST)
		return;
	*n = MIN(*n + 1, (size_t)NEAR_MOST);
	memmove(&near[at + 1], &near[at], (*n - at - 1) * sizeof(*near));
	near[at] = (struct near_name){name, far};
}

/* NAME as C spells it where it is one: "gfp_t" is 'unsigned int'. */
static const char *integer_of(const struct btf *btf, const char *name)
{
	int id = *name ? btf__find_by_name(btf, name) : 0;
	const struct btf_type *t = id > 0 ? kernel_type_strip(btf, (uint32_t)id) : NULL;

	return t && btf_is_int(t) ? kernel_type_integer(btf, t) : NULL;
}

static void suggest(const struct btf *btf, const char *wanted, struct strbuf *why)
{
	struct near_name near[NEAR_MOST + 1];
	size_t n = 0, most = MAX(strlen(wanted) / 4, (size_t)1);
	const char *integer = integer_of(btf, wanted);

	for (uint32_t id = 1; !integer && *wanted && id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = t && has_tag(t) ? kernel_type_name(btf, t->name_off) : "";
		size_t far = *name ? distance(wanted, name, most) : most + 1;

		/* Half a name is also near, but less so the longer the whole one is. */
		if (far > most && strlen(wanted) >= 3 && *name && strstr(name, wanted))
			far = most + strlen(name) - strlen(wanted);
		else if (far > most)
			continue;
		note_near(near, &n, name, far);
	}
	if (integer) {
		strbuf_printf(why, "%s is no struct, union or enum: it is '%s'", wanted, integer);
		return;
	}
	strbuf_printf(why, "this kernel has no struct, union or enum '%s'", wanted);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(why, "%s%s", i ? ", " : "; did you mean ", near[i].name);
	strbuf_puts(why, n ? "?" : "");
}

/* ---- members of members ---- */

/* What a member is, or points to, or is an array of; NULL: T has no such member. */
static const struct btf_type *member_type(const struct btf *btf, const struct btf_type *t,
					  const char *name, size_t n, unsigned int depth)
{
	for (uint32_t i = 0; btf_is_composite(t) && i < btf_vlen(t); i++) {
		const char *own = kernel_type_name(btf, btf_members(t)[i].name_off);
		const struct btf_type *found = NULL;
		struct kernel_shape s;

		if (!kernel_shape_unfold(btf, btf_members(t)[i].type, &s) || !s.base)
			continue;
		if (strlen(own) == n && n && !strncmp(own, name, n))
			return s.base;
		if (!*own && is_nameless(&s) && depth < DEPTH_MOST)
			found = member_type(btf, s.base, name, n, depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const char *type_name(const struct btf *btf, const struct btf_type *t)
{
	return t->name_off ? kernel_type_name(btf, t->name_off) : "the struct";
}

/* PATH: "se.load.weight", of the struct *T. Leaves its last part, and in *T the struct of that. */
static int descend(const struct btf *btf, const struct btf_type **t, const char **path,
		   struct strbuf *why)
{
	for (const char *dot; (dot = strchr(*path, '.')); *path = dot + 1) {
		int n = (int)(dot - *path);
		const char *in = type_name(btf, *t);
		const struct btf_type *next = member_type(btf, *t, *path, (size_t)n, 0);

		if (!next)
			strbuf_printf(why, "%s has no member '%.*s': 'fields %s' shows them", in, n,
				      *path, in);
		else if (!btf_is_composite(next))
			strbuf_printf(why, "'%.*s' of %s has no members", n, *path, in);
		if (!next || !btf_is_composite(next))
			return -ENOENT;
		*t = next;
	}
	return 0;
}

static int put_path(struct printer *p, const struct btf_type *t, const char *path,
		    struct strbuf *why)
{
	const struct btf_type *outer = t;
	int r;

	/* Of a struct without a name the members are told as those of the outer one: "a.b". */
	p->only = path;
	r = btf_is_composite(t) ? put_members(p, t, "", 0, 0) : 0;
	if (r < 0 || p->any)
		return r;
	r = descend(p->btf, &t, &path, why);
	if (r < 0)
		return r;
	if (t != outer)
		strbuf_printf(p->out, "of %s %s:\n", tag_kind(t),
			      t->name_off ? kernel_type_name(p->btf, t->name_off) : "{...}");
	p->only = *path ? path : NULL;
	r = btf_is_composite(t) ? put_members(p, t, "", 0, 0) : 0;
	if (r < 0 || p->any)
		return r;
	strbuf_printf(why, "%s has no member '%s': 'fields %s' shows them", type_name(p->btf, t),
		      path, type_name(p->btf, t));
	return -ENOENT;
}

int kernel_struct_text(const char *name, struct strbuf *out, struct strbuf *why)
{
	_cleanup_(free_btf) struct btf *btf = NULL;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct printer p = {.out = &text};
	const struct btf_type *t;
	const char *dot = strchr(name, '.');
	char wanted[128];
	int r = load(&btf, why);

	if (r < 0)
		return r;
	trim(name, wanted);
	t = find(btf, wanted);
	if (!t) {
		suggest(btf, wanted, why);
		return -ENOENT;
	}
	p.btf = btf;
	p.dump = btf_dump__new(btf, collect, &p, NULL);
	r = !p.dump	    ? -errno
	    : dot && dot[1] ? put_path(&p, t, dot + 1, why)
			    : put_type(&p, wanted, t);
	btf_dump__free(p.dump);
	strbuf_free(&p.declaration);
	if (r == 0)
		strbuf_append(out, strbuf_text(&text), text.length);
	else if (!why->length)
		strbuf_printf(why, "%s: %s", wanted, strerror(-r));
	return r;
}

/* ---- names ---- */

static bool is_before(const void *element, const void *key)
{
	return strcmp(*(const char *const *)element, key) < 0;
}

/* Those of the members of "STRUCT." or "STRUCT.member.", with that before them. */
static int put_member_names(const struct btf *btf, const char *start, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ char *before = strndup(start, (size_t)(strrchr(start, '.') + 1 - start));
	struct printer p = {.btf = btf, .out = out, .names = before};
	const char *path;
	const struct btf_type *t;
	char wanted[128];

	if (!before)
		return -ENOMEM;
	trim(before, wanted);
	t = find(btf, wanted);
	path = strchr(before, '.') + 1;
	if (!t || descend(btf, &t, &path, &why) < 0 || !btf_is_composite(t))
		return 0;
	return put_members(&p, t, "", 0, 0);
}

int kernel_struct_names(const char *start, size_t most, struct strbuf *out)
{
	_cleanup_(free_btf) struct btf *btf = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ const char **names = calloc(most + 1, sizeof(*names));
	size_t n = 0;
	int r = names ? load(&btf, &why) : -ENOMEM;

	if (r == 0 && strchr(start, '.'))
		return put_member_names(btf, start, out);
	for (uint32_t id = 1; r == 0 && id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = t && has_tag(t) ? kernel_type_name(btf, t->name_off) : "";
		size_t at;

		if (!*name || strncmp(name, start, strlen(start)))
			continue;
		at = array_place(names, n, sizeof(*names), is_before, name);
		if (at == most || (at < n && !strcmp(names[at], name)))
			continue;
		n = MIN(n + 1, most);
		memmove(&names[at + 1], &names[at], (n - at - 1) * sizeof(*names));
		names[at] = name;
	}
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%s\n", names[i]);
	return r < 0 ? r : strbuf_error(out);
}
