/* A machine from files: /proc and what it says of each process. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "proc/cgroup.h"
#include "proc/loadavg.h"
#include "proc/process.h"
#include "rank/machine_internal.h"
#include "rank/machine_text.h"

#define TEXT_MOST 65536
#define COMMAND_MOST 4096

/* The text of /proc/PID/NAME. -ESRCH: it has ended. */
static int read_of(struct machine_reader *r, uint32_t pid, const char *name, size_t most)
{
	int error = machine_read_text(r, most, "%s/proc/%u/%s", r->root, pid, name);

	return error == -ENOENT ? -ESRCH : error;
}

static int read_number(struct machine_reader *r, uint32_t pid, const char *name, int32_t *ret)
{
	int error = read_of(r, pid, name, 64);
	long value;

	if (error < 0)
		return error;
	value = strtol(strbuf_text(&r->text), NULL, 10);
	if (value < INT32_MIN || value > INT32_MAX)
		return -EBADMSG;
	*ret = (int32_t)value;
	return 0;
}

/* Arguments have a NUL behind them. */
static void read_command_line(struct machine_reader *r, struct machine_process *p)
{
	size_t n;

	if (read_of(r, p->task.pid, "cmdline", COMMAND_MOST) < 0)
		return;
	n = r->text.length;
	while (n && !r->text.data[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		if (!r->text.data[i])
			r->text.data[i] = ' ';
	p->command_line = n ? strndup(r->text.data, n) : NULL;
}

/* From the text of its file "cgroup". */
static void set_cgroup(struct machine_reader *r, struct machine_process *p)
{
	strbuf_reset(&r->path);
	if (cgroup_parse_memory(strbuf_text(&r->text), &r->path) == r->m->cgroup_version)
		p->cgroup = machine_cgroup_of_path(r, strbuf_text(&r->path));
}

int machine_read_rest(struct machine_reader *r, struct machine_process *p)
{
	int error = read_number(r, p->task.pid, "oom_score", &p->oom_score);

	if (error == -ESRCH)
		return error;
	if (r->m->n_cgroups && p->cgroup == MACHINE_NONE &&
	    read_of(r, p->task.pid, "cgroup", TEXT_MOST) == 0)
		set_cgroup(r, p);
	read_command_line(r, p);
	return 0;
}

/*
 * Of a process whose first thread has exited another thread's: the first that has a memory, as
 * find_lock_task_mm() (mm/oom_kill.c). And its cgroup: of v1 one that has exited is in "/", it
 * says.
 */
static void read_other_thread(struct machine_reader *r, struct machine_process *p,
			      struct status_text *status)
{
	const uint32_t pid = p->task.pid;
	struct dirent *entry;
	struct status_text s;
	DIR *threads;

	strbuf_reset(&r->path);
	strbuf_printf(&r->path, "%s/proc/%u/task", r->root, pid);
	threads = opendir(strbuf_text(&r->path));
	while (threads && !status->has_memory && (entry = readdir(threads))) {
		uint32_t uid = status->uid, count = status->threads;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    machine_read_text(r, TEXT_MOST, "%s/proc/%u/task/%s/status", r->root, pid,
				      entry->d_name) < 0 ||
		    status_text_parse(strbuf_text(&r->text), &s) < 0 || !s.has_memory)
			continue;
		*status = s;
		status->uid = uid;
		status->threads = count;
		if (r->m->n_cgroups && machine_read_text(r, TEXT_MOST, "%s/proc/%u/task/%s/cgroup",
							 r->root, pid, entry->d_name) == 0)
			set_cgroup(r, p);
	}
	if (threads)
		closedir(threads);
}

static void set_numbers(const struct machine *m, const struct process *p,
			const struct status_text *s, struct oomrank_task *task)
{
	const uint64_t page_kib = m->page_bytes / 1024;

	task->parent_pid = (uint32_t)p->parent;
	task->uid = s->uid;
	task->threads = s->threads;
	task->start_ns = p->start_ticks * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	task->anon_pages = s->anon_kib / page_kib;
	task->file_pages = s->file_kib / page_kib;
	task->shmem_pages = s->shmem_kib / page_kib;
	task->swap_pages = s->swap_kib / page_kib;
	task->pgtables_bytes = s->pgtables_kib * 1024;
	task->memory_nodes = s->memory_nodes;
	if (p->is_kernel_thread)
		task->flags |= OOMRANK_KERNEL_THREAD;
	if (!s->has_memory)
		task->flags |= OOMRANK_NO_MEMORY;
	if (p->state == 'Z' || p->state == 'X')
		task->flags |= OOMRANK_EXITING;
	memcpy(task->comm, p->comm, strnlen(p->comm, sizeof(task->comm) - 1));
}

/* Its numbers. 0; -ESRCH; or another -errno: they cannot be seen. */
static int read_numbers(struct machine_reader *r, struct machine_process *p)
{
	struct status_text status;
	struct process stat;
	int error = read_of(r, p->task.pid, "stat", TEXT_MOST);

	if (error == 0)
		error = process_parse_stat(strbuf_text(&r->text), r->text.length, &stat);
	if (error == 0)
		error = read_of(r, p->task.pid, "status", TEXT_MOST);
	if (error == 0)
		error = status_text_parse(strbuf_text(&r->text), &status);
	if (error < 0)
		return error;
	if (!status.has_memory && !stat.is_kernel_thread)
		read_other_thread(r, p, &status);
	set_numbers(r->m, &stat, &status, &p->task);
	return read_number(r, p->task.pid, "oom_score_adj", &p->task.oom_score_adj);
}

int machine_read_process(struct machine_reader *r, uint32_t pid, bool has_init)
{
	struct machine_process *p = machine_add_process(r);
	struct oomrank_task nothing = {
		.pid = pid, .policy_mode = -1, .policy_nodes = OOMRANK_UNKNOWN};
	int error;

	if (!p)
		return -ENOMEM;
	p->task = nothing;
	error = read_numbers(r, p);
	if (error == 0)
		error = machine_read_rest(r, p);
	if (error == -ENOMEM)
		return error;
	if (error == -ESRCH) {
		r->m->vanished++;
		r->m->n_processes--;
		return 0;
	}
	if (error < 0) {
		p->task = nothing;
		p->unseen = true;
		r->m->unseen++;
	}
	if (pid == 1 && has_init)
		p->task.flags |= OOMRANK_INIT;
	return 0;
}

int machine_read_processes(struct machine_reader *r, struct strbuf *why)
{
	/* is_global_init() is process 1 of the initial PID namespace. */
	bool has_init = !r->m->own_pid_namespace;
	struct dirent *entry;
	int error = 0;
	DIR *proc;

	strbuf_reset(&r->path);
	strbuf_printf(&r->path, "%s/proc", r->root);
	proc = opendir(strbuf_text(&r->path));
	if (!proc) {
		error = -errno;
		strbuf_printf(why, "cannot read %s: %s", strbuf_text(&r->path), strerror(-error));
		return error;
	}
	while (error == 0 && (entry = readdir(proc))) {
		char *end;
		unsigned long pid = strtoul(entry->d_name, &end, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && !*end && pid && pid <= INT32_MAX)
			error = machine_read_process(r, (uint32_t)pid, has_init);
	}
	closedir(proc);
	return error;
}

static int read_setting(struct machine_reader *r, const char *name)
{
	uint64_t value;

	return machine_read_text(r, 64, "%s/proc/sys/vm/%s", r->root, name) == 0 &&
			       limit_text_parse(strbuf_text(&r->text), &value)
		       ? (int)MIN(value, INT32_MAX)
		       : -1;
}

/* percpu_counter_batch (lib/percpu_counter.c), of each CPU, of each of the four counters. */
static uint64_t doubt(struct machine_reader *r)
{
	unsigned int major = 0, minor = 0;
	uint64_t cpus = 0;

	if (machine_read_text(r, 256, "%s/proc/sys/kernel/osrelease", r->root) < 0 ||
	    sscanf(strbuf_text(&r->text), "%u.%u", &major, &minor) != 2 || major < 6 ||
	    (major == 6 && minor < 2))
		return 0;
	if (machine_read_text(r, 256, "%s/sys/devices/system/cpu/online", r->root) == 0 &&
	    list_text_parse(strbuf_text(&r->text), &cpus) == 0)
		cpus = (uint64_t)__builtin_popcountll(cpus);
	return 4 * cpus * MAX(32, 2 * cpus);
}

static void read_settings(struct machine_reader *r)
{
	struct machine *m = r->m;

	m->panic_on_oom = MAX(0, read_setting(r, "panic_on_oom"));
	m->kill_allocating_task = MAX(0, read_setting(r, "oom_kill_allocating_task"));
	m->no_swap = read_setting(r, "swappiness") == 0;
	m->doubt_pages = doubt(r);
	if (machine_read_text(r, 1 << 22, "%s/proc/zoneinfo", r->root) == 0)
		zoneinfo_text_parse(strbuf_text(&r->text), m->node_bytes, &m->nodes);
	for (size_t i = 0; i < ARRAY_SIZE(m->node_bytes); i++)
		m->node_bytes[i] *= m->page_bytes;
}

/* Seconds with a point, of the machine that the files are of. */
static void read_uptime(struct machine_reader *r)
{
	double seconds;

	if (machine_read_text(r, 64, "%s/proc/uptime", r->root) == 0 &&
	    sscanf(strbuf_text(&r->text), "%lf", &seconds) == 1 && seconds >= 0 && seconds < 1e9)
		r->m->boottime_ns = (uint64_t)(seconds * 1e9);
}

/* What machine_capture() has noted, as other machines have other pages. */
static void read_captured(struct machine_reader *r)
{
	uint64_t time_ns, page_bytes, value;

	if (!*r->root) {
		r->m->own_pid_namespace = !process_in_initial_pid_namespace();
		r->m->others_hidden = process_others_hidden();
	}
	if (!*r->root)
		return;
	r->m->unfinished = machine_read_text(r, 1, "%s/" MACHINE_UNFINISHED, r->root) == 0;
	if (machine_read_text(r, 4096, "%s/captured", r->root) < 0)
		return;
	if (stat_text_find(strbuf_text(&r->text), "time_ns", &time_ns) == 0)
		r->m->time_ns = time_ns;
	if (stat_text_find(strbuf_text(&r->text), "page_bytes", &page_bytes) == 0 &&
	    page_bytes >= 1024 && page_bytes <= 1 << 20 && !(page_bytes & (page_bytes - 1)))
		r->m->page_bytes = page_bytes;
	if (stat_text_find(strbuf_text(&r->text), "own_pid_namespace", &value) == 0)
		r->m->own_pid_namespace = value;
	if (stat_text_find(strbuf_text(&r->text), "others_hidden", &value) == 0)
		r->m->others_hidden = value;
}

int machine_read_whole(struct machine_reader *r, struct strbuf *why)
{
	struct machine *m = r->m;
	struct loadavg load;
	struct timespec now;
	int error;

	clock_gettime(CLOCK_REALTIME, &now);
	m->time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	m->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	read_captured(r);
	error = meminfo_read(r->root, &m->memory);
	if (error < 0) {
		strbuf_printf(why, "cannot read %s/proc/meminfo: %s", r->root,
			      error == -EBADMSG ? "a line is missing, or is no number"
						: strerror(-error));
		return error;
	}
	m->has_pressure = pressure_read(r->root, "memory", &m->pressure) == 0;
	if (loadavg_read(r->root, &load) == 0)
		snprintf(m->loadavg, sizeof(m->loadavg), "%s", load.text);
	read_uptime(r);
	read_settings(r);
	return 0;
}

int machine_from_proc(const char *root, struct machine **ret, struct strbuf *why)
{
	_cleanup_machine_reader_ struct machine_reader r;
	int error = machine_reader_open(&r, root);

	if (error == 0)
		error = machine_read_whole(&r, why);
	if (error == 0)
		error = machine_read_cgroups(&r);
	if (error == 0)
		error = machine_read_processes(&r, why);
	if (error == 0) {
		machine_deduce_flags(r.m);
		machine_sort(r.m);
		error = machine_order_by_files(&r);
	}
	if (error < 0) {
		if (!why->length)
			strbuf_puts(why, strerror(-error));
		return error;
	}
	*ret = STEAL(r.m);
	return 0;
}
