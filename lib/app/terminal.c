#include "app/terminal.h"

#include <string.h>

#include "base/file.h"

static struct terminal_hooks present;

/* What is kept for one of the descriptors 1 and 2. */
struct held {
	struct strbuf text;
	unsigned long long dropped; /* lines */
};

static bool holding;
static struct held held[2];

void terminal_set_hooks(const struct terminal_hooks *hooks)
{
	present = hooks ? *hooks : (struct terminal_hooks){0};
}

void terminal_begin(void)
{
	if (present.begin)
		present.begin(present.user);
}

void terminal_end(void)
{
	if (present.end)
		present.end(present.user);
}

static unsigned long long lines(const char *bytes, size_t n)
{
	unsigned long long count = 0;

	for (const char *p = bytes; (p = memchr(p, '\n', n - (size_t)(p - bytes))); p++)
		count++;
	return count;
}

/* The first of what comes is kept, not the last: how it began is what explains the rest. */
static void keep(struct held *h, const char *bytes, size_t n)
{
	if (!h->dropped && n <= TERMINAL_HOLD_MOST - h->text.length) {
		strbuf_append(&h->text, bytes, n);
		if (strbuf_error(&h->text) == 0)
			return;
		h->text.failed = false; /* what it holds is whole */
	}
	h->dropped += lines(bytes, n);
}

int terminal_write(int fd, const void *bytes, size_t n)
{
	int r = 0;

	terminal_begin();
	if (holding && isatty(fd))
		keep(&held[fd - 1], bytes, n);
	else
		r = file_write_fd(fd, bytes, n);
	terminal_end();
	return r;
}

static void release(int fd, struct held *h)
{
	_cleanup_strbuf_ struct strbuf note = {0};

	(void)file_write_fd(fd, strbuf_text(&h->text), h->text.length);
	if (h->dropped)
		strbuf_printf(&note,
			      "(%llu lines more came while another program had the terminal; they "
			      "are not shown)\n",
			      h->dropped);
	(void)file_write_fd(fd, strbuf_text(&note), note.length);
	strbuf_free(&h->text);
	*h = (struct held){0};
}

void terminal_hold(bool hold)
{
	if (holding == hold)
		return;
	holding = hold;
	for (int fd = 1; fd <= 2 && !hold; fd++)
		release(fd, &held[fd - 1]);
}
