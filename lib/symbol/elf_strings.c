/* Strings that are looked for by their beginning. */
#include "symbol/elf_image_internal.h"

#include <errno.h>
#include <string.h>

#define TEXT_MOST 128 /* with the NUL; also what two pieces have in common */
#define PIECE 16384

/* In what is at hand: the first N bytes of TEXT are searched, those behind belong to the strings.
 */
static int search_piece(char *text, size_t n, uint64_t at, const char *prefix,
			int (*each)(void *context, uint64_t at, const char *text), void *context)
{
	size_t length = strlen(prefix);
	char *found = text;
	int r = 0;

	while (r == 0) {
		char *end, kept;

		found = memmem(found, (size_t)(text + n - found) + length, prefix, length);
		if (!found || found >= text + n)
			break;
		end = found + TEXT_MOST - 1;
		kept = *end;
		*end = '\0';
		r = each(context, at + (uint64_t)(found - text), found);
		*end = kept;
		found++;
	}
	return r;
}

int elf_image_find_strings(struct elf_image *image, uint64_t offset, uint64_t size,
			   const char *prefix,
			   int (*each)(void *context, uint64_t at, const char *text), void *context)
{
	char text[PIECE + 2 * TEXT_MOST];
	int r = 0;

	if (!within(offset, size, image->file_size))
		return -EBADMSG;
	if (strlen(prefix) >= TEXT_MOST)
		return -EINVAL;
	for (uint64_t at = 0; r == 0 && at < size; at += PIECE) {
		size_t n = MIN(size - at, sizeof(text) - TEXT_MOST);

		r = elf_image_read_file(image, offset + at, text, n);
		memset(text + n, 0, sizeof(text) - n);
		if (r == 0)
			r = search_piece(text, MIN(n, PIECE), at, prefix, each, context);
	}
	return r;
}
