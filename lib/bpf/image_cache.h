/*
 * Compiled images by content: /var/cache/oomtools/KEY.image (OOMTOOLS_CACHE_DIR names another
 * directory, under the same rules). What lies there will run in the kernel, so the directory and
 * each file must be ours (owner the effective user), closed to all others, and no symlink; a file
 * is checked by image_parse(). Nothing here is fatal: whatever is wrong is a miss with a reason.
 */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"
#include "bpf/image.h"

/* How many images are kept: the longest unused go first. */
#define IMAGE_CACHE_MOST 64

/* The key of these parts, in this order: hexadecimal SHA-256. 0 or -ENOMEM. */
int image_cache_key(const char *const *parts, size_t n, struct strbuf *ret);

/*
 * Look an image up. -ENOENT if it is not there; any other -errno if what is there was not used,
 * with the reason in WHY; such a file is removed.
 */
int image_cache_read(const char *key, struct image **ret, struct strbuf *why);

/* Keep the bytes of an image. 0, or -errno with the reason in WHY. */
int image_cache_write(const char *key, const void *bytes, size_t n, struct strbuf *why);
