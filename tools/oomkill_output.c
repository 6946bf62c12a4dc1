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

int oomkill_output_record(struct oomkill_output *o, const char *path)
{
	struct kill_recorder *recorder = NULL;
	char *copy = path ? strdup(path) : NULL;
	int r = path && !copy ? -ENOMEM : 0;

	if (r == 0 && path)
		r = kill_recorder_open(path, &recorder);
	if (r < 0) {
		free(copy);
		return r;
	}
	kill_recorder_close(o->recorder);
	free(o->record_path);
	o->recorder = recorder;
	o->record_path = copy;
	return 0;
}

int oomkill_output_open(struct oomkill_output *o, struct tool *tool,
			struct oomkill_options *options)
{
	int r = 0;

	o->options = options;
	o->common = &tool->common;
	o->keeps = tool_has_console(tool) && !options->replay;
	o->sinks = (struct oomkill_sinks){.command = options->exec, .prom_path = options->prom};
	if (o->keeps && kill_kept_open(&o->kept) < 0) {
		message_error("no memory to keep kills in");
		return EXIT_FAILED;
	}
	if (options->record)
		r = oomkill_output_record(o, options->record);
	if (r == 0)
		return oomkill_sinks_open(&o->sinks);
	message_error("--record: cannot write %s: %s", options->record, strerror(-r));
	return EXIT_FAILED;
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
	int r = kill_recorder_add(o->recorder, k);

	if (r < 0 && !o->not_recorded++)
		message_warning("cannot write %s: %s; kills are shown, but not recorded until it "
				"works again",
				o->record_path, strerror(-r));
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
	if (o->recorder)
		record(o, k);
	if (!o->paused)
		oomkill_output_show(o, k);
	tell_sinks(o, k);
	console_event(o->console);
}

int oomkill_output_close(struct oomkill_output *o, int status)
{
	if (o->not_recorded) {
		message_warning("%" PRIu64 " kills are not in %s", o->not_recorded,
				o->record_path ? o->record_path : "the recording");
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	status = oomkill_sinks_close(&o->sinks, status);
	kill_recorder_close(o->recorder);
	free(o->record_path);
	kill_kept_close(&o->kept);
	strbuf_free(&o->text);
	return status;
}
