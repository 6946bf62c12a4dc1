#include "tools/oomkill_output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/tool.h"
#include "oom/kill_explain.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"

int oomkill_output_open(struct oomkill_output *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r;

	o->filter.pids = o->pids.values;
	o->filter.n_pids = o->pids.count;
	o->filter.uids = o->uids.values;
	o->filter.n_uids = o->uids.count;
	r = kill_filter_prepare(&o->filter, &why);
	if (r == -EINVAL) {
		message_error("--cgroup: %s", strbuf_text(&why));
		return EXIT_USAGE;
	}
	if (r < 0)
		return tool_status("cannot begin", r);
	r = o->record_path ? kill_recorder_open(o->record_path, &o->recorder) : 0;
	if (r < 0) {
		message_error("--record: cannot write %s: %s", o->record_path, strerror(-r));
		return EXIT_FAILED;
	}
	return -1;
}

static void record(struct oomkill_output *o, const struct kill *k)
{
	int r = kill_recorder_add(o->recorder, k);

	if (r < 0 && !o->not_recorded++)
		message_warning("cannot write %s: %s; kills are shown, but not recorded until it "
				"works again",
				o->record_path, strerror(-r));
}

void oomkill_output(struct oomkill_output *o, const struct kill *k)
{
	int r;

	if (!kill_filter_passes(&o->filter, k))
		return;
	if (o->recorder)
		record(o, k);
	strbuf_reset(&o->text);
	if (o->json)
		r = kill_json_line(k, &o->text);
	else
		r = kill_line(k, o->date, &o->text);
	if (r == 0 && o->explain)
		r = kill_explain(k, &o->text);
	if (r == 0 && !o->error)
		r = tool_print(&o->text);
	if (r < 0 && !o->error)
		o->error = r;
}

int oomkill_output_close(struct oomkill_output *o, int status)
{
	if (o->not_recorded) {
		message_warning("%" PRIu64 " kills are not in %s", o->not_recorded, o->record_path);
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	kill_recorder_close(o->recorder);
	kill_filter_clear(&o->filter);
	free(o->pids.values);
	free(o->uids.values);
	strbuf_free(&o->text);
	return status;
}
