#include "proc/process_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

/* A line: some 75 characters, then a path, in which a newline takes four. */
#define BUFFER_SIZE (PATH_MAX + 4096)

struct process_maps {
	int fd;
	size_t at, length; /* of the next line, of all that is held */
	bool in_line;	   /* the beginning of this line was handed over, cut */
	bool ended;
	char buffer[BUFFER_SIZE + 1];
};

int process_maps_open_fd(int fd, struct process_maps **ret)
{
	struct process_maps *maps = malloc(sizeof(*maps));

	if (!maps) {
		close(fd);
		return -ENOMEM;
	}
	maps->fd = fd;
	maps->at = maps->length = 0;
	maps->in_line = maps->ended = false;
	*ret = maps;
	return 0;
}

int process_maps_open(pid_t pid, struct process_maps **ret)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
	return process_maps_open_fd(fd, ret);
}

void process_maps_close(struct process_maps *maps)
{
	if (!maps)
		return;
	close(maps->fd);
	free(maps);
}

void process_maps_closep(struct process_maps **maps)
{
	process_maps_close(*maps);
}

/* More bytes behind those held; 0 at the end. */
static int fill(struct process_maps *maps)
{
	ssize_t n;

	memmove(maps->buffer, maps->buffer + maps->at, maps->length - maps->at);
	maps->length -= maps->at;
	maps->at = 0;
	do {
		n = read(maps->fd, maps->buffer + maps->length, BUFFER_SIZE - maps->length);
	} while (n < 0 && errno == EINTR);
	/* The kernel ends with ESRCH where the process has ended meanwhile. */
	if (n <= 0)
		maps->ended = true;
	maps->length += (size_t)MAX(n, 0);
	return n < 0 && errno != ESRCH ? -errno : 0;
}

/* The bytes held up to the next newline, which becomes a NUL; NULL: it is not among them. */
static char *held_line(struct process_maps *maps)
{
	char *line = maps->buffer + maps->at;
	char *newline = memchr(line, '\n', maps->length - maps->at);

	if (!newline)
		return NULL;
	*newline = '\0';
	maps->at = (size_t)(newline - maps->buffer) + 1;
	return line;
}

/* The next line, cut where it is longer than the buffer. NULL: there are no more. */
static int next_line(struct process_maps *maps, char **ret)
{
	int r;

	for (;;) {
		char *line = held_line(maps);

		if (!line && !maps->ended && maps->length - maps->at < BUFFER_SIZE) {
			r = fill(maps);
			if (r < 0)
				return r;
			continue;
		}
		if (line && maps->in_line) {
			maps->in_line = false; /* the rest of one that was cut */
			continue;
		}
		if (!line && maps->length > maps->at) {
			maps->buffer[maps->length] = '\0';
			line = maps->in_line ? NULL : maps->buffer + maps->at;
			maps->at = maps->length;
			maps->in_line = true;
			if (!line && !maps->ended)
				continue;
		}
		*ret = line;
		return 0;
	}
}

/* Hexadecimal digits up to the character STOP; *AT is left behind it. */
static bool hex(const char **at, char stop, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *at;

	for (; *p != stop; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned)(*p - 'a') + 10;
		else
			return false;
		if (value >> 60)
			return false;
		value = value << 4 | digit;
	}
	if (p == *at)
		return false;
	*at = p + 1;
	*ret = value;
	return true;
}

static bool decimal(const char **at, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*ret = value;
	return true;
}

/* fs/proc/task_mmu.c show_vma_header_prefix(): "start-end rwxp offset major:minor inode  path" */
static bool parse(const char *line, struct process_mapping *m)
{
	uint64_t major, minor;

	if (!hex(&line, '-', &m->start) || !hex(&line, ' ', &m->end) || strnlen(line, 5) < 5)
		return false;
	m->readable = line[0] == 'r';
	m->writable = line[1] == 'w';
	m->executable = line[2] == 'x';
	m->shared = line[3] == 's';
	if (line[4] != ' ')
		return false;
	line += 5;
	if (!hex(&line, ' ', &m->offset) || !hex(&line, ':', &major) || !hex(&line, ' ', &minor) ||
	    !decimal(&line, &m->inode))
		return false;
	m->major = (uint32_t)major;
	m->minor = (uint32_t)minor;
	m->path = line + strspn(line, " ");
	return m->start < m->end;
}

int process_maps_next(struct process_maps *maps, struct process_mapping *ret)
{
	struct process_mapping m = {0};
	char *line = NULL;
	int r = next_line(maps, &line);

	if (r < 0 || !line)
		return r;
	if (!parse(line, &m))
		return -EBADMSG;
	*ret = m;
	return 1;
}
