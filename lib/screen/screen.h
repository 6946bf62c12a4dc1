/*
 * A full screen for tables on a terminal: header lines, column heads, rows of which one is picked,
 * and a bottom line; help and menus in a box above them. It knows nothing of what it shows.
 *
 * It works by the loop: keys come as callbacks, and so does the wish to be drawn again (another
 * size, back from the background). Drawing sends only what has changed. Whatever ends the program,
 * the terminal is as it was; what is written to stderr meanwhile is kept and written at the end.
 */
#pragma once

#include "app/loop.h"
#include "base/strbuf.h"
#include "screen/columns.h"
#include "screen/keys.h"
#include "screen/prompt.h"
#include "screen/selection.h"

struct screen;

struct screen_config {
	struct loop *loop;
	void (*on_key)(void *user, int key); /* keys.h */
	void (*on_redraw)(void *user);
	void *user;
};

/*
 * To be called before any thread is started: those signals are blocked that tell a screen of Ctrl-Z
 * and other sizes. 0 or -errno.
 */
int screen_block_signals(void);

/*
 * Take over the terminal of stdout; keys come from stdin, or from /dev/tty where stdin is something
 * else. 0; -ENOTSUP if the terminal cannot do it (WHY says why), else -errno; signals are not
 * blocked any more then.
 */
int screen_open(const struct screen_config *config, struct screen **ret, struct strbuf *why);

/* Closing NULL is fine. To be closed before the loop. */
void screen_close(struct screen *s);
#define _cleanup_screen_ _cleanup_(screen_closep)
void screen_closep(struct screen **s);

enum screen_look {
	SCREEN_PLAIN,
	SCREEN_STRONG,
	SCREEN_FAINT, /* of what is gone */
	SCREEN_WARNING,
};

struct screen_line {
	const char *text; /* all texts: UTF-8 made harmless */
	enum screen_look look;
};

struct screen_hint {
	const char *key, *what;
};

/* Lines in a box above the table. */
struct screen_list {
	const char *title;
	const char *const *lines;
	size_t n;
	bool pick; /* one of them is picked, else they are only scrolled */
	struct selection *selection;
};

struct screen_page {
	const struct screen_line *header;
	size_t header_lines;

	const struct screen_column *columns;
	size_t n_columns;
	size_t sort; /* the column whose head is marked; n_columns: none */
	bool ascending;

	size_t rows;
	selection_key_fn row_key;
	/* The cells of a row, valid until the next call. */
	void (*row)(void *user, size_t row, const char **cells, enum screen_look *look);
	void *user;
	struct selection *selection;
	const char *empty; /* said where there are no rows */

	const struct screen_list *list; /* or NULL */

	/* The bottom line is the prompt if there is one, else a message, else the hints. */
	const char *label; /* of the prompt */
	const struct prompt *prompt;
	const char *message;
	const struct screen_hint *hints;
	size_t n_hints;
};

#define SCREEN_COLUMNS_MOST 32

/* Places the selections of page and list, too. */
void screen_draw(struct screen *s, const struct screen_page *page);

/* How large it is now; either may be NULL. */
void screen_size(struct screen *s, int *ret_rows, int *ret_columns);

/* Draw everything anew, whatever the terminal shows now (Ctrl-L): before screen_draw(). */
void screen_forget(struct screen *s);

/* The last line written to stderr since this was called before: false if there is none. */
bool screen_news(struct screen *s, struct strbuf *line);
