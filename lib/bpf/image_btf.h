/* The types of a text, from its image: bytes of a cache or of a file that somebody brought. */
#pragma once

#include <stddef.h>

struct btf;

/*
 * Open them (btf__free() closes). -EBADMSG: they are damaged. What is in them is not checked yet:
 * numbers of types may lead nowhere or in a circle, offsets out of their struct.
 */
int image_btf_open(const void *bytes, size_t size, struct btf **ret);

/*
 * For a kernel that refuses them: what Linux 5.10 does not know, and what libbcc leaves behind a
 * type that it does not know itself, is replaced by something of the same size, in place. Functions
 * and lines keep their numbers. -EBADMSG: they are damaged; nothing has changed.
 */
int image_btf_simplify(void *bytes, size_t size);
