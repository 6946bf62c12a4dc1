/* Any text at all is scanned to its end, and what was found can be asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/text_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_names *names = NULL;
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (text_names_scan(text, &names) < 0)
		abort();
	if (text_names_use(names, ""))
		abort();
	text_names_free(names);
	free(text);
	return 0;
}
