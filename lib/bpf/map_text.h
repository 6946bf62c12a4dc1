/* The entries of a BPF map as text, decoded by the BTF of the image that made it. */
#pragma once

#include "base/strbuf.h"
#include "bpf/tracer.h"

/* "hash", "ring", ...; "type N" of one without a name here. */
const char *map_text_type(unsigned int type, char buffer[static 16]);

/*
 * Append the entries of a map, "KEY: VALUE" a line, or only those of KEY (a number, or a text for
 * a key of characters; of a struct the bytes in hex, "01 02 ...", or members as they are shown,
 * "x=1 y=2", or their values in order; NULL: all); at most MOST, and then how many there are more.
 * A value without a type is hex. Of per-CPU maps each CPU's value that is not all zeros; of rings
 * their size and how much waits; of program arrays which slots are taken. BTF: that of the text
 * (tracer_btf()), or NULL. 0; -ENOENT: no such key; -EINVAL: KEY is none for this map; another
 * -errno; the reason is in WHY.
 */
int map_text(const struct tracer_map *map, const void *btf, size_t btf_size, const char *key,
	     size_t most, struct strbuf *out, struct strbuf *why);

/* Append the first MOST keys, a line each, as they are shown: for completion. */
void map_text_keys(const struct tracer_map *map, const void *btf, size_t btf_size, size_t most,
		   struct strbuf *out);
