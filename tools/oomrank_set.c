/* `set`: what the options ask for at the start, changed while oomrank runs. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "console/command_words.h"
#include "output/human.h"
#include "rank/rank_columns.h"
#include "tools/oomrank_console.h"

static char *own_domain; /* the name in the options, where a command gave it */

/* `set NAME on|off`, where it goes with the rest. */
static int run_switch(struct command_call *call, bool *is_on)
{
	struct oomrank *o = call->user;
	bool before = *is_on;
	int r = command_switch(call, is_on);

	if (r == 0)
		r = oomrank_options_check(&o->options, &o->tool.common, call->why);
	if (r < 0)
		*is_on = before;
	return r;
}

static int run_all(struct command_call *call)
{
	return run_switch(call, &((struct oomrank *)call->user)->options.all);
}

static int run_changes(struct command_call *call)
{
	return run_switch(call, &((struct oomrank *)call->user)->options.changes);
}

static int run_json(struct command_call *call)
{
	return run_switch(call, &((struct oomrank *)call->user)->tool.common.json);
}

static int run_time(struct command_call *call)
{
	return run_switch(call, &((struct oomrank *)call->user)->tool.common.time);
}

/* 0: no limit, as it is with -a and -j. */
static int run_rows(struct command_call *call)
{
	struct oomrank *o = call->user;

	if (call->n_words) {
		o->options.rows_asked = true;
		return command_number(call, 0, UINT32_MAX, &o->options.rows);
	}
	strbuf_printf(call->out, "%s %llu\n", call->name, (unsigned long long)o->options.rows);
	return 0;
}

static int run_interval(struct command_call *call)
{
	struct oomrank *o = call->user;
	bool off = call->n_words && !strcmp(call->words[0], "off");
	uint64_t ns = 0;

	if (!call->n_words) {
		strbuf_printf(call->out, "%s ", call->name);
		if (o->interval_ns)
			strbuf_printf(call->out, "%g\n", (double)o->interval_ns / 1e9);
		else
			strbuf_puts(call->out, "off\n");
		return 0;
	}
	if (!off && parse_duration(call->words[0], &ns) < 0) {
		strbuf_printf(call->why,
			      "'%s' is not an interval: seconds more than 0, such as 10 or 0.5, or "
			      "off",
			      call->words[0]);
		return -EINVAL;
	}
	o->interval_ns = ns;
	ns = off ? OOMRANK_NEVER_NS : ns;
	return loop_change_timer(o->loop, oomrank_interval, o, ns, ns);
}

static int run_columns(struct command_call *call)
{
	struct oomrank *o = call->user;
	const char *const *more = rank_layout_names(o->layout);
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(more, abouts);
	uint64_t *columns = &o->options.columns;

	if (call->n_words && !strcmp(call->words[0], "none")) {
		*columns = RANK_COLUMNS_NONE;
		return 0;
	}
	if (call->n_words)
		return column_choice_parse(abouts, n, call->words[0],
					   rank_columns_shown(*columns, more), columns, call->why);
	strbuf_printf(call->out, "%s ", call->name);
	if (*columns & RANK_COLUMNS_NONE)
		strbuf_puts(call->out, "none");
	else
		column_choice_text(abouts, n, *columns, call->out);
	strbuf_putc(call->out, '\n');
	return 0;
}

static void complete_columns(const struct command_completion *completion)
{
	const struct oomrank *o = completion->user;
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(rank_layout_names(o->layout), abouts);

	if (completion->n_words)
		return;
	column_choice_complete(abouts, n, completion->start, completion->out);
	strbuf_puts(completion->out, "none\n");
}

/* What other tools can set, and this one cannot: why, and what does instead. */
static int run_not_here(struct command_call *call)
{
	if (!strcmp(call->name, "set sort"))
		strbuf_puts(call->why, "the order is the one in which the kernel would choose: "
				       "'compare' and 'policy' have that of others");
	else
		strbuf_puts(call->why,
			    "all of a domain are ranked against each other: 'set domain cgroup "
			    "PATH' ranks those of a cgroup, 'explain PID' tells of one process");
	return -EOPNOTSUPP;
}

/* The kinds of domain that have a name, and where it is put. */
static const struct {
	const char *kind;
	size_t option; /* in struct oomrank_options */
} domains[] = {
	{"cgroup", offsetof(struct oomrank_options, cgroup)},
	{"cpuset", offsetof(struct oomrank_options, cpuset)},
	{"mempolicy", offsetof(struct oomrank_options, mempolicy)},
};

