/*
 * A growing string. It is always NUL-terminated once something was added; it may hold NUL bytes.
 * An allocation that fails is remembered: later additions do nothing and strbuf_error() says so,
 * so that a caller checks once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct strbuf {
	char *data; /* NULL while empty */
	size_t length;
	size_t capacity;
	bool failed;
};

#define _cleanup_strbuf_ _cleanup_(strbuf_free)

void strbuf_append(struct strbuf *b, const void *bytes, size_t n);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *format, ...) _printf_(2, 3);

/* Empty it but keep the memory. */
void strbuf_reset(struct strbuf *b);

/* The text, "" while empty. Owned by the buffer. */
const char *strbuf_text(const struct strbuf *b);

/* Hand the text over to the caller, who frees it; NULL (and errno) if an addition had failed. */
char *strbuf_steal(struct strbuf *b);

/* 0, or -ENOMEM if an addition had failed. */
int strbuf_error(const struct strbuf *b);

void strbuf_free(struct strbuf *b);
