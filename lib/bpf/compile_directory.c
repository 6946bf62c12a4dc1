#include "bpf/compile_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/macro.h"

#define PREFIX "oomtools-compile."
#define DEEPEST 8 /* the header tree has three levels */
#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#define ROOM (1 << 20) /* bytes; the largest tree has a fifth of that */

/*
 * Where it may lie, the Ith best; NULL: there are no more. A container with a read-only root has
 * memory at /dev/shm all the same.
 */
static const char *parent_path(size_t i)
{
	const char *path = getenv("TMPDIR");
	const char *const all[] = {path && *path == '/' && strlen(path) < 200 ? path : "/tmp",
				   "/tmp", "/dev/shm", NULL};

	return all[i];
}

/* Below a directory of our own that nobody else may enter: names there do not change hands. */
static void empty(int fd, int depth)
{
	int again = openat(fd, ".", OPEN_FLAGS);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *d;

	if (!dir) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    unlinkat(fd, d->d_name, 0) == 0)
			continue;
		_cleanup_close_ int below = depth ? openat(fd, d->d_name, OPEN_FLAGS) : -1;
		if (below >= 0)
			empty(below, depth - 1);
		unlinkat(fd, d->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Another user's directory of such a name is none of our business. */
static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700;
}

/* Remove the directory NAME if no process has locked it; WAIT until then. */
static void remove_left(int parent, const char *name, bool wait)
{
	_cleanup_close_ int fd = openat(parent, name, OPEN_FLAGS);

	if (fd < 0 || !is_ours(fd) || flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return;
	empty(fd, DEEPEST);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void sweep_parent(const char *path, pid_t pid)
{
	int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = parent < 0 ? NULL : fdopendir(parent);
	struct dirent *d;
	int owner;
	char end;

	if (!dir) {
		if (parent >= 0)
			close(parent);
		return;
	}
	while ((d = readdir(dir)))
		if (sscanf(d->d_name, PREFIX "%d%c", &owner, &end) == 2 && end == '.' &&
		    (pid == 0 || owner == pid))
			remove_left(parent, d->d_name, pid != 0);
	closedir(dir);
}

/* Of the helper PID, or of all: 0. */
static void sweep(pid_t pid)
{
	for (size_t i = 0; parent_path(i); i++)
		sweep_parent(parent_path(i), pid);
}

static int check_room(int fd)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_bavail * fs.f_frsize < ROOM ? -ENOSPC : 0;
}

/* Until it is locked, another helper may take it for one that was left, and remove it. */
static int make_locked(const char *parent, struct compile_directory *d)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	snprintf(d->path, sizeof(d->path), "%s/" PREFIX "%d.XXXXXX", parent, (int)getpid());
	if (!mkdtemp(d->path))
		return -errno;
	fd = open(d->path, OPEN_FLAGS);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -EAGAIN;
	r = check_room(fd);
	if (r < 0) {
		rmdir(d->path);
		return r;
	}
	d->fd = steal_descriptor(&fd);
	return 0;
}

static int make_below(const char *parent, struct compile_directory *d)
{
	int r = -EAGAIN;

	for (int attempt = 0; r == -EAGAIN && attempt < 100; attempt++)
		r = make_locked(parent, d);
	return r;
}

int compile_directory_make(struct compile_directory *ret)
{
	struct compile_directory d = {.fd = -1};
	int r = -ENOENT, first = 0;

	sweep(0);
	for (size_t i = 0; r < 0 && parent_path(i); i++) {
		r = make_below(parent_path(i), &d);
		if (!first)
			first = r;
	}
	if (r < 0)
		return first;
	*ret = d;
	return 0;
}

void compile_directory_remove(struct compile_directory *d)
{
	empty(d->fd, DEEPEST);
	rmdir(d->path);
	close(d->fd);
	d->fd = -1;
}

void compile_directory_sweep(pid_t pid)
{
	sweep(pid);
}
