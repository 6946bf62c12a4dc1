#include "console/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"

#define FILE_NAME "history"
#define FILE_MOST ((size_t)8 << 20) /* bytes: lines of the greatest length, and as many again */

/* Where the folder is to be; -ENOENT: nowhere, WHY says why. Some users' HOME is not there on
 * purpose. */
static int find_path(struct strbuf *path, struct strbuf *why)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	bool by_home = !(state && *state == '/');

	if (by_home && !(home && *home == '/')) {
		strbuf_puts(why, "neither XDG_STATE_HOME nor HOME says where");
		return -ENOENT;
	}
	if (by_home && access(home, F_OK) < 0) {
		strbuf_printf(why, "HOME is %s: %s", home, strerror(errno));
		return -ENOENT;
	}
	strbuf_printf(path, "%s%s", by_home ? home : state,
		      by_home ? "/.local/state/oomtools" : "/oomtools");
	return strbuf_error(path);
}

/*
 * Make the folders that are missing. As root not below another user's: under sudo with that user's
 * HOME they would be root's, and the user's own tools could not write there any more.
 */
static int make_folders(char *path, struct strbuf *why)
{
	struct stat st;

	for (char *end = path + 1;; end++) {
		char was;

		end += strcspn(end, "/");
		was = *end;
		*end = '\0';
		if (stat(path, &st) < 0) {
			if (errno != ENOENT || mkdir(path, 0700) < 0)
				return -errno;
		} else if (geteuid() == 0 && st.st_uid != 0) {
			strbuf_printf(why, "%s belongs to user %u", path, st.st_uid);
			return -EPERM;
		}
		*end = was;
		if (!was)
			return 0;
	}
}

static int open_folder(const char *path, struct strbuf *why, bool *ret_warn)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		strbuf_printf(why, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (st.st_uid != geteuid()) {
		strbuf_printf(why, "%s belongs to user %u", path, st.st_uid);
		return -1;
	}
	if (st.st_mode & 022) {
		strbuf_printf(why, "others may write to %s: 'chmod 700 %s'", path, path);
		*ret_warn = true;
		return -1;
	}
	return steal_descriptor(&fd);
}

/* What is wrong with the file; NULL: nothing. */
static const char *fault(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file: remove it";
	if (st->st_uid != geteuid())
		return "belongs to another user: remove it";
	if (st->st_nlink != 1)
		return "has a second name elsewhere (a hard link): remove it";
	if (st->st_mode & 077)
		return "may be read or written by others: 'chmod 600' it";
	return st->st_size > (off_t)FILE_MOST ? "is too large: remove it" : NULL;
}

static int append(struct history *h, const char *line, size_t n)
{
	char *copy;

	if (array_reserve(&h->lines, &h->capacity, h->count, 1, sizeof(*h->lines)) < 0)
		return -ENOMEM;
	copy = strndup(line, n);
	if (!copy)
		return -ENOMEM;
	h->lines[h->count++] = copy;
	return 0;
}

/* -EPERM: it is not to be used, for the reason in WHY. */
static int read_lines(int directory, struct history *into, struct strbuf *why)
{
	_cleanup_close_ int fd =
		openat(directory, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *wrong = NULL;
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		wrong = errno == ELOOP ? "is a symbolic link: remove it" : strerror(errno);
	else if (fstat(fd, &st) < 0)
		wrong = strerror(errno);
	else
		wrong = fault(&st);
	if (wrong) {
		strbuf_puts(why, wrong);
		return -EPERM;
	}
	r = file_read_fd(fd, FILE_MOST, &text);
	for (const char *s = strbuf_text(&text); r == 0 && *s;) {
		size_t n = strcspn(s, "\n");

		if (n && n <= HISTORY_LINE_MOST)
			r = append(into, s, n);
		s += n + (s[n] == '\n');
	}
	return r;
}

int history_open(struct history *h, struct strbuf *why, bool *ret_warn)
{
	_cleanup_strbuf_ struct strbuf path = {0}, wrong = {0};
	int r = find_path(&path, why);

	*h = (struct history){.directory = -1};
	*ret_warn = false;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	r = make_folders(path.data, why);
	if (r < 0) {
		if (!why->length)
			strbuf_printf(why, "%s: %s", strbuf_text(&path), strerror(-r));
		return 0;
	}
	h->directory = open_folder(strbuf_text(&path), why, ret_warn);
	if (h->directory < 0)
		return 0;
	r = read_lines(h->directory, h, &wrong);
	if (r < 0) {
		strbuf_printf(why, "%s/" FILE_NAME " %s", strbuf_text(&path),
			      wrong.length ? strbuf_text(&wrong) : strerror(-r));
		*ret_warn = r == -EPERM;
		close(h->directory);
		h->directory = -1;
	}
	h->old = h->count;
	return r == -ENOMEM ? r : 0;
}

bool history_add(struct history *h, const char *line)
{
	size_t n = strlen(line);

	if (!n || *line == ' ' || *line == '\t' || n > HISTORY_LINE_MOST || strchr(line, '\n'))
		return false;
	if (h->count && !strcmp(h->lines[h->count - 1], line))
		return false;
	return append(h, line, n) == 0;
}

static int write_lines(int directory, const struct history *all)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t from = all->count > HISTORY_LINES_MOST ? all->count - HISTORY_LINES_MOST : 0;
	char name[64];
	int r;

	for (size_t i = from; i < all->count; i++)
		strbuf_printf(&text, "%s\n", all->lines[i]);
	r = strbuf_error(&text);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), FILE_NAME ".%d", (int)getpid());
	/* A tool of that number may have been killed just there, once. */
	(void)unlinkat(directory, name, 0);
	r = file_create_at(directory, name, 0600, strbuf_text(&text), text.length);
	if (r == 0 && renameat(directory, name, directory, FILE_NAME) < 0) {
		r = -errno;
		(void)unlinkat(directory, name, 0);
	}
	return r;
}

int history_save(struct history *h)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct history all = {.directory = -1};
	int r = 0;

	if (h->directory < 0 || h->count == h->old)
		return 0;
	/* Reading and writing in one: another tool may end at this moment. */
	while (flock(h->directory, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	r = read_lines(h->directory, &all, &why);
	for (size_t i = h->old; i < h->count && r == 0; i++)
		r = append(&all, h->lines[i], strlen(h->lines[i]));
	if (r == 0)
		r = write_lines(h->directory, &all);
	if (r == 0)
		h->old = h->count;
	(void)flock(h->directory, LOCK_UN);
	history_close(&all);
	return r;
}

void history_close(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->lines[i]);
	free(h->lines);
	if (h->directory >= 0)
		close(h->directory);
	*h = (struct history){.directory = -1};
}
