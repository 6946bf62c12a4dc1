/* record and replay: rankings as lines of JSON, as -j prints them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "console/replay.h"
#include "rank/rank_json.h"
#include "rank/rank_replay.h"
#include "tools/oomrank.h"

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	return tool_print(text);
}

static int on_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	return rank_replay_line(user, line, n, why);
}

static int on_end(void *user)
{
	return rank_replay_end(user);
}

static int replay_lines(struct oomrank *o, const char *path, bool waits, struct strbuf *why)
{
	const struct rank_replay_options options = {
		.json = o->tool.common.json,
		.rows = o->options.rows,
		.width = tool_line_width(),
		.show = show,
	};
	struct replay_config config = {
		.made_by = "oomrank -j or --record",
		.recording = &o->recording,
		.line = on_line,
		.end = on_end,
	};
	struct rank_replay *replay;
	int r = rank_replay_open(&options, &replay);

	if (r < 0)
		return r;
	config.user = replay;
	r = replay_file(path, waits, &config, why);
	rank_replay_close(replay);
	return r;
}

/* What `show` and the next report compare with stays. */
static int replay_captured(struct oomrank *o, const char *root, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct oomrank_snapshot s = {0};
	int r = oomrank_take_captured(o, root, &s, why);

	if (r == 0)
		r = oomrank_show(o, &s, &out);
	oomrank_snapshot_clear(&s);
	return r < 0 ? r : tool_print(&out);
}

int oomrank_replay(struct oomrank *o, const char *path, bool waits, struct strbuf *why)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return replay_captured(o, path, why);
	return replay_lines(o, path, waits, why);
}

void oomrank_record(struct oomrank *o, const struct oomrank_snapshot *s)
{
	const struct rank_report p = {
		.view = &s->view, .ranking = &s->ranking, .all = o->options.all};
	_cleanup_strbuf_ struct strbuf lines = {0};

	if (o->recording.writer)
		recording_add(&o->recording, rank_json(&p, &lines), &lines);
}
