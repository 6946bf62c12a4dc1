#include "bpf/kernel_map.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/macro.h"

int kernel_map_lookup(int fd, const void *key, void *value)
{
	return bpf_map_lookup_elem(fd, key, value) < 0 ? -errno : 0;
}

int kernel_map_update(int fd, const void *key, const void *value)
{
	return bpf_map_update_elem(fd, key, value, BPF_ANY) < 0 ? -errno : 0;
}

int kernel_map_delete(int fd, const void *key)
{
	return bpf_map_delete_elem(fd, key) < 0 ? -errno : 0;
}

int kernel_map_cpus(void)
{
	return libbpf_num_possible_cpus();
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/* One entry after the other: two system calls for each. */
static int walk_entries(int fd, const struct bpf_map_info *info, size_t value_size,
			int (*visit)(const void *key, const void *value, void *user), void *user)
{
	_cleanup_free_ char *keys = malloc(2 * (size_t)info->key_size), *value = malloc(value_size);
	char *key = keys, *next;
	int r = 0;

	if (!keys || !value)
		return -ENOMEM;
	next = keys + info->key_size;
	if (bpf_map_get_next_key(fd, NULL, key) < 0)
		return errno == ENOENT ? 0 : -errno;
	for (bool more = true; more && r == 0; memcpy(key, next, info->key_size)) {
		/* The next key first: a deleted one would lead back to the start. */
		more = bpf_map_get_next_key(fd, key, next) == 0;
		if (!more && errno != ENOENT)
			return -errno;
		if (bpf_map_lookup_elem(fd, key, value) == 0)
			r = visit(key, value, user);
	}
	return r;
}

#define BATCH 512

/* Many at once, since Linux 5.6. -EOPNOTSUPP: not here, and nothing was visited. */
static int walk_batches(int fd, const struct bpf_map_info *info,
			int (*visit)(const void *key, const void *value, void *user), void *user)
{
	_cleanup_free_ char *keys = calloc(BATCH, info->key_size);
	_cleanup_free_ char *values = calloc(BATCH, info->value_size);
	uint32_t place = 0; /* of a hash table: the number of the next chain */
	bool first = true, more = true;
	int r = 0;

	if (!keys || !values)
		return -ENOMEM;
	while (more && r == 0) {
		uint32_t n = BATCH;

		more = bpf_map_lookup_batch(fd, first ? NULL : &place, &place, keys, values, &n,
					    NULL) == 0;
		if (!more && errno != ENOENT)
			return first ? -EOPNOTSUPP : -errno;
		for (uint32_t i = 0; i < n && r == 0; i++)
			r = visit(keys + (size_t)i * info->key_size,
				  values + (size_t)i * info->value_size, user);
		first = false;
	}
	return r;
}

int kernel_map_walk(int fd, int (*visit)(const void *key, const void *value, void *user),
		    void *user)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	size_t value_size;
	int r = -EOPNOTSUPP;

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	value_size = info.value_size;
	if (is_per_cpu(info.type))
		value_size = (value_size + 7) / 8 * 8 * (size_t)kernel_map_cpus();
	if (info.type == BPF_MAP_TYPE_HASH)
		r = walk_batches(fd, &info, visit, user);
	return r == -EOPNOTSUPP ? walk_entries(fd, &info, value_size, visit, user) : r;
}
