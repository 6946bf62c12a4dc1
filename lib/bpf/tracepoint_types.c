#include "bpf/tracepoint_types.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/kernel_features.h"

#define LARGEST_FORMAT (1 << 20)

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (is_name_char(s[n]))
		n++;
	return n;
}

/* "field:unsigned long gfp_flags;	offset:24;...": what stands between the colon and the name.
 */
void tracepoint_types_of_format(const char *format, struct strbuf *out)
{
	static const char start[] = "field:";

	for (const char *p = strstr(format, start); p; p = strstr(p, start)) {
		const char *end;

		p += strlen(start);
		end = p + strcspn(p, ";\n[");
		while (end > p && is_name_char(end[-1]))
			end--;
		strbuf_putc(out, '(');
		strbuf_append(out, p, (size_t)(end - p));
		strbuf_puts(out, ")\n");
	}
}

static void add_format(int tracefs, const char *category, size_t category_length, const char *event,
		       struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf path = {0}, format = {0};
	_cleanup_close_ int fd = -1;

	strbuf_printf(&path, "events/%.*s/%.*s/format", (int)category_length, category,
		      (int)name_length(event), event);
	fd = openat(tracefs, strbuf_text(&path), O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && file_read_fd(fd, LARGEST_FORMAT, &format) == 0)
		tracepoint_types_of_format(strbuf_text(&format), out);
}

/* The next place in the text where the word begins a name; *P moves behind the word. */
static bool next_word(const char *text, const char **p, const char *word)
{
	const char *found = *p;

	while ((found = strstr(found, word)) != NULL) {
		*p = found + strlen(word);
		if (found == text || !is_name_char(found[-1]))
			return true;
		found = *p;
	}
	return false;
}

static const char *skip(const char *s, const char *any_of)
{
	return s + strspn(s, any_of);
}

void tracepoint_types_of_text(const char *text, struct strbuf *out)
{
	_cleanup_close_ int tracefs = -1;
	const char *p, *category, *separator;

	if (!strstr(text, "tracepoint__") && !strstr(text, "TRACEPOINT_PROBE"))
		return;
	tracefs = kernel_tracefs_open();
	if (tracefs < 0)
		return;
	for (p = text; next_word(text, &p, "tracepoint__");) {
		separator = strstr(p, "__");
		if (separator && separator < p + name_length(p))
			add_format(tracefs, p, (size_t)(separator - p), separator + 2, out);
	}
	for (p = text; next_word(text, &p, "TRACEPOINT_PROBE");) {
		category = skip(p, " \t(");
		separator = category + name_length(category);
		add_format(tracefs, category, (size_t)(separator - category),
			   skip(separator, " \t\n,"), out);
	}
}
