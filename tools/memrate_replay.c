/* What was recorded, shown again: lines of JSON, as -j prints them. */
#include "console/replay.h"
#include "rate/rate_replay.h"
#include "tools/memrate.h"

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	return tool_print(text);
}

static int on_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	return rate_replay_line(user, line, n, why);
}

static int on_end(void *user)
{
	return rate_replay_end(user);
}

int memrate_replay(struct memrate *m, const char *path, bool waits, struct strbuf *why)
{
	const struct rate_replay_options options = {
		.json = m->tool.common.json,
		.like = memrate_table(m),
		.sort = m->sort,
		.rows = m->rows,
		.show = show,
	};
	struct replay_config config = {
		.made_by = "memrate -j or --record",
		.recording = &m->recording,
		.line = on_line,
		.end = on_end,
	};
	struct rate_replay *replay;
	int r = rate_replay_open(&options, &replay);

	if (r < 0)
		return r;
	config.user = replay;
	r = replay_file(path, waits, &config, why);
	rate_replay_close(replay);
	return r;
}
