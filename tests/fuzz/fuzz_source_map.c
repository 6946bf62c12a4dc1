/* The output of a compiler, and a verifier's log, about a text that anyone may have edited. */
#include <stdint.h>
#include <string.h>

#include "bpf/program_load.h"
#include "bpf/source_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct text_line lines[] = {{1, "a.c", 1}, {3, "b.h", 1}, {0}};
	_cleanup_strbuf_ struct strbuf input = {0}, errors = {0}, others = {0};
	struct source source = {.lines = lines};
	const char *split;

	/* The text and, behind the first \1, what is said about it. */
	strbuf_append(&input, data, size);
	source.text = strbuf_text(&input);
	split = strchr(source.text, 1);
	if (split)
		input.data[split - input.data] = '\0';
	source_messages(&source, split ? split + 1 : source.text, true, &errors, &others);
	program_explain("raw_tp__x", split ? split + 1 : source.text, &source, &others);
	return 0;
}
