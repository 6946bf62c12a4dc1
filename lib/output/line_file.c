#include "output/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/macro.h"

#define BLOCK 65536

struct line_writer {
	int fd;
	bool cut; /* the last line has no newline */
};

int line_writer_open(const char *path, struct line_writer **ret)
{
	struct line_writer *w = calloc(1, sizeof(*w));
	struct stat st;
	char last = '\n';

	if (!w)
		return -ENOMEM;
	/* A pipe without a reader is no reason to wait before anything is traced. */
	w->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (w->fd < 0 && (errno == EACCES || errno == EINVAL || errno == ESPIPE))
		w->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	if (w->fd < 0) {
		int error = -errno;

		free(w);
		return error;
	}
	if (fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    pread(w->fd, &last, 1, st.st_size - 1) == 1)
		w->cut = last != '\n';
	*ret = w;
	return 0;
}

int line_writer_add(struct line_writer *w, const struct strbuf *line)
{
	int error = strbuf_error(line);

	if (error < 0)
		return error;
	if (w->cut)
		error = file_write_fd(w->fd, "\n", 1);
	if (error == 0)
		error = file_write_fd(w->fd, line->data, line->length);
	/* Part of it may have been written; an empty line does no harm. */
	w->cut = error < 0;
	return error;
}

bool line_writer_is(const struct line_writer *w, int fd)
{
	struct stat a, b;

	return fstat(w->fd, &a) == 0 && fstat(fd, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void line_writer_close(struct line_writer *w)
{
	if (!w)
		return;
	close(w->fd);
	free(w);
}

struct line_reader {
	int fd;
	bool ended;
	uint64_t line; /* number of the one read last */
	struct strbuf text;
	size_t at; /* where the next line begins in TEXT */
};

/* Owns FD; a negative one is an errno. */
static int open_fd(int fd, struct line_reader **ret)
{
	struct line_reader *r;

	if (fd < 0)
		return fd;
	r = calloc(1, sizeof(*r));
	if (!r) {
		close(fd);
		return -ENOMEM;
	}
	r->fd = fd;
	*ret = r;
	return 0;
}

int line_reader_open(const char *path, struct line_reader **ret)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	/* Else it would be the first line that cannot be read. */
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	return open_fd(fd < 0 ? -errno : fd, ret);
}

int line_reader_open_regular(const char *path, struct line_reader **ret)
{
	/* Not to wait for the other end of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -ESPIPE;
	}
	return open_fd(fd < 0 ? -errno : fd, ret);
}

int line_reader_fd(const struct line_reader *r)
{
	return r->fd;
}

/* Read on; what has been used makes room. 0 or -errno. */
static int fill(struct line_reader *r)
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
static int any_line(struct line_reader *r, const char **ret, size_t *ret_size)
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
		if (n > LINE_READER_MOST) {
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

static size_t without_blanks(const char *line, size_t n)
{
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
		n--;
	return n;
}

int line_reader_next(struct line_reader *r, const char **ret, size_t *ret_size)
{
	int result;

	do {
		result = any_line(r, ret, ret_size);
		if (result == 1)
			*ret_size = without_blanks(*ret, *ret_size);
	} while (result == 1 && !*ret_size);
	return result;
}

uint64_t line_reader_number(const struct line_reader *r)
{
	return r->line;
}

void line_reader_close(struct line_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	strbuf_free(&r->text);
	free(r);
}
