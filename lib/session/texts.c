#include "session/texts.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

int texts_init(struct texts *texts, struct probe_text *first)
{
	*texts = (struct texts){0};
	if (texts_reserve(texts) < 0) {
		probe_text_free(first);
		return -ENOMEM;
	}
	texts->list[texts->count++] = *first;
	*first = (struct probe_text){0};
	return 0;
}

const struct probe_text *texts_running(const struct texts *texts)
{
	return &texts->list[texts->count - 1];
}

bool texts_has_draft(const struct texts *texts)
{
	return texts->draft.text.length > 0;
}

unsigned int texts_error_line(const struct texts *texts)
{
	return texts->error_line + probe_text_heading(&texts->draft);
}

void texts_set_draft(struct texts *texts, struct probe_text *new)
{
	probe_text_free(&texts->draft);
	texts->draft = *new;
	texts->error_line = 0;
	*new = (struct probe_text){0};
}

int texts_reserve(struct texts *texts)
{
	return array_reserve(&texts->list, &texts->capacity, texts->count, 1, sizeof(*texts->list));
}

void texts_applied(struct texts *texts)
{
	if (texts->count > TEXTS_UNDO_MOST) {
		probe_text_free(&texts->list[1]);
		memmove(&texts->list[1], &texts->list[2],
			(--texts->count - 1) * sizeof(*texts->list));
	}
	texts->list[texts->count++] = texts->draft;
	texts->draft = (struct probe_text){0};
	texts->error_line = 0;
}

const struct probe_text *texts_before(const struct texts *texts)
{
	return texts->count > 1 ? &texts->list[texts->count - 2] : NULL;
}

void texts_undone(struct texts *texts)
{
	struct probe_text *undone = &texts->list[--texts->count];

	if (texts_has_draft(texts))
		probe_text_free(undone);
	else
		texts_set_draft(texts, undone);
}

void texts_clear(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		probe_text_free(&texts->list[i]);
	free(texts->list);
	probe_text_free(&texts->draft);
	*texts = (struct texts){0};
}
