#include "base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool reserve(struct strbuf *b, size_t more)
{
	size_t want, capacity;
	char *data;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->length, more, &want) || want >= SIZE_MAX / 2) {
		b->failed = true;
		return false;
	}
	if (want < b->capacity)
		return true;
	capacity = MAX(want + 1, MAX(b->capacity * 2, (size_t)64));
	data = realloc(b->data, capacity);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void strbuf_append(struct strbuf *b, const void *bytes, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n)
		memcpy(b->data + b->length, bytes, n);
	b->length += n;
	b->data[b->length] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_append(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	strbuf_append(b, &c, 1);
}

void strbuf_printf(struct strbuf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!reserve(b, (size_t)n))
		return;
	va_start(args, format);
	vsnprintf(b->data + b->length, (size_t)n + 1, format, args);
	va_end(args);
	b->length += (size_t)n;
}

void strbuf_reset(struct strbuf *b)
{
	b->length = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

const char *strbuf_text(const struct strbuf *b)
{
	return b->data ? b->data : "";
}

char *strbuf_steal(struct strbuf *b)
{
	char *text;

	if (!b->data)
		reserve(b, 0);
	if (b->failed) {
		errno = ENOMEM;
		return NULL;
	}
	b->data[b->length] = '\0';
	text = b->data;
	*b = (struct strbuf){0};
	return text;
}

int strbuf_error(const struct strbuf *b)
{
	return b->failed ? -ENOMEM : 0;
}

void strbuf_free(struct strbuf *b)
{
	free(b->data);
	*b = (struct strbuf){0};
}
