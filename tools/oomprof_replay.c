#include "tools/oomprof_replay.h"

#include "console/replay.h"
#include "oom/kill_json.h"
#include "victim/victim_recorded.h"

struct showing {
	const struct oomprof_output *output;
	struct oomprof_form form;
};

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

static int show_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	_cleanup_victim_recorded_ struct victim_recorded *v = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct showing *s = user;
	int r = victim_recorded_read(line, n, &v, why);

	if (r == 0)
		r = passes(s->output, v, line, n, why);
	if (r <= 0)
		return r;
	r = 0;
	if (s->form.json)
		strbuf_printf(&out, "%.*s\n", (int)n, line);
	else
		r = victim_recorded_text(v, &s->form.report, &out);
	return r < 0 ? r : tool_print(&out);
}

int oomprof_replay(struct oomprof_output *o, const char *path, bool waits, struct strbuf *why)
{
	struct showing showing = {.output = o};
	const struct replay_config config = {
		.made_by = "oomprof -j or --record",
		.recording = &o->recording,
		.line = show_line,
		.user = &showing,
	};

	pthread_mutex_lock(&o->lock);
	showing.form = o->form;
	pthread_mutex_unlock(&o->lock);
	return replay_file(path, waits, &config, why);
}

int oomprof_replay_option(struct oomprof_output *o, const char *path)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	return replay_status(oomprof_replay(o, path, true, &why), &why);
}
