#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "browse/browser_internal.h"
#include "output/human.h"

/* Those that the filter lets pass. */
static int collect(struct browser *b)
{
	struct go_program *const *all;
	size_t n = go_programs_list(b->config.programs, &all);
	regex_t regex;
	bool filter = b->comm != NULL;

	b->n_programs = b->n_hidden = 0;
	if (array_reserve(&b->programs, &b->programs_size, 0, n, sizeof(*b->programs)) < 0)
		return -ENOMEM;
	if (filter && regcomp(&regex, b->comm, REG_EXTENDED | REG_NOSUB) != 0)
		return -ENOMEM; /* it was tried out when it was entered */
	for (size_t i = 0; i < n; i++)
		if (!filter || regexec(&regex, all[i]->process.comm, 0, NULL, 0) == 0)
			b->programs[b->n_programs++] = all[i];
		else
			b->n_hidden++;
	if (filter)
		regfree(&regex);
	program_table_sort(b->programs, b->n_programs, b->config.sort);
	return 0;
}

static struct go_program *program_at(const struct browser *b, size_t row)
{
	return b->programs[b->reversed[LEVEL_PROGRAMS] ? b->n_programs - 1 - row : row];
}

/* A PID that is used again, or another program in it, is another row. */
static uint64_t program_key(void *user, size_t row)
{
	const struct go_program *p = program_at(user, row);

	return ((uint64_t)p->process.pid << 40) ^ p->started_ns;
}

static void program_row(void *user, size_t row, const char **cells, enum screen_look *look)
{
	struct browser *b = user;
	const struct go_program *p = program_at(b, row);

	for (size_t i = 0; i < b->page.n_columns; i++) {
		strbuf_reset(&b->cells[i]);
		program_table_cell(p, b->ids[i], &b->cells[i]);
		cells[i] = strbuf_text(&b->cells[i]);
	}
	if (p->state == GO_PROGRAM_EXITED)
		*look = SCREEN_FAINT;
	else if (p->state == GO_PROGRAM_UNREADABLE)
		*look = SCREEN_WARNING;
}

struct go_program *browser_picked_program(struct browser *b)
{
	const struct selection *s = &b->selection[LEVEL_PROGRAMS];

	if (collect(b) < 0)
		return NULL;
	for (size_t i = 0; i < b->n_programs; i++)
		if (program_key(b, i) == s->key)
			return program_at(b, i);
	return NULL;
}

static void put_state(struct browser *b)
{
	struct strbuf *out = &b->state;

	human_things(out, b->n_programs, "Go program");
	if (b->comm)
		strbuf_printf(out, " of %zu: names that match ", b->n_programs + b->n_hidden);
	if (b->comm)
		text_display(out, b->comm, strlen(b->comm));
}

int browser_programs_page(struct browser *b, int width)
{
	struct table_column heads[PROGRAM_COLUMNS];
	static const struct screen_hint hints[] = {
		{"h", "Help"},	 {"q", "Quit"},	     {"Enter", "Sites"},  {"s", "Sort"},
		{"f", "Filter"}, {"Space", "Pause"}, {"w", "pprof file"},
	};
	int r = collect(b);

	if (r < 0)
		return r;
	browser_set_columns(b, heads, program_table_columns(0, width, heads, b->ids));
	put_state(b);
	b->page.rows = b->n_programs;
	b->page.row_key = program_key;
	b->page.row = program_row;
	b->page.empty = b->n_hidden ? "No Go program matches. (f changes the filter)"
				    : "No Go program runs here now.";
	b->page.hints = hints;
	b->page.n_hints = ARRAY_SIZE(hints);
	return 0;
}
