#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "browse/browser_internal.h"
#include "go/frame_text.h"
#include "output/human.h"

int browser_renew_sites(struct browser *b)
{
	if (!b->program)
		return 0;
	alloc_table_free(b->program->table);
	b->program->table = NULL;
	b->rows = NULL;
	b->n_rows = 0;
	browser_leave_stacks(b);
	return browser_update_sites(b);
}

int browser_update_sites(struct browser *b)
{
	struct go_program *p = b->program;
	int r = 0;

	if (!p || !p->heap)
		return 0;
	if (!p->table)
		r = alloc_table_new(p->heap, &b->config.alloc, &p->table);
	/* What has ended stays as it was. */
	else if (p->state == GO_PROGRAM_EXITED)
		return 0;
	if (r == 0)
		r = alloc_table_update(p->table);
	if (r == 0 && b->stacks)
		r = alloc_table_update(b->stacks);
	return r;
}

static const struct alloc_row *row_at(const struct browser *b, size_t row)
{
	return b->rows[b->reversed[LEVEL_SITES] ? b->n_rows - 1 - row : row];
}

static uint64_t site_key(void *user, size_t row)
{
	return row_at(user, row)->id;
}

static void site_row(void *user, size_t row, const char **cells, enum screen_look *look)
{
	struct browser *b = user;

	for (size_t i = 0; i < b->page.n_columns; i++) {
		strbuf_reset(&b->cells[i]);
		alloc_cell(b->program->table, row_at(b, row), &b->layout, i, &b->cells[i]);
		cells[i] = strbuf_text(&b->cells[i]);
	}
	if (b->program->state == GO_PROGRAM_EXITED)
		*look = SCREEN_FAINT;
}

int browser_enter_site(struct browser *b)
{
	const struct alloc_row *row = NULL;

	for (size_t i = 0; i < b->n_rows; i++)
		if (b->rows[i]->id == b->selection[LEVEL_SITES].key)
			row = b->rows[i];
	if (!row)
		return 0;
	b->site = row->id;
	strbuf_reset(&b->site_text);
	frame_text(&b->site_text, &row->frame, false);
	b->level = LEVEL_STACKS;
	b->selection[LEVEL_STACKS] = (struct selection){0};
	return strbuf_error(&b->site_text);
}

static const char *by_text(const struct browser *b, bool one)
{
	static const char *const texts[][2] = {
		[ALLOC_BY_SITE] = {"sites", "site"},
		[ALLOC_BY_FUNCTION] = {"functions", "function"},
		[ALLOC_BY_STACK] = {"stacks", "stack"},
		[ALLOC_BY_PACKAGE] = {"packages", "package"},
	};

	return texts[b->config.alloc.by][one];
}

static void put_filter(const char *what, const char *regex, struct strbuf *out)
{
	if (!regex)
		return;
	strbuf_puts(out, what);
	text_display(out, regex, strlen(regex));
}

static void put_state(struct browser *b)
{
	const struct alloc_table *t = b->program->table;
	const struct alloc_row *total = t ? alloc_table_total(t) : NULL;
	struct strbuf *out = &b->state;

	strbuf_printf(out, "%zu %s", b->n_rows, by_text(b, b->n_rows == 1));
	if (total && alloc_table_knows_frees(t)) {
		strbuf_puts(out, ", ");
		human_bytes(out, total->inuse.bytes);
		strbuf_puts(out, " in use");
	}
	if (total) {
		strbuf_puts(out, ", ");
		human_bytes(out, alloc_table_per_second(t, total->alloc.bytes));
		strbuf_puts(out, "/s allocated");
	}
	put_filter(", focus ", b->focus, out);
	put_filter(", ignore ", b->ignore, out);
}

static const char *empty_text(const struct browser *b)
{
	if (b->program->state == GO_PROGRAM_EXITED)
		return "It has ended before its sites were read.";
	if (b->focus || b->ignore)
		return "No stack matches. (f and i change what is shown)";
	if (go_program_profiling(b->program) == 0)
		return "Its heap profiling is off, so there are no sites to show.";
	return b->program->heap ? "Nothing is sampled yet: it has allocated little so far."
				: "Not read yet: wait for the next interval.";
}

int browser_sites_page(struct browser *b, int width)
{
	static const struct screen_hint hints[] = {
		{"h", "Help"},	{"q", "Quit"},	 {"Enter", "Stacks"}, {"Esc", "Back"},
		{"s", "Sort"},	{"f", "Focus"},	 {"b", "By"},	      {"Space", "Pause"},
		{"w", "pprof"}, {"i", "Ignore"},
	};

	b->n_rows = b->program->table ? alloc_table_rows(b->program->table, &b->rows) : 0;
	if (b->program->table) {
		alloc_layout_choose(b->program->table, 0, width, &b->layout);
		browser_set_columns(b, b->layout.heads, b->layout.n);
	}
	put_state(b);
	b->page.rows = b->n_rows;
	b->page.row_key = site_key;
	b->page.row = site_row;
	b->page.empty = empty_text(b);
	b->page.hints = hints;
	b->page.n_hints = ARRAY_SIZE(hints);
	return 0;
}
