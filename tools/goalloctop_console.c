#include "tools/goalloctop_console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "console/command_words.h"
#include "tools/goalloctop_settings.h"

#define TABLES_KEPT 32
#define LINES_KEPT 1024 /* of --trace */

bool goalloctop_console_take(struct goalloctop *t, const char *text, size_t n)
{
	struct goalloctop_console *c = t->console;

	return !c || blocks_take(&c->blocks, c->base.console, text, n);
}

static int run_show(struct command_call *call)
{
	struct goalloctop *t = call->user;
	uint64_t n = t->rows;
	int r = command_number(call, 1, UINT32_MAX, &n);

	if (r < 0)
		return r;
	if (!call->n_words && !t->probe.trace)
		return goalloctop_plain_text(t, t->tool.common.json, call->out);
	goalloctop_trace_flush(t);
	blocks_show(&t->console->blocks, n, call->out);
	return 0;
}

static int run_columns(struct command_call *call)
{
	struct goalloctop_columns c;

	goalloctop_columns(call->user, &c);
	column_choice_list(c.abouts, c.n, c.shown, call->out);
	return 0;
}

static int run_pause(struct command_call *call)
{
	struct goalloctop *t = call->user;

	goalloctop_trace_flush(t);
	blocks_pause(&t->console->blocks, call->out);
	return 0;
}

static int run_resume(struct command_call *call)
{
	blocks_resume(&((struct goalloctop *)call->user)->console->blocks, call->out);
	return 0;
}

static int run_record(struct command_call *call)
{
	return recording_command(&((struct goalloctop *)call->user)->recording, call);
}

static int run_replay(struct command_call *call)
{
	return goalloctop_replay(call->user, call->words[0], false, call->why);
}

static int run_write(struct command_call *call)
{
	int r = goalloctop_export_write(call->user, call->words[0], call->why);

	if (r < 0)
		return r;
	strbuf_puts(call->out, "wrote ");
	text_display(call->out, call->words[0], strlen(call->words[0]));
	strbuf_putc(call->out, '\n');
	return 0;
}

static const struct command commands[] = {
	{"show", "[N]", "the table as it is now, or the last N again",
	 "  With --trace: the last N allocations.\n", 0, 1, run_show, NULL, NULL},
	{"set", "", "show all settings, or change one", NULL, 0, 0, goalloctop_show_settings, NULL,
	 goalloctop_set_commands},
	{"columns", "", "the columns of the present table", NULL, 0, 0, run_columns, NULL, NULL},
	{"pause", "", "print nothing more; numbers and recording go on", NULL, 0, 0, run_pause,
	 NULL, NULL},
	{"resume", "", "print again", NULL, 0, 0, run_resume, NULL, NULL},
	{"record", "FILE|off", "append JSON of each interval to a file", NULL, 1, 1, run_record,
	 command_complete_file_or_off, NULL},
	{"replay", "FILE", "show what was recorded as tables", NULL, 1, 1, run_replay,
	 command_complete_file, NULL},
	{"programs", "", "the Go programs that are watched, and how", NULL, 0, 0,
	 goalloctop_show_programs, NULL, NULL},
	{"explain", "PID|last", "all numbers of one program, and what they mean",
	 "    last: the first as they are sorted now\n", 1, 1, goalloctop_explain,
	 command_complete_last, NULL},
	{"write", "FILE", "write a profile: FILE.pb.gz, FILE.svg or FILE.folded",
	 "  What is in use of the programs that are shown; with --diff, --via refill and\n"
	 "  --split what was allocated since the start. FILE is replaced.\n",
	 1, 1, run_write, command_complete_file, NULL},
	{0},
};

int goalloctop_console_open(struct goalloctop *t)
{
	const struct session_config session = {
		.tool = &t->tool,
		.tracer = &t->probe.tracer,
		.why_none = strbuf_text(&t->probe.none),
		.before = goalloctop_probe_before,
		.after = goalloctop_probe_after,
		.status = goalloctop_put_status,
		.user = t,
	};
	int r;

	if (!tool_has_console(&t->tool))
		return 0;
	/* Tables scroll by above the prompt. */
	t->no_clear = true;
	t->console = calloc(1, sizeof(*t->console));
	if (!t->console)
		return -ENOMEM;
	r = t->probe.trace ? blocks_open(&t->console->blocks, "allocation", LINES_KEPT)
			   : blocks_open(&t->console->blocks, "table", TABLES_KEPT);
	return r < 0 ? r : tool_console_open(&t->console->base, &session, commands, t->loop);
}

int goalloctop_console_close(struct goalloctop *t, int status)
{
	if (!t->console)
		return status;
	status = tool_console_close(&t->console->base, status);
	blocks_close(&t->console->blocks);
	free(STEAL(t->console));
	return status;
}
