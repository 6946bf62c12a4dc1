/* The tables of goalloctop as plain text or JSON, block after block. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "alloc/system_lines.h"
#include "output/human.h"
#include "proc/clock.h"
#include "tools/goalloctop.h"

/* 0: not known, or not a terminal. */
static int terminal_width(void)
{
	struct winsize size;

	return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

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
	program_table_sort(
		copy, n, t->group == BY_PROGRAM ? (enum program_sort)t->sort : PROGRAM_SORT_ALLOC);
	*ret = copy;
	*ret_n = n;
	return 0;
}

static int put_text(struct goalloctop *t, struct go_program *const *programs, size_t n,
		    struct strbuf *out)
{
	int r;

	if (!t->no_clear && isatty(1))
		strbuf_puts(out, "\033[H\033[2J\033[3J");
	else if (t->blocks)
		strbuf_putc(out, '\n');
	r = system_lines("", clock_realtime_ns(), t->tool.common.time, out);
	strbuf_putc(out, '\n');
	return r < 0 ? r : program_table_text(programs, n, (size_t)t->rows, terminal_width(), out);
}

static int put_json(struct goalloctop *t, struct go_program *const *programs, size_t n,
		    struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0};
	int r = 0;

	human_time_utc(&time, clock_realtime_ns());
	for (size_t i = 0; r == 0 && i < MIN(n, (size_t)t->rows); i++) {
		struct json_writer *w = json_writer_open();

		json_writer_string(w, "time", strbuf_text(&time));
		json_writer_string(w, "row", "program");
		program_table_json(programs[i], w);
		r = json_writer_line(w, out);
	}
	return r;
}

int goalloctop_plain_block(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_free_ struct go_program **programs = NULL;
	size_t n;
	int r = sorted_programs(t, &programs, &n);

	if (r == 0)
		r = t->tool.common.json ? put_json(t, programs, n, &out)
					: put_text(t, programs, n, &out);
	if (r == 0)
		r = tool_print(&out);
	t->blocks++;
	return r;
}
