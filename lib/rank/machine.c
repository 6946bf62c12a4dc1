#include "rank/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "rank/machine_internal.h"

void machine_free(struct machine *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_processes; i++)
		free(m->processes[i].command_line);
	for (size_t i = 0; i < m->n_cgroups; i++)
		free(m->cgroups[i].path);
	free(m->processes);
	free(m->cgroups);
	free(m);
}

void machine_freep(struct machine **m)
{
	machine_free(*m);
}

uint32_t machine_find_cgroup(const struct machine *m, const char *path)
{
	for (size_t i = 0; i < m->n_cgroups; i++)
		if (!strcmp(m->cgroups[i].path, path))
			return (uint32_t)i;
	return MACHINE_NONE;
}

bool machine_is_below(const struct machine *m, uint32_t cgroup, uint32_t top)
{
	while (cgroup != MACHINE_NONE && cgroup != top)
		cgroup = m->cgroups[cgroup].apart ? MACHINE_NONE : m->cgroups[cgroup].parent;
	return cgroup != MACHINE_NONE;
}

int machine_reader_open(struct machine_reader *r, const char *root)
{
	struct machine *m = calloc(1, sizeof(*m));

	*r = (struct machine_reader){.m = m, .root = root};
	return m ? 0 : -ENOMEM;
}

void machine_reader_close(struct machine_reader *r)
{
	machine_free(r->m);
	free(r->mount_point);
	free(r->by_path);
	strbuf_free(&r->path);
	strbuf_free(&r->text);
}

int machine_read_text(struct machine_reader *r, size_t most, const char *format, ...)
{
	_cleanup_close_ int fd = -1;
	va_list arguments;
	char name[4096], buffer[4096];
	ssize_t n = 0;
	int length;

	va_start(arguments, format);
	length = vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(name))
		return -ENAMETOOLONG;
	strbuf_reset(&r->text);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (r->text.length < most &&
	       (n = read(fd, buffer, MIN(sizeof(buffer), most - r->text.length))) > 0)
		strbuf_append(&r->text, buffer, (size_t)n);
	return n < 0 ? -errno : strbuf_error(&r->text);
}

struct machine_process *machine_add_process(struct machine_reader *r)
{
	struct machine *m = r->m;
	struct machine_process *p;

	if (array_reserve(&m->processes, &r->processes_capacity, m->n_processes, 1, sizeof(*p)) < 0)
		return NULL;
	p = &m->processes[m->n_processes++];
	*p = (struct machine_process){.task.policy_mode = -1,
				      .task.policy_nodes = OOMRANK_UNKNOWN,
				      .cgroup = MACHINE_NONE,
				      .oom_score = -1};
	return p;
}

/* for_each_process() goes through init_task.tasks, to whose end copy_process() adds. */
static int is_after(const void *a, const void *b)
{
	const struct oomrank_task *x = &((const struct machine_process *)a)->task;
	const struct oomrank_task *y = &((const struct machine_process *)b)->task;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void machine_sort(struct machine *m)
{
	if (m->n_processes)
		qsort(m->processes, m->n_processes, sizeof(*m->processes), is_after);
	for (size_t i = 0; i < m->n_processes; i++)
		m->processes[i].cgroup_order = (uint32_t)i;
}

static int by_pid(const void *a, const void *b)
{
	const struct machine_process *x = *(struct machine_process *const *)a;
	const struct machine_process *y = *(struct machine_process *const *)b;

	return x->task.pid < y->task.pid ? -1 : x->task.pid > y->task.pid;
}

struct machine_process **machine_by_pid(struct machine *m)
{
	struct machine_process **sorted = calloc(m->n_processes + 1, sizeof(*sorted));

	for (size_t i = 0; sorted && i < m->n_processes; i++)
		sorted[i] = &m->processes[i];
	if (sorted)
		qsort(sorted, m->n_processes, sizeof(struct machine_process *), by_pid);
	return sorted;
}

struct machine_process *machine_of_pid(struct machine_process *const *sorted, size_t n,
				       uint64_t pid)
{
	const struct machine_process wanted = {.task.pid = (uint32_t)pid}, *key = &wanted;
	struct machine_process *const *found = NULL;

	if (pid == wanted.task.pid)
		found = bsearch(&key, sorted, n, sizeof(*sorted), by_pid);
	return found ? *found : NULL;
}

uint64_t machine_pages(const struct machine *m, const struct oomrank_task *task)
{
	return task->anon_pages + task->file_pages + task->shmem_pages + task->swap_pages +
	       task->pgtables_bytes / m->page_bytes;
}
