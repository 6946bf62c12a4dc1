/* What was recorded, shown again: lines of JSON, as -j prints them. */
#include "alloc/alloc_replay.h"
#include "console/replay.h"
#include "tools/goalloctop.h"

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	return tool_print(text);
}

static int on_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	return alloc_replay_line(user, line, n, why);
}

static int on_end(void *user)
{
	return alloc_replay_end(user);
}

int goalloctop_replay(struct goalloctop *t, const char *path, bool waits, struct strbuf *why)
{
	const struct alloc_replay_options options = {
		.json = t->tool.common.json,
		.program_columns = t->program_columns,
		.site_columns = t->site_columns,
		.program_sort = t->sort,
		.site_sort = t->alloc.sort,
		.rows = t->rows,
		.stacks = t->full_stacks,
		.date = t->tool.common.time,
		.width = tool_line_width(),
		.show = show,
	};
	struct replay_config config = {
		.made_by = "goalloctop -j or 'record'",
		.recording = &t->recording,
		.line = on_line,
		.end = on_end,
	};
	struct alloc_replay *replay;
	int r = alloc_replay_open(&options, &replay);

	if (r < 0)
		return r;
	config.user = replay;
	r = replay_file(path, waits, &config, why);
	alloc_replay_close(replay);
	return r;
}
