#include "proc/cgroup_memory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "proc/cgroup.h"

int cgroup_memory_open(const char *root, struct cgroup_memory *ret)
{
	_cleanup_strbuf_ struct strbuf mount = {0};
	struct cgroup_memory c = {.version = 1};
	int r = cgroup_mount_point(root, 1, &mount);

	/* Where v1 has the memory controller, v2 has it not. */
	if (r == -ENOENT) {
		c.version = 2;
		r = cgroup_mount_point(root, 2, &mount);
	}
	if (r < 0)
		return r;
	c.mount_point = strbuf_steal(&mount);
	if (!c.mount_point)
		return -ENOMEM;
	*ret = c;
	return 0;
}

void cgroup_memory_close(struct cgroup_memory *c)
{
	free(c->mount_point);
	*c = (struct cgroup_memory){0};
}

int cgroup_memory_path(const struct cgroup_memory *c, pid_t pid, struct strbuf *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char name[64];
	int r;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	r = file_read(name, 65536, &text);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	r = cgroup_parse_memory(strbuf_text(&text), ret);
	return r < 0 ? r : r == c->version ? 0 : -ENOENT;
}

static int read_room(const struct cgroup_memory *c, const char *directory, struct cgroup_room *ret)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	bool v2 = c->version == 2;
	int r;

	strbuf_printf(&name, "%s/%s", directory, v2 ? "memory.max" : "memory.limit_in_bytes");
	r = strbuf_error(&name);
	if (r == 0)
		r = cgroup_read_bytes(strbuf_text(&name), &ret->limit_bytes);
	if (r < 0 || !ret->limit_bytes)
		return r;
	strbuf_reset(&name);
	strbuf_printf(&name, "%s/%s", directory, v2 ? "memory.current" : "memory.usage_in_bytes");
	r = strbuf_error(&name);
	return r < 0 ? r : cgroup_read_bytes(strbuf_text(&name), &ret->used_bytes);
}

static uint64_t left(const struct cgroup_room *r)
{
	return r->limit_bytes - MIN(r->limit_bytes, r->used_bytes);
}

int cgroup_memory_room(const struct cgroup_memory *c, const char *path, struct cgroup_room *ret)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	struct cgroup_room least = {0};
	uint64_t smallest = 0;
	size_t n = strlen(path);

	if (!c->version || path[0] != '/' || !strncmp(path, "/..", 3))
		return -ENOENT; /* outside what this cgroup namespace shows */
	strbuf_printf(&name, "%s%s", c->mount_point, path);
	if (strbuf_error(&name) == 0 && access(strbuf_text(&name), F_OK) < 0)
		return -errno;
	/* A cgroup whose controllers are not enabled has no such files, nor has the root of v2. */
	for (;; n = (size_t)((const char *)memrchr(path, '/', n) - path)) {
		struct cgroup_room room = {0};

		strbuf_reset(&name);
		strbuf_printf(&name, "%s%.*s", c->mount_point, (int)n, path);
		if (strbuf_error(&name) < 0)
			return -ENOMEM;
		if (read_room(c, strbuf_text(&name), &room) == 0 && room.limit_bytes) {
			if (!least.limit_bytes || left(&room) < left(&least))
				least = room;
			smallest = smallest ? MIN(smallest, room.limit_bytes) : room.limit_bytes;
		}
		if (n == 0)
			break;
	}
	least.smallest_limit_bytes = smallest;
	*ret = least;
	return 0;
}

uint64_t cgroup_memory_limit(pid_t pid)
{
	_cleanup_cgroup_memory_ struct cgroup_memory c = {0};
	_cleanup_strbuf_ struct strbuf path = {0};
	struct cgroup_room room = {0};
	int r = cgroup_memory_open("", &c);

	if (r == 0)
		r = cgroup_memory_path(&c, pid, &path);
	if (r == 0)
		r = cgroup_memory_room(&c, strbuf_text(&path), &room);
	return r < 0 ? 0 : room.smallest_limit_bytes;
}

bool cgroup_is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	while (n && top[n - 1] == '/')
		n--;
	return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int cgroup_memory_resolve(const struct cgroup_memory *c, const char *name, struct strbuf *ret,
			  struct strbuf *why)
{
	char path[PATH_MAX], real[PATH_MAX];
	size_t n;

	if (!c->version) {
		strbuf_puts(why, "no hierarchy of memory cgroups is mounted here");
		return -ENOENT;
	}
	n = strlen(c->mount_point);
	if (name[0] != '/' || !cgroup_is_below(name, c->mount_point)) {
		snprintf(path, sizeof(path), "%s/%s", c->mount_point, name + strspn(name, "/"));
		name = path;
	}
	/* Without "..", "//" and symbolic links it can be compared with what /proc shows. */
	if (!is_directory(name) || !realpath(name, real) ||
	    !cgroup_is_below(real, c->mount_point)) {
		strbuf_printf(why,
			      "there is no memory cgroup '%s'; 'cat /proc/PID/cgroup' shows the "
			      "cgroups of a process",
			      name);
		return -ENOENT;
	}
	strbuf_puts(ret, real[n] ? real + n : "/");
	return strbuf_error(ret);
}
