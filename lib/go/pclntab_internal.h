/* What the files of pclntab share. */
#pragma once

#include <errno.h>
#include <string.h>

#include "base/hash_index.h"
#include "go/pclntab.h"

struct name {
	uint64_t address;
	char *text;
};

struct pclntab {
	struct elf_image *image;
	uint64_t address; /* of the header; those below are addresses too */
	uint64_t names, units, files, values, functions;
	uint64_t text;	       /* what function entries count from */
	uint64_t inline_trees; /* what inline trees count from (moduledata.gofunc); 0 unknown */
	uint32_t function_count;
	uint32_t quantum; /* of code addresses */
	bool since_120;
	bool known;	/* the magic number is that of a Go version */
	uint64_t steps; /* taken in pc-value tables */

	struct name *pool; /* names that were asked for */
	uint32_t pool_count;
	struct hash_index pool_index;
};

static inline uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Out of bounds is corruption here; other errors (-ENOMEM, -EIO) keep their own number. */
static inline int fetch(struct pclntab *t, uint64_t address, void *buffer, size_t n)
{
	int r = elf_image_read(t->image, address, buffer, n);

	return r == -EFAULT ? -EBADMSG : r;
}

static inline int fetch32(struct pclntab *t, uint64_t address, uint32_t *ret)
{
	return fetch(t, address, ret, sizeof(*ret));
}
