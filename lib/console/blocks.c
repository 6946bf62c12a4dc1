#include "console/blocks.h"

#include "output/human.h"

#define BYTES_KEPT (1u << 20)

int blocks_open(struct blocks *b, const char *what, size_t most)
{
	b->what = what;
	return recent_texts_open(&b->recent, most, BYTES_KEPT);
}

void blocks_close(struct blocks *b)
{
	recent_texts_close(&b->recent);
}

bool blocks_take(struct blocks *b, struct console *console, const char *text, size_t n)
{
	(void)recent_texts_add(&b->recent, text, n);
	console_event(console);
	b->passed += b->paused;
	return !b->paused;
}

void blocks_show(const struct blocks *b, uint64_t n, struct strbuf *out)
{
	if (!recent_texts_show(&b->recent, (size_t)n, out))
		strbuf_printf(out, "there was no %s yet\n", b->what);
}

void blocks_pause(struct blocks *b, struct strbuf *out)
{
	if (b->paused)
		strbuf_puts(out, "it is paused already: 'resume' goes on\n");
	b->paused = true;
}

void blocks_resume(struct blocks *b, struct strbuf *out)
{
	if (!b->paused) {
		strbuf_puts(out, "it is not paused\n");
	} else if (b->passed) {
		human_things(out, b->passed, b->what);
		strbuf_puts(out, " passed meanwhile; 'show N' shows the last ones\n");
	}
	b->paused = false;
	b->passed = 0;
}
