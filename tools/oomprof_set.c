/* `set`: what the options ask for at the start, changed while oomprof runs. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "console/command_words.h"
#include "tools/oomprof_console.h"
#include "victim/site_table.h"

#define ROWS_MOST 1000

static int change_rows(struct command_call *call, uint64_t *rows)
{
	if (!call->n_words)
		strbuf_printf(call->out, "%s %" PRIu64 "\n", call->name, *rows);
	return command_number(call, 0, ROWS_MOST, rows);
}

static void put_columns(uint64_t columns, struct strbuf *out)
{
	const char *before = "";

	for (size_t i = 0; i < site_columns_count; i++)
		if (columns >> i & 1) {
			strbuf_printf(out, "%s%s", before, site_columns[i].name);
			before = ",";
		}
}

static int change_columns(struct command_call *call, uint64_t *columns)
{
	uint64_t shown = *columns ? *columns : site_columns_usual();

	if (call->n_words)
		return column_choice_parse(site_columns, site_columns_count, call->words[0], shown,
					   columns, call->why);
	strbuf_printf(call->out, "%s ", call->name);
	put_columns(shown, call->out);
	strbuf_putc(call->out, '\n');
	return 0;
}

static int change_sort(struct command_call *call, int *sort)
{
	int column;

	if (!call->n_words) {
		strbuf_printf(call->out, "%s %s\n", call->name, site_columns[*sort].name);
		return 0;
	}
	column = site_columns_sort(call->words[0]);
	if (column < 0) {
		strbuf_printf(call->why, "sites are not sorted by '%s': there are", call->words[0]);
		for (size_t i = 0; i < site_columns_count; i++)
			if (site_columns_sort(site_columns[i].name) >= 0)
				strbuf_printf(call->why, " %s", site_columns[i].name);
		return -EINVAL;
	}
	*sort = column;
	return 0;
}

static int change_filter(struct command_call *call, struct kill_filter_words *filter)
{
	if (call->n_words)
		return kill_filter_words_parse(call->words, call->n_words, filter, call->why);
	strbuf_printf(call->out, "%s ", call->name);
	kill_filter_words_put(filter, call->out);
	strbuf_putc(call->out, '\n');
	return 0;
}

/* The name decides: what it is, is read by the watcher's thread. */
static int change(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	const char *name = strchr(call->name, ' ') + 1;

	if (!strcmp(name, "rows"))
		return change_rows(call, &o->form.report.rows);
	if (!strcmp(name, "time"))
		return command_switch(call, &o->form.report.date);
	if (!strcmp(name, "json"))
		return command_switch(call, &o->form.json);
	if (!strcmp(name, "details"))
		return command_switch(call, &o->form.report.details);
	if (!strcmp(name, "columns"))
		return change_columns(call, &o->form.report.columns);
	if (!strcmp(name, "sort"))
		return change_sort(call, &o->form.report.sort);
	return change_filter(call, &o->filter);
}

static int run(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	int r;

	pthread_mutex_lock(&o->lock);
	r = change(call);
	pthread_mutex_unlock(&o->lock);
	return r;
}

/* What other tools can set, and this one cannot. */
static int run_not_here(struct command_call *call)
{
	strbuf_puts(call->why, "oomprof has no interval: it tells of each victim as it dies");
	return -EOPNOTSUPP;
}

static void complete_columns(const struct command_completion *completion)
{
	if (!completion->n_words)
		column_choice_complete(site_columns, site_columns_count, completion->start,
				       completion->out);
}

static void complete_sort(const struct command_completion *completion)
{
	for (size_t i = 0; !completion->n_words && i < site_columns_count; i++)
		if (site_columns_sort(site_columns[i].name) >= 0)
			strbuf_printf(completion->out, "%s\n", site_columns[i].name);
}

static void complete_filter(const struct command_completion *completion)
{
	kill_filter_words_complete(completion->words, completion->n_words, completion->out);
}

const struct command oomprof_set_commands[] = {
	{"rows", "[N]", "rows of the table of sites",
	 "  From 0 (no table) to 1000; of victims that are shown again, 100 are kept.\n", 0, 1, run,
	 NULL, NULL},
	{"columns", "[NAME,NAME|+NAME|-NAME|all|default]", "columns of the table of sites",
	 "  `columns` lists them.\n", 0, 1, run, complete_columns, NULL},
	{"sort", "[NAME]", "by which column sites are sorted", NULL, 0, 1, run, complete_sort,
	 NULL},
	{"time", "[on|off]", "date and time before each line, as -T", NULL, 0, 1, run,
	 command_complete_switch, NULL},
	{"json", "[on|off]", "JSON instead of lines and tables, as -j", NULL, 0, 1, run,
	 command_complete_switch, NULL},
	{"details", "[on|off]", "what the runtime knew, as with -v", NULL, 0, 1, run,
	 command_complete_switch, NULL},
	{"filter", "[WHAT VALUE...|off]", "tell of such victims only",
	 "  WHAT VALUE: pid N[,N], name COMM, uid N[,N], cgroup PATH, container ID; or global.\n"
	 "  All must hold. Profiles of the others are written all the same.\n",
	 0, 12, run, complete_filter, NULL},
	{"interval", "", "there is none here", NULL, 0, 1, run_not_here, NULL, NULL},
	{.name = NULL},
};

int oomprof_set_show_all(struct command_call *call)
{
	return command_show_all(call, oomprof_set_commands, run_not_here);
}
