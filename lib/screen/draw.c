#include <string.h>

#include "screen/screen_internal.h"

/* Less than this cannot hold a table that anyone could read. */
#define LEAST_ROWS 5
#define LEAST_COLUMNS 20
#define LINE_MOST 1024 /* characters of a text that are drawn */

static attr_t attributes(const struct screen *s, enum screen_look look)
{
	switch (look) {
	case SCREEN_STRONG:
		return A_BOLD | (s->colors ? (attr_t)COLOR_PAIR(4) : 0);
	case SCREEN_FAINT:
		return A_DIM;
	case SCREEN_WARNING:
		return A_BOLD | (s->colors ? (attr_t)COLOR_PAIR(3) : 0);
	case SCREEN_PLAIN:
		break;
	}
	return A_NORMAL;
}

static attr_t head_attributes(const struct screen *s)
{
	return s->colors ? (attr_t)COLOR_PAIR(1) : A_REVERSE;
}

static attr_t sort_attributes(const struct screen *s)
{
	return s->colors ? (attr_t)COLOR_PAIR(2) : A_REVERSE | A_BOLD | A_UNDERLINE;
}

static attr_t picked_attributes(const struct screen *s)
{
	return s->colors ? (attr_t)COLOR_PAIR(2) : A_REVERSE | A_BOLD;
}

/* A text of at most WIDTH columns; the columns it took. */
static int put(const struct screen *s, int y, int x, int width, attr_t attr, const char *text)
{
	wchar_t wide[LINE_MOST];
	int used = columns_cut(text, s->plain, width, wide, ARRAY_SIZE(wide));

	(void)attr_set(attr & A_ATTRIBUTES & ~A_COLOR, (short)PAIR_NUMBER(attr), NULL);
	(void)mvaddwstr(y, x, wide);
	(void)attr_set(A_NORMAL, 0, NULL);
	return used;
}

static void fill(int y, int x, int width, attr_t attr)
{
	(void)mvhline(y, x, ' ' | attr, width);
}

static int draw_header(const struct screen *s, const struct screen_page *page)
{
	/* The table has at least four rows and its heads; the first lines are the first to go. */
	size_t most = (size_t)MAX(LINES - 6, 0);
	int y = 0;

	for (size_t i = page->header_lines - MIN(most, page->header_lines); i < page->header_lines;
	     i++, y++)
		(void)put(s, y, 0, COLS, attributes(s, page->header[i].look), page->header[i].text);
	return y;
}

static void draw_cell(const struct screen *s, int y, int x, int width, attr_t attr, bool left,
		      const char *text)
{
	int used = MIN(columns_of_text(text, s->plain), width);

	(void)put(s, y, left ? x : x + width - used, width, attr, text);
}

/* A mark where there is room: before a head at the right, behind one at the left. */
static void draw_head(const struct screen *s, const struct screen_page *page, size_t i, int y,
		      int x, int width)
{
	const struct screen_column *c = &page->columns[i];
	bool sorted = i == page->sort;
	const char *mark =
		s->plain ? (page->ascending ? "^" : "v") : (page->ascending ? "\u25b4" : "\u25be");
	int length = columns_of_text(c->head, s->plain);
	int at = c->left ? x + length : x + width - length - 1;

	draw_cell(s, y, x, width, sorted ? sort_attributes(s) : head_attributes(s), c->left,
		  c->head);
	if (sorted && at >= 0 && at < COLS)
		(void)put(s, y, at, 1, sort_attributes(s), mark);
}

struct cells {
	const char *text[SCREEN_COLUMNS_MOST];
	enum screen_look look;
};

static void get_row(const struct screen_page *page, size_t row, struct cells *ret)
{
	memset(ret, 0, sizeof(*ret));
	page->row(page->user, row, ret->text, &ret->look);
	for (size_t i = 0; i < page->n_columns; i++)
		if (!ret->text[i])
			ret->text[i] = "";
}

