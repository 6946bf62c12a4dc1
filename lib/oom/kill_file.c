#include "oom/kill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/macro.h"
#include "oom/kill_json.h"

#define LINE_MOST (16u << 20) /* far more than a kill with all its members has */
#define BLOCK 65536

struct kill_recorder {
	int fd;
	bool cut; /* the last line has no newline */
	struct strbuf line;
};

int kill_recorder_open(const char *path, struct kill_recorder **ret)
{
	struct kill_recorder *r = calloc(1, sizeof(*r));
	struct stat st;
	char last = '\n';

	if (!r)
		return -ENOMEM;
	/* A pipe without a reader is no reason to wait before anything is traced. */
	r->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (r->fd < 0 && (errno == EACCES || errno == EINVAL || errno == ESPIPE))
		r->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	if (r->fd < 0) {
		int error = -errno;

		free(r);
		return error;
	}
	if (fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    pread(r->fd, &last, 1, st.st_size - 1) == 1)
		r->cut = last != '\n';
	*ret = r;
	return 0;
}

int kill_recorder_add(struct kill_recorder *r, const struct kill *k)
{
	int error;

	strbuf_reset(&r->line);
	if (r->cut)
		strbuf_putc(&r->line, '\n');
	error = kill_json_line(k, &r->line);
	if (error == 0)
		error = file_write_fd(r->fd, r->line.data, r->line.length);
	/* Part of it may have been written; an empty line does no harm. */
	r->cut = error < 0 && error != -ENOMEM ? true : r->cut && error < 0;
	return error;
}

bool kill_recorder_is(const struct kill_recorder *r, int fd)
{
	struct stat a, b;

	return fstat(r->fd, &a) == 0 && fstat(fd, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void kill_recorder_close(struct kill_recorder *r)
{
	if (!r)
		return;
	close(r->fd);
	strbuf_free(&r->line);
	free(r);
}

struct kill_reader {
	int fd;
	bool ended;
	uint64_t line; /* number of the one read last */
	struct strbuf text;
	size_t at; /* where the next line begins in TEXT */
};

int kill_reader_open(const char *path, struct kill_reader **ret)
{
	bool is_stdin = !strcmp(path, "-");
	struct kill_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->fd = is_stdin ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		int error = -errno;

		free(r);
		return error;
	}
	*ret = r;
	return 0;
}

int kill_reader_fd(const struct kill_reader *r)
{
	return r->fd;
}

/* Read on; what has been used makes room. 0 or -errno. */
static int fill(struct kill_reader *r)
{
	char block[BLOCK];
	ssize_t n;

	if (r->at) {
		r->text.length -= r->at;
		memmove(r->text.data, r->text.data + r->at, r->text.length);
		r->at = 0;
	}
	do
		n = read(r->fd, block, sizeof(block));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->ended = n == 0;
	strbuf_append(&r->text, block, (size_t)n);
	return strbuf_error(&r->text);
}

/*
 * A whole line, without its newline, or what there is of the last. 1; 0: the end; -E2BIG: one too
 * long, which was skipped; -errno. It looks at each byte once.
 */
static int next_line(struct kill_reader *r, const char **ret, size_t *ret_size)
{
	bool too_long = false;
	size_t seen = 0;

	for (;;) {
		const char *start = strbuf_text(&r->text) + r->at;
		size_t n = r->text.length - r->at;
		const char *end = n > seen ? memchr(start + seen, '\n', n - seen) : NULL;
		int error;

		if (end || (r->ended && (n || too_long))) {
			*ret = start;
			*ret_size = end ? (size_t)(end - start) : n;
			r->at += *ret_size + (end != NULL);
			r->line++;
			return too_long ? -E2BIG : 1;
		}
		if (r->ended)
			return 0;
		if (n > LINE_MOST) {
			too_long = true;
			r->at += n;
			n = 0;
		}
		seen = n;
		error = fill(r);
		if (error < 0)
			return error;
	}
}

static bool is_blank(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

int kill_reader_next(struct kill_reader *r, struct kill **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	const char *line = NULL;
	size_t n = 0;
	int result;

	do
		result = next_line(r, &line, &n);
	while (result == 1 && is_blank(line, n));
	if (result == -E2BIG) {
		strbuf_printf(&reason, "longer than %u bytes", LINE_MOST);
		result = -EBADMSG;
	} else if (result == 1) {
		result = kill_json_read(line, n, ret, &reason);
		if (result == 0)
			return 1;
	}
	if (result == -EBADMSG)
		strbuf_printf(why, "line %" PRIu64 ": %s", r->line, strbuf_text(&reason));
	return result;
}

void kill_reader_close(struct kill_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	strbuf_free(&r->text);
	free(r);
}
