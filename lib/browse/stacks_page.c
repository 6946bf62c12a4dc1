#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "browse/browser_internal.h"
#include "go/frame_text.h"
#include "output/human.h"

#define STACKS_MOST 200 /* of one site are shown, those that come first in the order */

void browser_leave_stacks(struct browser *b)
{
	alloc_table_free(b->stacks);
	b->stacks = NULL;
	b->n_lines = 0;
	if (b->level == LEVEL_STACKS)
		b->level = LEVEL_SITES;
}

/* A table of all the program's stacks; those of the site are picked from it. */
static int make_table(struct browser *b)
{
	struct alloc_options options = b->config.alloc;
	int r = 0;

	if (b->stacks || !b->program->heap)
		return 0;
	options.by = ALLOC_BY_STACK;
	r = alloc_table_new(b->program->heap, &options, &b->stacks);
	return r < 0 ? r : alloc_table_update(b->stacks);
}

static int add_line(struct browser *b, uint64_t key, size_t offset, bool title)
{
	if (array_reserve(&b->lines, &b->lines_size, b->n_lines, 1, sizeof(*b->lines)) < 0)
		return -ENOMEM;
	b->lines[b->n_lines++] = (struct stack_line){key, offset, title};
	return 0;
}

/* Each line that was appended since START becomes one of the page. */
static int split_lines(struct browser *b, size_t start, uint32_t stack)
{
	char *text = b->stack_text.data;
	uint32_t line = 0;
	int r = strbuf_error(&b->stack_text);

	while (r == 0 && start < b->stack_text.length) {
		char *end = memchr(text + start, '\n', b->stack_text.length - start);

		if (!end)
			break;
		*end = '\0';
		r = add_line(b, (uint64_t)stack << 32 | line, start, line == 0);
		line++;
		start = (size_t)(end - text) + 1;
	}
	return r;
}

/* With the file's whole path where there is room for it. */
static void put_frame(const struct heap_frame *frame, int width, struct strbuf *out)
{
	size_t start = out->length;

	strbuf_puts(out, "    ");
	frame_text_full(out, frame);
	if (strbuf_error(out) < 0 || columns_of_text(out->data + start, false) <= width)
		return;
	out->length = start;
	strbuf_puts(out, "    ");
	frame_text(out, frame, false);
}

static void put_stack_title(const struct alloc_table *t, const struct alloc_row *row, size_t number,
			    struct strbuf *out)
{
	bool frees = alloc_table_knows_frees(t);

	strbuf_printf(out, "stack %zu: ", number);
	if (frees) {
		human_bytes(out, row->inuse.bytes);
		strbuf_puts(out, " in ");
		human_count(out, row->inuse.objects);
		strbuf_printf(out, " object%s in use, ", row->inuse.objects == 1 ? "" : "s");
	}
	human_bytes(out, alloc_table_per_second(t, row->alloc.bytes));
	strbuf_puts(out, "/s allocated");
	if (frees) {
		strbuf_puts(out, ", ");
		human_bytes(out, alloc_table_per_second(t, row->freed.bytes));
		strbuf_puts(out, "/s freed");
	}
	strbuf_putc(out, '\n');
}

static int add_stack(struct browser *b, const struct alloc_row *row, size_t number, int width)
{
	const struct heap_frame *frame;
	struct strbuf *out = &b->stack_text;
	size_t start = out->length;

	put_stack_title(b->stacks, row, number, out);
	for (uint32_t i = 0; (frame = alloc_row_frame(b->stacks, row, i)) != NULL; i++) {
		put_frame(frame, width, out);
		strbuf_putc(out, '\n');
	}
	return split_lines(b, start, row->id);
}

static int collect(struct browser *b, int width)
{
	const struct alloc_row *const *rows;
	size_t n = b->stacks ? alloc_table_rows(b->stacks, &rows) : 0, found = 0;
	int r = 0;

	b->n_lines = 0;
	strbuf_reset(&b->stack_text);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct alloc_row *row = rows[b->reversed[LEVEL_STACKS] ? n - 1 - i : i];

		if (alloc_table_row_of(b->program->table, row->largest) != b->site)
			continue;
		if (found++ < STACKS_MOST)
			r = add_stack(b, row, found, width);
	}
	human_things(&b->state, found, "stack");
	if (found > STACKS_MOST)
		strbuf_printf(&b->state, " (%d are shown)", STACKS_MOST);
	return r;
}

static uint64_t line_key(void *user, size_t row)
{
	return ((const struct browser *)user)->lines[row].key;
}

static void line_row(void *user, size_t row, const char **cells, enum screen_look *look)
{
	const struct browser *b = user;
	const struct stack_line *line = &b->lines[row];

	cells[0] = b->stack_text.data + line->offset;
	if (line->title)
		*look = SCREEN_STRONG;
	else if (b->program->state == GO_PROGRAM_EXITED)
		*look = SCREEN_FAINT;
}

int browser_stacks_page(struct browser *b, int width)
{
	static const struct table_column head[] = {{"STACKS, FROM THE ALLOCATION OUT", 0, true}};
	static const struct screen_hint hints[] = {
		{"h", "Help"}, {"q", "Quit"},	   {"Esc", "Back"},
		{"s", "Sort"}, {"Space", "Pause"}, {"w", "pprof file"},
	};
	int r = make_table(b);

	if (r == 0)
		r = collect(b, width);
	browser_set_columns(b, head, 1);
	b->page.rows = b->n_lines;
	b->page.row_key = line_key;
	b->page.row = line_row;
	b->page.empty = "Nothing of this site is in use or was allocated in the interval.";
	b->page.hints = hints;
	b->page.n_hints = ARRAY_SIZE(hints);
	return r;
}
