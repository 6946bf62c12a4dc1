#include "bpf/image_btf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/image.h"

/* libbpf 1.1 believes these sums (btf_parse_hdr()): a longer header moves what they are about. */
static bool is_whole(const void *bytes, size_t size)
{
	struct btf_header h;

	if (size < sizeof(h) || size > IMAGE_SIZE_MOST)
		return false;
	memcpy(&h, bytes, sizeof(h));
	return h.magic == BTF_MAGIC && h.version == BTF_VERSION && h.hdr_len == sizeof(h) &&
	       h.type_off % 4 == 0 &&
	       (uint64_t)h.type_off + h.type_len <= (uint64_t)size - sizeof(h) &&
	       (uint64_t)h.str_off + h.str_len <= (uint64_t)size - sizeof(h);
}

int image_btf_open(const void *bytes, size_t size, struct btf **ret)
{
	struct btf *btf;

	if (!is_whole(bytes, size))
		return -EBADMSG;
	btf = btf__new(bytes, (uint32_t)size);
	if (!btf)
		return errno == ENOMEM ? -ENOMEM : -EBADMSG;
	*ret = btf;
	return 0;
}

/* The kinds that came after Linux 5.10, should the headers be older. */
enum { KIND_FLOAT = 16, KIND_DECL_TAG, KIND_TYPE_TAG, KIND_ENUM64 };

#define INFO(kind, n) ((uint32_t)(kind) << 24 | (uint32_t)(n))

/* Bytes that follow a type; -1: of a kind that nobody knows. */
static int64_t tail_size(const struct btf_type *t)
{
	const int64_t n = btf_vlen(t);

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * n;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case KIND_ENUM64:
		return 12 * n;
	default:
		return btf_kind(t) > KIND_ENUM64 || !btf_kind(t) ? -1 : 0;
	}
}

/* Each 12 bytes of a section's become a pointer. Nothing refers to it, nor to what follows it. */
static void drop_section(struct btf_type *t)
{
	const size_t n = btf_vlen(t) + 1u;

	for (size_t i = 0; i < n; i++)
		t[i] = (struct btf_type){.info = INFO(BTF_KIND_PTR, 0)};
}

/* Its names become members of a union, of the type INTEGER. */
static void replace_enum64(struct btf_type *t, uint32_t integer)
{
	struct btf_member *members = btf_members(t);

	t->info = INFO(BTF_KIND_UNION, btf_vlen(t));
	for (int i = 0; i < btf_vlen(t); i++)
		members[i] = (struct btf_member){.name_off = members[i].name_off, .type = integer};
}

static void simplify(struct btf_type *t, uint32_t integer)
{
	switch (btf_kind(t)) {
	case BTF_KIND_ENUM:
		t->info &= ~(1u << 31); /* that it has a sign: since Linux 6.0 */
		break;
	case BTF_KIND_DATASEC:
		drop_section(t);
		break;
	case KIND_FLOAT:
		*t = (struct btf_type){.info = INFO(BTF_KIND_STRUCT, 0), .size = t->size};
		break;
	case KIND_DECL_TAG:
		*t = (struct btf_type){.info = INFO(BTF_KIND_INT, 0), .size = 1};
		*(uint32_t *)(t + 1) = 8; /* bits */
		break;
	case KIND_TYPE_TAG:
		*t = (struct btf_type){.info = INFO(BTF_KIND_CONST, 0), .type = t->type};
		break;
	case KIND_ENUM64:
		replace_enum64(t, integer);
		break;
	}
}

/* The type at *AT, which moves behind it; NULL: it does not end before END. */
static struct btf_type *take_type(char **at, const char *end)
{
	struct btf_type *t = (struct btf_type *)*at;
	const int64_t left = end - *at - (int64_t)sizeof(*t);
	const int64_t more = left < 0 ? -1 : tail_size(t);

	if (more < 0 || more > left)
		return NULL;
	*at += (int64_t)sizeof(*t) + more;
	return t;
}

int image_btf_simplify(void *bytes, size_t size)
{
	struct btf_header h;
	uint32_t integer = 0;
	char *first, *at, *end;

	if (!is_whole(bytes, size))
		return -EBADMSG;
	memcpy(&h, bytes, sizeof(h));
	first = (char *)bytes + sizeof(h) + h.type_off;
	end = first + h.type_len;
	at = first;
	for (uint32_t id = 1; at < end; id++) {
		const struct btf_type *t = take_type(&at, end);

		if (!t)
			return -EBADMSG;
		if (!integer && btf_is_int(t) && t->size <= 4)
			integer = id;
	}
	for (at = first; at < end;)
		simplify(take_type(&at, end), integer);
	return 0;
}
