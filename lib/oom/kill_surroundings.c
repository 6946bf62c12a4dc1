/* What kill_gather.h reads from files: the machine, containers, command lines. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/macro.h"
#include "oom/kill_gather.h"
#include "oom/kill_text.h"
#include "proc/clock.h"
#include "proc/container_names.h"
#include "proc/loadavg.h"
#include "proc/meminfo.h"
#include "proc/pressure.h"
#include "proc/process.h"

static int set_string(char **at, const char *s)
{
	return kill_set_unless_empty(at, s ? s : "", s ? strlen(s) : 0);
}

static int set_buffer(char **at, const struct strbuf *b)
{
	return kill_set_unless_empty(at, strbuf_text(b), b->length);
}

static int set_container(struct kill_container *k, const char *root, const char *path)
{
	_cleanup_container_names_ struct container_names names = {0};
	struct container c;
	int r;

	container_of_path(path ? path : "", &c);
	r = container_names_read(root, &c, &names);
	if (r == 0)
		r = set_string(&k->id, c.id);
	if (r == 0)
		r = set_string(&k->outer_id, c.outer_id);
	if (r == 0)
		r = set_string(&k->pod_qos, c.pod_qos);
	if (r == 0)
		r = set_string(&k->unit, c.unit);
	if (r == 0)
		r = set_string(&k->runtime, names.runtime);
	if (r == 0)
		r = set_buffer(&k->name, &names.name);
	if (r == 0)
		r = set_buffer(&k->pod_uid, &names.pod_uid);
	if (r == 0)
		r = set_buffer(&k->pod_name, &names.pod_name);
	return r < 0 ? r : set_buffer(&k->pod_namespace, &names.pod_namespace);
}

int kill_gather_containers(struct kill *k, const char *root)
{
	int r = set_container(&k->domain.container, root, k->domain.memcg_path);

	return r < 0 ? r : set_container(&k->victim.container, root, k->victim.memcg_path);
}

int kill_gather_loadavg(struct kill *k, const struct loadavg *load)
{
	return set_string(&k->machine.loadavg, load->text);
}

int kill_gather_machine(struct kill *k, const char *root)
{
	struct kill_machine *m = &k->machine;
	struct loadavg load;
	struct meminfo memory;
	struct pressure pressure;
	struct utsname name;
	int r = 0;

	if (loadavg_read(root, &load) == 0)
		r = kill_gather_loadavg(k, &load);
	if (meminfo_read(root, &memory) == 0) {
		m->total_bytes = memory.total_bytes;
		m->available_bytes = memory.available_bytes;
		m->swap_total_bytes = memory.swap_total_bytes;
		m->swap_free_bytes = memory.swap_free_bytes;
	}
	if (pressure_read(root, "memory", &pressure) == 0) {
		m->pressure_some_avg10 = pressure.some.avg10;
		m->pressure_some_avg60 = pressure.some.avg60;
		m->pressure_some_avg300 = pressure.some.avg300;
		m->pressure_full_avg10 = pressure.full.avg10;
		m->pressure_full_avg60 = pressure.full.avg60;
		m->pressure_full_avg300 = pressure.full.avg300;
	}
	if (r == 0 && uname(&name) == 0) {
		r = set_string(&m->kernel_release, name.release);
		if (r == 0)
			r = set_string(&m->hostname, name.nodename);
	}
	return r;
}

/* Did this process start before the kill? Else another one has got its PID. */
static bool is_same(const struct process *p, uint64_t time_ns)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return ticks > 0 &&
	       p->start_ticks * (1000000000 / (uint64_t)ticks) <= clock_boottime_at(time_ns);
}

/*
 * Is the command line in memory, or if it is longer, its first MOST bytes and its end? To read what
 * is not would bring it back, for which memory is wanted where there is none: in the victim's
 * cgroup, while its address space is held. Bit 63: Documentation/admin-guide/mm/pagemap.rst.
 */
static bool is_resident(const struct process *p, size_t most)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entry;
	uint64_t last = (p->arguments_end - 1) / page; /* the kernel looks at its last byte, too */
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)p->pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || p->arguments_start >= p->arguments_end)
		return false;
	for (uint64_t i = p->arguments_start / page; i <= last; i++) {
		if (i > (p->arguments_start + most) / page)
			i = last;
		if (pread(fd, &entry, sizeof(entry), (off_t)(i * sizeof(entry))) !=
			    (ssize_t)sizeof(entry) ||
		    !(entry >> 63))
			return false;
	}
	return true;
}

static int read_command_line(struct kill_process *k, uint64_t time_ns)
{
	char path[64], text[4097];
	struct process p;
	ssize_t n;

	if (k->pid == KILL_UNKNOWN || k->command_line || process_read((pid_t)k->pid, &p) < 0 ||
	    !is_same(&p, time_ns) || !is_resident(&p, sizeof(text)))
		return 0;
	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/cmdline", k->pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	if (n <= 0)
		return 0;
	return kill_set_command_line(k, text, MIN((size_t)n, sizeof(text) - 1),
				     (size_t)n == sizeof(text));
}

int kill_gather_command_lines(struct kill *k)
{
	int r;

	if (!process_in_initial_pid_namespace())
		return 0;
	r = read_command_line(&k->trigger, k->kernel_time_ns);
	return r < 0 ? r : read_command_line(&k->victim, k->kernel_time_ns);
}
