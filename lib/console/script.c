#include "console/script.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "console/tokenizer.h"

int script_open_text(struct script *s, const char *name, const char *text)
{
	*s = (struct script){.name = name, .fd = -1, .next = 1};
	strbuf_puts(&s->text, text);
	return strbuf_error(&s->text);
}

/* A regular file is read at once: it may be changed while its commands run. */
static int slurp(struct script *s, struct strbuf *why)
{
	struct stat st;
	int r;

	if (fstat(s->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return 0;
	r = file_read_fd(s->fd, SCRIPT_MOST, &s->text);
	if (r == -EFBIG)
		strbuf_printf(why, "a script may have %zu MiB at most", SCRIPT_MOST >> 20);
	if (s->fd)
		close(s->fd);
	s->fd = -1;
	return r;
}

int script_open_file(struct script *s, const char *path, struct strbuf *why)
{
	bool standard = !strcmp(path, "-");
	int r;

	*s = (struct script){.name = standard ? "standard input" : path, .fd = 0, .next = 1};
	if (!standard)
		s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r = s->fd < 0 ? -errno : slurp(s, why);
	if (r < 0 && !why->length)
		strbuf_puts(why, strerror(-r));
	if (r < 0)
		script_close(s);
	return r;
}

/* A line of the text, without what ends it: 1; 0: there is none; -EAGAIN: half of one. */
static int raw_line(struct script *s, const char **ret, size_t *ret_n)
{
	const char *start = strbuf_text(&s->text) + s->at;
	size_t rest = s->text.length - s->at;
	const char *end = rest ? memchr(start, '\n', rest) : NULL;

	if (!end && s->fd >= 0)
		return rest > SCRIPT_LINE_MOST ? -EFBIG : -EAGAIN;
	if (!rest)
		return 0;
	*ret = start;
	*ret_n = end ? (size_t)(end - start) : rest;
	s->at += *ret_n + (end != NULL);
	/* As editors elsewhere end lines. */
	if (*ret_n && start[*ret_n - 1] == '\r')
		--*ret_n;
	return *ret_n > SCRIPT_LINE_MOST ? -EFBIG : 1;
}

/* Ends it with a backslash that takes the next character, which is not there? */
static bool is_continued(const char *line, size_t n)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct token_list tokens = {0};
	bool continued = false;
	size_t from = 0;

	while (from < n && line[n - 1] == '\\' &&
	       tokenize(line, n, from, &tokens, &why) != -ENOMEM) {
		from = tokens.next;
		continued = tokens.count && tokens.list[tokens.count - 1].quote == '\\';
	}
	token_list_clear(&tokens);
	return continued;
}

int script_next(struct script *s, struct strbuf *line)
{
	size_t begin = s->at;
	const char *part;
	bool more = true;
	size_t n = 0;
	unsigned int lines = 0;
	int r = 1;

	strbuf_reset(line);
	while (more && r == 1) {
		r = raw_line(s, &part, &n);
		if (r != 1)
			break;
		lines++;
		more = is_continued(part, n) && (s->at < s->text.length || s->fd >= 0);
		strbuf_append(line, part, more ? n - 1 : n);
		if (line->length > SCRIPT_LINE_MOST)
			r = -EFBIG;
	}
	if (r == -EAGAIN) {
		s->at = begin;
		return r;
	}
	s->line = s->next;
	s->next += lines;
	if (strbuf_error(line) < 0)
		return -ENOMEM;
	return r == 0 && lines ? 1 : r;
}

int script_fill(struct script *s)
{
	char bytes[4096];
	ssize_t n;

	if (s->at) {
		memmove(s->text.data, s->text.data + s->at, s->text.length - s->at);
		s->text.length -= s->at;
		s->at = 0;
	}
	n = read(s->fd, bytes, sizeof(bytes));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n > 0) {
		strbuf_append(&s->text, bytes, (size_t)n);
		return strbuf_error(&s->text);
	}
	if (s->fd)
		close(s->fd);
	s->fd = -1;
	return 0;
}

void script_close(struct script *s)
{
	strbuf_free(&s->text);
	if (s->fd > 0)
		close(s->fd);
	s->fd = -1;
}
