#include "stack/code_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/strbuf.h"

#define OVERLAYFS 0x794c7630 /* include/uapi/linux/magic.h */
#define BTRFS 0x9123683e
#define NAMES_MOST 256 /* in one path */

/* The path of SIZE bytes of names, each closed by a NUL, the last one first. */
static bool put_path(char *path, size_t room, const char *names, size_t size)
{
	const char *parts[NAMES_MOST];
	size_t count = 0, n = 0;

	for (size_t at = 0; at < size; at += strlen(&names[at]) + 1) {
		if (count == NAMES_MOST)
			return false;
		parts[count++] = &names[at];
	}
	path[0] = '\0';
	while (count) {
		int part = snprintf(path + n, room - n, "/%s", parts[--count]);

		if (part < 0 || (size_t)part >= room - n || strcmp(parts[count], "..") == 0)
			return false;
		n += (size_t)part;
	}
	return true;
}

/* The names of a mapping, if they are in the record and each is closed. */
static const char *names_of(const struct oomkill_stack *s, const struct oomkill_mapping *m)
{
	size_t end = (size_t)m->path_at + m->path_size + m->above_size;

	if (end > sizeof(s->names) || m->in_mount_size > m->path_size ||
	    (end > m->path_at && s->names[end - 1]) ||
	    (m->path_size && s->names[m->path_at + m->path_size - 1]))
		return NULL;
	return &s->names[m->path_at];
}

static bool is_that_file(const struct oomkill_mapping *m, const struct stat *st, int fd)
{
	struct statfs fs;

	if (!S_ISREG(st->st_mode) || st->st_ino != m->inode || (uint64_t)st->st_size != m->size ||
	    st->st_mtim.tv_sec != m->mtime_s || st->st_mtim.tv_nsec != m->mtime_ns)
		return false;
	if (st->st_dev == makedev(m->device >> 20, m->device & 0xfffff))
		return true;
	return fstatfs(fd, &fs) == 0 && (fs.f_type == OVERLAYFS || fs.f_type == BTRFS);
}

/* Look first (O_PATH touches nothing), open then. */
static int open_if_same(const struct oomkill_mapping *m, const char *path, int follow)
{
	_cleanup_close_ int at = open(path, O_PATH | O_CLOEXEC | follow);
	char self[64];
	struct stat st;
	int fd;

	if (at < 0)
		return -errno;
	if (fstat(at, &st) < 0)
		return -errno;
	if (!is_that_file(m, &st, at))
		return -ESTALE;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* What keeps it from being found is told by the most telling of all failures. */
static bool try_path(const struct oomkill_mapping *m, const char *root, const char *path,
		     struct code_file *f)
{
	char whole[PATH_MAX];
	int n = snprintf(whole, sizeof(whole), "%s%s", root, path), fd;

	if (n < 0 || (size_t)n >= sizeof(whole))
		return false;
	fd = open_if_same(m, whole, O_NOFOLLOW);
	if (fd >= 0 || fd == -ESTALE)
		f->fd = fd;
	if (fd < 0)
		return false;
	snprintf(f->root, sizeof(f->root), "%s", root);
	return true;
}

/* \040 and the like in /proc/self/mountinfo. */
static void undo_escapes(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned int c;

		if (s[0] == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/*
 * By a mount of the same file system that we have: the mounts of a container that has gone, or a
 * bind mount of a namespace that has gone with its last process.
 */
static void try_mounts(const struct oomkill_mapping *m, const char *inside, struct code_file *f)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[2 * PATH_MAX];

	while (mounts && f->fd < 0 && fgets(line, sizeof(line), mounts)) {
		char root[PATH_MAX], point[PATH_MAX];
		unsigned int major, minor;
		const char *rest = inside;

		if (sscanf(line, "%*d %*d %u:%u %4095s %4095s", &major, &minor, root, point) != 4 ||
		    major != m->device >> 20 || minor != (m->device & 0xfffff))
			continue;
		undo_escapes(root);
		undo_escapes(point);
		if (strcmp(root, "/") != 0) {
			if (strncmp(inside, root, strlen(root)) != 0)
				continue;
			rest += strlen(root);
		}
		if (*rest == '/')
			try_path(m, strcmp(point, "/") == 0 ? "" : point, rest, f);
	}
	if (mounts)
		fclose(mounts);
}

/* The names within its file system: up to the root of its mount, and from there to the top. */
static bool inner_path(const struct oomkill_mapping *m, const char *names, char path[PATH_MAX])
{
	char inner[OOMKILL_STACK_NAMES + OOMKILL_STACK_NAME_SIZE];

	if (!m->whole)
		return false;
	memcpy(inner, names, m->in_mount_size);
	memcpy(inner + m->in_mount_size, names + m->path_size, m->above_size);
	return put_path(path, PATH_MAX, inner, (size_t)m->in_mount_size + m->above_size);
}

static bool try_living(const struct oomkill_stack *s, const struct oomkill_mapping *m,
		       struct code_file *f)
{
	char link[96];
	int fd;

	snprintf(link, sizeof(link), "/proc/%u/map_files/%llx-%llx", s->pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = open_if_same(m, link, 0);
	if (fd < 0)
		return false;
	f->fd = fd;
	snprintf(f->root, sizeof(f->root), "/proc/%u/root", s->pid);
	return true;
}

void code_file_open(const struct oomkill_stack *s, const struct oomkill_mapping *m,
		    struct code_file *ret)
{
	const char *names = names_of(s, m);
	char root[64], inner[PATH_MAX];

	*ret = (struct code_file){.fd = -ENOENT};
	if (names && !put_path(ret->path, sizeof(ret->path), names, m->path_size))
		ret->path[0] = '\0';
	if (try_living(s, m, ret) || !names)
		return;
	if (ret->path[0] && m->whole) {
		snprintf(root, sizeof(root), "/proc/%u/root", s->pid);
		if (try_path(m, root, ret->path, ret) || try_path(m, "", ret->path, ret))
			return;
		snprintf(root, sizeof(root), "/proc/%u/root", s->namespace_init_pid);
		if (s->namespace_init_pid && try_path(m, root, ret->path, ret))
			return;
	}
	if (inner_path(m, names, inner))
		try_mounts(m, inner, ret);
}

void code_file_close(struct code_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -ENOENT;
}
