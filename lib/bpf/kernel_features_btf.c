#include "bpf/kernel_features.h"

#include <string.h>
#include <bpf/btf.h>

static bool has_enumerator(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_ENUM);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), name))
			return true;
	return false;
}

void kernel_features_from_btf(const struct btf *btf, struct kernel_features *ret)
{
	*ret = (struct kernel_features){
		.btf = true,
		.loop = has_enumerator(btf, "bpf_func_id", "BPF_FUNC_loop"),
		/* They are no type; this came with the same Linux. */
		.atomic_fetch = has_enumerator(btf, "bpf_func_id", "BPF_FUNC_check_mtu"),
		.ring_buffer = has_enumerator(btf, "bpf_map_type", "BPF_MAP_TYPE_RINGBUF"),
		.reads = true,
		.kprobe_type = -1,
		.uprobe_type = -1,
	};
}
