#include "oom/explain_rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

#define PREFIX "OOM:"
#define HANGING 2 /* a row's next lines begin so much further in */
#define COLUMNS 80
#define MOST_COLUMNS 100 /* a word may be as long; a container's id in a unit's name is */

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t characters(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += !is_continuation(text[i]);
	return n;
}

static void wrap_row(struct explain *x)
{
	if (x->out->length && x->out->data[x->out->length - 1] == ' ')
		x->out->data[--x->out->length] = '\0';
	strbuf_printf(x->out, "\n%s%*s", PREFIX, (int)x->indent, "");
	x->column = strlen(PREFIX) + x->indent;
}

static void put(struct explain *x, const char *text, size_t length)
{
	if (length)
		strbuf_append(x->out, text, length);
	x->column += characters(text, length);
}

/* A word longer than a line is cut into lines, between two characters. */
static void put_long(struct explain *x, const char *text, size_t length)
{
	size_t room = MOST_COLUMNS - strlen(PREFIX) - x->indent, n;

	while (characters(text, length) > room) {
		for (n = 0; characters(text, n) < room || is_continuation(text[n]); n++)
			;
		put(x, text, n);
		wrap_row(x);
		text += n;
		length -= n;
	}
	put(x, text, length);
}

static void begin(struct explain *x)
{
	const char *head = STEAL(x->head);

	if (!head)
		return;
	strbuf_printf(x->out, "%s%*s", PREFIX, (int)x->indent - HANGING, "");
	x->column = strlen(PREFIX) + x->indent - HANGING;
	put(x, head, strlen(head));
}

/* SEPARATOR may end with a blank, which does not stand at the end of a line. */
static void place(struct explain *x, const char *separator, const struct strbuf *word)
{
	size_t n = strlen(separator);
	size_t start = strlen(PREFIX) + x->indent;

	begin(x);
	if (x->column + n + characters(word->data, word->length) > COLUMNS && x->column > start) {
		put(x, separator, n && separator[n - 1] == ' ' ? n - 1 : n);
		wrap_row(x);
	} else {
		put(x, separator, n);
	}
	put_long(x, word->data, word->length);
}

static void place_item(struct explain *x)
{
	if (x->item.length)
		place(x, x->items++ ? ", " : "", &x->item);
	strbuf_reset(&x->item);
}

void explain_row(struct explain *x, size_t indent, const char *head)
{
	explain_end(x);
	x->indent = indent + HANGING;
	x->head = head;
}

struct strbuf *explain_item(struct explain *x)
{
	place_item(x);
	return &x->item;
}

void explain_words(struct explain *x, const char *text, char wrap)
{
	size_t n = characters(text, strlen(text)), start = strlen(PREFIX) + x->indent;

	place_item(x);
	begin(x);
	/* A path that the next line has room for is not torn. */
	if (wrap == '/' && x->column + n > COLUMNS && start + n <= COLUMNS)
		wrap_row(x);
	while (*text) {
		_cleanup_strbuf_ struct strbuf word = {0};

		n = 1 + strcspn(text + 1, (const char[]){wrap, '\0'});
		if (wrap == ' ' && *text == ' ') {
			text_display(&word, text + 1, n - 1);
			place(x, " ", &word);
		} else {
			text_display(&word, text, n);
			place(x, "", &word);
		}
		text += n;
	}
	x->items++;
}

void explain_end(struct explain *x)
{
	place_item(x);
	if (x->column)
		strbuf_putc(x->out, '\n');
	x->head = NULL;
	x->column = 0;
	x->items = 0;
}

void explain_bytes(struct strbuf *out, uint64_t bytes)
{
	if (bytes == KILL_UNKNOWN)
		strbuf_puts(out, "n/a");
	else
		human_bytes(out, (int64_t)MIN(bytes, (uint64_t)INT64_MAX));
}

void explain_span(struct strbuf *out, uint64_t ns)
{
	double ms = (double)ns / 1e6;

	if (ns == KILL_UNKNOWN)
		strbuf_puts(out, "n/a");
	else if (ms < 100)
		strbuf_printf(out, ms < 10 ? "%.2f ms" : "%.1f ms", ms);
	else
		human_duration(out, ns);
}

void explain_text(struct strbuf *out, const char *text)
{
	if (text)
		text_display(out, text, strlen(text));
	else
		strbuf_puts(out, "n/a");
}

void explain_name(struct strbuf *out, const char *name)
{
	if (name)
		strbuf_putc(out, '\'');
	explain_text(out, name);
	if (name)
		strbuf_putc(out, '\'');
}

void explain_process(struct strbuf *out, const struct kill_process *p)
{
	if (p->pid == KILL_UNKNOWN) {
		strbuf_puts(out, "n/a");
		return;
	}
	strbuf_printf(out, "%" PRIu64 " ", p->pid);
	explain_name(out, p->comm);
}
