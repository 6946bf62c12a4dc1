#include "app/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/terminal.h"
#include "base/text.h"

static const char *program_name = "oomtools";
static bool is_verbose;

void message_init(const char *program, bool verbose)
{
	program_name = program;
	is_verbose = verbose;
}

/* Without memory to make it harmless in: what is not plain text becomes '?'. */
static void say_plainly(const char *kind, const char *text)
{
	char line[1024];
	int length = snprintf(line, sizeof(line), "%s: %s%s", program_name, kind, text);
	size_t n = MIN((size_t)MAX(length, 0), sizeof(line) - 1);

	for (size_t i = 0; i < n; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[n++] = '\n';
	(void)terminal_write(2, line, n);
}

/* One write, so that messages of several programs on one terminal do not mix within a line. */
static void say(const char *kind, const char *whole)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *text = whole;

	strbuf_printf(&out, "%s: %s", program_name, kind);
	for (;;) {
		size_t n = strcspn(text, "\n");

		text_display(&out, text, n);
		strbuf_putc(&out, '\n');
		text += n;
		if (*text)
			text++;
		if (!*text)
			break;
		strbuf_puts(&out, "  ");
	}
	if (strbuf_error(&out) == 0)
		(void)terminal_write(2, out.data, out.length);
	else
		say_plainly(kind, whole);
}

static void say_formatted(const char *kind, const char *format, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), format, args);
	say(kind, text);
}

void message_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_formatted("", format, args);
	va_end(args);
}

void message_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_formatted("warning: ", format, args);
	va_end(args);
}

void message_verbose(const char *format, ...)
{
	va_list args;

	if (!is_verbose)
		return;
	va_start(args, format);
	say_formatted("", format, args);
	va_end(args);
}

void message_verbose_line(const char *line, void *user)
{
	(void)user;
	if (is_verbose)
		say("", line);
}
