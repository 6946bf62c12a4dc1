#include "tools/oomprof_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/text.h"
#include "oom/kill_json.h"
#include "victim/victim_recorded.h"

#define LINE_MOST (4u << 20) /* bytes; one of ours with 1000 sites has some hundred thousand */

/* 1: it passes the filter; 0: it does not; -EBADMSG: what it says of its kill makes no sense. */
static int passes(const struct oomprof_output *o, const struct victim_recorded *v, const char *line,
		  size_t n, struct strbuf *why)
{
	_cleanup_kill_ struct kill *k = NULL;
	int r;

	if (!victim_recorded_killed(v) || !kill_filter_words_any(&o->filter))
		return 1;
	r = kill_json_read(line, n, &k, why);
	return r < 0 ? r : kill_filter_passes(&o->filter.filter, k);
}

static int show(struct oomprof_output *o, const struct oomprof_form *form, const char *line,
		size_t n, struct strbuf *why)
{
	_cleanup_victim_recorded_ struct victim_recorded *v = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = n > LINE_MOST ? -E2BIG : victim_recorded_read(line, n, &v, why);

	if (r == 0)
		r = passes(o, v, line, n, why);
	if (r <= 0)
		return r;
	r = 0;
	if (form->json)
		strbuf_printf(&out, "%.*s\n", (int)n, line);
	else
		r = victim_recorded_text(v, &form->report, &out);
	return r < 0 ? r : tool_print(&out);
}

/* The first line that is wrong is told of, and how many there are. */
static int show_all(struct oomprof_output *o, struct line_reader *reader, struct strbuf *why)
{
	struct oomprof_form form;
	uint64_t bad = 0, all = 0;
	const char *line;
	size_t n;
	int r;

	pthread_mutex_lock(&o->lock);
	form = o->form;
	pthread_mutex_unlock(&o->lock);
	while ((r = line_reader_next(reader, &line, &n)) > 0 || r == -E2BIG) {
		_cleanup_strbuf_ struct strbuf what = {0};

		all++;
		r = r < 0 ? r : show(o, &form, line, n, &what);
		if (r == -E2BIG)
			strbuf_puts(&what, "too long for one of oomprof's");
		else if (r < 0 && r != -EBADMSG)
			return r;
		if (r < 0 && !bad++)
			strbuf_printf(why, "line %" PRIu64 ": %s", line_reader_number(reader),
				      strbuf_text(&what));
	}
	if (r < 0) {
		strbuf_printf(why, "cannot read it: %s", strerror(-r));
		return r;
	}
	if (bad > 1)
		strbuf_printf(why, "; %" PRIu64 " of %" PRIu64 " lines could not be shown", bad,
			      all);
	if (!all)
		strbuf_puts(why, "there is nothing in it");
	return bad ? -EBADMSG : all ? 0 : -ENODATA;
}

int oomprof_replay(struct oomprof_output *o, const char *path, struct strbuf *why)
{
	struct line_reader *reader;
	int r = line_reader_open(path, &reader);

	if (r < 0) {
		strbuf_puts(why, "cannot read ");
		text_display(why, path, strlen(path));
		strbuf_printf(why, ": %s", strerror(-r));
		return r;
	}
	if (o->record && line_writer_is(o->record, line_reader_fd(reader))) {
		strbuf_puts(why, "that is the file that is recorded: it would never end");
		r = -EINVAL;
	} else {
		r = show_all(o, reader, why);
	}
	line_reader_close(reader);
	return r;
}

int oomprof_replay_file(struct oomprof_output *o, const char *path)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r;

	/* A reader of ours that goes away is no error. */
	signal(SIGPIPE, SIG_IGN);
	r = oomprof_replay(o, path, &why);
	if (!why.length)
		return tool_status("cannot print", r);
	message_error("--replay: %s", strbuf_text(&why));
	return EXIT_FAILED;
}
