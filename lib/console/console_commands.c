#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "console/console_internal.h"

static int run_help(struct command_call *call)
{
	struct console *c = call->user;

	return command_help(&c->tree, call->words, call->n_words, call->out, call->why);
}

/* The names of commands, of those below others too. */
static void complete_help(const struct command_completion *completion)
{
	struct console *c = completion->user;
	const struct command *found = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	void *user;
	size_t used;

	if (!completion->n_words) {
		for (size_t i = 0; i < c->tree.n_tables; i++)
			for (const struct command *p = c->tree.tables[i].commands; p->name; p++)
				strbuf_printf(completion->out, "%s\n", p->name);
		return;
	}
	if (command_find(&c->tree, completion->words, completion->n_words, &found, &user, &used,
			 &why) == 0 &&
	    found->below && used == completion->n_words)
		for (const struct command *p = found->below; p->name; p++)
			strbuf_printf(completion->out, "%s\n", p->name);
}

static int run_quit(struct command_call *call)
{
	console_quit(call->user);
	return 0;
}

static int bad_word(struct command_call *call, size_t i, const char *wants)
{
	strbuf_puts(call->why, "'");
	text_display(call->why, call->words[i], strlen(call->words[i]));
	strbuf_printf(call->why, "' is not %s", wants);
	return -EINVAL;
}

static int run_wait(struct command_call *call)
{
	uint64_t events = 0, duration_ns = 0;
	size_t at = 0, n;

	if (call->n_words >= 2) {
		n = strlen(call->words[1]);
		if (!n || strncmp(call->words[1], "events", n) != 0)
			return bad_word(call, 1, "'events'");
		if (parse_number(call->words[0], 1, UINT32_MAX, &events) < 0)
			return bad_word(call, 0, "a number of events, from 1 on");
		at = 2;
	}
	if (call->n_words > at && parse_duration(call->words[at], &duration_ns) < 0)
		return bad_word(call, at, "seconds more than 0, such as 10, 0.5, 200ms or 1h30m");
	return console_wait_begin(call->user, events, duration_ns, call->why);
}

static void complete_wait(const struct command_completion *completion)
{
	if (completion->n_words == 1)
		strbuf_puts(completion->out, "events\n");
}

static int run_history(struct command_call *call)
{
	const struct console *c = call->user;
	uint64_t n = 50;

	if (call->n_words && parse_number(call->words[0], 1, HISTORY_LINES_MOST, &n) < 0)
		return bad_word(call, 0, "a number of lines, from 1 to 1000");
	for (size_t i = c->history.count - MIN((size_t)n, c->history.count); i < c->history.count;
	     i++)
		strbuf_printf(call->out, "%5zu  %s\n", i + 1, c->history.lines[i]);
	return 0;
}

static int run_echo(struct command_call *call)
{
	for (size_t i = 0; i < call->n_words; i++)
		strbuf_printf(call->out, "%s%s", i ? " " : "", call->words[i]);
	strbuf_putc(call->out, '\n');
	return 0;
}

const struct command console_commands[] = {
	{.name = "help",
	 .arguments = "[COMMAND]",
	 .help = "what there is; more of one command",
	 .most = 8,
	 .run = run_help,
	 .complete = complete_help},
	{.name = "?",
	 .arguments = "[COMMAND]",
	 .help = "the same",
	 .more = "    At the prompt the key ? shows what may come where the cursor is.\n",
	 .most = 8,
	 .run = run_help,
	 .complete = complete_help},
	{.name = "history",
	 .arguments = "[N]",
	 .help = "the last lines typed here (50)",
	 .more = "    A line that begins with a blank is not kept.\n",
	 .most = 1,
	 .run = run_history},
	{.name = "echo",
	 .arguments = "[TEXT]...",
	 .help = "print it",
	 .most = SIZE_MAX,
	 .run = run_echo},
	{.name = "wait",
	 .arguments = "[SECONDS]",
	 .help = "go on later; meanwhile events are told",
	 .more = "    wait              until Ctrl-C\n"
		 "    wait SECONDS      that long\n"
		 "    wait N events     until N events were told since the last wait (in a "
		 "script;\n"
		 "                      else since now)\n"
		 "    wait N events SECONDS\n"
		 "                      the same; it fails if they do not come in that time\n",
	 .most = 3,
	 .run = run_wait,
	 .complete = complete_wait},
	{.name = "quit",
	 .arguments = "",
	 .help = "end the tool; Ctrl-D does the same",
	 .run = run_quit},
	{0},
};
