/*
 * The full screen by itself, with rows that are made up: tests/screen/screen.sh drives it. Keys: q
 * quit, r reverse, n a new row before the others, d the picked row away, / a prompt, m a menu, h
 * help, e a message on stderr; A abort(), X exit(), S a fault.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "base/text.h"
#include "screen/screen.h"

#define MOST 200

struct demo {
	struct screen *screen;
	struct loop *loop;
	uint64_t keys[MOST];
	size_t rows;
	uint64_t next;
	bool reversed, help, menu, prompting;
	struct selection selection, list;
	struct prompt prompt;
	struct strbuf message;
	char cells[4][64];
};

static uint64_t key_at(void *user, size_t row)
{
	const struct demo *d = user;

	return d->keys[d->reversed ? d->rows - 1 - row : row];
}

static void row_at(void *user, size_t row, const char **cells, enum screen_look *look)
{
	struct demo *d = user;
	uint64_t key = key_at(d, row);

	snprintf(d->cells[0], sizeof(d->cells[0]), "%u", (unsigned int)key);
	snprintf(d->cells[1], sizeof(d->cells[1]), "%u.0M", (unsigned int)(key * 7 % 1009));
	snprintf(d->cells[2], sizeof(d->cells[2]), "%u", (unsigned int)(key * 13 % 997));
	snprintf(d->cells[3], sizeof(d->cells[3]), "row number %u, caf\xc3\xa9 \xe6\x9d\xb1",
		 (unsigned int)key);
	for (int i = 0; i < 4; i++)
		cells[i] = d->cells[i];
	*look = key % 10 == 0 ? SCREEN_WARNING : key % 10 == 1 ? SCREEN_FAINT : SCREEN_PLAIN;
}

static void draw(void *user)
{
	static const struct screen_column columns[] = {{"KEY", 6, false, 9},
						       {"SIZE", 9, false, 8},
						       {"COUNT", 9, false, 1},
						       {"WHAT", 20, true, 7}};
	static const struct screen_hint hints[] = {{"h", "Help"}, {"r", "Reverse"}, {"q", "Quit"}};
	static const char *const lines[] = {"one",   "two",   "three", "four", "five",	 "six",
					    "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
	struct demo *d = user;
	char count[64] = "";
	struct screen_line header[] = {{"screen demo", SCREEN_STRONG}, {count, SCREEN_PLAIN}};
	struct screen_list list = {.title = d->help ? " Help " : " Menu ",
				   .lines = lines,
				   .n = ARRAY_SIZE(lines),
				   .pick = d->menu,
				   .selection = &d->list};
	struct screen_page page = {.header = header,
				   .header_lines = ARRAY_SIZE(header),
				   .columns = columns,
				   .n_columns = ARRAY_SIZE(columns),
				   .sort = 1,
				   .ascending = d->reversed,
				   .rows = d->rows,
				   .row_key = key_at,
				   .row = row_at,
				   .user = d,
				   .selection = &d->selection,
				   .empty = "no rows",
				   .list = d->help || d->menu ? &list : NULL,
				   .label = "Text:",
				   .prompt = d->prompting ? &d->prompt : NULL,
				   .hints = hints,
				   .n_hints = ARRAY_SIZE(hints)};

	(void)screen_news(d->screen, &d->message);
	page.message = d->message.length ? strbuf_text(&d->message) : NULL;
	screen_draw(d->screen, &page);
	/* Drawing finds out which row is picked now. */
	snprintf(count, sizeof(count), "%zu rows, picked %u", d->rows,
		 (unsigned int)d->selection.key);
	screen_draw(d->screen, &page);
}

static void remove_picked(struct demo *d)
{
	for (size_t i = 0; i < d->rows; i++)
		if (d->keys[i] == d->selection.key) {
			d->rows--;
			memmove(d->keys + i, d->keys + i + 1, (d->rows - i) * sizeof(d->keys[0]));
			return;
		}
}

static void new_row(struct demo *d)
{
	if (d->rows == MOST)
		return;
	memmove(d->keys + 1, d->keys, d->rows * sizeof(d->keys[0]));
	d->keys[0] = d->next++;
	d->rows++;
}

static void prompt(struct demo *d, int key)
{
	enum prompt_state state = prompt_key(&d->prompt, key);

	d->prompting = state == PROMPT_EDITING;
	if (state == PROMPT_DONE)
		strbuf_printf(&d->message, "entered: %s", d->prompt.text);
}

static void end_badly(int key)
{
	if (key == 'A')
		abort();
	if (key == 'X')
		exit(7);
	if (key == 'S')
		raise(SIGSEGV);
}

static void command(struct demo *d, int key)
{
	end_badly(key);
	if (key == 'q')
		loop_stop(d->loop, EXIT_OK);
	else if (key == 'r')
		d->reversed = !d->reversed;
	else if (key == 'n')
		new_row(d);
	else if (key == 'd')
		remove_picked(d);
	else if (key == 'h' || key == 'm')
		*(key == 'h' ? &d->help : &d->menu) = true;
	else if (key == 'e')
		fprintf(stderr, "screen_demo: a first line\nscreen_demo: a message\n");
	else if (key == '/') {
		d->prompting = true;
		prompt_begin(&d->prompt, "abc");
	} else if (key == SCREEN_CTRL('l'))
		screen_forget(d->screen);
	else
		(void)selection_move(&d->selection, key, key_at, d);
}

static void on_key(void *user, int key)
{
	struct demo *d = user;

	strbuf_reset(&d->message);
	if (d->prompting)
		prompt(d, key);
	else if ((d->help || d->menu) && !selection_move(&d->list, key, key_at, d)) {
		if (d->menu && key == SCREEN_ENTER)
			strbuf_printf(&d->message, "menu: line %zu", d->list.row + 1);
		d->help = d->menu = false;
	} else if (!d->help && !d->menu)
		command(d, key);
	draw(d);
}

int main(void)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct demo d = {.rows = 50, .next = 51};
	struct screen_config config = {.on_key = on_key, .on_redraw = draw, .user = &d};
	int r;

	for (size_t i = 0; i < d.rows; i++)
		d.keys[i] = i + 1;
	r = loop_open(&d.loop);
	config.loop = d.loop;
	if (r == 0)
		r = screen_open(&config, &d.screen, &why);
	if (r == 0) {
		draw(&d);
		r = loop_run(d.loop);
	}
	screen_close(d.screen);
	loop_close(d.loop);
	strbuf_free(&d.message);
	if (r < 0)
		fprintf(stderr, "screen_demo: no screen: %s\n",
			why.length ? strbuf_text(&why) : strerror(-r));
	return r < 0 ? EXIT_FAILED : r;
}
