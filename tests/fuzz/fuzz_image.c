/* Images from the cache or from a file: the input is a payload, put behind a fitting header. */
#include <stdint.h>
#include <stdlib.h>

#include "bpf/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf sealed = {0}, again = {0}, error = {0};
	_cleanup_image_ struct image *image = NULL;
	const char *why;

	if (image_parse(data, size, &image, &why) == 0)
		return 0;
	image_seal(data, size, &sealed);
	if (strbuf_error(&sealed) < 0 || image_parse(sealed.data, sealed.length, &image, &why) < 0)
		return 0;
	/* What is accepted can be written, and is the same. */
	if (image_write(image, &again, &why) < 0 || again.length != sealed.length)
		abort();
	image_link(image, &error);
	return 0;
}
