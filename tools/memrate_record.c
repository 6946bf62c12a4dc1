/* What memrate records, and plays again: lines of JSON, as -j prints them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "app/message.h"
#include "rate/rate_replay.h"
#include "tools/memrate.h"

void memrate_record_stop(struct memrate *m)
{
	line_writer_close(m->recorder);
	m->recorder = NULL;
	free(m->record_path);
	m->record_path = NULL;
}

int memrate_record_start(struct memrate *m, const char *path, struct strbuf *why)
{
	struct line_writer *writer;
	char *copy = strdup(path);
	int r = copy ? line_writer_open(path, &writer) : -ENOMEM;

	if (r < 0) {
		strbuf_printf(why, "cannot write %s: %s", path, strerror(-r));
		free(copy);
		return r;
	}
	memrate_record_stop(m);
	m->recorder = writer;
	m->record_path = copy;
	m->recorded = 0;
	return 0;
}

void memrate_record(struct memrate *m, const struct strbuf *lines)
{
	int r = strbuf_error(lines);

	if (r == 0 && lines->length)
		r = line_writer_add(m->recorder, lines);
	if (r == 0) {
		m->recorded++;
		return;
	}
	message_error("cannot write %s: %s; nothing more is recorded", m->record_path,
		      strerror(-r));
	memrate_record_stop(m);
}

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
	if (m->recorder && line_writer_is(m->recorder, line_reader_fd(reader))) {
		strbuf_puts(why, "that is the file that is recorded: it would never end");
		r = -EINVAL;
	} else {
		r = play(m, reader, why);
	}
	line_reader_close(reader);
	return r;
}
