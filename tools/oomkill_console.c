#include "tools/oomkill_console.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/message.h"
#include "base/parse.h"
#include "console/command_words.h"
#include "oom/kill_columns.h"
#include "output/human.h"

#define SHOWN 10

static int run_show(struct command_call *call)
{
	struct oomkill_console *c = call->user;
	const struct kill_kept *kept = &c->output->kept;
	uint64_t n = SHOWN, first = kill_kept_first(kept);
	int r = command_number(call, 1, KILL_KEPT_MOST, &n);

	if (r < 0)
		return r;
	if (first == kept->end) {
		strbuf_puts(call->out, "no kill yet\n");
		return 0;
	}
	return oomkill_tell_last(&c->telling, n);
}

/* The last one that 'show' would show: of others nothing is known to who has set a filter. */
static int last_shown(const struct oomkill_output *o, struct kill **ret)
{
	const struct kill_kept *kept = &o->kept;

	for (uint64_t i = kept->end; i > kill_kept_first(kept); i--) {
		_cleanup_kill_ struct kill *k = NULL;
		int r = kill_kept_get(kept, i - 1, &k);

		if (r == -ENOMEM)
			return r;
		if (r == 0 && kill_filter_passes(&o->options->filter.filter, k)) {
			*ret = STEAL(k);
			return 0;
		}
	}
	return -ENOENT;
}

static int run_explain(struct command_call *call)
{
	struct oomkill_console *c = call->user;
	const struct kill_kept *kept = &c->output->kept;
	const char *which = call->words[0];
	_cleanup_kill_ struct kill *k = NULL;
	uint64_t pid = 0;
	int r;

	if (!strcmp(which, "last")) {
		r = last_shown(c->output, &k);
		if (r == -ENOENT)
			strbuf_puts(call->why, kept->end ? "no kill that is kept passes the filter"
							 : "no kill yet");
	} else if (parse_number(which, 1, INT32_MAX, &pid) < 0) {
		strbuf_printf(call->why, "'%s' is neither a PID nor 'last'", which);
		return -EINVAL;
	} else {
		r = kill_kept_find(kept, pid, &k);
		if (r == -ENOENT)
			strbuf_printf(call->why,
				      "no kill of PID %" PRIu64 " is kept: 'show' lists what is",
				      pid);
	}
	return r < 0 ? r : oomkill_output_explain(c->output, k, call->out);
}

static void complete_explain(const struct command_completion *completion)
{
	const struct oomkill_console *c = completion->user;
	const struct kill_kept *kept = &c->output->kept;
	uint64_t first = kill_kept_first(kept);

	if (completion->n_words)
		return;
	strbuf_puts(completion->out, "last\n");
	for (uint64_t i = kept->end; i > first && kept->end - i < SHOWN; i--) {
		_cleanup_kill_ struct kill *k = NULL;

		if (kill_kept_get(kept, i - 1, &k) == 0 && k->victim.pid != KILL_UNKNOWN)
			strbuf_printf(completion->out, "%" PRIu64 "\n", k->victim.pid);
	}
}

static void put_column(const struct oomkill_console *c, const char *name, const char *unit,
		       struct strbuf *out)
{
	size_t start = out->length;

