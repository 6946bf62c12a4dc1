/* A policy as somebody has written it, put into its frame: each line is told as that of its file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rank/policy_text.h"

static void check_lines(const struct policy_text *joined)
{
	struct source whole = {.text = strbuf_text(&joined->text), .lines = joined->lines};
	const char *text = whole.text, *file;
	unsigned int line, number = 1, of_policy = 0;

	for (const struct text_line *l = joined->lines; l->file; l++)
		if (!l->line || (l > joined->lines && l[-1].first > l->first))
			abort();
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n', number++) {
		source_locate(&whole, number, &file, &line);
		if (!strcmp(file, "a.c") && line != ++of_policy)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_strbuf_ struct strbuf why = {0};
	struct source source = {.text = text, .file = "a.c"};
	struct policy_text joined;

	if (!text || policy_text_join(&source, &joined, &why) < 0)
		return 0;
	check_lines(&joined);
	policy_text_free(&joined);
	return 0;
}
