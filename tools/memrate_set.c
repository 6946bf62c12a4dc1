/* The command `set` of memrate's console: the same settings as the options. */
#include <errno.h>
#include <inttypes.h>

#include "console/command_words.h"
#include "tools/memrate_console.h"
#include "tools/memrate_settings.h"

static int set_sort(struct command_call *call)
{
	return memrate_set_sort(call->user, call->words[0], call->why);
}

static int set_rows(struct command_call *call)
{
	struct memrate *m = call->user;

	return options_set(m->tool.info, "rows", call->words[0], call->why);
}

static int set_by(struct command_call *call)
{
	int r = command_choose(call, memrate_by_names);

	if (r < 0)
		return r;
	((struct memrate *)call->user)->by = (enum rate_by)r;
	return 0;
}

static int set_interval(struct command_call *call)
{
	return memrate_set_interval(call->user, call->words[0], call->why);
}

static int set_columns(struct command_call *call)
{
	return memrate_set_columns(call->user, call->words[0], call->why);
}

static int set_json(struct command_call *call)
{
	return command_switch_read(call, &((struct memrate *)call->user)->tool.common.json);
}

static int set_time(struct command_call *call)
{
	return command_switch_read(call, &((struct memrate *)call->user)->tool.common.time);
}

static int filter_name(struct command_call *call)
{
	return memrate_filter_name(call->user, command_unless_off(call), call->why);
}

static int filter_cgroup(struct command_call *call)
{
	return memrate_filter_cgroup(call->user, command_unless_off(call), call->why);
}

static int filter_pid(struct command_call *call)
{
	return memrate_filter_pid(call->user, command_unless_off(call), call->why);
}

static int filter_off(struct command_call *call)
{
	int r = memrate_filter_name(call->user, NULL, call->why);

	if (r == 0)
		r = memrate_filter_cgroup(call->user, NULL, call->why);
	return r == 0 ? memrate_filter_pid(call->user, NULL, call->why) : r;
}

static int cannot(struct command_call *call)
{
	strbuf_puts(call->why,
		    "--sample cannot be changed while it runs: 'quit', and start memrate "
		    "with --sample N");
	return -ENOTSUP;
}

static void complete_sort(const struct command_completion *c)
{
	const char *names[RATE_SORTS + RATE_COLUMNS_MORE + 1];
	const struct rate_table table = memrate_table(c->user);

	rate_table_sorts(&table, names);
	command_offer(c, names);
}

static void complete_by(const struct command_completion *c)
{
	command_offer(c, memrate_by_names);
}

static void complete_columns(const struct command_completion *c)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	const struct rate_table table = memrate_table(c->user);
	size_t n = rate_table_abouts(&table, abouts);

	if (!c->n_words)
		column_choice_complete(abouts, n, c->start, c->out);
}

static const struct command filter_commands[] = {
	{"name", "COMM|off", "only processes of that name", NULL, 1, 1, filter_name,
	 command_complete_off, NULL},
	{"cgroup", "PATH|off", "only those in that memory cgroup or below it", NULL, 1, 1,
	 filter_cgroup, command_complete_file_or_off, NULL},
	{"pid", "PID[,PID...]|off", "only these processes", NULL, 1, 1, filter_pid,
	 command_complete_off, NULL},
	{"off", "", "all processes", NULL, 0, 0, filter_off, NULL, NULL},
	{0},
};

const struct command memrate_set_commands[] = {
	{"sort", "COLUMN", "what the rows are sorted by", NULL, 1, 1, set_sort, complete_sort,
	 NULL},
	{"rows", "N", "how many rows to show", NULL, 1, 1, set_rows, NULL, NULL},
	{"by", "WHAT", "rows: process, cgroup or container", NULL, 1, 1, set_by, complete_by, NULL},
	{"interval", "SECONDS", "the time between two tables", NULL, 1, 1, set_interval, NULL,
	 NULL},
	{"columns", "NAMES", "the columns of the present table",
	 "  NAME[,NAME...]  only these; +NAME and -NAME: with, without; all; default\n", 1, 1,
	 set_columns, complete_columns, NULL},
	{"filter", "", "which processes: by name, cgroup or PID", NULL, 0, 0, NULL, NULL,
	 filter_commands},
	{"json", "on|off", "JSON instead of tables", NULL, 1, 1, set_json, command_complete_switch,
	 NULL},
	{"time", "on|off", "the date with the time", NULL, 1, 1, set_time, command_complete_switch,
	 NULL},
	{"sample", "", "not while it runs; tells what to do", NULL, 0, 1, cannot, NULL, NULL},
	{0},
};

static void put_columns(const struct memrate *m, struct strbuf *out)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	_cleanup_strbuf_ struct strbuf list = {0};
	const struct rate_table table = memrate_table(m);
	size_t n = rate_table_abouts(&table, abouts);

	column_choice_text(abouts, n, table.chosen, &list);
	command_put(out, "columns", strbuf_text(&list));
}

int memrate_show_settings(struct command_call *call)
{
	struct memrate *m = call->user;
	struct strbuf *out = call->out;

	command_put(out, "sort", m->sort ? m->sort : rate_sort_names[0]);
	strbuf_printf(out, "set rows %" PRIu64 "\n", m->rows);
	command_put(out, "by", memrate_by_names[m->by]);
	strbuf_printf(out, "set interval %g\n", (double)m->interval_ns / 1e9);
	put_columns(m, out);
	command_put(out, "filter name", m->comm);
	command_put(out, "filter cgroup", m->cgroup);
	command_put_numbers(out, "filter pid", &m->pids);
	command_put_switch(out, "json", m->tool.common.json);
	command_put_switch(out, "time", m->tool.common.time);
	strbuf_printf(out, "# at the start only: --sample %" PRIu64 "\n", m->probe.one_in);
	return 0;
}