	strbuf_printf(out, "%s %-28s %s", kill_columns_show(&c->options->columns, name) ? "*" : " ",
		      name, unit);
	while (out->length > start && out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
	strbuf_putc(out, '\n');
}

static int run_columns(struct command_call *call)
{
	const struct oomkill_console *c = call->user;
	const char *const *further = kill_layout_names(c->probe->layout);

	strbuf_puts(call->out, "behind the line (*: shown):\n");
	for (size_t i = 0; further[i]; i++)
		put_column(c, further[i], "of the probe", call->out);
	for (size_t i = 0; i < kill_tables_count; i++)
		for (size_t f = 0; f < kill_tables[i].count; f++) {
			_cleanup_strbuf_ struct strbuf key = {0};

			strbuf_printf(&key, "%s%s", kill_tables[i].prefix,
				      kill_tables[i].fields[f].key);
			put_column(c, strbuf_text(&key), kill_columns_unit(strbuf_text(&key)),
				   call->out);
		}
	return 0;
}

static int run_pause(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	if (c->output->paused) {
		strbuf_puts(call->out, "it is paused already: 'resume' goes on\n");
		return 0;
	}
	c->output->paused = true;
	c->output->shown_to = c->output->kept.end;
	strbuf_printf(call->out,
		      "paused: the last %d kills, %u MiB at most, are kept for "
		      "'resume'\n",
		      KILL_KEPT_MOST, KILL_KEPT_BYTES_MOST >> 20);
	return 0;
}

static int run_resume(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	if (!c->output->paused) {
		strbuf_puts(call->out, "it is not paused\n");
		return 0;
	}
	return oomkill_tell_and_resume(&c->telling, c->output->shown_to);
}

static int run_record(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	return recording_command(&c->output->recording, call);
}

static int run_replay(struct command_call *call)
{
	struct oomkill_console *c = call->user;

	return oomkill_tell_file(&c->telling, call->words[0], call->why);
}

static const struct command commands[] = {
	{"show", "[N]", "the last kills again (10)",
	 "  They are shown in the present form, if they pass the filter.\n", 0, 1, run_show, NULL,
	 NULL},
	{"explain", "PID|last", "all that is known of one that is kept", NULL, 1, 1, run_explain,
	 complete_explain, NULL},
	{"set", "[WHAT VALUE]", "what is shown, and how", NULL, 0, 0, oomkill_set_show_all, NULL,
	 oomkill_set_commands},
	{"columns", "", "what may stand behind the line", NULL, 0, 0, run_columns, NULL, NULL},
	{"pause", "", "show no kills for now; they are kept", NULL, 0, 0, run_pause, NULL, NULL},
	{"resume", "", "show those that are kept, and go on", NULL, 0, 0, run_resume, NULL, NULL},
	{"record", "FILE|off", "append each kill to FILE, as JSON", NULL, 1, 1, run_record,
	 command_complete_file_or_off, NULL},
	{"replay", "FILE", "show what was recorded in FILE", NULL, 1, 1, run_replay,
	 command_complete_file, NULL},
	{.name = NULL},
};

/* oomkill's lines of `status`. */
static void put_status(struct strbuf *out, void *user)
{
	const struct oomkill_console *c = user;
	const struct oomkill_output *o = c->output;

	strbuf_printf(out,
		      "kills: %" PRIu64 " told, %" PRIu64 " filtered out, %" PRIu64
		      " lost (and %" PRIu64 " parts), %zu waiting for their end\n",
		      o->told, o->filtered, c->probe->lost[OOMKILL_LOST_KILLS],
		      c->probe->lost[OOMKILL_LOST_STORY], kill_queue_waiting(c->probe->queue));
	strbuf_printf(out, "kept: %zu kills, ", o->kept.texts.count);
	human_bytes(out, o->kept.texts.bytes);
	strbuf_printf(out, "%s\n", o->paused ? "; paused" : "");
	recording_status(&o->recording, out);
}

static int before_swap(struct tracer *tracer, struct strbuf *why, void *user)
{
	return oomkill_probe_before(((struct oomkill_console *)user)->probe, tracer, why);
}

static int after_swap(struct tracer *tracer, bool swapped, struct strbuf *why, void *user)
{
	(void)tracer;
	return oomkill_probe_after(((struct oomkill_console *)user)->probe, swapped, why);
}

int oomkill_console_open(struct oomkill_console *c)
{
	const struct session_config session = {
		.tool = c->tool,
		.tracer = &c->probe->tracer,
		.before = before_swap,
		.after = after_swap,
		.status = put_status,
		.user = c,
	};
	int r = tool_console_open(&c->base, &session, commands, c->probe->loop);

	if (r < 0)
		return r;
	c->output->console = c->base.console;
	c->telling.console = c->base.console;
	c->telling.output = c->output;
	return 0;
}

int oomkill_console_close(struct oomkill_console *c, int status)
{
	tool_console_stop(&c->base);
	oomkill_telling_close(&c->telling);
	c->output->console = NULL;
	return tool_console_close(&c->base, status);
}
