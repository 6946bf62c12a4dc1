#include "tools/oomprof_console.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/command_words.h"
#include "tools/oomprof_replay.h"
#include "victim/site_table.h"

#define SHOWN 1

static int run_show(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	uint64_t n = SHOWN;
	int r = command_number(call, 1, OOMPROF_KEPT, &n);

	if (r < 0)
		return r;
	pthread_mutex_lock(&o->lock);
	r = oomprof_output_again(o, 0, n, call->out);
	pthread_mutex_unlock(&o->lock);
	if (r == 0 && !call->out->length)
		strbuf_puts(call->out, "no victim yet\n");
	return r;
}

static int run_explain(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	uint64_t pid;
	int r = command_pid_or_last(call, &pid);

	if (r < 0)
		return r;
	pthread_mutex_lock(&o->lock);
	r = oomprof_output_explain(o, pid, call->out);
	pthread_mutex_unlock(&o->lock);
	if (r == -ENOENT && pid)
		strbuf_printf(call->why, "no victim with the PID %" PRIu64 " is kept", pid);
	else if (r == -ENOENT)
		strbuf_puts(call->why, "no victim that passes the filter is kept");
	return r;
}

static int run_columns(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	uint64_t columns;

	pthread_mutex_lock(&o->lock);
	columns = o->form.report.columns;
	pthread_mutex_unlock(&o->lock);
	column_choice_list(site_columns, site_columns_count,
			   columns ? columns : site_columns_usual(), call->out);
	return 0;
}

static int run_pause(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;

	pthread_mutex_lock(&o->lock);
	if (!o->paused)
		o->shown_to = o->end;
	strbuf_puts(call->out, o->paused ? "it is paused already: 'resume' goes on\n" : "");
	o->paused = true;
	pthread_mutex_unlock(&o->lock);
	return 0;
}

static int run_resume(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	int r = 0;

	pthread_mutex_lock(&o->lock);
	if (o->paused && o->first > o->shown_to)
		strbuf_printf(call->out,
			      "(%" PRIu64 " more were not kept; their profiles are there)\n",
			      o->first - o->shown_to);
	if (o->paused)
		r = oomprof_output_again(o, o->shown_to, UINT64_MAX, call->out);
	else
		strbuf_puts(call->out, "it is not paused\n");
	o->paused = false;
	pthread_mutex_unlock(&o->lock);
	return r;
}

static int run_record(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;
	int r;

	pthread_mutex_lock(&o->lock);
	r = recording_command(&o->recording, call);
	pthread_mutex_unlock(&o->lock);
	return r;
}

static int run_replay(struct command_call *call)
{
	struct oomprof_output *o = ((struct oomprof_console *)call->user)->output;

	return oomprof_replay(o, call->words[0], false, call->why);
}

static void put_program(const struct known_binary *b, void *user)
{
	struct strbuf *out = user;

	text_display(out, b->path, strlen(b->path));
	if (b->binary && *b->binary->version)
		strbuf_printf(out, ", %s", b->binary->version);
	if (b->kind == BINARY_READY)
		strbuf_puts(out, ": its heap profile can be read\n");
	else if (b->kind == BINARY_OFF)
		strbuf_puts(out, ": heap profiling was switched off by the linker "
				 "(--enable-profiling switches it on)\n");
	else
		strbuf_printf(out, ": %s\n", b->reason ? b->reason : "its profile cannot be found");
}

static int run_programs(struct command_call *call)
{
	watcher_each_program(((struct oomprof_console *)call->user)->watcher, put_program,
			     call->out);
	if (!call->out->length)
		strbuf_puts(call->out, "no Go program is known yet\n");
	return 0;
}

static const struct command commands[] = {
	{"show", "[N]", "the last victims again (1)",
	 "  They are shown in the present form, if they pass the filter. 32 are kept, with 100 "
	 "sites.\n",
	 0, 1, run_show, NULL, NULL},
	{"explain", "PID|last", "all that is known of one that is kept",
	 "  What the runtime knew, and 100 sites.\n", 1, 1, run_explain, command_complete_last,
	 NULL},
	{"set", "[WHAT [VALUE]]", "what is shown, and how", NULL, 0, 0, oomprof_set_show_all, NULL,
	 oomprof_set_commands},
	{"columns", "", "what columns the table of sites may have", NULL, 0, 0, run_columns, NULL,
	 NULL},
	{"pause", "", "tell of no victims for now; profiles are written", NULL, 0, 0, run_pause,
	 NULL, NULL},
	{"resume", "", "tell of those since the pause, and go on", NULL, 0, 0, run_resume, NULL,
	 NULL},
	{"record", "FILE|off", "append each victim to FILE, as -j prints it", NULL, 1, 1,
	 run_record, command_complete_file_or_off, NULL},
	{"replay", "FILE", "show what was recorded",
	 "  In the present form; those victims that pass the filter.\n", 1, 1, run_replay,
	 command_complete_file, NULL},
	{"programs", "", "the Go programs that are known", NULL, 0, 0, run_programs, NULL, NULL},
	{"profile", "PID", "write a profile of a living program, as -p", NULL, 1, 1,
	 oomprof_profile_run, oomprof_profile_complete, NULL},
	{.name = NULL},
};

/* oomprof's lines of `status`. */
static void put_status(struct strbuf *out, void *user)
{
	const struct oomprof_console *c = user;
	struct watcher_counts w = watcher_count(c->watcher);
	struct oomprof_output *o = c->output;

	pthread_mutex_lock(&o->lock);
	strbuf_printf(out,
		      "Victims:  %" PRIu64 " seen, %" PRIu64 " told of, %" PRIu64
		      " filtered out%s; %zu under way, %zu waiting for their file\n",
		      o->counts.seen, o->counts.told, o->counts.filtered,
		      o->paused ? ", paused" : "", w.walking, w.waiting);
	strbuf_printf(out,
		      "Profiles: %" PRIu64 " written, %" PRIu64 " without one, %" PRIu64
		      " could not be written\n",
		      o->counts.written, o->counts.without, o->counts.failed);
	strbuf_printf(out, "Lost:     %" PRIu64 " events, %" PRIu64 " buckets\n", w.lost,
		      o->counts.lost_buckets);
	recording_status(&o->recording, out);
	pthread_mutex_unlock(&o->lock);
}

static int before_swap(struct tracer *tracer, struct strbuf *why, void *user)
{
	const struct oomprof_console *c = user;

	return watcher_before_swap(c->watcher, tracer, c->settings, why);
}

static int after_swap(struct tracer *tracer, bool swapped, struct strbuf *why, void *user)
{
	const struct oomprof_console *c = user;

	(void)tracer;
	return watcher_after_swap(c->watcher, swapped, why);
}

int oomprof_console_open(struct oomprof_console *c)
{
	const struct session_config session = {
		.tool = c->tool,
		.tracer = c->tracer,
		.before = before_swap,
		.after = after_swap,
		.status = put_status,
		.user = c,
	};
	int r = tool_console_open(&c->base, &session, commands, c->loop);

	if (r == 0 && c->base.console)
		oomprof_output_console(c->output, c->base.console);
	return r;
}

void oomprof_console_stop(struct oomprof_console *c)
{
	tool_console_stop(&c->base);
	oomprof_profile_stop(c);
	oomprof_output_forget(c->output);
}

int oomprof_console_close(struct oomprof_console *c, int status)
{
	return tool_console_close(&c->base, status);
}
