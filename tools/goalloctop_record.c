/* What goalloctop's console records, and plays again: lines of JSON, as -j prints them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc/alloc_replay.h"
#include "app/message.h"
#include "base/file.h"
#include "tools/goalloctop_console.h"

bool goalloctop_records(const struct goalloctop *t)
{
	return t->console && t->console->record_path;
}

void goalloctop_record_stop(struct goalloctop *t)
{
	struct goalloctop_console *c = t->console;

	if (c->record_path)
		close(c->record_fd);
	free(c->record_path);
	c->record_path = NULL;
}

/* A line that was cut off when another writer ended gets its newline. */
static int end_line(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last = '\n';

	if (end > 0 && pread(fd, &last, 1, end - 1) < 0)
		return -errno;
	return last == '\n' ? 0 : file_write_fd(fd, "\n", 1);
}

int goalloctop_record_start(struct goalloctop *t, const char *path, struct strbuf *why)
{
	struct goalloctop_console *c = t->console;
	char *copy = strdup(path);
	int r, fd;

	if (!copy)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	r = fd < 0 ? -errno : end_line(fd);
	if (r < 0) {
		strbuf_printf(why, "cannot write %s: %s", path, strerror(-r));
		if (fd >= 0)
			close(fd);
		free(copy);
		return r;
	}
	goalloctop_record_stop(t);
	c->record_path = copy;
	c->record_fd = fd;
	c->recorded = 0;
	return 0;
}

void goalloctop_record(struct goalloctop *t, const struct strbuf *lines)
{
	struct goalloctop_console *c = t->console;
	int r = strbuf_error(lines);

	if (r == 0)
		r = file_write_fd(c->record_fd, strbuf_text(lines), lines->length);
	if (r == 0) {
		c->recorded++;
		return;
	}
	message_error("cannot write %s: %s; nothing more is recorded", c->record_path,
		      strerror(-r));
	goalloctop_record_stop(t);
}

/* Is this what is written now? It would never end. */
static bool is_recorded(const struct goalloctop *t, int fd)
{
	struct stat a, b;

	return goalloctop_records(t) && fstat(fd, &a) == 0 &&
	       fstat(t->console->record_fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

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
	if (is_recorded(t, fd)) {
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
