/* A text of a probe as somebody has written it: heading, functions, and back again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/probe_text.h"
#include "session/text_functions.h"

static unsigned int count_lines(const char *text)
{
	unsigned int n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static bool check(const struct text_function *f, void *user)
{
	const unsigned int *lines = user;

	if (!*f->name || !memchr(f->name, 0, sizeof(f->name)) || !f->first || f->first > f->last ||
	    f->last > *lines)
		abort();
	return true;
}

/* What is written with a heading reads as the same text, without a warning. */
static void there_and_back(const struct probe_text *text)
{
	_cleanup_strbuf_ struct strbuf file = {0}, why = {0}, warning = {0};
	struct probe_text again = {0};

	probe_text_put("oomkill", strbuf_text(&text->text), &file);
	if (file.length > PROBE_TEXT_MOST)
		return;
	if (probe_text_make(strbuf_text(&file), file.length, "a.c", "oomkill", &again, &why,
			    &warning) < 0 ||
	    warning.length || strcmp(strbuf_text(&again.text), strbuf_text(&text->text)) != 0)
		abort();
	probe_text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf why = {0}, warning = {0};
	struct probe_text text = {0};
	unsigned int lines;

	if (probe_text_make((const char *)data, size, "a.c", "oomkill", &text, &why, &warning) < 0)
		return 0;
	lines = count_lines(strbuf_text(&text.text));
	text_functions(strbuf_text(&text.text), check, &lines);
	there_and_back(&text);
	probe_text_free(&text);
	return 0;
}
