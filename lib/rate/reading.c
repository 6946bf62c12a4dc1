#include "rate/reading.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/parse.h"
#include "proc/cgroup.h"
#include "proc/clock.h"

void rate_reading_clear(struct rate_reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->list[i].cgroup);
	free(r->list);
	*r = (struct rate_reading){0};
}

static int by_pid(const void *a, const void *b)
{
	const struct rate_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int by_mm(const void *a, const void *b)
{
	const struct rate_process *x = *(struct rate_process *const *)a;
	const struct rate_process *y = *(struct rate_process *const *)b;

	if (x->mm != y->mm)
		return x->mm > y->mm ? 1 : -1;
	return by_pid(x, y);
}

/* Who has the memory of one with a smaller PID. */
static int find_sharing(struct rate_reading *r)
{
	struct rate_process **order = calloc(r->n + 1, sizeof(struct rate_process *));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++)
		order[i] = &r->list[i];
	qsort(order, r->n, sizeof(struct rate_process *), by_mm);
	for (size_t i = 1; i < r->n; i++)
		order[i]->is_sharing = order[i]->mm && order[i]->mm == order[i - 1]->mm;
	free(order);
	return 0;
}

static int record_by_pid(const void *a, const void *b)
{
	const struct memrate_task *x = *(const struct memrate_task *const *)a;
	const struct memrate_task *y = *(const struct memrate_task *const *)b;

	if (x->pid != y->pid)
		return x->pid > y->pid ? 1 : -1;
	return (x->tid > y->tid) - (x->tid < y->tid);
}

static void begin_process(struct rate_process *p, const struct memrate_task *t)
{
	*p = (struct rate_process){
		.pid = (pid_t)t->pid,
		.start_ns = t->start_ns,
		.is_kernel_thread = t->flags & MEMRATE_KERNEL_THREAD,
		.is_exact = t->flags & MEMRATE_EXACT,
		.cgroup_id = t->memcg_id,
	};
	memcpy(p->comm, t->comm, MEMRATE_COMM_SIZE);
}

/* Another thread of it; sizes in pages so far. */
static void add_thread(struct rate_process *p, const struct memrate_task *t)
{
	if ((t->flags & MEMRATE_SIZES) && !p->mm) {
		p->mm = t->mm;
		p->bytes[RATE_ANON] += t->anon_pages;
		p->bytes[RATE_FILE] += t->file_pages;
		p->bytes[RATE_SHMEM] += t->shmem_pages;
		p->bytes[RATE_SWAP] += t->swap_pages;
	}
	p->bytes[RATE_ANON] += t->anon_untold;
	p->bytes[RATE_FILE] += t->file_untold;
	p->bytes[RATE_SHMEM] += t->shmem_untold;
	p->bytes[RATE_SWAP] += t->swap_untold;
	p->minor_faults += t->minor_faults;
	p->major_faults += t->major_faults;
	p->cpu_ns += t->cpu_ns;
}

static void finish_process(struct rate_process *p, uint64_t page_bytes)
{
	for (int k = 0; k < RATE_KINDS; k++)
		p->told[k] = p->bytes[k] = p->bytes[k] > 0 ? p->bytes[k] * (int64_t)page_bytes : 0;
}

int rate_reading_from_records(const struct memrate_task *records, size_t n, uint64_t page_bytes,
			      struct rate_reading *ret)
{
	const struct memrate_task **order = calloc(n + 1, sizeof(struct memrate_task *));
	struct rate_reading r = {.time_ns = clock_boottime_ns()};
	int result =
		order ? array_reserve(&r.list, &r.capacity, 0, n + 1, sizeof(*r.list)) : -ENOMEM;

	for (size_t i = 0; result == 0 && i < n; i++)
		order[i] = &records[i];
	if (result == 0)
		qsort(order, n, sizeof(struct memrate_task *), record_by_pid);
	for (size_t i = 0; result == 0 && i < n; i++) {
		if (!i || order[i]->pid != order[i - 1]->pid)
			begin_process(&r.list[r.n++], order[i]);
		add_thread(&r.list[r.n - 1], order[i]);
	}
	for (size_t i = 0; i < r.n; i++)
		finish_process(&r.list[i], page_bytes);
	if (result == 0)
		result = find_sharing(&r);
	free(order);
	if (result < 0)
		rate_reading_clear(&r);
	else
		*ret = r;
	return result;
}

/* "RssAnon:	    1234 kB" (fs/proc/task_mmu.c task_mem()). */
static bool status_bytes(const char *text, const char *name, int64_t *ret)
{
	const char *at = strstr(text, name);
	unsigned long long kib;

	if (!at || sscanf(at + strlen(name), " %llu kB", &kib) != 1 || kib > INT64_MAX / 1024)
		return false;
	*ret = (int64_t)kib * 1024;
	return true;
}

