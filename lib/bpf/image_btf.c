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
