#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "browse/browser_internal.h"

static const uint64_t intervals_ms[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};

int browser_filter_init(struct browser *b)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = alloc_filter_new(&b->filter);

	if (r == 0 && b->config.focus)
		r = browser_set_text(&b->focus, b->config.focus);
	if (r == 0 && b->config.ignore)
		r = browser_set_text(&b->ignore, b->config.ignore);
	if (r == 0 && b->focus)
		r = alloc_filter_focus(b->filter, b->focus, &why);
	if (r == 0 && b->ignore)
		r = alloc_filter_ignore(b->filter, b->ignore, &why);
	b->config.alloc.filter = b->filter;
	return r;
}

void browser_filter_free(struct browser *b)
{
	alloc_filter_free(b->filter);
	free(b->focus);
	free(b->ignore);
	free(b->comm);
}

/* "" is no text. */
int browser_set_text(char **to, const char *text)
{
	char *copy = *text ? strdup(text) : NULL;

	if (*text && !copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static void ask(struct browser *b, enum browser_question question, const char *text)
{
	b->question = question;
	prompt_begin(&b->prompt, text ? text : "");
}

/* -EINVAL: with what is wrong in WHY. */
static int check_comm(const char *text, struct strbuf *why)
{
	char reason[128];
	regex_t regex;
	int r = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);

	if (r == 0) {
		regfree(&regex);
		return 0;
	}
	regerror(r, &regex, reason, sizeof(reason));
	strbuf_puts(why, reason);
	return -EINVAL;
}

/* The filter is another: the question is closed. -EINVAL: it stays, and the message says why. */
static int answer(struct browser *b)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const char *text = b->prompt.text, *regex = *text ? text : NULL;
	char **kept = b->question == ASK_COMM	 ? &b->comm
		      : b->question == ASK_FOCUS ? &b->focus
						 : &b->ignore;
	int r;

	if (b->question == ASK_COMM)
		r = check_comm(text, &why);
	else if (b->question == ASK_FOCUS)
		r = alloc_filter_focus(b->filter, regex, &why);
	else
		r = alloc_filter_ignore(b->filter, regex, &why);
	if (r < 0) {
		strbuf_puts(&b->message, "not a regular expression: ");
		text_display(&b->message, strbuf_text(&why), why.length);
		strbuf_puts(&b->message, " (any key to go on)");
		return r == -ENOMEM ? r : 0;
	}
	r = browser_set_text(kept, text);
	if (r == 0 && b->question != ASK_COMM)
		r = browser_renew_sites(b);
	b->question = ASK_NOTHING;
	return r;
}

static int prompt_pressed(struct browser *b, int key)
{
	switch (prompt_key(&b->prompt, key)) {
	case PROMPT_DONE:
		return answer(b);
	case PROMPT_CANCELLED:
		b->question = ASK_NOTHING;
		break;
	case PROMPT_EDITING:
		break;
	}
	return 0;
}

static int by_letter(struct browser *b, int key)
{
	const struct browser_order *orders;
	size_t now, n = browser_orders(b, &orders, &now);

	for (size_t i = 0; i < n; i++)
		if (orders[i].key == key)
			return browser_sort_by(b, i) < 0 ? -ENOMEM : 1;
	return 0;
}

static int box_pressed(struct browser *b, int key)
{
	int r = 0;

	if (selection_move(&b->box_selection, key, browser_box_key, NULL))
		return 0;
	if (b->box == BOX_SORT && (key == SCREEN_ENTER || key == SCREEN_RIGHT))
		r = browser_sort_by(b, b->box_selection.row);
	else if (b->box == BOX_SORT)
		r = by_letter(b, key);
	b->box = BOX_NONE;
	return MIN(r, 0);
}

static void open_box(struct browser *b, enum browser_box box)
{
	const struct browser_order *orders;
	size_t now;

	b->box = box;
	b->box_selection = (struct selection){.picked = true};
	if (box != BOX_SORT)
		return;
	(void)browser_orders(b, &orders, &now);
	b->box_selection.row = now;
	b->box_selection.key = now;
}