/* As wide as the rows in sight want them; the last one takes what is left. */
static void widths_wanted(const struct screen *s, const struct screen_page *page, int height,
			  int *widths)
{
	const struct selection *sel = page->selection;
	struct cells cells;

	for (size_t i = 0; i < page->n_columns; i++)
		widths[i] = MAX(page->columns[i].width,
				columns_of_text(page->columns[i].head, s->plain));
	for (size_t row = sel->top; row < page->rows && row < sel->top + (size_t)height; row++) {
		get_row(page, row, &cells);
		for (size_t i = 0; i < page->n_columns; i++)
			if (i + 1 < page->n_columns || !page->columns[i].left)
				widths[i] =
					MAX(widths[i], columns_of_text(cells.text[i], s->plain));
	}
}

static void draw_row(const struct screen *s, const struct screen_page *page, size_t row, int y,
		     const int *widths)
{
	bool picked = row == page->selection->row;
	struct cells cells;
	attr_t attr;
	int x = 0;

	get_row(page, row, &cells);
	attr = picked ? picked_attributes(s) : attributes(s, cells.look);
	if (picked)
		fill(y, 0, COLS, attr);
	for (size_t i = 0; i < page->n_columns; i++) {
		if (!widths[i])
			continue;
		draw_cell(s, y, x, MIN(widths[i], COLS - x), attr, page->columns[i].left,
			  cells.text[i]);
		x += widths[i] + 1;
	}
}

static void draw_table(const struct screen *s, const struct screen_page *page, int y)
{
	int widths[SCREEN_COLUMNS_MOST], x = 0, height = LINES - 2 - y;
	struct selection *sel = page->selection;

	selection_place(sel, page->rows, (size_t)height, page->row_key, page->user);
	widths_wanted(s, page, height, widths);
	columns_fit(page->columns, page->n_columns, COLS, widths);
	fill(y, 0, COLS, head_attributes(s));
	for (size_t i = 0; i < page->n_columns; i++) {
		if (!widths[i])
			continue;
		draw_head(s, page, i, y, x, MIN(widths[i], COLS - x));
		x += widths[i] + 1;
	}
	for (int i = 0; i < height && sel->top + (size_t)i < page->rows; i++)
		draw_row(s, page, sel->top + (size_t)i, y + 1 + i, widths);
	if (!page->rows && page->empty)
		(void)put(s, y + 2, 2, COLS - 2, A_NORMAL, page->empty);
}

static uint64_t line_key(void *user, size_t row)
{
	(void)user;
	return row;
}

/* Where in a list the lines begin that are in sight. */
static size_t place_list(const struct screen_list *list, int height)
{
	struct selection *sel = list->selection;

	if (list->pick) {
		sel->picked = true;
		selection_place(sel, list->n, (size_t)height, line_key, NULL);
		return sel->top;
	}
	/* What is moved is the first line in sight. */
	sel->picked = true;
	selection_place(sel, list->n > (size_t)height ? list->n - (size_t)height + 1 : 1, 1,
			line_key, NULL);
	sel->height = (size_t)height;
	return sel->row;
}

static void draw_box(const struct screen *s, int y, int x, int height, int width, const char *title,
		     bool above, bool below)
{
	for (int i = 0; i < height; i++)
		fill(y + i, x, width, A_NORMAL);
	(void)mvhline(y, x, 0, width);
	(void)mvhline(y + height - 1, x, 0, width);
	(void)mvvline(y, x, 0, height);
	(void)mvvline(y, x + width - 1, 0, height);
	(void)mvaddch(y, x, NCURSES_ACS('l'));
	(void)mvaddch(y, x + width - 1, NCURSES_ACS('k'));
	(void)mvaddch(y + height - 1, x, NCURSES_ACS('m'));
	(void)mvaddch(y + height - 1, x + width - 1, NCURSES_ACS('j'));
	(void)put(s, y, x + 2, width - 4, attributes(s, SCREEN_STRONG), title);
	if (above)
		(void)put(s, y, x + width - 8, 6, A_BOLD, " more ");
	if (below)
		(void)put(s, y + height - 1, x + width - 8, 6, A_BOLD, " more ");
}

