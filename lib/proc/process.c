#include "proc/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define PF_KTHREAD 0x00200000		  /* include/linux/sched.h */
#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

int process_parse_stat(const char *text, size_t n, struct process *ret)
{
	struct process p = {0};
	const char *open = memchr(text, '(', n), *close = memrchr(text, ')', n);
	unsigned long long start, virtual_bytes, resident_pages, stack_start;
	unsigned long long arguments_start = 0, arguments_end = 0;
	unsigned int flags;
	size_t comm;

	/* The comm may itself hold blanks, newlines and parentheses: the last ')' ends it. */
	if (!open || !close || close < open || text[n])
		return -EBADMSG;
	comm = (size_t)(close - open) - 1;
	if (comm >= sizeof(p.comm) || sscanf(text, "%d", &p.pid) != 1)
		return -EBADMSG;
	memcpy(p.comm, open + 1, comm);
	/* Fields 3 (state), 4 (ppid), 9 (flags), 22 (starttime), 23 (vsize), 24 (rss), 28
	 * (start_stack), 48 and 49 (arg_start, arg_end): fs/proc/array.c do_task_stat(). */
	if (sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu %llu %llu %*u %*u %*u %llu %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
		   &p.state, &p.parent, &flags, &start, &virtual_bytes, &resident_pages,
		   &stack_start, &arguments_start, &arguments_end) < 7)
		return -EBADMSG;
	p.thread = p.state == 'Z' || p.state == 'X' ? 0 : p.pid;
	p.is_kernel_thread = flags & PF_KTHREAD;
	p.start_ticks = start;
	p.virtual_bytes = virtual_bytes;
	p.resident_bytes = resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	p.stack_start = stack_start;
	p.arguments_start = arguments_start;
	p.arguments_end = arguments_end;
	*ret = p;
	return 0;
}

static int read_stat(const char *path, struct process *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int r = file_read(path, 4096, &text);

	if (r == -ENOENT)
		return -ESRCH;
	return r < 0 ? r : process_parse_stat(strbuf_text(&text), text.length, ret);
}

/* The first thread has exited. Another one? */
static void find_thread(struct process *p)
{
	struct process thread = {0};
	struct dirent *entry;
	char path[320];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
	threads = opendir(path);
	while (threads && !thread.thread && (entry = readdir(threads))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)p->pid, entry->d_name);
		if (entry->d_name[0] != '.')
			(void)read_stat(path, &thread);
	}
	if (threads)
		closedir(threads);
	p->thread = thread.thread;
	p->virtual_bytes = thread.virtual_bytes;
	p->resident_bytes = thread.resident_bytes;
	p->stack_start = thread.stack_start;
}

int process_read(pid_t pid, struct process *ret)
{
	struct process p;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = read_stat(path, &p);
	if (r < 0)
		return r;
	if (!p.thread)
		find_thread(&p);
	*ret = p;
	return 0;
}

int process_open_executable(pid_t pid, int *ret_fd, char **ret_path)
{
	char link[64], path[PATH_MAX];
	_cleanup_close_ int fd = -1;
	char *copy;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
	n = readlink(link, path, sizeof(path));
	copy = strndup(path, n < 0 ? 0 : (size_t)n);
	if (!copy)
		return -ENOMEM;
	*ret_fd = steal_descriptor(&fd);
	*ret_path = copy;
	return 0;
}

bool process_in_initial_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 || st.st_ino == INITIAL_PID_NAMESPACE;
}

bool process_others_hidden(void)
{
	struct stat st;

	/* There is always a process 1. */
	return stat("/proc/self", &st) == 0 && stat("/proc/1", &st) < 0 && errno == ENOENT;
}
