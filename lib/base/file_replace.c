#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Where a file that is to be replaced lies. */
struct place {
	char *path; /* without symbolic links; NULL: it is no regular file */
	const char *name;
	int dirfd;
};

static void leave(struct place *p)
{
	free(p->path);
	if (p->dirfd >= 0)
		close(p->dirfd);
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int find_place(const char *path, struct place *ret)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	char *slash;

	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (exists && !S_ISREG(st.st_mode))
		return 0;
	ret->path = exists ? realpath(path, NULL) : strdup(path);
	if (!ret->path)
		return -errno;
	slash = strrchr(ret->path, '/');
	ret->name = slash ? slash + 1 : ret->path;
	if (!*ret->name)
		return -EISDIR;
	if (slash)
		*slash = '\0';
	ret->dirfd = open_directory(!slash ? "." : slash == ret->path ? "/" : ret->path);
	return MIN(ret->dirfd, 0);
}

/* A new file beside the place. */
static int write_beside(const struct place *p, mode_t mode, const void *bytes, size_t n,
			char temporary[300])
{
	int r = -EEXIST;

	for (int attempt = 0; r == -EEXIST && attempt < 100; attempt++) {
		snprintf(temporary, 300, ".%.200s.%d.%d.new", p->name, (int)getpid(), attempt);
		r = file_create_at(p->dirfd, temporary, mode, bytes, n);
	}
	return r;
}

int file_replace(const char *path, mode_t mode, const void *bytes, size_t n)
{
	_cleanup_(leave) struct place p = {.dirfd = -1};
	_cleanup_close_ int fd = -1;
	int r = find_place(path, &p);
	char temporary[300];

	if (r < 0)
		return r;
	if (!p.path) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return fd < 0 ? -errno : file_write_fd(fd, bytes, n);
	}
	r = write_beside(&p, mode, bytes, n, temporary);
	if (r < 0)
		return r;
	if (renameat(p.dirfd, temporary, p.dirfd, p.name) < 0) {
		r = -errno;
		unlinkat(p.dirfd, temporary, 0);
		return r;
	}
	fsync(p.dirfd);
	return 0;
}

int file_replace_try(const char *path)
{
	_cleanup_(leave) struct place p = {.dirfd = -1};
	int r = find_place(path, &p);
	char temporary[300];

	if (r < 0)
		return r;
	if (!p.path)
		return access(path, W_OK) < 0 ? -errno : 0;
	r = write_beside(&p, 0600, "try\n", 4, temporary);
	if (r == 0)
		unlinkat(p.dirfd, temporary, 0);
	return r;
}
