#include "tools/memrate_console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "console/command_words.h"
#include "tools/memrate_settings.h"

#define TABLES_KEPT 32

bool memrate_console_take(struct memrate *m, const char *text, size_t n)
{
	struct memrate_console *c = m->console;

	return !c || blocks_take(&c->blocks, c->base.console, text, n);
}

static int run_show(struct command_call *call)
{
	struct memrate *m = call->user;
	uint64_t n = 1;
	int r = command_number(call, 1, UINT32_MAX, &n);

	if (r < 0)
		return r;
	if (!call->n_words)
		return memrate_put_text(m, m->tool.common.json, call->out);
	blocks_show(&m->console->blocks, n, call->out);
	return 0;
}

static int run_columns(struct command_call *call)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	const struct rate_table table = memrate_table(call->user);
	size_t n = rate_table_abouts(&table, abouts);

	column_choice_list(abouts, n, rate_table_shown(&table), call->out);
	return 0;
}

static int run_explain(struct command_call *call)
{
	uint64_t pid;
	int r = command_pid_or_last(call, &pid);

	if (r == 0)
		r = memrate_put_process(call->user, pid, call->out);
	if (r == -ENOENT && pid)
		strbuf_printf(call->why, "there was no process %" PRIu64 " at the last interval",
			      pid);
	else if (r == -ENOENT)
		strbuf_puts(call->why, "there was no process at the last interval");
	return r;
}

static int run_pause(struct command_call *call)
{
	blocks_pause(&((struct memrate *)call->user)->console->blocks, call->out);
	return 0;
}

static int run_resume(struct command_call *call)
{
	blocks_resume(&((struct memrate *)call->user)->console->blocks, call->out);
	return 0;
}

static int run_record(struct command_call *call)
{
	return recording_command(&((struct memrate *)call->user)->recording, call);
}

static int run_replay(struct command_call *call)
{
	return memrate_replay(call->user, call->words[0], false, call->why);
}

static const struct command commands[] = {
	{"show", "[N]", "the table as it is now, or the last N again", NULL, 0, 1, run_show, NULL,
	 NULL},
	{"set", "", "show all settings, or change one", NULL, 0, 0, memrate_show_settings, NULL,
	 memrate_set_commands},
	{"columns", "", "the columns of the present table", NULL, 0, 0, run_columns, NULL, NULL},
	{"explain", "PID|last", "all numbers of one process, and what they mean",
	 "    last: of the first as they are sorted and filtered now\n", 1, 1, run_explain,
	 command_complete_last, NULL},
	{"pause", "", "print nothing more; numbers and recording go on", NULL, 0, 0, run_pause,
	 NULL, NULL},
	{"resume", "", "print again", NULL, 0, 0, run_resume, NULL, NULL},
	{"record", "FILE|off", "append JSON of each interval to a file", NULL, 1, 1, run_record,
	 command_complete_file_or_off, NULL},
	{"replay", "FILE", "show what was recorded as tables", NULL, 1, 1, run_replay,
	 command_complete_file, NULL},
	{0},
};

static void put_status(struct strbuf *out, void *user)
{
	struct memrate *m = user;

	strbuf_printf(out, "tables: %" PRIu64 " by now, every %g s, by %s%s\n", m->blocks,
		      (double)m->interval_ns / 1e9, memrate_by_names[m->by],
		      m->console->blocks.paused ? "; paused" : "");
	memrate_put_counted(m, out);
	recording_status(&m->recording, out);
}

int memrate_console_open(struct memrate *m)
{
	const struct session_config session = {
		.tool = &m->tool,
		.tracer = &m->probe.tracer,
		.why_none = strbuf_text(&m->probe.none),
		.before = memrate_probe_before,
		.after = memrate_probe_after,
		.status = put_status,
		.user = m,
	};
	int r;

	if (!tool_has_console(&m->tool))
		return 0;
	/* Tables scroll by above the prompt. */
	m->no_clear = true;
	m->console = calloc(1, sizeof(*m->console));
	if (!m->console)
		return -ENOMEM;
	r = blocks_open(&m->console->blocks, "table", TABLES_KEPT);
	return r < 0 ? r : tool_console_open(&m->console->base, &session, commands, m->loop);
}

int memrate_console_close(struct memrate *m, int status)
{
	if (!m->console)
		return status;
	status = tool_console_close(&m->console->base, status);
	blocks_close(&m->console->blocks);
	free(STEAL(m->console));
	return status;
}
