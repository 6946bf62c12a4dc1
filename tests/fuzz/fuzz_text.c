/* Foreign text to a terminal, to JSON and to a file name: what comes out must keep its promise. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	_cleanup_strbuf_ struct strbuf out = {0};

	text_display(&out, bytes, size);
	for (size_t i = 0; i < out.length; i++)
		if ((unsigned char)out.data[i] < ' ' || out.data[i] == 0x7f)
			abort();
	strbuf_reset(&out);
	text_utf8(&out, bytes, size);
	strbuf_reset(&out);
	text_filename(&out, bytes, size);
	if (!out.length || out.data[0] == '.' || strpbrk(out.data, "/\n\\ "))
		abort();
	return 0;
}
