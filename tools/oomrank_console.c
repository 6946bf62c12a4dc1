#include "tools/oomrank_console.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "console/command_words.h"
#include "output/human.h"
#include "rank/rank_columns.h"

#define OFFERED 10 /* PIDs for TAB */
#define REPORTS_KEPT 32
#define BYTES_KEPT (1u << 20)

static int run_rank(struct command_call *call)
{
	struct oomrank *o = call->user;
	bool changes = o->options.changes;
	size_t start = call->out->length;
	int r;

	/* Who asks wants to see it all. */
	o->options.changes = false;
	r = oomrank_report(o, call->out, call->why);
	o->options.changes = changes;
	if (r == 0)
		(void)recent_texts_add(&o->recent, strbuf_text(call->out) + start,
				       call->out->length - start);
	return r;
}

static int run_show(struct command_call *call)
{
	struct oomrank *o = call->user;
	uint64_t n;
	int r = call->n_words ? command_number(call, 1, REPORTS_KEPT, &n) : 0;

	if (r < 0)
		return r;
	if (!call->n_words)
		return o->before.view.machine ? oomrank_show(o, &o->before, call->out)
					      : run_rank(call);
	if (!recent_texts_show(&o->recent, (size_t)n, call->out))
		strbuf_puts(call->out, "there was no report yet\n");
	return 0;
}

static int run_record(struct command_call *call)
{
	return recording_command(&((struct oomrank *)call->user)->recording, call);
}

static int run_replay(struct command_call *call)
{
	return oomrank_replay(call->user, call->words[0], false, call->why);
}

static int run_columns(struct command_call *call)
{
	const struct oomrank *o = call->user;
	const char *const *more = rank_layout_names(o->layout);
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(more, abouts);

	column_choice_list(abouts, n, rank_columns_shown(o->options.columns, more), call->out);
	return 0;
}

/* As it is now; what `show` and the next report compare with stays. */
static int run_explain(struct command_call *call)
{
	struct oomrank *o = call->user;
	struct oomrank_snapshot s = {0};
	struct rank_report p = oomrank_report_of(o, &s);
	/* As the other tools have it. */
	const char *which = !strcmp(call->words[0], "last") ? "victim" : call->words[0];
	size_t row;
	int r = oomrank_take(o, &s, call->why);

	if (r == 0)
		r = rank_view_choose(&s.view, &s.ranking, which, &row, call->why);
	if (r == 0)
		r = rank_report_why(&p, row, call->out);
	oomrank_snapshot_clear(&s);
	return r;
}

static void complete_explain(const struct command_completion *completion)
{
	const struct oomrank *o = completion->user;
	const struct ranking *r = &o->before.ranking;
	size_t n = 0;

	if (completion->n_words)
		return;
	strbuf_puts(completion->out, "victim\nlast\n");
	for (size_t i = 0; o->before.view.machine && i < r->n_rows && n < OFFERED; i++) {
		if (r->rows[i].verdict == RANKING_SKIP)
			continue;
		strbuf_printf(completion->out, "%" PRIu32 "\n",
			      o->before.view.machine->processes[r->rows[i].process].task.pid);
		n++;
	}
}

static int run_domains(struct command_call *call)
{
	struct oomrank *o = call->user;
	struct rank_view v = {0};
	int r = oomrank_source_read(o, &v, call->why);

	if (r == 0)
		r = oomrank_put_domains(o, &v, call->out);
	rank_view_clear(&v);
	return r;
}

static int run_simulate(struct command_call *call)
{
	struct oomrank *o = call->user;
	struct oomrank_snapshot s = {0};
	int r = oomrank_take(o, &s, call->why);

	if (r == 0)
		r = oomrank_put_simulated(o, &s, call->out);
	oomrank_snapshot_clear(&s);
	return r;
}

static int run_verify(struct command_call *call)
{
	size_t differ = 0;
	int r = oomrank_put_verified(call->user, call->out, &differ, call->why);

	if (r < 0 || !differ)
		return r;
	strbuf_puts(call->why, "not all are as the kernel has them");
	return -EBADMSG;
}

static int run_capture(struct command_call *call)
{
	return machine_capture(call->words[0], call->why);
}

