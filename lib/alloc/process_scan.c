#include "alloc/process_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/macro.h"
#include "base/parse.h"
#include "proc/clock.h"
#include "proc/process.h"

/* A program may load a library, or unpack itself, some time after it was started. */
#define AGAIN_FIRST 1000000000ull
#define AGAIN_MOST 20000000000ull

/* A process that was there the last time. */
struct seen_process {
	pid_t pid;
	bool interesting;
	/* Its executable; all 0: it has none, or is somebody else's. */
	uint64_t device, inode;
	int64_t changed_s, changed_ns;
	uint64_t again_ns, wait_ns; /* look into it again then; longer and longer after */
	uint64_t virtual_bytes;	    /* of its address space when it was looked into */
};

static int compare(const void *a, const void *b)
{
	const struct seen_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct seen_process read_process(pid_t pid)
{
	struct seen_process s = {.pid = pid};
	struct stat st;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if (stat(link, &st) == 0) {
		s.device = st.st_dev;
		s.inode = st.st_ino;
		s.changed_s = st.st_ctim.tv_sec;
		s.changed_ns = st.st_ctim.tv_nsec;
	}
	return s;
}

static bool same_executable(const struct seen_process *a, const struct seen_process *b)
{
	return a->device == b->device && a->inode == b->inode && a->changed_s == b->changed_s &&
	       a->changed_ns == b->changed_ns;
}

/* Has it mapped anything since? */
static bool has_changed(struct seen_process *s)
{
	struct process p;
	uint64_t before = s->virtual_bytes;

	if (process_read(s->pid, &p) < 0)
		return true;
	s->virtual_bytes = p.virtual_bytes;
	return s->virtual_bytes != before;
}

static int look_at(const struct process_scan *scan, pid_t pid, uint64_t now,
		   int (*look)(pid_t pid, void *user), void *user, struct seen_process *ret)
{
	struct seen_process s = read_process(pid);
	const struct seen_process *last =
		scan->count ? bsearch(&s, scan->seen, scan->count, sizeof(s), compare) : NULL;
	int r = 0;

	if (last && !same_executable(last, &s))
		last = NULL;
	s.wait_ns = last ? last->wait_ns : AGAIN_FIRST;
	s.again_ns = last ? last->again_ns : 0;
	s.virtual_bytes = last ? last->virtual_bytes : 0;
	s.interesting = last && last->interesting;
	if (s.inode && (s.interesting || now >= s.again_ns)) {
		if (s.interesting || has_changed(&s))
			r = look(pid, user);
		s.interesting = r > 0;
		s.again_ns = now + s.wait_ns;
		s.wait_ns = MIN(s.wait_ns * 2, AGAIN_MOST);
	}
	if (r == -EAGAIN) {
		s.again_ns = s.virtual_bytes = 0;
		r = 0;
	}
	*ret = s;
	return MIN(r, 0);
}

int process_scan_run(struct process_scan *scan, int (*look)(pid_t pid, void *user), void *user)
{
	uint64_t pid, now = clock_monotonic_ns();
	struct process_scan next = {0};
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t room = 0;
	int r = proc ? 0 : -errno;

	while (r == 0 && (entry = readdir(proc))) {
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		r = array_reserve(&next.seen, &room, next.count, 1, sizeof(*next.seen));
		if (r == 0)
			r = look_at(scan, (pid_t)pid, now, look, user, &next.seen[next.count]);
		next.count += r == 0;
	}
	if (proc)
		closedir(proc);
	if (r < 0) {
		process_scan_free(&next);
		return r;
	}
	qsort(next.seen, next.count, sizeof(*next.seen), compare);
	process_scan_free(scan);
	*scan = next;
	return 0;
}

void process_scan_free(struct process_scan *scan)
{
	free(scan->seen);
	*scan = (struct process_scan){0};
}
