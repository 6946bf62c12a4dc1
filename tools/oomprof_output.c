#include "tools/oomprof_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "oom/kill_gather.h"
#include "victim/victim_sites.h"

void oomprof_output_form(struct oomprof_output *o, const struct tool *tool)
{
	o->form.json = tool->common.json;
	o->form.report.date = tool->common.time;
	o->form.report.details = tool->common.verbose;
	o->form.report.line_width = tool_line_width();
	pthread_mutex_init(&o->files, NULL);
	pthread_mutex_init(&o->lock, NULL);
	o->recording.what = "victim";
}

void oomprof_output_console(struct oomprof_output *o, struct console *console)
{
	pthread_mutex_lock(&o->lock);
	o->console = console;
	pthread_mutex_unlock(&o->lock);
}

/* What went wrong with its file, and which others were removed for it. */
static bool tell_of_files(const struct oomprof_output *o, const struct victim *v)
{
	if (v->outcome == VICTIM_FAILED)
		message_error("cannot write the profile of PID %u into %s: %s%s", v->process.pid,
			      o->directory.path, strerror(-v->error),
			      output_directory_advice(v->error));
	if (v->removed.files)
		message_verbose("removed, to keep within the limit:\n%s",
				strbuf_text(&v->removed.names));
	if (v->removed.error)
		message_error("cannot remove older profiles from %s: %s", o->directory.path,
			      strerror(-v->removed.error));
	return v->outcome == VICTIM_FAILED || v->removed.error;
}

static int put_json_line(const struct victim *v, const struct victim_report_options *options,
			 struct strbuf *out)
{
	struct json_writer *w = json_writer_open();
	int r = victim_report_json(v, options, w);

	return json_writer_line(w, out) < 0 ? -ENOMEM : r;
}

static int put_report(const struct victim *v, const struct oomprof_form *form, struct strbuf *out)
{
	return form->json ? put_json_line(v, &form->report, out)
			  : victim_report_text(v, &form->report, out);
}

/* Is it told of? What cannot be found out for want of memory does not hide a victim. */
static bool passes(const struct oomprof_output *o, const struct victim *v)
{
	_cleanup_kill_ struct kill *k = NULL;

	if (!v->killed || !kill_filter_words_any(&o->filter))
		return true;
	k = kill_new();
	if (!k || kill_gather_event(k, &v->kill) < 0 ||
	    (o->filter.container && kill_gather_containers(k, "") < 0))
		return true;
	return kill_filter_passes(&o->filter.filter, k);
}

static void finish(struct oomprof_output *o, struct victim *v)
{
	bool failed;

	pthread_mutex_lock(&o->files);
	victim_finish(v, &o->directory);
	failed = tell_of_files(o, v);
	pthread_mutex_unlock(&o->files);
	pthread_mutex_lock(&o->lock);
	o->failed = o->failed || failed;
	pthread_mutex_unlock(&o->lock);
}

static void count(struct oomprof_output *o, const struct victim *v, bool told)
{
	o->counts.seen++;
	o->counts.told += told && !o->paused;
	o->counts.filtered += !told;
	o->counts.written += v->outcome == VICTIM_WRITTEN;
	o->counts.failed += v->outcome == VICTIM_FAILED;
	o->counts.without += v->outcome != VICTIM_WRITTEN && v->outcome != VICTIM_FAILED;
	o->counts.lost_buckets += v->buckets.lost;
}

static void record(struct oomprof_output *o, const struct victim *v)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	if (!o->recording.writer)
		return;
	recording_add(&o->recording, put_json_line(v, &o->form.report, &line), &line);
}

/* For `show`, without its profile; the oldest goes. Others' kills do not displace what is wanted.
 */
static void keep(struct oomprof_output *o, struct victim *v, bool told)
{
	struct victim **place = &o->victims[o->end % OOMPROF_KEPT];
	bool wanted = told || v->outcome == VICTIM_WRITTEN;

	if (!o->console || !wanted || victim_keep_sites(v, OOMPROF_KEPT_SITES) < 0) {
		victim_free(v);
		return;
	}
	victim_free(*place);
	*place = v;
	o->end++;
	if (o->end - o->first > OOMPROF_KEPT)
		o->first = o->end - OOMPROF_KEPT;
}

void oomprof_output_victim(struct oomprof_output *o, struct victim *v)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	uint32_t pid = v->process.pid;
	struct console *console;
	bool told, print;
	char what[64];
	int r = 0;

	finish(o, v);
	pthread_mutex_lock(&o->lock);
	told = passes(o, v);
	print = told && !o->paused;
	console = told ? o->console : NULL;
	count(o, v, told);
	record(o, v);
	if (print)
		r = put_report(v, &o->form, &out);
	keep(o, v, told);
	pthread_mutex_unlock(&o->lock);
	if (print && r == 0)
		r = tool_print(&out);
	console_event(console);
	snprintf(what, sizeof(what), "cannot print what became of PID %u", pid);
	if (tool_status(what, r) == EXIT_OK)
		return;
	pthread_mutex_lock(&o->lock);
	o->failed = true;
	pthread_mutex_unlock(&o->lock);
}

int oomprof_output_living(struct oomprof_output *o, struct victim *v, struct strbuf *out)
{
	int r;

	finish(o, v);
	pthread_mutex_lock(&o->lock);
	r = put_report(v, &o->form, out);
	pthread_mutex_unlock(&o->lock);
	return r;
}

int oomprof_output_again(struct oomprof_output *o, uint64_t from, uint64_t most, struct strbuf *out)
{
	uint64_t begin = o->end, shown = 0;
	int r = 0;

	from = MAX(from, o->first);
	while (begin > from && shown < most)
		shown += passes(o, o->victims[--begin % OOMPROF_KEPT]);
	for (; begin < o->end && r == 0; begin++)
		if (passes(o, o->victims[begin % OOMPROF_KEPT]))
			r = put_report(o->victims[begin % OOMPROF_KEPT], &o->form, out);
	return r;
}

int oomprof_output_explain(struct oomprof_output *o, uint64_t pid, struct strbuf *out)
{
	struct victim_report_options all = o->form.report;

	all.date = all.details = true;
	all.rows = OOMPROF_KEPT_SITES;
	for (uint64_t i = o->end; i > o->first; i--) {
		const struct victim *v = o->victims[(i - 1) % OOMPROF_KEPT];

		if (pid ? v->process.pid == pid : passes(o, v))
			return victim_report_text(v, &all, out);
	}
	return -ENOENT;
}

void oomprof_output_forget(struct oomprof_output *o)
{
	pthread_mutex_lock(&o->lock);
	o->console = NULL;
	for (size_t i = 0; i < OOMPROF_KEPT; i++)
		victim_free(STEAL(o->victims[i]));
	o->first = o->end = 0;
	pthread_mutex_unlock(&o->lock);
}

int oomprof_output_close(struct oomprof_output *o, int status)
{
	oomprof_output_forget(o);
	status = recording_close(&o->recording, status);
	kill_filter_words_clear(&o->filter);
	output_directory_close(&o->directory);
	pthread_mutex_destroy(&o->files);
	pthread_mutex_destroy(&o->lock);
	return status;
}
