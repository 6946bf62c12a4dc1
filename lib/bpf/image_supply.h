/* Where an image comes from: a file that was named, the cache, or the compiler. */
#pragma once

#include "bpf/compile_client.h"
#include "bpf/image.h"

struct image_supply {
	struct compile_request compile;
	const char *version; /* of the tool */
	const char *path;    /* an image made elsewhere; NULL: cache or compiler */
	void (*log)(const char *message, void *data);
	void *data;
};

/* An image, and, if it was compiled just now, what to keep in the cache. */
struct supplied_image {
	struct image *image;
	struct strbuf key, bytes;
};

/*
 * Get the image. On failure the reason is in REASON; -ENOPKG: there is nothing to compile with, nor
 * will there be for other flags. What was compiled is not yet cached: first it must prove itself.
 */
int image_obtain(const struct image_supply *supply, struct supplied_image *ret,
		 struct strbuf *reason);

/* Will it come from the cache? */
bool image_is_cached(const struct image_supply *supply);

/* Put what was compiled into the cache; trouble there is only logged. */
void image_keep(const struct image_supply *supply, const struct supplied_image *supplied);

void supplied_image_free(struct supplied_image *supplied);
