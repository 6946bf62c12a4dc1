/* The tree of memory cgroups, as its files have it. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "proc/cgroup.h"
#include "proc/cgroup_memory.h"
#include "rank/machine_internal.h"
#include "rank/machine_text.h"

#define FILE_MOST 65536

/* One of the files of cgroup PATH, in r->text. */
static int read_file(struct machine_reader *r, const char *path, const char *name)
{
	return machine_read_text(r, FILE_MOST, "%s%s/%s", r->mount_point, path, name);
}

static bool read_limit(struct machine_reader *r, const char *path, const char *name, uint64_t *ret)
{
	return read_file(r, path, name) == 0 && limit_text_parse(strbuf_text(&r->text), ret);
}

static void read_v2(struct machine_reader *r, const char *path, struct machine_cgroup *c)
{
	const char *text;
	uint64_t value;

	if (read_limit(r, path, "memory.max", &value))
		c->limit_bytes = value ? value : 1;
	(void)read_limit(r, path, "memory.current", &c->usage_bytes);
	c->has_swap_limit = read_limit(r, path, "memory.swap.max", &c->swap_limit_bytes);
	(void)read_limit(r, path, "memory.swap.current", &c->swap_usage_bytes);
	c->kills_group = read_limit(r, path, "memory.oom.group", &value) && value;
	if (read_file(r, path, "memory.stat") < 0)
		return;
	text = strbuf_text(&r->text);
	(void)stat_text_find(text, "file", &c->file_bytes);
	(void)stat_text_find(text, "pgscan", &c->scanned_pages);
}

static void read_v1(struct machine_reader *r, const char *path, struct machine_cgroup *c)
{
	uint64_t value;

	if (read_limit(r, path, "memory.limit_in_bytes", &value))
		c->limit_bytes = value ? value : 1;
	(void)read_limit(r, path, "memory.usage_in_bytes", &c->usage_bytes);
	c->has_swap_limit =
		read_limit(r, path, "memory.memsw.limit_in_bytes", &c->swap_limit_bytes);
	(void)read_limit(r, path, "memory.memsw.usage_in_bytes", &c->swap_usage_bytes);
	c->no_swap = read_limit(r, path, "memory.swappiness", &value) && !value;
	c->no_kill = read_file(r, path, "memory.oom_control") == 0 &&
		     stat_text_find(strbuf_text(&r->text), "oom_kill_disable", &value) == 0 &&
		     value;
	if (read_file(r, path, "memory.stat") == 0)
		(void)stat_text_find(strbuf_text(&r->text), "total_cache", &c->file_bytes);
}

/* mem_cgroup_css_alloc(), mm/memcontrol.c before Linux 5.11. */
static bool is_apart(struct machine_reader *r, uint32_t parent)
{
	uint64_t value;

	return r->m->cgroup_version == 1 && parent != MACHINE_NONE &&
	       read_limit(r, r->m->cgroups[parent].path, "memory.use_hierarchy", &value) && !value;
}

/* The cgroup PATH ("" for the root) is added. */
static int add(struct machine_reader *r, const char *path, uint32_t parent, uint64_t inode)
{
	struct machine *m = r->m;
	struct machine_cgroup c = {.path = strdup(*path ? path : "/"),
				   .parent = parent,
				   .inode = inode,
				   .apart = is_apart(r, parent)};

	if (!c.path ||
	    array_reserve(&m->cgroups, &r->cgroups_capacity, m->n_cgroups, 1, sizeof(c)) < 0) {
		free(c.path);
		return -ENOMEM;
	}
	if (m->cgroup_version == 1)
		read_v1(r, path, &c);
	else
		read_v2(r, path, &c);
	m->cgroups[m->n_cgroups++] = c;
	return 0;
}

/* A directory in the one that is read. */
struct below {
	uint64_t inode;
	char *name;
};

struct belows {
	struct below *list;
	size_t n, capacity;
};

static void belows_free(struct belows *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->list[i].name);
	free(b->list);
}

