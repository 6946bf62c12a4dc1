/* The tables of goalloctop as plain text or JSON, block after block. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/alloc_columns.h"
#include "alloc/system_lines.h"
#include "base/text.h"
#include "output/human.h"
#include "proc/clock.h"
#include "tools/goalloctop_console.h"

/* In the order of the rows; a copy that is the caller's to free. */
static int sorted_programs(struct goalloctop *t, struct go_program ***ret, size_t *ret_n)
{
	struct go_program *const *all;
	struct go_program **copy;
	size_t n = go_programs_list(t->programs, &all);

	copy = calloc(MAX(n, (size_t)1), sizeof(struct go_program *));
	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, all, n * sizeof(struct go_program *));
	program_table_sort(copy, n, t->group == BY_PROGRAM ? t->sort : PROGRAM_SORT_ALLOC);
	*ret = copy;
	*ret_n = n;
	return 0;
}

/* The rows of one program's sites, for this interval. -ENOENT: there are none, as it was not read.
 */
static int update_table(struct goalloctop *t, struct go_program *p)
{
	int r = 0;

	if (!p->heap || p->state == GO_PROGRAM_EXITED)
		return -ENOENT;
	if (!p->table)
		r = alloc_table_new(p->heap, &t->alloc, &p->table);
	return r < 0 ? r : alloc_table_update(p->table);
}

static int put_sites(struct goalloctop *t, struct go_program *p, int width, struct strbuf *out)
{
	const struct alloc_row *const *rows;
	struct alloc_layout layout;
	size_t n;
	int r = update_table(t, p);

	program_table_title(p, out);
	strbuf_putc(out, '\n');
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	alloc_layout_choose(p->table, t->site_columns, width, &layout);
	n = MIN(alloc_table_rows(p->table, &rows), (size_t)t->rows);
	alloc_heads_text(&layout, out);
	for (size_t i = 0; i < n; i++) {
		alloc_row_text(p->table, rows[i], &layout, out);
		if (t->full_stacks)
			alloc_stack_text(p->table, rows[i], 4, out);
	}
	return strbuf_error(out);
}

static int put_text(struct goalloctop *t, struct go_program *const *programs, size_t n,
		    struct strbuf *out)
{
	int r, width = tool_line_width();

	r = system_lines("", clock_realtime_ns(), t->tool.common.time, out);
	goalloctop_probe_lost(t, out);
	program_table_gaps(programs, n, out);
	if (r == 0 && n == 0)
		strbuf_printf(out, "\nNo %sGo program runs now.\n", t->named ? "such " : "");
	else if (r == 0 && t->group == BY_PROGRAM) {
		strbuf_putc(out, '\n');
		return program_table_text(programs, n, (size_t)t->rows, t->program_columns, width,
					  out);
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		strbuf_putc(out, '\n');
		r = put_sites(t, programs[i], width, out);
	}
	return r;
}

static int put_json_row(struct goalloctop *t, const char *time, const struct go_program *p,
			const struct alloc_row *row, struct strbuf *out)
{
	struct json_writer *w = json_writer_open();

	json_writer_string(w, "time", time);
	if (row) {
		json_writer_int(w, "pid", p->process.pid);
		json_writer_text(w, "comm", p->process.comm, strlen(p->process.comm));
		alloc_row_json(p->table, row, t->full_stacks, w);
	} else {
		program_table_json(p, w);
	}
	return json_writer_line(w, out);
}

static int put_json_sites(struct goalloctop *t, const char *time, struct go_program *p,
			  struct strbuf *out)
{
	const struct alloc_row *const *rows;
	int r = update_table(t, p);
	size_t n = r < 0 ? 0 : alloc_table_rows(p->table, &rows);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; r == 0 && i < MIN(n, (size_t)t->rows); i++)
		r = put_json_row(t, time, p, rows[i], out);
	return r;
}

static int put_json(struct goalloctop *t, struct go_program *const *programs, size_t n,
		    struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0};
	int r = 0;

	human_time_utc(&time, clock_realtime_ns());
	for (size_t i = 0; r == 0 && i < n && (t->group != BY_PROGRAM || i < t->rows); i++)
		r = t->group == BY_PROGRAM
			    ? put_json_row(t, strbuf_text(&time), programs[i], NULL, out)
			    : put_json_sites(t, strbuf_text(&time), programs[i], out);
	return r;
}

int goalloctop_plain_text(struct goalloctop *t, bool json, struct strbuf *out)
{
	_cleanup_free_ struct go_program **programs = NULL;
	size_t n;
	int r = sorted_programs(t, &programs, &n);

	if (r < 0)
		return r;
	return json ? put_json(t, programs, n, out) : put_text(t, programs, n, out);
}

void goalloctop_plain_record(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	recording_add(&t->recording, goalloctop_plain_text(t, true, &out), &out);
}

int goalloctop_plain_block(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r;

	t->blocks++;
	if (t->folded)
		return 0;
	if (!t->tool.common.json && !t->no_clear && isatty(1))
		strbuf_puts(&out, "\033[H\033[2J\033[3J");
	else if (!t->tool.common.json && t->blocks > 1)
		strbuf_putc(&out, '\n');
	r = goalloctop_plain_text(t, t->tool.common.json, &out);
	if (r == 0 && goalloctop_console_take(t, strbuf_text(&out), out.length))
		r = tool_print(&out);
	return r;
}
