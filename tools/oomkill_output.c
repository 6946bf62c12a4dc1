#include "tools/oomkill_output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "oom/kill_explain.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"
#include "oom/kill_stack_report.h"

int oomkill_output_open(struct oomkill_output *o, struct tool *tool,
			struct oomkill_options *options)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	o->options = options;
	o->common = &tool->common;
	o->keeps = tool_has_console(tool) && !options->replay;
	o->sinks = (struct oomkill_sinks){.command = options->exec, .prom_path = options->prom};
	if (o->keeps && kill_kept_open(&o->kept) < 0) {
		message_error("no memory to keep kills in");
		return EXIT_FAILED;
	}
	o->recording.what = "kill";
	if (options->record && recording_start(&o->recording, options->record, &why) < 0) {
		message_error("--record: %s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	return oomkill_sinks_open(&o->sinks);
}

static void tell_sinks(struct oomkill_output *o, const struct kill *k)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	int r;

	if (!o->sinks.command && !o->sinks.prom_path)
		return;
	r = kill_line(k, o->common->time, &o->options->columns, &line);
	if (r == 0)
		r = oomkill_sinks_kill(&o->sinks, k, strbuf_text(&line));
	if (r < 0)
		message_warning("a kill was not counted, or no command was run: %s", strerror(-r));
}

static void record(struct oomkill_output *o, const struct kill *k)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	recording_add(&o->recording, kill_json_line(k, &line), &line);
}

int oomkill_output_explain(const struct oomkill_output *o, const struct kill *k, struct strbuf *out)
{
	int r = kill_line(k, o->common->time, &o->options->columns, out);

	return r < 0 ? r : kill_explain(k, out);
}

static int put_text(struct oomkill_output *o, const struct kill *k)
{
	const struct oomkill_options *options = o->options;
	int r = options->explain ? oomkill_output_explain(o, k, &o->text)
				 : kill_line(k, o->common->time, &options->columns, &o->text);

	if (r == 0)
		r = kill_stack_text(k, options->victim_stack, options->trigger_stack, &o->text);
	return r;
}

void oomkill_output_show(struct oomkill_output *o, const struct kill *k)
{
	int r;

	strbuf_reset(&o->text);
	if (o->common->json)
		r = kill_json_line(k, &o->text);
	else if (o->options->folded)
		r = kill_stack_folded(k, o->options->victim_stack, o->options->trigger_stack,
				      &o->text);
	else
		r = put_text(o, k);
	if (r == 0 && !o->error && o->text.length)
		r = tool_print(&o->text);
	if (r < 0 && !o->error)
		o->error = r;
}

void oomkill_output(struct oomkill_output *o, const struct kill *k)
{
	if (o->keeps && kill_kept_add(&o->kept, k) < 0)
		message_warning("no memory to keep a kill: 'show' does not know it");
	if (!kill_filter_passes(&o->options->filter.filter, k)) {
		o->filtered++;
		return;
	}
	o->told++;
	if (o->recording.writer)
		record(o, k);
	if (!o->paused)
		oomkill_output_show(o, k);
	tell_sinks(o, k);
	console_event(o->console);
}

int oomkill_output_close(struct oomkill_output *o, int status)
{
	status = oomkill_sinks_close(&o->sinks, status);
	status = recording_close(&o->recording, status);
	kill_kept_close(&o->kept);
	strbuf_free(&o->text);
	return status;
}
