#include "output/recent_texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int recent_texts_open(struct recent_texts *t, size_t most, size_t bytes_most)
{
	*t = (struct recent_texts){.most = most, .bytes_most = bytes_most};
	t->list = calloc(most, sizeof(char *));
	return t->list ? 0 : -ENOMEM;
}

static char **at(const struct recent_texts *t, size_t i)
{
	return &t->list[(t->first + i) % t->most];
}

static void drop_oldest(struct recent_texts *t)
{
	char **oldest = at(t, 0);

	t->bytes -= strlen(*oldest);
	free(*oldest);
	*oldest = NULL;
	t->first = (t->first + 1) % t->most;
	t->count--;
}

void recent_texts_close(struct recent_texts *t)
{
	while (t->count)
		drop_oldest(t);
	free(t->list);
	*t = (struct recent_texts){0};
}

int recent_texts_add(struct recent_texts *t, const char *text, size_t n)
{
	char *copy;

	if (!t->list || n > t->bytes_most)
		return 0;
	copy = strndup(text, n);
	if (!copy)
		return -ENOMEM;
	n = strlen(copy);
	while (t->count && (t->count == t->most || t->bytes + n > t->bytes_most))
		drop_oldest(t);
	*at(t, t->count++) = copy;
	t->bytes += n;
	return 0;
}

const char *recent_texts_at(const struct recent_texts *t, size_t i)
{
	return *at(t, i);
}

size_t recent_texts_show(const struct recent_texts *t, size_t n, struct strbuf *out)
{
	size_t shown = MIN(n, t->count);

	for (size_t i = t->count - shown; i < t->count; i++)
		strbuf_puts(out, *at(t, i));
	return shown;
}
