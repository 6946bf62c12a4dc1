#include "output/table_writer.h"

#include <string.h>

static void cell(struct strbuf *out, const struct table_column *c, bool last, const char *text)
{
	int width = MAX(c->width, (int)strlen(c->head));

	if (last && c->left)
		strbuf_puts(out, text);
	else
		strbuf_printf(out, c->left ? "%-*s" : "%*s", width, text);
}

void table_writer_heads(struct strbuf *out, const struct table_column *columns, size_t n,
			int indent)
{
	strbuf_printf(out, "%*s", indent, "");
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_putc(out, ' ');
		cell(out, &columns[i], i + 1 == n, columns[i].head);
	}
	strbuf_putc(out, '\n');
}

/* Cut the line that begins at START to WIDTH characters (not bytes). */
static void cut_line(struct strbuf *out, size_t start, int width)
{
	size_t cut = out->length;
	int n = 0;

	for (size_t i = start; i < out->length; i++) {
		if (((unsigned char)out->data[i] & 0xc0) == 0x80)
			continue;
		if (n == width - 3)
			cut = i;
		n++;
	}
	if (width < 8 || n <= width)
		return;
	out->length = cut;
	strbuf_puts(out, "...");
}

void table_writer_row(struct strbuf *out, const struct table_column *columns, size_t n, int indent,
		      int line_width, const char *const *cells)
{
	size_t start = out->length;

	strbuf_printf(out, "%*s", indent, "");
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_putc(out, ' ');
		cell(out, &columns[i], i + 1 == n, cells[i]);
	}
	if (strbuf_error(out) == 0)
		cut_line(out, start, line_width);
	strbuf_putc(out, '\n');
}
