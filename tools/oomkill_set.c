/* `set`: what the options ask for at the start, changed while oomkill runs. */
#include <errno.h>
#include <string.h>

#include "console/command_words.h"
#include "tools/oomkill_console.h"

/* `set NAME on|off`; without a word, how it is. */
static int run_switch(struct command_call *call, bool *is_on)
{
	struct oomkill_console *c = call->user;
	bool before = *is_on;
	int r = command_switch(call, is_on);

	if (r == 0 && call->n_words)
		r = oomkill_options_check(c->options, &c->tool->common, call->why);
	if (r < 0)
		*is_on = before;
	return r;
}

static int run_explain(struct command_call *call)
{
	return run_switch(call, &((struct oomkill_console *)call->user)->options->explain);
}

static int run_json(struct command_call *call)
{
	return run_switch(call, &((struct oomkill_console *)call->user)->tool->common.json);
}

static int run_time(struct command_call *call)
{
	return run_switch(call, &((struct oomkill_console *)call->user)->tool->common.time);
}

static int run_folded(struct command_call *call)
{
	return run_switch(call, &((struct oomkill_console *)call->user)->options->folded);
}

enum { STACKS_OF_NONE, STACKS_OF_VICTIM, STACKS_OF_TRIGGER, STACKS_OF_BOTH };

static const char *const stacks_words[] = {"off", "victim", "trigger", "on", NULL};

static const char *stacks_word(const struct oomkill_options *o)
{
	return stacks_words[(o->victim_stack ? STACKS_OF_VICTIM : 0) |
			    (o->trigger_stack ? STACKS_OF_TRIGGER : 0)];
}

static void set_stacks(struct oomkill_console *c, size_t which)
{
	c->options->victim_stack = which & STACKS_OF_VICTIM;
	c->options->trigger_stack = which & STACKS_OF_TRIGGER;
	oomkill_options_flags(c->tool, c->options, c->flags);
}

/* The probe is compiled with what is wanted of it, so the running text is put in its own place. */
static int run_stacks(struct command_call *call)
{
	struct oomkill_console *c = call->user;
	size_t before = (c->options->victim_stack ? STACKS_OF_VICTIM : 0) |
			(c->options->trigger_stack ? STACKS_OF_TRIGGER : 0);
	int which, r;

	if (!call->n_words) {
		strbuf_printf(call->out, "set stacks %s\n", stacks_word(c->options));
		return 0;
	}
	which = command_choose(call, stacks_words);
	if (which < 0 || (size_t)which == before)
		return MIN(which, 0);
	set_stacks(c, (size_t)which);
	r = oomkill_options_check(c->options, &c->tool->common, call->why);
	if (r == 0)
		r = session_renew(c->base.session, call->out, call->why);
	if (r < 0)
		set_stacks(c, before);
	return r;
}

static void complete_stacks(const struct command_completion *completion)
{
	command_offer(completion, stacks_words);
}

static int run_columns(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	if (call->n_words)
		return kill_columns_change(&c->options->columns, call->words[0],
					   kill_layout_names(c->probe->layout), call->why);
	strbuf_puts(call->out, "set columns ");
	kill_columns_text(&c->options->columns, call->out);
	strbuf_putc(call->out, '\n');
	return 0;
}

/* What stands before the last comma is there already. */
void oomkill_complete_columns(const struct command_completion *completion)
{
	const struct oomkill_console *c = completion->user;
	const char *const *further = kill_layout_names(c->probe->layout);
	const char *start = completion->start, *comma = strrchr(start, ',');
	int n = (int)(comma ? comma + 1 - start : 0);

	if (completion->n_words)
		return;
	n += start[n] == '+' || start[n] == '-';
	for (size_t i = 0; further[i]; i++)
		strbuf_printf(completion->out, "%.*s%s\n", n, start, further[i]);
	for (size_t i = 0; i < kill_tables_count; i++)
		for (size_t f = 0; f < kill_tables[i].count; f++)
			strbuf_printf(completion->out, "%.*s%s%s\n", n, start,
				      kill_tables[i].prefix, kill_tables[i].fields[f].key);
	if (!n)
		strbuf_puts(completion->out, "none\ndefault\n");
}

static int run_filter(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	if (call->n_words)
		return kill_filter_words_parse(call->words, call->n_words, &c->options->filter,
					       call->why);
	strbuf_puts(call->out, "set filter ");
	kill_filter_words_put(&c->options->filter, call->out);
	strbuf_putc(call->out, '\n');
	return 0;
}

static void complete_filter(const struct command_completion *completion)
{
	kill_filter_words_complete(completion->words, completion->n_words, completion->out);
}

/* What other tools can set, and this one cannot. */
static int run_not_here(struct command_call *call)
{
	strbuf_puts(call->why, !strcmp(call->name, "set sort")
				       ? "oomkill sorts nothing: kills are told in the order in "
					 "which they were"
				       : "oomkill has no interval: it tells of each kill as it "
					 "happens");
	return -EOPNOTSUPP;
}

const struct command oomkill_set_commands[] = {
	{"explain", "on|off", "explain each kill below its line (-x)", NULL, 0, 1, run_explain,
	 command_complete_switch, NULL},
	{"json", "on|off", "kills as JSON (-j)", NULL, 0, 1, run_json, command_complete_switch,
	 NULL},
	{"time", "on|off", "the date, and milliseconds (-T)", NULL, 0, 1, run_time,
	 command_complete_switch, NULL},
	{"stacks", "on|victim|trigger|off", "stacks below the line (-s, -S)",
	 "  The probe is compiled anew for them. They are of kills from now on.\n", 0, 1,
	 run_stacks, complete_stacks, NULL},
	{"folded", "on|off", "folded stacks instead of lines (-f)", NULL, 0, 1, run_folded,
	 command_complete_switch, NULL},
	{"columns", "NAME,...|none|default|+NAME|-NAME", "what stands behind the line",
	 "  NAME is a key of the JSON, or a member that the probe has got. 'columns' lists them.\n"
	 "  default: all that an edited probe has got, and nothing else.\n",
	 0, 1, run_columns, oomkill_complete_columns, NULL},
	{"filter", "WHAT VALUE ...|off", "only such kills",
	 "  WHAT: pid PID,... | uid UID,... | name COMM | cgroup PATH | container ID | global\n"
	 "  Give all that must hold at once: the filter is made anew. It is for 'show', too.\n",
	 0, 11, run_filter, complete_filter, NULL},
	{"sort", "", "kills come in their order", NULL, 0, 1, run_not_here, NULL, NULL},
	{"interval", "", "there is none here", NULL, 0, 1, run_not_here, NULL, NULL},
	{.name = NULL},
};

int oomkill_set_show_all(struct command_call *call)
{
	return command_show_all(call, oomkill_set_commands, run_not_here);
}
