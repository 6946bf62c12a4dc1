/* The tables of memrate, block after block, and the same as JSON. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/system_lines.h"
#include "output/human.h"
#include "proc/clock.h"
#include "rate/rate_json.h"
#include "tools/memrate_console.h"

struct rate_table memrate_table(const struct memrate *m)
{
	struct rate_table t = {
		.by = m->by,
		.more = memrate_probe_more(m),
		.chosen = m->chosen[m->by],
		.width = tool_line_width(),
	};

	while (t.more[t.n_more])
		t.n_more++;
	return t;
}

void memrate_put_counted(const struct memrate *m, struct strbuf *out)
{
	const struct memrate_probe *p = &m->probe;

	strbuf_puts(out, "allocations: ");
	if (!p->tracer || !p->value_size || (!p->has_pages && !p->has_slab))
		strbuf_puts(out, "not counted");
	else if (isnan(p->one_in_now))
		strbuf_puts(out, "not counted in this interval");
	else if (p->one_in == 1)
		strbuf_puts(out, "all counted");
	else
		strbuf_printf(out, "counted in 1 of %.0f ms", round(p->one_in_now));
	if (p->lost) {
		strbuf_puts(out, ", ");
		human_things(out, p->lost, "allocation");
		strbuf_puts(out, " lost: too many processes at once");
	}
	strbuf_putc(out, '\n');
}

static int put_json(struct memrate *m, const struct rate_row *rows, size_t n, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0};
	const struct rate_table table = memrate_table(m);
	struct rate_interval interval = {
		.seconds = growth_seconds(m->growth),
		.one_in = m->probe.one_in_now,
	};
	int r = 0;

	human_time_utc(&time, clock_realtime_ns());
	interval.time = strbuf_text(&time);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct limit *high = limits_first_high(m->limits, rows[i].cgroup);
		struct json_writer *w = json_writer_open();

		rate_row_json(&table, &interval, &rows[i], w);
		limit_write_json(limits_first(m->limits, rows[i].cgroup), w);
		if (high)
			limit_write_high_json(high, w);
		r = json_writer_line(w, out);
	}
	return r;
}

struct growth_filter memrate_filter(const struct memrate *m)
{
	return (struct growth_filter){
		.pids = m->pids.values,
		.n_pids = m->pids.count,
		.comm = m->comm,
		.cgroup = m->cgroup ? strbuf_text(&m->cgroup_path) : NULL,
	};
}

int memrate_put_text(struct memrate *m, bool json, struct strbuf *out)
{
	const struct growth_filter filter = memrate_filter(m);
	const struct rate_table table = memrate_table(m);
	struct rate_row *rows;
	size_t n;
	int r = growth_rows(m->growth, m->by, &filter, &rows, &n);

	if (r < 0)
		return r;
	r = memrate_limits_put(m, rows, n);
	if (r < 0)
		return r;
	rate_rows_sort(&table, m->sort, rows, n);
	n = MIN(n, (size_t)m->rows);
	if (json)
		return put_json(m, rows, n, out);
	r = system_lines("", clock_realtime_ns(), m->tool.common.time, out);
	memrate_put_counted(m, out);
	if (r == 0 && !n)
		strbuf_puts(out, "\nNo such process runs now.\n");
	if (r < 0 || !n)
		return r;
	strbuf_putc(out, '\n');
	return rate_table_text(&table, rows, n, out);
}

struct explained {
	const struct rate_table *table;
	const struct rate_row *row;
};

static void put_cell(size_t column, void *user, struct strbuf *out)
{
	const struct explained *e = user;

	rate_table_cell(e->table, e->row, column, out);
}

int memrate_put_process(struct memrate *m, uint64_t pid, struct strbuf *out)
{
	const struct growth_filter one = {.pids = &pid, .n_pids = 1},
				   filter = pid ? one : memrate_filter(m);
	struct column_about abouts[COLUMN_CHOICE_MOST];
	struct rate_table table = memrate_table(m);
	struct rate_row *rows;
	size_t n = 0;
	int r = growth_rows(m->growth, RATE_BY_PROCESS, &filter, &rows, &n);

	if (r == 0 && !n)
		return -ENOENT;
	if (r == 0)
		r = memrate_limits_put(m, rows, n);
	if (r < 0)
		return r;
	rate_rows_sort(&table, m->sort, rows, n);
	table.by = RATE_BY_PROCESS;
	return column_choice_explain(abouts, rate_table_abouts(&table, abouts), put_cell,
				     &(struct explained){&table, &rows[0]}, out);
}

/* What was printed is JSON already, or NULL. */
static void record(struct memrate *m, const struct strbuf *printed)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (printed)
		recording_add(&m->recording, 0, printed);
	else
		recording_add(&m->recording, memrate_put_text(m, true, &out), &out);
}

int memrate_show(struct memrate *m)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r;

	m->blocks++;
	if (!m->tool.common.json && !m->no_clear && isatty(1))
		strbuf_puts(&out, "\033[H\033[2J\033[3J");
	else if (!m->tool.common.json && m->blocks > 1)
		strbuf_putc(&out, '\n');
	r = memrate_put_text(m, m->tool.common.json, &out);
	if (r == 0 && memrate_console_take(m, strbuf_text(&out), out.length))
		r = tool_print(&out);
	if (m->recording.writer)
		record(m, r == 0 && m->tool.common.json ? &out : NULL);
	return r;
}
