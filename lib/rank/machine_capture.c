/* A machine is kept: the files that machine_from_proc() reads, copied below a directory. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "proc/cgroup_memory.h"
#include "proc/process.h"
#include "rank/machine_internal.h"

#define FILE_MOST (4u << 20)
#define DIRECTORY_MODE 0700 /* command lines may tell secrets */
#define FILE_MODE 0600

/* "A/B". 0 or -errno. */
static int join(const char *a, const char *b, char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/%s", a, b) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The directories that the file at PATH stands in, from the root on. 0 or -errno. */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_file(const char *top, const char *path, const struct strbuf *text)
{
	char copy[PATH_MAX];
	int r = join(top, path + strspn(path, "/"), copy);

	if (r == 0)
		r = make_directories(copy);
	if (r < 0)
		return r;
	_cleanup_close_ int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	return fd < 0 ? -errno : file_write_fd(fd, strbuf_text(text), text->length);
}

/* What is not there, or may not be read, is left out: it is then as unknown as it is here. */
static int copy(const char *top, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read(path, FILE_MOST, &text) < 0)
		return strbuf_error(&text);
	return write_file(top, path, &text);
}

static int copy_of(const char *top, const char *directory, const char *const *names)
{
	char path[PATH_MAX];
	int r = 0;

	for (; *names && r == 0; names++) {
		r = join(directory, *names, path);
		if (r == 0)
			r = copy(top, path);
	}
	return r;
}

/* Calls EACH for all of DIRECTORY's names that are numbers. */
static int each_number(const char *top, const char *directory,
		       int (*each)(const char *top, const char *directory, const char *number))
{
	struct dirent *entry;
	int r = 0;
	DIR *d = opendir(directory);

	while (d && r == 0 && (entry = readdir(d)))
		if (isdigit((unsigned char)entry->d_name[0]))
			r = each(top, directory, entry->d_name);
	if (d)
		closedir(d);
	return r;
}

static int copy_thread(const char *top, const char *directory, const char *tid)
{
	static const char *const names[] = {"status", "cgroup", NULL};
	char path[PATH_MAX];
	int r = join(directory, tid, path);

	return r < 0 ? r : copy_of(top, path, names);
}

/* Of one whose first thread has exited another tells of the memory. */
static int copy_threads(const char *top, const char *process)
{
	_cleanup_strbuf_ struct strbuf status = {0};
	char path[PATH_MAX];
	int r = join(process, "status", path);

	if (r < 0)
		return r;
	if (file_read(path, FILE_MOST, &status) < 0 || strstr(strbuf_text(&status), "\nRssAnon:"))
		return strbuf_error(&status);
	r = join(process, "task", path);
	return r < 0 ? r : each_number(top, path, copy_thread);
}

static int copy_process(const char *top, const char *proc, const char *pid)
{
	static const char *const names[] = {"stat",	     "status",	  "cgroup", "cmdline",
					    "oom_score_adj", "oom_score", NULL};
	char path[PATH_MAX];
	int r = join(proc, pid, path);

	if (r == 0)
		r = copy_of(top, path, names);
	return r < 0 ? r : copy_threads(top, path);
}

static int copy_cgroup(const char *top, const char *mount_point, const struct machine_cgroup *c)
{
	static const char *const names[] = {"memory.max",
					    "memory.current",
					    "memory.swap.max",
					    "memory.swap.current",
					    "memory.oom.group",
					    "memory.limit_in_bytes",
					    "memory.usage_in_bytes",
					    "memory.memsw.limit_in_bytes",
					    "memory.memsw.usage_in_bytes",
					    "memory.swappiness",
					    "memory.use_hierarchy",
					    "memory.oom_control",
					    "memory.stat",
					    "cpuset.mems.effective",
					    "cgroup.procs",
					    NULL};
	_cleanup_strbuf_ struct strbuf inode = {0};
	char directory[PATH_MAX], path[PATH_MAX];
	int r = join(mount_point, c->path + 1, directory);

	if (r == 0)
		r = join(directory, ".inode", path);
	if (r < 0)
		return r;
	/* A copy's own number does not tell how old the cgroup is. */
	strbuf_printf(&inode, "%" PRIu64 "\n", c->inode);
	r = write_file(top, path, &inode);
	return r < 0 ? r : copy_of(top, directory, names);
}

static int copy_cgroups(const char *top, struct strbuf *why)
{
	_cleanup_cgroup_memory_ struct cgroup_memory c = {0};
	_cleanup_machine_ struct machine *m = NULL;
	int r = cgroup_memory_open("", &c);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = machine_from_proc("", &m, why);
	for (size_t i = 0; r == 0 && i < m->n_cgroups; i++)
		r = copy_cgroup(top, c.mount_point, &m->cgroups[i]);
	return r;
}

/* What a copy would not show: when it was, the size of a page, who could not be seen. */
static int note(const char *top)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	strbuf_printf(&text,
		      "time_ns %" PRIu64 "\npage_bytes %ld\nown_pid_namespace %d\n"
		      "others_hidden %d\n",
		      (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
		      sysconf(_SC_PAGESIZE), !process_in_initial_pid_namespace(),
		      process_others_hidden());
	return write_file(top, "captured", &text);
}

/* As long as it is there a reader knows that others are not. */
static int begin(const char *top)
{
	_cleanup_strbuf_ struct strbuf nothing = {0};

	return mkdir(top, DIRECTORY_MODE) < 0 ? -errno
					      : write_file(top, MACHINE_UNFINISHED, &nothing);
}

static int finish(const char *top)
{
	char path[PATH_MAX];
	int r = join(top, MACHINE_UNFINISHED, path);

	return r == 0 && unlink(path) < 0 ? -errno : r;
}

int machine_capture(const char *directory, struct strbuf *why)
{
	static const char *const names[] = {"proc/meminfo",
					    "proc/loadavg",
					    "proc/uptime",
					    "proc/zoneinfo",
					    "proc/mounts",
					    "proc/pressure/memory",
					    "proc/sys/vm/panic_on_oom",
					    "proc/sys/vm/oom_kill_allocating_task",
					    "proc/sys/vm/swappiness",
					    "proc/sys/kernel/osrelease",
					    "sys/devices/system/cpu/online",
					    NULL};
	int r = begin(directory);

	if (r == -EEXIST)
		strbuf_printf(why, "%s is there already: a new directory is made for a machine",
			      directory);
	if (r == 0)
		r = note(directory);
	if (r == 0)
		r = copy_of(directory, "", names);
	if (r == 0)
		r = each_number(directory, "/proc", copy_process);
	if (r == 0)
		r = copy_cgroups(directory, why);
	if (r == 0)
		r = finish(directory);
	if (r < 0 && !why->length)
		strbuf_printf(why, "cannot write %s: %s", directory, strerror(-r));
	return r;
}
