#include "victim/library.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define PAGE 4096ull
/* Of one process: more than any program needs, fewer than a hostile one can make us read. */
#define MAPPINGS_MOST 262144

static bool is_file(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

/* By the path, as the process sees it: for who may not use map_files (CAP_CHECKPOINT_RESTORE). */
static int open_by_path(pid_t pid, const struct process_mapping *m)
{
	char path[PATH_MAX + 64];
	struct stat st;
	int fd;

	if (m->path[0] != '/')
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, m->path);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_file(fd, &st) || st.st_ino != m->inode || major(st.st_dev) != m->major ||
	    minor(st.st_dev) != m->minor) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Whoever has mapped a device must not make us open it: that can have effects. So O_PATH first. */
int mapped_file_open(pid_t pid, const struct process_mapping *m)
{
	char path[96];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM || errno == EACCES ? open_by_path(pid, m) : -errno;
	if (!is_file(fd, &st)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int mapped_file_reopen(int path_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct oomprof_key key_of_file(const struct stat *st)
{
	return (struct oomprof_key){
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_s = (uint64_t)st->st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
		.device = major(st->st_dev) << 20 | minor(st->st_dev), /* MKDEV of the kernel */
	};
}

bool library_bias(const struct go_binary *b, const struct process_mapping *m, uint64_t *ret)
{
	const struct elf_segment *text = &b->text;
	uint64_t first = text->offset & ~(PAGE - 1);

	if (!m->executable || !text->file_size || m->offset < first ||
	    m->offset - first >= text->file_size + (text->offset - first))
		return false;
	*ret = m->start - (text->address - text->offset + m->offset);
	return true;
}

/* The kind of what M is a mapping of; RET is filled in for a Go library whose text it is. */
static int look_into(pid_t pid, const struct process_mapping *m, struct library *ret,
		     struct strbuf *why)
{
	_cleanup_close_ int path_fd = mapped_file_open(pid, m);
	_cleanup_strbuf_ struct strbuf reason = {0};
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_close_ int fd = -1;
	uint64_t bias = 0;
	int kind;

	if (path_fd >= 0)
		fd = mapped_file_reopen(path_fd);
	if (fd < 0)
		return BINARY_NOT_GO;
	kind = binary_look_into(fd, &reason, &b);
	if ((kind != BINARY_READY && kind != BINARY_OFF && kind != BINARY_NOT_FOUND) ||
	    (b && !library_bias(b, m, &bias)))
		return kind == -ENOMEM ? kind : BINARY_NOT_GO;
	ret->path = strdup(m->path);
	if (!ret->path)
		return -ENOMEM;
	ret->binary = STEAL(b);
	ret->bias = bias;
	if (why)
		strbuf_puts(why, strbuf_text(&reason));
	return kind;
}

int library_find(pid_t pid, struct library *ret, struct strbuf *why)
{
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	struct process_mapping m;
	int kind, r = process_maps_open(pid, &maps);

	if (r < 0)
		return r;
	for (int i = 0; i < MAPPINGS_MOST; i++) {
		r = process_maps_next(maps, &m);
		if (r <= 0)
			break;
		kind = m.executable && m.inode ? look_into(pid, &m, ret, why) : BINARY_NOT_GO;
		if (kind != BINARY_NOT_GO)
			return kind;
	}
	return r < 0 ? r : -ENOENT;
}
