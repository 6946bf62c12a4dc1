/*
 * A machine at one moment: all by which the OOM killer would choose. Read from the kernel by the
 * probe (machine_from_records()), or from /proc and the cgroups' files (machine_from_proc()), there
 * and below another root: a captured machine. What is done with it is in domain.h and ranking.h.
 *
 * Sizes of processes are in pages, as the kernel reckons (page_bytes).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "bpf-src/oomrank.h"
#include "proc/meminfo.h"
#include "proc/pressure.h"

#define MACHINE_NONE UINT32_MAX /* no such cgroup, no such process: of an index */

struct machine_process {
	/* From /proc: mm is 0, and of the flags only those that it tells or betrays (IN_VFORK and
	 * OOM_SKIP by an oom_score of 0). */
	struct oomrank_task task;
	uint32_t cgroup; /* index of its memory cgroup; MACHINE_NONE: not known */
	/* What /proc/PID/oom_score says: the kernel's own word; -1: was not read. */
	int32_t oom_score;
	uint64_t doubt_pages; /* by which its memory changed while it was read, as far as known */
	char *command_line;   /* arguments with blanks between; NULL: not known */
	/* Where it stands among those of its cgroup: of two with as many points the later is
	 * chosen in a memory cgroup. By start time where the cgroup does not tell. */
	uint32_t cgroup_order;
	bool unseen; /* not even its numbers could be read: of the task only the pid is true */
};

struct machine_cgroup {
	char *path; /* below the mount point; "/" for the root */
	uint32_t
		parent; /* index; MACHINE_NONE for the root. Parents stand before their children. */
	uint64_t inode;
	/* 0: no limit. v1: memory.limit_in_bytes, memsw; v2: memory.max (1 where that is 0),
	 * memory.swap.max. */
	uint64_t limit_bytes, swap_limit_bytes;
	bool has_swap_limit; /* v2: swap_limit_bytes may be 0 and is one; v1: memsw is there */
	uint64_t usage_bytes, swap_usage_bytes; /* v1: memory and swap together */
	uint64_t file_bytes;			/* page cache, of it and those below: memory.stat */
	uint64_t scanned_pages;			/* pgscan of memory.stat; 0 where it is not told */
	bool kills_group;			/* memory.oom.group */
	bool no_kill;				/* v1: memory.oom_control's oom_kill_disable */
	bool no_swap; /* its swappiness is 0: swap is then no part of an OOM domain's size */
	/* v1 before Linux 5.11, where memory.use_hierarchy is 0 above: what holds for those above
	 * does not for it. */
	bool apart;
};

struct machine {
	uint64_t time_ns;     /* CLOCK_REALTIME */
	uint64_t boottime_ns; /* CLOCK_BOOTTIME, as start times; 0: not known */
	uint64_t page_bytes;
	struct meminfo memory;
	struct pressure pressure;
	bool has_pressure;
	char loadavg[64];   /* "" where it is not known */
	int cgroup_version; /* of the memory controller: 1, 2; 0: none */
	/* vm.oom_kill_allocating_task, vm.panic_on_oom; 0 where they are not known. */
	int kill_allocating_task, panic_on_oom;
	bool no_swap; /* vm.swappiness is 0: see machine_cgroup.no_swap; of v2 it holds for all */
	/* What each NUMA node has: node_present_pages(), the "present" of its zones in zoneinfo. */
	uint64_t node_bytes[64];
	uint64_t nodes; /* those that have memory: node N is bit N */

	/* In the order in which the OOM killer looks at them: the oldest first. */
	struct machine_process *processes;
	size_t n_processes;
	struct machine_cgroup *cgroups; /* [0]: the root, if there are any */
	size_t n_cgroups;

	bool exact; /* from the kernel: all flags are true, and the counters as it has them */
	/* By how many pages the counters may differ from those that oom_badness() reads, of a
	 * process that stands still: what CPUs have not added up yet. 0 where it is exact. */
	uint64_t doubt_pages;
	size_t unseen; /* processes of which /proc did not tell enough (other users', without root)
			*/
	size_t vanished; /* that ended while they were read */
	/* Of some there is nothing to be seen at all: those outside of the PID namespace that it
	 * was read in, whose process 1 is no init; or, in /proc, those of others (hidepid). */
	bool own_pid_namespace, others_hidden;
	bool unfinished; /* captured, but not to the end: some files are missing */
};

/* From the probe's records; the rest from /proc and the cgroups. 0 or -errno, why in WHY. */
int machine_from_records(const struct oomrank_task *records, size_t n, struct machine **ret,
			 struct strbuf *why);

/*
 * From files alone. ROOT: "" for this machine's own, else a directory with a captured machine's
 * proc/ and sys/ below it. 0 or -errno, why in WHY.
 */
int machine_from_proc(const char *root, struct machine **ret, struct strbuf *why);

/*
 * Copy what machine_from_proc() reads into DIRECTORY, which is made: to be replayed by --root.
 * Ended before it had all, it leaves a machine that says so (unfinished).
 */
int machine_capture(const char *directory, struct strbuf *why);

void machine_free(struct machine *m);
#define _cleanup_machine_ _cleanup_(machine_freep)
void machine_freep(struct machine **m);

/* Index of the cgroup at PATH (below the mount point), or MACHINE_NONE. */
uint32_t machine_find_cgroup(const struct machine *m, const char *path);

/* Is the cgroup of that index TOP, or below it? False for MACHINE_NONE. */
bool machine_is_below(const struct machine *m, uint32_t cgroup, uint32_t top);

/* What oom_badness() counts of it: resident, swapped and page tables, in pages. */
uint64_t machine_pages(const struct machine *m, const struct oomrank_task *task);

/* One whose /proc/PID/oom_score is not what our arithmetic makes of its numbers. */
struct machine_mismatch {
	size_t process;		 /* index */
	int32_t score, reckoned; /* the kernel's, ours */
};

/*
 * Recompute each process's oom_score and compare: those that differ by more than what their memory
 * changed while it was read. RET is the caller's to free. 0 or -errno.
 */
int machine_verify(const struct machine *m, struct machine_mismatch **ret, size_t *ret_count,
		   size_t *ret_compared);