static void draw_list(const struct screen *s, const struct screen_list *list)
{
	int width = columns_of_text(list->title, s->plain), height, x, y;
	size_t top;

	for (size_t i = 0; i < list->n; i++)
		width = MAX(width, columns_of_text(list->lines[i], s->plain));
	width = MIN(width + 4, COLS);
	height = (int)MIN(list->n, (size_t)MAX(LINES - 3, 1));
	x = (COLS - width) / 2;
	y = (LINES - 1 - height - 2) / 2;
	top = place_list(list, height);
	draw_box(s, y, x, height + 2, width, list->title, top > 0, top + (size_t)height < list->n);
	for (int i = 0; i < height; i++) {
		size_t line = top + (size_t)i;
		bool picked = list->pick && line == list->selection->row;

		if (picked)
			fill(y + 1 + i, x + 1, width - 2, picked_attributes(s));
		(void)put(s, y + 1 + i, x + 2, width - 4, picked ? picked_attributes(s) : A_NORMAL,
			  list->lines[line]);
	}
}

/* The part of the text in which the cursor is, if not all of it has room. */
static void draw_prompt(const struct screen *s, const struct screen_page *page)
{
	const struct prompt *p = page->prompt;
	int x = put(s, LINES - 1, 0, COLS / 2, attributes(s, SCREEN_STRONG), page->label) + 1;
	char head[PROMPT_MOST + 1];
	const char *from = p->text;
	int cursor;

	memcpy(head, p->text, p->cursor);
	head[p->cursor] = '\0';
	cursor = columns_of_text(head, s->plain);
	while (cursor >= COLS - x) {
		from++;
		while (((unsigned char)*from & 0xc0) == 0x80)
			from++;
		cursor = columns_of_text(head + (from - p->text), s->plain);
	}
	(void)put(s, LINES - 1, x, COLS - x, A_NORMAL, from);
	(void)move(LINES - 1, x + cursor);
}

static void draw_hints(const struct screen *s, const struct screen_page *page)
{
	int x = 0;

	for (size_t i = 0; i < page->n_hints; i++) {
		const struct screen_hint *hint = &page->hints[i];
		int key = columns_of_text(hint->key, s->plain);

		if (x + key + 1 + columns_of_text(hint->what, s->plain) > COLS)
			break;
		x += 1 + put(s, LINES - 1, x, key, picked_attributes(s), hint->key);
		x += 2 + put(s, LINES - 1, x, COLS - x, A_NORMAL, hint->what);
	}
}

static void draw_bottom(const struct screen *s, const struct screen_page *page)
{
	if (page->prompt)
		draw_prompt(s, page);
	else if (page->message)
		(void)put(s, LINES - 1, 0, COLS, A_BOLD, page->message);
	else
		draw_hints(s, page);
}

void screen_size(struct screen *s, int *ret_rows, int *ret_columns)
{
	screen_measure(s);
	if (ret_rows)
		*ret_rows = LINES;
	if (ret_columns)
		*ret_columns = COLS;
}

void screen_draw(struct screen *s, const struct screen_page *page)
{
	screen_measure(s);
	(void)erase();
	if (LINES < LEAST_ROWS || COLS < LEAST_COLUMNS) {
		(void)put(s, 0, 0, COLS, A_NORMAL, "too small");
		(void)curs_set(0);
		(void)refresh();
		return;
	}
	draw_table(s, page, draw_header(s, page));
	if (page->list)
		draw_list(s, page->list);
	draw_bottom(s, page);
	(void)curs_set(page->prompt != NULL);
	(void)refresh();
}
