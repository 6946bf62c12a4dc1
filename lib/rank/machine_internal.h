/* How a machine is put together; for machine*.c only. */
#pragma once

#include "rank/machine.h"

/* A file there: the machine is being captured, or was not to the end. */
#define MACHINE_UNFINISHED "unfinished"

/* What is being read, and from where. */
struct machine_reader {
	struct machine *m;
	const char *root;	  /* "": this machine */
	char *mount_point;	  /* of the memory cgroups, with the root; NULL: there are none */
	uint32_t *by_path;	  /* the cgroups' indices in the order of their paths */
	struct strbuf path, text; /* for all to use */
	size_t processes_capacity, cgroups_capacity;
};

/* 0 or -ENOMEM; the machine is empty. */
int machine_reader_open(struct machine_reader *r, const char *root);
void machine_reader_close(struct machine_reader *r);
#define _cleanup_machine_reader_ _cleanup_(machine_reader_close)

/* The text of the file that is named so below the root, in r->text: at most MOST bytes of it. 0 or
 * -errno. */
int machine_read_text(struct machine_reader *r, size_t most, const char *format, ...)
	_printf_(3, 4);

/* All but processes and cgroups. 0 or -errno, why in WHY. */
int machine_read_whole(struct machine_reader *r, struct strbuf *why);
int machine_read_cgroups(struct machine_reader *r);
int machine_read_processes(struct machine_reader *r, struct strbuf *why);

/* The cgroup of PATH as /proc/PID/cgroup has it: of v2 the nearest one that has the controller. */
uint32_t machine_cgroup_of_path(const struct machine_reader *r, const char *path);

/* What /proc/PID/cgroup, oom_score and cmdline tell of it. 0, -ESRCH: it has ended. */
int machine_read_rest(struct machine_reader *r, struct machine_process *p);

/* Process PID from /proc; HAS_INIT: process 1 is the machine's. One that has ended is left out. 0
 * or -ENOMEM. */
int machine_read_process(struct machine_reader *r, uint32_t pid, bool has_init);

/* Room for one more, cleared; NULL: no memory. */
struct machine_process *machine_add_process(struct machine_reader *r);

/* Flags that follow from what /proc says. */
void machine_deduce_flags(struct machine *m);

/* All processes by PID, the caller's to free; NULL: no memory. And one of these N, or NULL. */
struct machine_process **machine_by_pid(struct machine *m);
struct machine_process *machine_of_pid(struct machine_process *const *sorted, size_t n,
				       uint64_t pid);

/* By age. */
void machine_sort(struct machine *m);

/* Into the order in which the OOM killer looks at them, by what the probe tells of its lists. 0 or
 * -ENOMEM. */
int machine_order(struct machine *m, const struct oomrank_task *records, size_t n);
/* The order within cgroups, of those that are sorted by age, from v2's cgroup.procs. */
int machine_order_by_files(struct machine_reader *r);
