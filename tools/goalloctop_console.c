#include "tools/goalloctop_console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/message.h"
#include "base/parse.h"
#include "base/text.h"
#include "console/command_words.h"
#include "output/human.h"
#include "tools/goalloctop_settings.h"

#define BLOCKS_KEPT 32
#define LINES_KEPT 1024 /* of --trace */
#define BYTES_KEPT (1u << 20)

bool goalloctop_console_take(struct goalloctop *t, const char *text, size_t n)
{
	struct goalloctop_console *c = t->console;

	if (!c)
		return true;
	(void)recent_texts_add(&c->recent, text, n);
	console_event(c->console);
	c->passed += c->paused;
	return !c->paused;
}

static int run_show(struct command_call *call)
{
	struct goalloctop *t = call->user;
	uint64_t n = t->rows;

	if (call->n_words && parse_number(call->words[0], 1, UINT32_MAX, &n) < 0) {
		strbuf_printf(call->why, "'%s' is not a whole number from 1 on", call->words[0]);
		return -EINVAL;
	}
	if (!call->n_words && !t->probe.trace)
		return goalloctop_plain_text(t, t->tool.common.json, call->out);
	goalloctop_trace_flush(t);
	if (!recent_texts_show(&t->console->recent, (size_t)n, call->out))
		strbuf_puts(call->out, t->probe.trace ? "No allocation was sampled yet.\n"
						      : "There was no table yet.\n");
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

	if (t->console->paused)
		strbuf_puts(call->out, "It is paused already.\n");
	goalloctop_trace_flush(t);
	t->console->paused = true;
	return 0;
}

static int run_resume(struct command_call *call)
{
	struct goalloctop *t = call->user;
	struct goalloctop_console *c = t->console;

	if (!c->paused)
		strbuf_puts(call->out, "It was not paused.\n");
	else if (c->passed) {
		human_things(call->out, c->passed, t->probe.trace ? "allocation" : "table");
		strbuf_puts(call->out, " passed meanwhile; 'show N' shows the last ones.\n");
	}
	c->paused = false;
	c->passed = 0;
	return 0;
}

struct recording *goalloctop_recording(const struct goalloctop *t)
{
	return t->console && t->console->recording.writer ? &t->console->recording : NULL;
}

static int run_record(struct command_call *call)
{
	return recording_command(&((struct goalloctop *)call->user)->console->recording, call);
}

static int run_replay(struct command_call *call)
{
	return goalloctop_replay(call->user, call->words[0], call->why);
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
	{"write", "FILE", "write a profile: FILE.pb.gz, FILE.svg or FILE.folded",
	 "  What is in use of the programs that are shown; with --diff, --via refill and\n"
	 "  --split what was allocated since the start. FILE is replaced.\n",
	 1, 1, run_write, command_complete_file, NULL},
	{0},
};

static int open_all(struct goalloctop *t, struct goalloctop_console *c)
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
	const size_t kept = t->probe.trace ? LINES_KEPT : BLOCKS_KEPT;
	int r = recent_texts_open(&c->recent, kept, BYTES_KEPT);

	c->recording.what = t->probe.trace ? "allocation" : "interval";
	if (r == 0)
		r = session_open(&session, &c->session);
	if (r < 0)
		return r;
	c->tables[0] = (struct command_table){commands, t};
	c->tables[1] = session_commands(c->session);
	return console_open(&(struct console_config){.tool = t->tool.info->name,
						     .common = &t->tool.common,
						     .tree = {c->tables, ARRAY_SIZE(c->tables)},
						     .loop = t->loop},
			    &c->console);
}

int goalloctop_console_open(struct goalloctop *t)
{
	if (!tool_has_console(&t->tool))
		return 0;
	/* Tables scroll by above the prompt. */
	t->no_clear = true;
	t->console = calloc(1, sizeof(*t->console));
	return t->console ? open_all(t, t->console) : -ENOMEM;
}

int goalloctop_console_close(struct goalloctop *t, int status)
{
	struct goalloctop_console *c = t->console;

	if (!c)
		return status;
	session_close(c->session);
	status = console_close(c->console, status);
	recording_stop(&c->recording);
	recent_texts_close(&c->recent);
	free(c);
	t->console = NULL;
	return status;
}
