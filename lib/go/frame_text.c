#include "go/frame_text.h"

#include <string.h>

#include "base/text.h"

static const char *behind_last_slash(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put(struct strbuf *out, const char *function, const char *file, uint32_t line)
{
	text_display(out, function, strlen(function));
	if (*file) {
		strbuf_puts(out, " (");
		text_display(out, file, strlen(file));
		strbuf_printf(out, ":%u)", line);
	}
}

void frame_function(struct strbuf *out, const char *name)
{
	const char *open = strchr(name, '['), *end = strrchr(name, ']');

	if (!open || !end || end <= open) {
		strbuf_puts(out, name);
		return;
	}
	strbuf_append(out, name, (size_t)(open - name));
	strbuf_puts(out, "[...]");
	strbuf_puts(out, end + 1);
}

void frame_text(struct strbuf *out, const struct heap_frame *frame, bool is_short)
{
	put(out, is_short ? behind_last_slash(frame->function) : frame->function,
	    behind_last_slash(frame->file), frame->line);
}

void frame_text_full(struct strbuf *out, const struct heap_frame *frame)
{
	put(out, frame->function, frame->file, frame->line);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void frame_package(struct strbuf *out, const char *function)
{
	/* Type arguments may hold slashes of their own. */
	size_t plain = strcspn(function, "[(");
	const char *slash = memrchr(function, '/', plain);
	const char *last = slash ? slash + 1 : function;
	const char *dot = memchr(last, '.', plain - (size_t)(last - function));

	for (const char *p = function; dot && p < dot; p++) {
		int high = *p == '%' ? hex_digit(p[1]) : -1;
		int low = high >= 0 ? hex_digit(p[2]) : -1;

		strbuf_putc(out, low < 0 ? *p : (char)(high << 4 | low));
		p += low < 0 ? 0 : 2;
	}
}