static int enter(struct browser *b)
{
	struct go_program *p;

	if (b->level == LEVEL_PROGRAMS) {
		p = browser_program(b);
		return p ? browser_enter_program(b, p) : 0;
	}
	return b->level == LEVEL_SITES ? browser_enter_site(b) : 0;
}

static void back(struct browser *b)
{
	if (b->level == LEVEL_STACKS)
		browser_leave_stacks(b);
	else if (b->level == LEVEL_SITES)
		browser_leave_program(b);
}

static int next_by(struct browser *b)
{
	if (b->level == LEVEL_PROGRAMS) {
		browser_say(b, "b is for the sites of a program: Enter shows them");
		return 0;
	}
	browser_leave_stacks(b);
	b->config.alloc.by = (enum alloc_by)((b->config.alloc.by + 1) % (ALLOC_BY_PACKAGE + 1));
	b->selection[LEVEL_SITES] = (struct selection){0};
	return browser_renew_sites(b);
}

static void change_interval(struct browser *b, bool longer)
{
	size_t n = ARRAY_SIZE(intervals_ms), i = 0;
	uint64_t ms = b->config.interval_ns / 1000000;

	while (i < n && (longer ? intervals_ms[i] <= ms : intervals_ms[i] < ms))
		i++;
	if (longer && i < n)
		b->config.interval_ns = intervals_ms[i] * 1000000;
	else if (!longer && i > 0)
		b->config.interval_ns = intervals_ms[i - 1] * 1000000;
}

/* Keys that change what is shown; 1: it was none of them. */
static int change(struct browser *b, int key)
{
	switch (key) {
	case SCREEN_ENTER:
	case SCREEN_RIGHT:
		return enter(b);
	case SCREEN_ESCAPE:
	case SCREEN_LEFT:
	case SCREEN_BACKSPACE:
		back(b);
		return 0;
	case 'b':
		return next_by(b);
	case '<':
	case '>':
		return browser_sort_beside(b, key == '<' ? -1 : 1);
	case 'r':
		b->reversed[b->level] = !b->reversed[b->level];
		return 0;
	case ' ':
		b->paused = !b->paused;
		return 0;
	default:
		return 1;
	}
}

/* Keys that open something; 1: it was none of them. */
static int opening(struct browser *b, int key)
{
	switch (key) {
	case 'h':
	case '?':
	case SCREEN_F1:
		open_box(b, BOX_HELP);
		return 0;
	case 's':
	case SCREEN_F1 + 5:
		open_box(b, BOX_SORT);
		return 0;
	case 'f':
	case '/':
		if (b->level == LEVEL_PROGRAMS)
			ask(b, ASK_COMM, b->comm);
		else
			ask(b, ASK_FOCUS, b->focus);
		return 0;
	case 'i':
		if (b->level == LEVEL_PROGRAMS)
			browser_say(b, "i is for the sites of a program: Enter shows them");
		else
			ask(b, ASK_IGNORE, b->ignore);
		return 0;
	default:
		return 1;
	}
}

static enum browser_wish wish_of(struct browser *b, int key)
{
	switch (key) {
	case 'q':
	case SCREEN_F10:
		return BROWSER_QUIT;
	case 'w':
		return BROWSER_WRITE;
	case '+':
	case '-':
		change_interval(b, key == '+');
		return BROWSER_INTERVAL;
	case SCREEN_CTRL('l'):
		return BROWSER_FORGET;
	default:
		return BROWSER_NOTHING;
	}
}

int browser_key(struct browser *b, int key, enum browser_wish *ret_wish)
{
	bool read_on = b->message.length && b->question;
	int r;

	*ret_wish = BROWSER_NOTHING;
	strbuf_reset(&b->message);
	if (read_on)
		return 0; /* what was wrong with the answer has been read */
	if (b->question)
		return prompt_pressed(b, key);
	if (b->box)
		return box_pressed(b, key);
	*ret_wish = wish_of(b, key);
	if (*ret_wish ||
	    (b->page.row_key && selection_move(&b->selection[b->level], key, b->page.row_key, b)))
		return 0;
	r = change(b, key);
	if (r == 1)
		r = opening(b, key);
	if (r == 1)
		r = by_letter(b, key);
	return MIN(r, 0);
}
