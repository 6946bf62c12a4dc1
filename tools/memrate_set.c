/* The command `set` of memrate's console: the same settings as the options. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/command_words.h"
#include "tools/memrate_console.h"
#include "tools/memrate_settings.h"

static void put(struct command_call *call, const char *name, const char *value)
{
	strbuf_printf(call->out, "%s ", name);
	if (value)
		text_display(call->out, value, strlen(value));
	else
		strbuf_puts(call->out, "off");
	strbuf_putc(call->out, '\n');
}

static int set_sort(struct command_call *call)
{
	struct memrate *m = call->user;
	int r = command_choose(call, rate_sort_names);

	if (r < 0)
		return r;
	m->sort = r;
	return 0;
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

/* What is given instead of "off"; NULL. */
static const char *unless_off(const struct command_call *call)
{
	return strcmp(call->words[0], "off") != 0 ? call->words[0] : NULL;
}

static int filter_name(struct command_call *call)
{
	return memrate_filter_name(call->user, unless_off(call), call->why);
}

static int filter_cgroup(struct command_call *call)
{
	return memrate_filter_cgroup(call->user, unless_off(call), call->why);
}

static int filter_pid(struct command_call *call)
{
	return memrate_filter_pid(call->user, unless_off(call), call->why);
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
	command_offer(c, rate_sort_names);
}

static void complete_by(const struct command_completion *c)
{
	command_offer(c, memrate_by_names);
}

static void complete_off(const struct command_completion *c)
{
	static const char *const words[] = {"off", NULL};

	command_offer(c, words);
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
	{"name", "COMM|off", "only processes of that name", NULL, 1, 1, filter_name, complete_off,
	 NULL},
	{"cgroup", "PATH|off", "only those in that memory cgroup or below it", NULL, 1, 1,
	 filter_cgroup, command_complete_file_or_off, NULL},
	{"pid", "PID[,PID...]|off", "only these processes", NULL, 1, 1, filter_pid, complete_off,
	 NULL},
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

static void put_pids(struct command_call *call, const struct memrate *m)
{
	_cleanup_strbuf_ struct strbuf pids = {0};

	for (size_t i = 0; i < m->pids.count; i++)
		strbuf_printf(&pids, "%s%" PRIu64, i ? "," : "", m->pids.values[i]);
	put(call, "set filter pid", pids.length ? strbuf_text(&pids) : NULL);
}

static void put_columns(struct command_call *call, const struct memrate *m)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	_cleanup_strbuf_ struct strbuf list = {0};
	const struct rate_table table = memrate_table(m);
	size_t n = rate_table_abouts(&table, abouts);

	for (size_t i = 0; i < n && table.chosen; i++)
		if (table.chosen & UINT64_C(1) << i)
			strbuf_printf(&list, "%s%s", list.length ? "," : "", abouts[i].name);
	put(call, "set columns", table.chosen ? strbuf_text(&list) : "default");
}

int memrate_show_settings(struct command_call *call)
{
	struct memrate *m = call->user;

	put(call, "set sort", rate_sort_names[m->sort]);
	strbuf_printf(call->out, "set rows %" PRIu64 "\n", m->rows);
	put(call, "set by", memrate_by_names[m->by]);
	strbuf_printf(call->out, "set interval %g\n", (double)m->interval_ns / 1e9);
	put_columns(call, m);
	put(call, "set filter name", m->comm);
	put(call, "set filter cgroup", m->cgroup);
	put_pids(call, m);
	put(call, "set json", m->tool.common.json ? "on" : NULL);
	put(call, "set time", m->tool.common.time ? "on" : NULL);
	strbuf_printf(call->out, "# at the start only: --sample %" PRIu64 "\n", m->probe.one_in);
	return 0;
}
