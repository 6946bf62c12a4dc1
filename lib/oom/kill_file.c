#include "oom/kill_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/macro.h"
#include "oom/kill_json.h"
#include "output/line_file.h"

struct kill_recorder {
	struct line_writer *file;
	struct strbuf line;
};

int kill_recorder_open(const char *path, struct kill_recorder **ret)
{
	struct kill_recorder *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	error = line_writer_open(path, &r->file);
	if (error < 0) {
		free(r);
		return error;
	}
	*ret = r;
	return 0;
}

int kill_recorder_add(struct kill_recorder *r, const struct kill *k)
{
	int error;

	strbuf_reset(&r->line);
	error = kill_json_line(k, &r->line);
	return error < 0 ? error : line_writer_add(r->file, &r->line);
}

bool kill_recorder_is(const struct kill_recorder *r, int fd)
{
	return line_writer_is(r->file, fd);
}

void kill_recorder_close(struct kill_recorder *r)
{
	if (!r)
		return;
	line_writer_close(r->file);
	strbuf_free(&r->line);
	free(r);
}

struct kill_reader {
	struct line_reader *file;
};

int kill_reader_open(const char *path, struct kill_reader **ret)
{
	struct kill_reader *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	error = line_reader_open(path, &r->file);
	if (error < 0) {
		free(r);
		return error;
	}
	*ret = r;
	return 0;
}

int kill_reader_fd(const struct kill_reader *r)
{
	return line_reader_fd(r->file);
}

int kill_reader_next(struct kill_reader *r, struct kill **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	const char *line = NULL;
	size_t n = 0;
	int result = line_reader_next(r->file, &line, &n);

	if (result == -E2BIG) {
		strbuf_printf(&reason, "longer than %u bytes", LINE_READER_MOST);
		result = -EBADMSG;
	} else if (result == 1) {
		result = kill_json_read(line, n, ret, &reason);
		if (result == 0)
			return 1;
	}
	if (result == -EBADMSG)
		strbuf_printf(why, "line %" PRIu64 ": %s", line_reader_number(r->file),
			      strbuf_text(&reason));
	return result;
}

void kill_reader_close(struct kill_reader *r)
{
	if (!r)
		return;
	line_reader_close(r->file);
	free(r);
}
