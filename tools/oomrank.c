/*
 * oomrank: whom the OOM killer would kill next, and why: its choice reckoned through, from the
 * kernel's own counters. Nobody is killed. A report costs a pass over all processes, some
 * milliseconds; between reports it sleeps.
 */
#include "tools/oomrank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "console/replay.h"
#include "tools/oomrank_console.h"
#include "tools/texts.h"

static void on_duration(void *user)
{
	loop_stop(((struct oomrank *)user)->loop, EXIT_OK);
}

/* One report, printed. 0 or -errno: the user has been told. */
static int report(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	int r = oomrank_report(o, &out, &why);

	if (r < 0) {
		message_error("%s", why.length ? strbuf_text(&why) : strerror(-r));
		return -ECANCELED;
	}
	if (!out.length)
		return 0;
	r = tool_print(&out);
	(void)recent_texts_add(&o->recent, strbuf_text(&out), out.length);
	console_event(o->console.console);
	return r;
}

void oomrank_interval(void *user)
{
	struct oomrank *o = user;
	int r;

	if (o->paused)
		return;
	r = report(o);
	if (r < 0)
		loop_stop(o->loop, tool_status("cannot print", r));
	else if (o->count && o->reports >= o->count)
		on_duration(o);
}

static int start_line(const struct oomrank *o)
{
	/* Reports without an interval are made by commands. */
	return tool_start_line(&o->tool, !o->interval_ns      ? "Reports on command..."
					 : o->options.changes ? "One report, then what changes..."
							      : "Reports at intervals...");
}

static int watch(struct oomrank *o)
{
	int r = loop_open(&o->loop);

	if (r == 0)
		r = start_line(o);
	if (r == 0 && o->interval_ns && !tool_has_console(&o->tool))
		r = report(o);
	if (r == 0)
		r = oomrank_console_open(o);
	if (r == 0)
		r = loop_add_timer(o->loop, o->interval_ns ? o->interval_ns : OOMRANK_NEVER_NS,
				   o->interval_ns, oomrank_interval, o);
	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r == 0 && !(o->count && o->reports >= o->count))
		r = loop_run(o->loop);
	return oomrank_console_close(o, tool_status("cannot go on", r));
}

/* -1, or the exit status: the user has been told. */
static int open_policies(struct oomrank *o)
{
	const struct oomrank_policy_options *wanted = &o->options.policy;
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = 0;

	if (wanted->compare || wanted->names.count)
		r = oomrank_policies_open(wanted, &o->tool.common, &o->policies, &why);
	if (r == 0)
		return -1;
	message_error("%s", strbuf_text(&why));
	return r == -EPERM || r == -EOPNOTSUPP || r == -ENOSYS ? EXIT_NOT_ALLOWED : EXIT_FAILED;
}

static int replay(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	return replay_status(oomrank_replay(o, o->options.replay, true, &why), &why);
}

static int start_recording(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (!o->options.record || recording_start(&o->recording, o->options.record, &why) == 0)
		return -1;
	message_error("--record: %s", strbuf_text(&why));
	return EXIT_FAILED;
}

static int run(struct oomrank *o)
{
	int status = oomrank_source_open(o);

	if (status < 0)
		status = start_recording(o);
	if (status < 0)
		status = open_policies(o);
	if (status < 0 && o->options.verify)
		status = oomrank_verify(o);
	else if (status < 0 && (o->interval_ns || tool_has_console(&o->tool)))
		status = watch(o);
	else if (status < 0)
		status = tool_status("cannot print", report(o));
	oomrank_snapshot_clear(&o->before);
	oomrank_policies_close(o->policies);
	oomrank_source_close(o);
	loop_close(o->loop);
	return status;
}

int main(int argc, char *argv[])
{
	struct oomrank o = {.tool = {.text = oomrank_text, .lines = oomrank_lines},
			    .recording.what = "ranking"};
	int status = oomrank_options_parse(&o, argc, argv);

	if (status < 0 && o.options.capture)
		status = oomrank_capture(&o);
	else if (status < 0 && o.options.replay)
		status = replay(&o);
	else if (status < 0)
		status = run(&o);
	status = recording_close(&o.recording, status);
	free(o.own_root);
	free(o.options.policy.names.values);
	tool_end(&o.tool);
	return status;
}
