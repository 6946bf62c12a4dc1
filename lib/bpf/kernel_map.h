/* Reading and writing BPF maps. Sizes of keys and values are the map's; 0 or -errno. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* -ENOENT: no such key. */
int kernel_map_lookup(int fd, const void *key, void *value);
int kernel_map_update(int fd, const void *key, const void *value);
int kernel_map_delete(int fd, const void *key);

/*
 * Call VISIT for every entry; it may delete the one it is given. A return that is not 0 ends the
 * walk and is returned. Entries that come and go meanwhile may be missed; none is seen twice unless
 * it was deleted and made again. Values of per-CPU maps are one after the other, each rounded up to
 * 8 bytes: value_size * kernel_map_cpus().
 */
int kernel_map_walk(int fd, int (*visit)(const void *key, const void *value, void *user),
		    void *user);

/* How many values a per-CPU map has for a key: the possible CPUs. */
int kernel_map_cpus(void);
