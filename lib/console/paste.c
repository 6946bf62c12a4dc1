#include "console/paste.h"

#include <string.h>

#include "base/macro.h"

#define BEGIN "\033[200~"
#define END "\033[201~"
#define MARK 6 /* bytes of either */

bool paste_is_half(const char *input, size_t n)
{
	const char *begin = n > PASTE_MOST ? NULL : memmem(input, n, BEGIN, MARK);
	size_t most = MIN(n, (size_t)MARK - 1);

	if (n > PASTE_MOST)
		return false;
	if (begin)
		return !memmem(begin, n - (size_t)(begin - input), END, MARK);
	/* A lone ESC and ESC [ are keys. */
	for (size_t i = 3; i <= most; i++)
		if (!memcmp(input + n - i, BEGIN, i))
			return true;
	return false;
}

static bool ends_line(char c)
{
	return c == '\r' || c == '\n';
}

/* Bytes of the first line, and in REST where the next begins; N of both: it has no end. */
static size_t line_length(const char *text, size_t n, size_t *rest)
{
	size_t i = 0, backslashes = 0;

	while (i < n && !(ends_line(text[i]) && backslashes % 2 == 0)) {
		backslashes = text[i] == '\\' ? backslashes + 1 : 0;
		i++;
	}
	*rest = i + (i < n);
	if (i + 1 < n && text[i] == '\r' && text[i + 1] == '\n')
		++*rest;
	return i;
}

/* Empty lines are left out: each would be one more prompt. */
static void put_lines(struct strbuf *out, const char *text, size_t n)
{
	while (n) {
		size_t rest, length = line_length(text, n, &rest);

		if (length) {
			strbuf_puts(out, BEGIN);
			strbuf_append(out, text, length);
			strbuf_puts(out, END);
			if (length < n)
				strbuf_putc(out, '\r');
		}
		text += rest;
		n -= rest;
	}
}

size_t paste_unfold(struct strbuf *input, size_t at)
{
	const char *from = strbuf_text(input) + at, *begin, *end;
	size_t n = input->length - at, to;
	struct strbuf out = {0};

	begin = memmem(from, n, BEGIN, MARK);
	end = begin ? memmem(begin, n - (size_t)(begin - from), END, MARK) : NULL;
	if (!end)
		return at;
	strbuf_append(&out, strbuf_text(input), (size_t)(begin - strbuf_text(input)));
	put_lines(&out, begin + MARK, (size_t)(end - begin) - MARK);
	to = out.length;
	strbuf_append(&out, end + MARK, n - (size_t)(end + MARK - from));
	SWAP(*input, out);
	strbuf_free(&out);
	return to;
}
