#include "bpf/kernel_types.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

enum { LONGEST_CHAIN = 64, MOST_STARS = 4 };

const char *kernel_type_name(const struct btf *btf, uint32_t name_off)
{
	const char *name = btf__name_by_offset(btf, name_off);

	if (!name || isdigit((unsigned char)name[0]))
		return "";
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return "";
	return name;
}

bool kernel_type_is_filler(const char *name)
{
	if (!strncmp(name, "__p", 3) && name[3])
		return name[3 + strspn(name + 3, "0123456789")] == '\0';
	return !strcmp(name, "__size");
}

bool kernel_type_is_qualifier(const struct btf_type *t)
{
	return btf_is_mod(t) || btf_kind(t) == BTF_KIND_TYPE_TAG;
}

const struct btf_type *kernel_type_strip(const struct btf *btf, uint32_t id)
{
	for (int i = 0; i < LONGEST_CHAIN && id; i++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (!t || !(kernel_type_is_qualifier(t) || btf_is_typedef(t)))
			return t;
		id = t->type;
	}
	return NULL;
}

int64_t kernel_type_size(const struct btf *btf, uint32_t id)
{
	int64_t count = 1, size;

	for (int i = 0; i < LONGEST_CHAIN; i++) {
		const struct btf_type *t = kernel_type_strip(btf, id);

		if (!t)
			return -1;
		switch (btf_kind(t)) {
		case BTF_KIND_ARRAY:
			if (__builtin_mul_overflow(count, btf_array(t)->nelems, &count))
				return -1;
			id = btf_array(t)->type;
			continue;
		case BTF_KIND_PTR:
			size = 8;
			break;
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_FLOAT:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			size = t->size;
			break;
		default:
			return -1;
		}
		return __builtin_mul_overflow(count, size, &size) ? -1 : size;
	}
	return -1;
}

static const char *integer_of_size(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? "signed char" : "unsigned char";
	case 2:
		return is_signed ? "short" : "unsigned short";
	case 4:
		return is_signed ? "int" : "unsigned int";
	case 8:
		return is_signed ? "long" : "unsigned long";
	default:
		return NULL;
	}
}

const char *kernel_type_integer(const struct btf *btf, const struct btf_type *t)
{
	/* Names that gcc and clang give integers and that say more than size and sign do. */
	static const struct {
		const char *name;
		uint32_t size;
	} known[] = {
		{"char", 1}, {"_Bool", 1}, {"long long int", 8}, {"long long unsigned int", 8}};
	const char *name = btf__name_by_offset(btf, t->name_off);

	if (!btf_is_int(t))
		return integer_of_size(t->size, btf_kflag(t));
	for (size_t i = 0; name && i < ARRAY_SIZE(known); i++)
		if (t->size == known[i].size && strcmp(name, known[i].name) == 0)
			return known[i].name;
	return integer_of_size(t->size, btf_int_encoding(t) & BTF_INT_SIGNED);
}

bool kernel_shape_unfold(const struct btf *btf, uint32_t id, struct kernel_shape *s)
{
	*s = (struct kernel_shape){0};
	for (int steps = 0; id && steps < LONGEST_CHAIN; steps++) {
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
