#include "browse/browser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/system_lines.h"
#include "base/text.h"
#include "browse/browser_internal.h"
#include "proc/clock.h"

int browser_new(const struct browser_config *config, struct browser **ret)
{
	struct browser *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->config = *config;
	if (browser_filter_init(b) < 0) {
		browser_free(b);
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

void browser_free(struct browser *b)
{
	if (!b)
		return;
	alloc_table_free(b->stacks);
	if (b->program) {
		/* Its rows refer to our filter. */
		alloc_table_free(b->program->table);
		b->program->table = NULL;
		go_programs_hold(b->config.programs, NULL);
	}
	browser_filter_free(b);
	for (size_t i = 0; i < SCREEN_COLUMNS_MOST; i++)
		strbuf_free(&b->cells[i]);
	strbuf_free(&b->stack_text);
	strbuf_free(&b->message);
	strbuf_free(&b->system);
	strbuf_free(&b->lost);
	strbuf_free(&b->title);
	strbuf_free(&b->state);
	strbuf_free(&b->site_text);
	strbuf_free(&b->header_text);
	free(b->programs);
	free(b->lines);
	free(b);
}

int browser_enter_program(struct browser *b, struct go_program *p)
{
	bool stale = !p->want_heap || !p->heap;

	go_programs_hold(b->config.programs, p);
	b->program = p;
	b->had_heap = p->want_heap;
	b->level = LEVEL_SITES;
	b->selection[LEVEL_SITES] = (struct selection){0};
	if (stale && !(b->paused && p->heap) &&
	    go_programs_read_heap(b->config.programs, p) == -ENOMEM)
		return -ENOMEM;
	return browser_renew_sites(b);
}

void browser_leave_program(struct browser *b)
{
	browser_leave_stacks(b);
	b->level = LEVEL_PROGRAMS;
	b->rows = NULL;
	b->n_rows = 0;
	if (!b->program)
		return;
	alloc_table_free(b->program->table);
	b->program->table = NULL;
	b->program->want_heap = b->had_heap;
	b->program = NULL;
	go_programs_hold(b->config.programs, NULL);
}

/* With one program that was named there is nothing to choose from. */
static int begin(struct browser *b)
{
	struct go_program *const *all;
	size_t n = go_programs_list(b->config.programs, &all);

	if (b->begun)
		return 0;
	b->begun = true;
	return b->config.sites && n == 1 ? browser_enter_program(b, all[0]) : 0;
}

int browser_update(struct browser *b)
{
	int r = begin(b);

	strbuf_reset(&b->system);
	strbuf_reset(&b->lost);
	if (r == 0)
		r = system_lines("", clock_realtime_ns(), b->config.date, &b->system);
	if (b->config.lost)
		b->config.lost(b->config.user, &b->lost);
	return r < 0 ? r : browser_update_sites(b);
}

bool browser_paused(const struct browser *b)
{
	return b->paused;
}

uint64_t browser_interval_ns(const struct browser *b)
{
	return b->config.interval_ns;
}

void browser_say(struct browser *b, const char *text)
{
	strbuf_reset(&b->message);
	text_display(&b->message, text, strlen(text));
}

struct go_program *browser_program(struct browser *b)
{
	if (b->level != LEVEL_PROGRAMS)
		return b->program;
	return browser_picked_program(b);
}

void browser_set_columns(struct browser *b, const struct table_column *heads, size_t n)
{
	const struct browser_order *orders;
	size_t now;

	(void)browser_orders(b, &orders, &now);
	b->page.columns = b->columns;
	b->page.n_columns = b->page.sort = MIN(n, (size_t)SCREEN_COLUMNS_MOST);
	for (size_t i = 0; i < b->page.n_columns; i++) {
		b->columns[i] = (struct screen_column){heads[i].head, heads[i].width, heads[i].left,
						       (int)(n - i)};
		/* What it is about, and what it is sorted by, are the last to go. */
		if (!heads[i].width)
			b->columns[i].importance = 100;
		if (strcmp(heads[i].head, orders[now].head) == 0) {
			b->columns[i].importance = 99;
			b->page.sort = i;
		}
	}
	b->page.ascending = b->reversed[b->level] !=
			    (b->level == LEVEL_PROGRAMS && b->config.sort == PROGRAM_SORT_PID);
}

static void add_header(struct browser *b, const struct strbuf *text)
{
	strbuf_append(&b->header_text, strbuf_text(text), text->length);
}

static void put_interval(const struct browser *b, struct strbuf *out)
{
	double seconds = (double)b->config.interval_ns / 1e9;

	if (seconds < 1)
		strbuf_printf(out, ", every %g ms", seconds * 1000);
	else
		strbuf_printf(out, ", every %g s", seconds);
	strbuf_putc(out, '\n');
}

/* Whose sites, and of which site the stacks. */
static void put_title(struct browser *b)
{
	strbuf_reset(&b->title);
	if (b->level == LEVEL_PROGRAMS)
		return;
	program_table_title(b->program, &b->title);
	strbuf_putc(&b->title, '\n');
	if (b->level == LEVEL_STACKS)
		strbuf_printf(&b->title, "%s\n", strbuf_text(&b->site_text));
}

/* How many lines there are now; from FIRST on they look like that. */
static size_t count_lines(struct browser *b, size_t first, enum screen_look look)
{
	size_t n = 0;

	for (size_t i = 0; i < b->header_text.length; i++)
		n += b->header_text.data[i] == '\n';
	n = MIN(n, ARRAY_SIZE(b->header));
	for (size_t i = first; i < n; i++)
		b->header[i].look = look;
	return n;
}

static int put_header(struct browser *b)
{
	size_t n;
	char *line;

	strbuf_reset(&b->header_text);
	add_header(b, &b->system);
	n = count_lines(b, 0, SCREEN_PLAIN);
	add_header(b, &b->lost);
	n = count_lines(b, n, SCREEN_WARNING);
	add_header(b, &b->title);
	n = count_lines(b, n, SCREEN_STRONG);
	add_header(b, &b->state);
	n = count_lines(b, n, b->paused ? SCREEN_WARNING : SCREEN_PLAIN);
	if (strbuf_error(&b->header_text) < 0 || strbuf_error(&b->state) < 0)
		return -ENOMEM;
	line = b->header_text.data;
	for (size_t i = 0; i < n; i++) {
		b->header[i].text = line;
		line += strcspn(line, "\n");
		*line++ = '\0';
	}
	b->page.header = b->header;
	b->page.header_lines = n;
	return 0;
}

int browser_page(struct browser *b, int width, const struct screen_page **ret)
{
	int (*const pages[LEVELS])(struct browser *, int) = {
		browser_programs_page, browser_sites_page, browser_stacks_page};
	int r;

	b->page = (struct screen_page){.user = b, .selection = &b->selection[b->level]};
	strbuf_reset(&b->state);
	if (b->paused)
		strbuf_puts(&b->state, "PAUSED: ");
	put_title(b);
	r = pages[b->level](b, width);
	put_interval(b, &b->state);
	if (r == 0)
		r = put_header(b);
	b->page.message = b->message.length ? strbuf_text(&b->message) : NULL;
	browser_put_box(b);
	if (r == 0)
		*ret = &b->page;
	return r;
}
