/* What was recorded, shown again: lines of JSON, as -j prints them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc/alloc_replay.h"
#include "tools/goalloctop_console.h"

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	return tool_print(text);
}

static int play(struct goalloctop *t, FILE *file, struct strbuf *why)
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
	struct alloc_replay *replay;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int r = alloc_replay_open(&options, &replay);

	while (r == 0 && (n = getline(&line, &size, file)) > 0)
		r = alloc_replay_line(replay, line, (size_t)n, why);
	if (r == 0 && ferror(file))
		r = -EIO;
	if (r == 0)
		r = alloc_replay_end(replay, why);
	alloc_replay_close(replay);
	return r;
}

int goalloctop_replay(struct goalloctop *t, const char *path, struct strbuf *why)
{
	/* Not to wait for the other end of a pipe; then as any file. */
	int r, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	FILE *file;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		strbuf_printf(why, "cannot read %s: %s", path,
			      fd < 0 ? strerror(errno) : "not a regular file");
		if (fd >= 0)
			close(fd);
		return -EINVAL;
	}
	if (t->console && recording_is(&t->console->recording, fd)) {
		strbuf_puts(why, "that is the file that is recorded: 'record off' first");
		close(fd);
		return -EINVAL;
	}
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	r = play(t, file, why);
	fclose(file);
	return r;
}
