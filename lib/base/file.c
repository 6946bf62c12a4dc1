#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

void file_open_standard(void)
{
	/* Each the wrong way round: EBADF, as if it were closed. Messages are simply lost. */
	static const int flags[] = {O_WRONLY, O_RDONLY, O_RDWR};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", flags[fd]);
}

int file_read_fd(int fd, size_t most, struct strbuf *out)
{
	size_t total = 0;
	char block[16384];

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return strbuf_error(out);
		if ((size_t)n > most - total)
			return -EFBIG;
		total += (size_t)n;
		strbuf_append(out, block, (size_t)n);
	}
}

int file_read(const char *path, size_t most, struct strbuf *out)
{
	/* A pipe among the files of a captured machine, say, would be waited for without end. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISFIFO(st.st_mode) ? -ESPIPE : file_read_fd(fd, most, out);
}

int file_write_fd(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Rename, but never over what stands at the new name. */
static int rename_new(int dirfd, const char *from, const char *to)
{
	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* Some filesystems know no RENAME_NOREPLACE; a hard link refuses an existing name as well.
	 */
	if (errno != EINVAL || linkat(dirfd, from, dirfd, to, 0) < 0)
		return -errno;
	unlinkat(dirfd, from, 0);
	return 0;
}

/* All of it on the disk. Some filesystems say only now that there is no room for it. */
static int write_synced(int fd, const void *bytes, size_t n)
{
	int r = file_write_fd(fd, bytes, n);

	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* A name for an unnamed file: by the descriptor, which wants a capability, or by /proc. */
static int name_it(int fd, int dirfd, const char *name)
{
	char path[32];

	if (linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* Without a name until it is whole: if the writer is killed, nothing is left. */
static int create_unnamed(int dirfd, const char *name, mode_t mode, const void *bytes, size_t n)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	int r = fd < 0 ? -errno : write_synced(fd, bytes, n);

	return r < 0 ? r : name_it(fd, dirfd, name);
}

/* Where a file cannot be without a name (NFS, FAT): under a temporary one. */
static int create_renamed(int dirfd, const char *name, mode_t mode, const void *bytes, size_t n)
{
	_cleanup_close_ int fd = -1;
	char temporary[300];
	int r, attempt;

	for (attempt = 0; fd < 0 && attempt < 100; attempt++) {
		r = snprintf(temporary, sizeof(temporary), ".%.250s.%d.%d", name, (int)getpid(),
			     attempt);
		if (r < 0 || (size_t)r >= sizeof(temporary))
			return -ENAMETOOLONG;
		fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    mode);
		if (fd < 0 && errno != EEXIST)
			return -errno;
	}
	if (fd < 0)
		return -EEXIST;
	r = write_synced(fd, bytes, n);
	if (r == 0)
		r = rename_new(dirfd, temporary, name);
	if (r < 0)
		unlinkat(dirfd, temporary, 0);
	return r;
}

int file_create_at(int dirfd, const char *name, mode_t mode, const void *bytes, size_t n)
{
	int r = create_unnamed(dirfd, name, mode, bytes, n);

	/* What filesystems that lack the one or the other answer, and the kernel without /proc. */
	if (r == -EOPNOTSUPP || r == -EISDIR || r == -EINVAL || r == -EPERM || r == -EXDEV ||
	    r == -ENOENT)
		r = create_renamed(dirfd, name, mode, bytes, n);
	if (r == 0)
		fsync(dirfd);
	return r;
}