static int run_pause(struct command_call *call)
{
	struct oomrank *o = call->user;

	if (!o->interval_ns) {
		strbuf_puts(call->out, "there is no interval: 'set interval 10' gives one\n");
		return 0;
	}
	strbuf_puts(call->out, o->paused ? "it is paused already: 'resume' goes on\n"
					 : "paused: 'rank' still makes a report\n");
	o->paused = true;
	return 0;
}

static int run_resume(struct command_call *call)
{
	struct oomrank *o = call->user;

	if (!o->paused)
		strbuf_puts(call->out, "it is not paused\n");
	o->paused = false;
	return 0;
}

static const struct command commands[] = {
	{"rank", "", "a report as things are now", NULL, 0, 0, run_rank, NULL, NULL},
	{"show", "[N]", "the last report again, in the present form; the last N",
	 "    show N shows them as they were printed.\n", 0, 1, run_show, NULL, NULL},
	{"explain", "PID|victim|last", "why it would be killed, or not",
	 "    last: the same as victim, as things are now\n", 1, 1, run_explain, complete_explain,
	 NULL},
	{"domains", "", "all cgroups with a limit: how full, who is next", NULL, 0, 0, run_domains,
	 NULL, NULL},
	{"simulate", "", "what oomkill would say of a kill right now", NULL, 0, 0, run_simulate,
	 NULL, NULL},
	{"policy", "NAME", "who would die under another policy", NULL, 1, 1, oomrank_run_policy,
	 oomrank_complete_policy, NULL},
	{"compare", "[NAME]...", "the same of all policies, and these", NULL, 0,
	 OOMRANK_POLICIES_MOST, oomrank_run_compare, oomrank_complete_policy, NULL},
	{"verify", "", "compare our reckoning with each oom_score", NULL, 0, 0, run_verify, NULL,
	 NULL},
	{"capture", "DIR", "keep this machine in DIR, for --root", NULL, 1, 1, run_capture,
	 command_complete_file, NULL},
	{"record", "FILE|off", "append each ranking to FILE, as JSON", NULL, 1, 1, run_record,
	 command_complete_file_or_off, NULL},
	{"replay", "FILE|DIR", "show what was recorded, or captured", NULL, 1, 1, run_replay,
	 command_complete_file, NULL},
	{"columns", "", "what may stand at the end of rows", NULL, 0, 0, run_columns, NULL, NULL},
	{"set", "[WHAT VALUE]", "what is shown, and how", NULL, 0, 0, oomrank_set_show_all, NULL,
	 oomrank_set_commands},
	{"pause", "", "make no more reports at intervals", NULL, 0, 0, run_pause, NULL, NULL},
	{"resume", "", "make them again", NULL, 0, 0, run_resume, NULL, NULL},
	{.name = NULL},
};

/* oomrank's lines of `status`. */
static void put_status(struct strbuf *out, void *user)
{
	const struct oomrank *o = user;

	strbuf_printf(out, "reports: %" PRIu64, o->reports);
	if (o->interval_ns) {
		strbuf_puts(out, ", every ");
		human_duration(out, o->interval_ns);
	}
	strbuf_printf(out, "%s; from %s\n", o->paused ? ", paused" : "",
		      o->tracer		? "the kernel, by the probe"
		      : o->options.root ? "a captured machine"
					: "/proc");
	recording_status(&o->recording, out);
}

static const char *no_events(void *user)
{
	const struct oomrank *o = user;

	if (!o->interval_ns)
		return "no report comes by itself: 'set interval 10' has one made so often, 'rank' "
		       "makes one now";
	return o->paused ? "it is paused: no report is made before 'resume'" : NULL;
}

int oomrank_console_open(struct oomrank *o)
{
	const struct session_config session = {
		.tool = &o->tool,
		.tracer = &o->tracer,
		.why_none = strbuf_text(&o->why_no_probe),
		.before = oomrank_source_before,
		.after = oomrank_source_after,
		.status = put_status,
		.user = o,
	};
	int r;

	if (!tool_has_console(&o->tool))
		return 0;
	r = recent_texts_open(&o->recent, REPORTS_KEPT, BYTES_KEPT);
	if (r == 0)
		r = tool_console_open(&o->console, &session, commands, o->loop);
	if (r == 0)
		console_without_events(o->console.console, no_events, o);
	return r;
}

int oomrank_console_close(struct oomrank *o, int status)
{
	status = tool_console_close(&o->console, status);
	recent_texts_close(&o->recent);
	oomrank_set_clear();
	return status;
}