static const char **domain_option(struct oomrank_options *options, size_t i)
{
	return (const char **)((char *)options + domains[i].option);
}

static int put_domain(struct command_call *call)
{
	struct oomrank_options *options = &((struct oomrank *)call->user)->options;
	const char *kind = "machine", *name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(domains) && !name; i++) {
		name = *domain_option(options, i);
		if (name)
			kind = domains[i].kind;
	}
	strbuf_printf(call->out, "%s %s", call->name, kind);
	if (name) {
		strbuf_putc(call->out, ' ');
		text_display(call->out, name, strlen(name));
	}
	strbuf_putc(call->out, '\n');
	return 0;
}

/* Is there such a domain now? What it is compared with in the next report is gone. */
static int try_domain(struct oomrank *o, const char *kind, const char *name, struct strbuf *why)
{
	struct oomrank_options before = o->options;
	struct oomrank_snapshot s = {0};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		*domain_option(&o->options, i) = !strcmp(kind, domains[i].kind) ? name : NULL;
	o->options.all_domains = false;
	r = oomrank_take(o, &s, why);
	oomrank_snapshot_clear(&s);
	if (r < 0) {
		o->options = before;
		return r;
	}
	oomrank_snapshot_clear(&o->before);
	return 0;
}

static bool has_name(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		if (!strcmp(kind, domains[i].kind))
			return true;
	return false;
}

static int run_domain(struct command_call *call)
{
	struct oomrank *o = call->user;
	const char *kind = call->n_words ? call->words[0] : "";
	char *name = NULL;
	int r;

	if (!call->n_words)
		return put_domain(call);
	if (!(call->n_words == 1 && !strcmp(kind, "machine")) &&
	    !(call->n_words == 2 && has_name(kind))) {
		strbuf_puts(call->why, "a domain is: machine, cgroup PATH, cpuset NODES, or "
				       "mempolicy NODES");
		return -EINVAL;
	}
	if (call->n_words == 2) {
		name = strdup(call->words[1]);
		if (!name)
			return -ENOMEM;
	}
	r = try_domain(o, kind, name, call->why);
	if (r == 0)
		SWAP(own_domain, name);
	free(name);
	return r;
}

static void complete_domain(const struct command_completion *completion)
{
	static const char *const kinds[] = {"machine", "cgroup", "cpuset", "mempolicy", NULL};

	command_offer(completion, kinds);
}

void oomrank_set_clear(void)
{
	free(own_domain);
	own_domain = NULL;
}

const struct command oomrank_set_commands[] = {
	{"all", "on|off", "all processes, all who are passed by (-a)", NULL, 0, 1, run_all,
	 command_complete_switch, NULL},
	{"rows", "ROWS", "rows of each list (-r); 0: no limit", NULL, 0, 1, run_rows, NULL, NULL},
	{"json", "on|off", "reports as JSON (-j)", NULL, 0, 1, run_json, command_complete_switch,
	 NULL},
	{"time", "on|off", "the date, and milliseconds (-T)", NULL, 0, 1, run_time,
	 command_complete_switch, NULL},
	{"changes", "on|off", "at intervals only what has changed", NULL, 0, 1, run_changes,
	 command_complete_switch, NULL},
	{"columns", "NAME,...|+NAME|-NAME|all|none|default", "what stands at the end of rows",
	 "  'columns' lists them. default: what an edited probe tells besides. JSON has all.\n", 0,
	 1, run_columns, complete_columns, NULL},
	{"sort", "", "the order is the kernel's", NULL, 0, 12, run_not_here, NULL, NULL},
	{"filter", "", "none here: see 'set domain'", NULL, 0, 12, run_not_here, NULL, NULL},
	{"interval", "SECONDS|off", "a report so often", NULL, 0, 1, run_interval, NULL, NULL},
	{"domain", "machine|cgroup PATH|cpuset NODES|mempolicy NODES",
	 "what is to run out of memory", NULL, 0, 2, run_domain, complete_domain, NULL},
	{.name = NULL},
};

int oomrank_set_show_all(struct command_call *call)
{
	return command_show_all(call, oomrank_set_commands, run_not_here);
}
