#include "bpf/kernel_enum.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <bpf/btf.h>

static bool is_called(const struct btf *btf, uint32_t name_off, const char *name)
{
	const char *other = btf__name_by_offset(btf, name_off);

	return other && !strcmp(other, name);
}

int kernel_enum_value(const struct btf *btf, const char *name, uint64_t *ret)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		for (int i = 0; t && btf_is_enum(t) && i < btf_vlen(t); i++) {
			if (!is_called(btf, btf_enum(t)[i].name_off, name))
				continue;
			*ret = (uint64_t)(int64_t)btf_enum(t)[i].val;
			return 0;
		}
		for (int i = 0; t && btf_is_enum64(t) && i < btf_vlen(t); i++) {
			if (!is_called(btf, btf_enum64(t)[i].name_off, name))
				continue;
			*ret = btf_enum64_value(&btf_enum64(t)[i]);
			return 0;
		}
	}
	return -ENOENT;
}
