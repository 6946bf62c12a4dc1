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

int oomkill_output_open(struct oomkill_output *o, const struct tool *tool,
			const struct oomkill_options *options)
{
	int r;

	o->options = options;
	o->json = tool->common.json;
	o->date = tool->common.time;
	o->sinks = (struct oomkill_sinks){.command = options->exec, .prom_path = options->prom};
	r = options->record ? kill_recorder_open(options->record, &o->recorder) : 0;
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
	r = kill_line(k, o->date, NULL, &line);
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
				o->options->record, strerror(-r));
}

static int print_text(struct oomkill_output *o, const struct kill *k)
{
	int r = kill_line(k, o->date, NULL, &o->text);

	if (r == 0 && o->options->explain)
		r = kill_explain(k, &o->text);
	if (r == 0)
		r = kill_stack_text(k, o->options->victim_stack, o->options->trigger_stack,
				    &o->text);
	return r;
}

void oomkill_output(struct oomkill_output *o, const struct kill *k)
{
	int r;

	if (!kill_filter_passes(&o->options->filter, k))
		return;
	if (o->recorder)
		record(o, k);
	strbuf_reset(&o->text);
	if (o->json)
		r = kill_json_line(k, &o->text);
	else if (o->options->folded)
		r = kill_stack_folded(k, o->options->victim_stack, o->options->trigger_stack,
				      &o->text);
	else
		r = print_text(o, k);
	if (r == 0 && !o->error && o->text.length)
		r = tool_print(&o->text);
	if (r < 0 && !o->error)
		o->error = r;
	tell_sinks(o, k);
}

int oomkill_output_close(struct oomkill_output *o, int status)
{
	if (o->not_recorded) {
		message_warning("%" PRIu64 " kills are not in %s", o->not_recorded,
				o->options->record);
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	status = oomkill_sinks_close(&o->sinks, status);
	kill_recorder_close(o->recorder);
	strbuf_free(&o->text);
	return status;
}
