/* What was recorded, shown again: lines of JSON, as -j prints them. */
#include <errno.h>
#include <string.h>

#include "rate/rate_replay.h"
#include "tools/memrate.h"

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	return tool_print(text);
}

static int play(struct memrate *m, struct line_reader *reader, struct strbuf *why)
{
	const struct rate_replay_options options = {
		.json = m->tool.common.json,
		.by = m->by,
		.chosen = m->chosen[m->by],
		.sort = m->sort,
		.rows = m->rows,
		.width = tool_line_width(),
		.show = show,
	};
	struct rate_replay *replay;
	const char *line;
	size_t size;
	int r = rate_replay_open(&options, &replay);

	if (r < 0)
		return r;
	while ((r = line_reader_next(reader, &line, &size)) > 0) {
		r = rate_replay_line(replay, line, size, why);
		if (r < 0)
			break;
	}
	if (r == -E2BIG)
		strbuf_puts(why, "a line is too long for one of memrate's");
	if (r == 0)
		r = rate_replay_end(replay, why);
	rate_replay_close(replay);
	return r;
}

int memrate_replay(struct memrate *m, const char *path, struct strbuf *why)
{
	struct line_reader *reader;
	int r = line_reader_open(path, &reader);

	if (r < 0) {
		strbuf_printf(why, "cannot read %s: %s", path, strerror(-r));
		return r;
	}
	if (recording_is(&m->recording, line_reader_fd(reader))) {
		strbuf_puts(why, "that is the file that is recorded: it would never end");
		r = -EINVAL;
	} else {
		r = play(m, reader, why);
	}
	line_reader_close(reader);
	return r;
}
