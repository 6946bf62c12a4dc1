#include "oom/kill_filter.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "proc/cgroup.h"
#include "proc/cgroup_memory.h"

#define COMM_LENGTH 15 /* TASK_COMM_LEN - 1, include/linux/sched.h */
#define ID_DIGITS_LEAST 4

/* Where these file systems are mounted by custom: a recording may come from another machine. */
static const char *const customary[] = {
	"/sys/fs/cgroup/memory",
	"/sys/fs/cgroup/unified",
	"/sys/fs/cgroup",
};

/* How much of NAME is the mount point; 0: it is a path below one already. */
static size_t mount_length(const char *name)
{
	size_t longest = 0;

	for (int version = 1; version <= 2; version++) {
		_cleanup_strbuf_ struct strbuf mount = {0};

		if (cgroup_mount_point("", version, &mount) == 0 && mount.length > longest &&
		    cgroup_is_below(name, mount.data))
			longest = mount.length;
	}
	for (size_t i = 0; i < ARRAY_SIZE(customary) && !longest; i++)
		if (cgroup_is_below(name, customary[i]))
			longest = strlen(customary[i]);
	return longest;
}

int kill_filter_prepare(struct kill_filter *f, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	const char *part = f->cgroup;

	if (!part)
		return 0;
	part += mount_length(part);
	while (*part) {
		size_t n = strcspn(part, "/");

		if (n == 2 && !memcmp(part, "..", n)) {
			strbuf_printf(why, "'%s' has '..' in it: give the path without", f->cgroup);
			return -EINVAL;
		}
		if (n && !(n == 1 && *part == '.')) {
			strbuf_putc(&path, '/');
			strbuf_append(&path, part, n);
		}
		part += n + (part[n] == '/');
	}
	if (!path.length)
		strbuf_putc(&path, '/');
	f->cgroup_path = strbuf_steal(&path);
	return f->cgroup_path ? 0 : -ENOMEM;
}

void kill_filter_clear(struct kill_filter *f)
{
	free(f->cgroup_path);
	f->cgroup_path = NULL;
}

static bool is_among(uint64_t n, const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == n)
			return true;
	return count == 0;
}

/* One that dies may have the PID, another the name: each is asked by itself. */
static bool any_dying(const struct kill_filter *f, const struct kill *k,
		      bool (*asked)(const struct kill_filter *f, const struct kill_process *p))
{
	bool found = asked(f, &k->victim);

	for (size_t i = 0; i < k->n_members && !found; i++)
		found = asked(f, &k->members[i].process);
	return found;
}

static bool pid_fits(const struct kill_filter *f, const struct kill_process *p)
{
	return is_among(p->pid, f->pids, f->n_pids);
}

static bool uid_fits(const struct kill_filter *f, const struct kill_process *p)
{
	return is_among(p->uid, f->uids, f->n_uids);
}

static bool name_fits(const struct kill_filter *f, const struct kill_process *p)
{
	return !f->name || (p->comm && !strncmp(p->comm, f->name, COMM_LENGTH));
}

static bool path_fits(const struct kill_filter *f, const char *path)
{
	return path && cgroup_is_below(path, f->cgroup_path);
}

static bool id_fits(const char *id, const char *asked)
{
	size_t n = strlen(asked);

	if (!id)
		return false;
	if (n >= ID_DIGITS_LEAST && strspn(asked, "0123456789abcdef") == n &&
	    strspn(id, "0123456789abcdef") == strlen(id))
		return !strncmp(id, asked, n);
	return !strcmp(id, asked);
}

static bool container_fits(const struct kill_filter *f, const struct kill_container *c)
{
	return id_fits(c->id, f->container) || id_fits(c->outer_id, f->container) ||
	       (c->name && !strcmp(c->name, f->container));
}

bool kill_filter_passes(const struct kill_filter *f, const struct kill *k)
{
	if (f->global && (!k->domain.kind || strcmp(k->domain.kind, "machine")))
		return false;
	if (f->cgroup_path && !path_fits(f, k->domain.memcg_path) &&
	    !path_fits(f, k->victim.memcg_path))
		return false;
	if (f->container && !container_fits(f, &k->domain.container) &&
	    !container_fits(f, &k->victim.container))
		return false;
	return any_dying(f, k, pid_fits) && any_dying(f, k, uid_fits) && any_dying(f, k, name_fits);
}

bool kill_filter_needs_story(const struct kill_filter *f)
{
	return f->n_pids || f->n_uids || f->name || f->cgroup || f->container;
}
