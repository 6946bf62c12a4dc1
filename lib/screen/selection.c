#include "screen/selection.h"

#include "base/macro.h"
#include "screen/keys.h"

static void show_row(struct selection *s)
{
	size_t most = s->rows > s->height ? s->rows - s->height : 0;

	if (s->row < s->top)
		s->top = s->row;
	if (s->height && s->row >= s->top + s->height)
		s->top = s->row - s->height + 1;
	s->top = MIN(s->top, most);
}

void selection_place(struct selection *s, size_t rows, size_t height, selection_key_fn key,
		     void *user)
{
	size_t i;

	s->rows = rows;
	s->height = height;
	if (!s->picked)
		s->row = 0;
	for (i = 0; s->picked && i < rows; i++)
		if (key(user, i) == s->key)
			break;
	if (s->picked && i < rows)
		s->row = i;
	if (s->row >= rows)
		s->row = rows ? rows - 1 : 0;
	if (rows)
		s->key = key(user, s->row);
	show_row(s);
}

bool selection_move(struct selection *s, int key, selection_key_fn row_key, void *user)
{
	size_t page = MAX(s->height, (size_t)2) - 1;
	size_t last = s->rows ? s->rows - 1 : 0;

	switch (key) {
	case SCREEN_UP:
		s->row -= s->row > 0;
		break;
	case SCREEN_DOWN:
		s->row = MIN(s->row + 1, last);
		break;
	case SCREEN_PAGE_UP:
		s->row -= MIN(page, s->row);
		break;
	case SCREEN_PAGE_DOWN:
		s->row = MIN(s->row + page, last);
		break;
	case SCREEN_HOME:
		s->row = 0;
		break;
	case SCREEN_END:
		s->row = last;
		break;
	default:
		return false;
	}
	/* Home lets go of the row: from now on the first one is meant. */
	s->picked = s->rows && key != SCREEN_HOME;
	if (s->rows)
		s->key = row_key(user, s->row);
	show_row(s);
	return true;
}
