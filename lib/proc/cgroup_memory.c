#include "proc/cgroup_memory.h"

#include <errno.h>
#include <inttypes.h>
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

/* One of a cgroup's files: text, or a number; UINT64_MAX where that says that there is no limit. */
static int read_text(const struct cgroup_memory *c, const char *path, const char *name,
		     struct strbuf *ret)
{
	_cleanup_strbuf_ struct strbuf file = {0};

	strbuf_printf(&file, "%s%s/%s", c->mount_point, path, name);
	strbuf_reset(ret);
	return strbuf_error(&file) < 0 ? -ENOMEM : file_read(strbuf_text(&file), 65536, ret);
}

static int read_number(const struct cgroup_memory *c, const char *path, const char *name,
		       uint64_t *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t value = UINT64_MAX;
	int r = read_text(c, path, name, &text);

	if (r < 0)
		return r;
	/* v2: "max"; v1: the largest number of whole pages. */
	if (strncmp(strbuf_text(&text), "max", 3) &&
	    sscanf(strbuf_text(&text), "%" SCNu64, &value) != 1)
		return -EBADMSG;
	*ret = value < UINT64_C(1) << 60 ? value : UINT64_MAX;
	return 0;
}

/* The number in the line of that name, of memory.stat; 0: there is none. */
static uint64_t stat_number(const char *text, const char *name)
{
	size_t n = strlen(name);
	uint64_t value = 0;

	for (; text && *text; text = strchr(text, '\n'), text += !!text)
		if (!strncmp(text, name, n) && text[n] == ' ' &&
		    sscanf(text + n, "%" SCNu64, &value) == 1)
			return value;
	return 0;
}

static void read_cache(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *n)
{
	static const char *const names[2][3] = {
		{"total_inactive_file", "total_active_file", NULL},
		{"inactive_file", "active_file", "slab_reclaimable"},
	};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (read_text(c, path, "memory.stat", &text) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names[0]); i++) {
		const char *name = names[c->version == 2][i];
		uint64_t value = name ? stat_number(strbuf_text(&text), name) : 0;

		/* It is told in batches, so it may be more than all. */
		n->cache_bytes += MIN(value, n->used_bytes - n->cache_bytes);
	}
}

/* memory.memsw is of both together; swappiness 0 keeps a cgroup from swapping (mm/vmscan.c). */
static void read_swap_v1(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *n)
{
	uint64_t both = 0, limit = 0, swappiness = 1;

	n->swap_limit_bytes = UINT64_MAX;
	if (read_number(c, path, "memory.memsw.usage_in_bytes", &both) == 0)
		n->swap_used_bytes = both - MIN(both, n->used_bytes);
	if (read_number(c, path, "memory.memsw.limit_in_bytes", &limit) == 0 && limit != UINT64_MAX)
		n->swap_limit_bytes = limit - MIN(limit, n->limit_bytes);
	if (read_number(c, path, "memory.swappiness", &swappiness) == 0 && !swappiness)
		n->swap_limit_bytes = MIN(n->swap_limit_bytes, n->swap_used_bytes);
}

static void read_swap_v2(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *n)
{
	n->swap_limit_bytes = UINT64_MAX;
	(void)read_number(c, path, "memory.swap.current", &n->swap_used_bytes);
	(void)read_number(c, path, "memory.swap.max", &n->swap_limit_bytes);
}

/* Its limit and, if it has one, what is used. */
static int read_limit(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *n)
{
	bool v2 = c->version == 2;
	uint64_t limit, high = UINT64_MAX;
	int r = read_number(c, path, v2 ? "memory.max" : "memory.limit_in_bytes", &limit);

	if (r < 0)
		return r;
	if (v2)
		(void)read_number(c, path, "memory.high", &high);
	*n = (struct cgroup_numbers){0};
	if (limit != UINT64_MAX)
		n->limit_bytes = MAX(limit, UINT64_C(1)); /* "0" is a limit */
	if (high != UINT64_MAX)
		n->high_bytes = MAX(high, UINT64_C(1));
	if (!n->limit_bytes && !n->high_bytes)
		return 0;
	return read_number(c, path, v2 ? "memory.current" : "memory.usage_in_bytes",
			   &n->used_bytes);
}

int cgroup_memory_read(const struct cgroup_memory *c, const char *path, struct cgroup_numbers *ret)
{
	struct cgroup_numbers n;
	int r;

	if (!strcmp(path, "/"))
		path = "";
	r = read_limit(c, path, &n);
	if (r < 0)
		return r;
	if (n.limit_bytes || n.high_bytes) {
		read_cache(c, path, &n);
		if (c->version == 2)
			read_swap_v2(c, path, &n);
		else
			read_swap_v1(c, path, &n);
	}
	*ret = n;
	return 0;
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
		struct cgroup_numbers numbers;

		strbuf_reset(&name);
		strbuf_printf(&name, "%.*s", (int)n, path);
		if (strbuf_error(&name) < 0)
			return -ENOMEM;
		if (read_limit(c, strbuf_text(&name), &numbers) == 0 && numbers.limit_bytes) {
			room.limit_bytes = numbers.limit_bytes;
			room.used_bytes = numbers.used_bytes;
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

/* "." and "..", and what begins so: of the current directory, as everywhere else. */
static bool is_from_here(const char *name)
{
	size_t dots = strspn(name, ".");

	return (dots == 1 || dots == 2) && (!name[dots] || name[dots] == '/');
}

static void tell_none(const struct cgroup_memory *c, const char *given, const char *name,
		      struct strbuf *why)
{
	if (given != name && given[0] == '/' && is_directory(given))
		strbuf_printf(why, "%s is no memory cgroup: those are below %s", given,
			      c->mount_point);
	else
		strbuf_printf(why, "there is no memory cgroup '%s'", name);
	strbuf_puts(why, "; 'cat /proc/PID/cgroup' shows the cgroups of a process");
}

int cgroup_memory_resolve(const struct cgroup_memory *c, const char *name, struct strbuf *ret,
			  struct strbuf *why)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *given = name;
	size_t n;

	if (!c->version) {
		strbuf_puts(why, "no hierarchy of memory cgroups is mounted here");
		return -ENOENT;
	}
	n = strlen(c->mount_point);
	if (!is_from_here(name) && (name[0] != '/' || !cgroup_is_below(name, c->mount_point))) {
		snprintf(path, sizeof(path), "%s/%s", c->mount_point, name + strspn(name, "/"));
		name = path;
	}
	/* Without "..", "//" and symbolic links it can be compared with what /proc shows. */
	if (!is_directory(name) || !realpath(name, real) ||
	    !cgroup_is_below(real, c->mount_point)) {
		tell_none(c, given, name, why);
		return -ENOENT;
	}
	strbuf_puts(ret, real[n] ? real + n : "/");
	return strbuf_error(ret);
}