/* Oldest first, as in css->children: numbers of kernfs nodes are given out in turn. */
static int is_younger(const void *a, const void *b)
{
	const struct below *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* A captured cgroup has its inode's number in a file: see machine_capture.c. */
static uint64_t inode_of(struct machine_reader *r, const char *path, uint64_t inode)
{
	uint64_t captured;

	return *r->root && read_limit(r, path, ".inode", &captured) ? captured : inode;
}

static int list(struct machine_reader *r, const char *path, struct belows *ret)
{
	struct dirent *entry;
	int error = 0;
	DIR *d;

	strbuf_reset(&r->path);
	strbuf_printf(&r->path, "%s%s", r->mount_point, path);
	d = strbuf_error(&r->path) == 0 ? opendir(strbuf_text(&r->path)) : NULL;
	while (d && error == 0 && (entry = readdir(d))) {
		struct below below = {.inode = entry->d_ino};

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		below.name = strdup(entry->d_name);
		error = below.name ? array_reserve(&ret->list, &ret->capacity, ret->n, 1,
						   sizeof(below))
				   : -ENOMEM;
		if (error == 0)
			ret->list[ret->n++] = below;
		else
			free(below.name);
	}
	if (d)
		closedir(d);
	return error;
}

/*
 * Add the cgroup and all below it. Of v2 only those for which the controller is switched on: those
 * below have it no more than it has (cgroup_apply_control_enable(), kernel/cgroup/cgroup.c).
 */
static int walk(struct machine_reader *r, const char *path, uint32_t parent, uint64_t inode)
{
	_cleanup_(belows_free) struct belows belows = {0};
	uint32_t here = (uint32_t)r->m->n_cgroups;
	uint64_t value;
	int error;

	if (*path && r->m->cgroup_version == 2 && !read_limit(r, path, "memory.current", &value))
		return 0;
	error = add(r, path, parent, inode_of(r, path, inode));
	if (error == 0)
		error = list(r, path, &belows);
	if (error == 0 && belows.n)
		qsort(belows.list, belows.n, sizeof(*belows.list), is_younger);
	for (size_t i = 0; error == 0 && i < belows.n; i++) {
		_cleanup_strbuf_ struct strbuf child = {0};

		strbuf_printf(&child, "%s/%s", path, belows.list[i].name);
		error = strbuf_error(&child);
		if (error == 0)
			error = walk(r, strbuf_text(&child), here, belows.list[i].inode);
	}
	return error;
}

static int by_path(const void *a, const void *b, void *machine)
{
	const struct machine *m = machine;

	return strcmp(m->cgroups[*(const uint32_t *)a].path, m->cgroups[*(const uint32_t *)b].path);
}

int machine_read_cgroups(struct machine_reader *r)
{
	struct cgroup_memory c = {0};
	struct machine *m = r->m;
	struct stat st;
	int error = cgroup_memory_open(r->root, &c);

	if (error == -ENOENT)
		return 0;
	if (error < 0)
		return error;
	r->mount_point = c.mount_point;
	if (stat(c.mount_point, &st) < 0)
		return 0; /* not captured */
	m->cgroup_version = c.version;
	error = walk(r, "", MACHINE_NONE, st.st_ino);
	if (error < 0)
		return error;
	r->by_path = calloc(m->n_cgroups, sizeof(*r->by_path));
	if (!r->by_path)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n_cgroups; i++)
		r->by_path[i] = i;
	qsort_r(r->by_path, m->n_cgroups, sizeof(*r->by_path), by_path, m);
	return 0;
}

static uint32_t find(const struct machine_reader *r, const char *path)
{
	size_t low = 0, high = r->by_path ? r->m->n_cgroups : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, r->m->cgroups[r->by_path[middle]].path);

		if (order == 0)
			return r->by_path[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return MACHINE_NONE;
}

uint32_t machine_cgroup_of_path(const struct machine_reader *r, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	uint32_t found = MACHINE_NONE;

	/* "/..": it lies outside what this cgroup namespace shows. */
	if (!copy || copy[0] != '/' || !strncmp(copy, "/..", 3))
		return MACHINE_NONE;
	while ((found = find(r, *copy ? copy : "/")) == MACHINE_NONE && r->m->cgroup_version == 2 &&
	       *copy)
		*strrchr(copy, '/') = '\0';
	return found;
}