int rate_process_read_sizes(const char *root, struct rate_process *p)
{
	static const char *const names[RATE_KINDS] = {
		[RATE_ANON] = "\nRssAnon:",
		[RATE_FILE] = "\nRssFile:",
		[RATE_SHMEM] = "\nRssShmem:",
		[RATE_SWAP] = "\nVmSwap:",
	};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_free_ char *path = NULL;
	int64_t bytes[RATE_KINDS];
	int r;

	if (asprintf(&path, "%s/proc/%d/status", root, (int)p->pid) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = file_read(path, 65536, &text);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (int k = 0; k < RATE_KINDS; k++)
		if (!status_bytes(strbuf_text(&text), names[k], &bytes[k]))
			return -ESRCH; /* it has no memory (any more) */
	memcpy(p->bytes, bytes, sizeof(bytes));
	return 0;
}

/* Fields of /proc/PID/stat behind the comm: fs/proc/array.c do_task_stat(). */
static int parse_stat(const char *text, size_t n, struct rate_process *p)
{
	const char *open = memchr(text, '(', n), *close = memrchr(text, ')', n);
	unsigned long long minor, major, start;
	unsigned int flags;
	size_t comm;

	if (!open || !close || close < open)
		return -EBADMSG;
	if (sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %u %llu %*u %llu %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu",
		   &flags, &minor, &major, &start) != 4)
		return -EBADMSG;
	comm = MIN((size_t)(close - open) - 1, (size_t)MEMRATE_COMM_SIZE);
	memcpy(p->comm, open + 1, comm);
	p->comm[comm] = '\0';
	p->is_kernel_thread = flags & 0x00200000; /* PF_KTHREAD, include/linux/sched.h */
	p->minor_faults = minor;
	p->major_faults = major;
	p->start_ns = start * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
	return 0;
}

static int read_file(const char *root, pid_t pid, const char *name, struct strbuf *out)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/proc/%d/%s", root, (int)pid, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return file_read(path, 65536, out);
}

/* 0, -ENOMEM; anything else: it has ended meanwhile, or may not be read. */
static int read_process(const char *root, struct rate_process *p)
{
	_cleanup_strbuf_ struct strbuf text = {0}, groups = {0}, cgroup = {0};
	int r = read_file(root, p->pid, "stat", &text);

	if (r == 0)
		r = parse_stat(strbuf_text(&text), text.length, p);
	if (r < 0)
		return r;
	(void)rate_process_read_sizes(root, p);
	if (read_file(root, p->pid, "cgroup", &groups) == 0 &&
	    cgroup_parse_memory(strbuf_text(&groups), &cgroup) > 0)
		p->cgroup = strbuf_steal(&cgroup);
	return 0;
}

static int read_entries(const char *root, DIR *directory, struct rate_reading *r)
{
	struct dirent *entry;
	uint64_t pid;

	while ((entry = readdir(directory))) {
		struct rate_process p = {0};
		int error;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		p.pid = (pid_t)pid;
		error = read_process(root, &p);
		if (error == -ENOMEM ||
		    array_reserve(&r->list, &r->capacity, r->n, 1, sizeof(*r->list)) < 0) {
			free(p.cgroup);
			return -ENOMEM;
		}
		if (error == 0)
			r->list[r->n++] = p;
	}
	return 0;
}

int rate_reading_from_proc(const char *root, struct rate_reading *ret)
{
	struct rate_reading r = {.time_ns = clock_boottime_ns()};
	_cleanup_free_ char *path = NULL;
	DIR *directory;
	int result;

	if (asprintf(&path, "%s/proc", root) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	directory = opendir(path);
	if (!directory)
		return -errno;
	result = read_entries(root, directory, &r);
	closedir(directory);
	if (result < 0) {
		rate_reading_clear(&r);
		return result;
	}
	if (r.n)
		qsort(r.list, r.n, sizeof(*r.list), by_pid);
	*ret = r;
	return 0;
}

bool rate_process_is_still(const struct rate_process *p, const struct rate_process *q)
{
	return p->mm == q->mm && !memcmp(p->told, q->told, sizeof(p->told)) &&
	       p->minor_faults == q->minor_faults && p->major_faults == q->major_faults;
}

const struct rate_process *rate_reading_find(const struct rate_reading *r, pid_t pid,
					     uint64_t start_ns)
{
	struct rate_process key = {.pid = pid};
	const struct rate_process *p =
		r->n ? bsearch(&key, r->list, r->n, sizeof(*r->list), by_pid) : NULL;

	return p && p->start_ns == start_ns ? p : NULL;
}
