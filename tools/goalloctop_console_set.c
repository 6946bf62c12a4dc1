/* The command `set` of goalloctop's console: the same settings as the options. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/command_words.h"
#include "tools/goalloctop_console.h"
#include "tools/goalloctop_settings.h"

static int set_sort(struct command_call *call)
{
	return goalloctop_set_sort(call->user, call->words[0], call->why);
}

static int set_rows(struct command_call *call)
{
	return goalloctop_set_rows(call->user, call->words[0], call->why);
}

static int set_by(struct command_call *call)
{
	return goalloctop_set_by(call->user, call->words[0], call->why);
}

static int set_interval(struct command_call *call)
{
	return goalloctop_set_interval(call->user, call->words[0], call->why);
}

static int set_focus(struct command_call *call)
{
	return goalloctop_set_focus(call->user, command_unless_off(call), call->why);
}

static int set_ignore(struct command_call *call)
{
	return goalloctop_set_ignore(call->user, command_unless_off(call), call->why);
}

static int set_full(struct command_call *call)
{
	return command_switch_read(call, &((struct goalloctop *)call->user)->full_stacks);
}

/* Lines of --trace that wait were made as it was. */
static int set_json(struct command_call *call)
{
	struct goalloctop *t = call->user;

	goalloctop_trace_flush(t);
	t->probe.table.heads_due = true;
	return command_switch_read(call, &t->tool.common.json);
}

static int set_time(struct command_call *call)
{
	struct goalloctop *t = call->user;

	goalloctop_trace_flush(t);
	t->probe.table.heads_due = true;
	return command_switch_read(call, &t->tool.common.time);
}

static int set_columns(struct command_call *call)
{
	struct goalloctop *t = call->user;

	goalloctop_trace_flush(t);
	t->probe.table.heads_due = true;
	return goalloctop_set_columns(t, call->words[0], call->why);
}

static int select_by(struct command_call *call, enum goalloctop_selector by)
{
	return goalloctop_select(call->user, by, command_unless_off(call), call->why);
}

static int filter_name(struct command_call *call)
{
	return select_by(call, SELECT_NAME);
}

static int filter_cgroup(struct command_call *call)
{
	return select_by(call, SELECT_CGROUP);
}

static int filter_pid(struct command_call *call)
{
	return select_by(call, SELECT_PID);
}

static int filter_off(struct command_call *call)
{
	int r = 0;

	for (int by = 0; r == 0 && by < SELECTORS; by++)
		r = goalloctop_select(call->user, (enum goalloctop_selector)by, NULL, call->why);
	return r;
}

static int cannot(struct command_call *call)
{
	const char *option = strrchr(call->name, ' ') + 1;

	strbuf_printf(call->why,
		      "--%s cannot be changed while it runs, as other probes would be needed: "
		      "'quit', and start goalloctop with --%s%s",
		      option, option,
		      strcmp(option, "via") == 0     ? " snapshot, events or refill"
		      : strcmp(option, "split") == 0 ? " thread or goroutine"
						     : "");
	return -ENOTSUP;
}

static void complete_sort(const struct command_completion *c)
{
	command_offer(c, goalloctop_sort_names(c->user));
}

static void complete_by(const struct command_completion *c)
{
	command_offer(c, goalloctop_by_names);
}

static void complete_columns(const struct command_completion *c)
{
	struct goalloctop_columns columns;

	goalloctop_columns(c->user, &columns);
	if (!c->n_words)
		column_choice_complete(columns.abouts, columns.n, c->start, c->out);
}

static void offer_program(const struct go_program *p, bool by_pid, struct strbuf *out)
{
	if (by_pid)
		strbuf_printf(out, "%d", (int)p->process.pid);
	else
		text_display(out, p->process.comm, strlen(p->process.comm));
	strbuf_putc(out, '\n');
}

static void offer_programs(const struct command_completion *c, bool by_pid)
{
	struct go_program *const *all;
	size_t n = go_programs_all(((struct goalloctop *)c->user)->programs, &all);

	command_complete_off(c);
	for (size_t i = 0; i < n && !c->n_words; i++)
		if (all[i]->state != GO_PROGRAM_EXITED)
			offer_program(all[i], by_pid, c->out);
}

static void complete_name(const struct command_completion *c)
{
	offer_programs(c, false);
}

static void complete_pid(const struct command_completion *c)
{
	offer_programs(c, true);
}

static const struct command filter_commands[] = {
	{"name", "COMM|off", "only programs of that name", NULL, 1, 1, filter_name, complete_name,
	 NULL},
	{"cgroup", "PATH|off", "only those in that memory cgroup or below it", NULL, 1, 1,
	 filter_cgroup, command_complete_file_or_off, NULL},
	{"pid", "PID[,PID...]|off", "only these processes", NULL, 1, 1, filter_pid, complete_pid,
	 NULL},
	{"off", "", "all Go programs", NULL, 0, 0, filter_off, NULL, NULL},
	{0},
};

const struct command goalloctop_set_commands[] = {
	{"sort", "COLUMN", "what the rows are sorted by", NULL, 1, 1, set_sort, complete_sort,
	 NULL},
	{"rows", "N", "how many rows to show", NULL, 1, 1, set_rows, NULL, NULL},
	{"by", "WHAT", "rows: program, site, function, stack or package", NULL, 1, 1, set_by,
	 complete_by, NULL},
	{"interval", "SECONDS", "the time between two tables", NULL, 1, 1, set_interval, NULL,
	 NULL},
	{"focus", "REGEX|off", "only stacks where a function or file matches", NULL, 1, 1,
	 set_focus, command_complete_off, NULL},
	{"ignore", "REGEX|off", "only stacks where none does", NULL, 1, 1, set_ignore,
	 command_complete_off, NULL},
	{"full", "on|off", "the whole stack below each row", NULL, 1, 1, set_full,
	 command_complete_switch, NULL},
	{"columns", "NAMES", "the columns of the present table",
	 "  NAME[,NAME...]  only these; +NAME and -NAME: with, without; all; default\n", 1, 1,
	 set_columns, complete_columns, NULL},
	{"filter", "", "which programs: by name, cgroup or PID", NULL, 0, 0, NULL, NULL,
	 filter_commands},
	{"json", "on|off", "JSON instead of tables", NULL, 1, 1, set_json, command_complete_switch,
	 NULL},
	{"time", "on|off", "the date with the time", NULL, 1, 1, set_time, command_complete_switch,
	 NULL},
	{"via", "", "not while it runs; tells what to do", NULL, 0, 1, cannot, NULL, NULL},
	{"split", "", "not while it runs; tells what to do", NULL, 0, 1, cannot, NULL, NULL},
	{"trace", "", "not while it runs; tells what to do", NULL, 0, 1, cannot, NULL, NULL},
	{"gc", "", "not while it runs; tells what to do", NULL, 0, 1, cannot, NULL, NULL},
	{0},
};
