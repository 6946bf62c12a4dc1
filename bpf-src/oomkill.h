/* What oomkill's probe tells user space about one OOM kill. Both sides include this file. */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

#define OOMKILL_COMM_SIZE 16 /* TASK_COMM_LEN, include/linux/sched.h */
#define OOMKILL_NAME_SIZE 64

/* enum oom_constraint, include/linux/oom.h */
enum oomkill_constraint {
	OOMKILL_WHOLE_MACHINE = 0,
	OOMKILL_CPUSET = 1,
	OOMKILL_MEMPOLICY = 2,
	OOMKILL_MEMCG = 3,
};

/* oomkill_event.flags */
#define OOMKILL_HAS_CONTROL 1  /* the members marked (oc) are known */
#define OOMKILL_GROUP_MEMBER 2 /* killed with the chosen victim, by memory.oom.group */

struct oomkill_event {
	__u64 time_ns;	       /* CLOCK_MONOTONIC */
	__u64 totalpages;      /* (oc) RAM and swap, or the memcg's limit; not the victim's size */
	__s64 points;	       /* (oc) badness of the chosen task, in pages */
	__u64 memcg_max_pages; /* (oc) the memcg's limit without swap; 2^63 / page size: none */
	__u64 memcg_id;	       /* (oc) inode of the domain's cgroup directory, 0: none */
	__u64 victim_memcg_id; /* inode of the victim's own memory cgroup directory */
	__u64 anon_pages, file_pages, shmem_pages, swap_pages;
	__u64 total_vm_pages;
	__u64 pgtables_bytes;
	__u32 trigger_pid, trigger_tid; /* as seen from the initial PID namespace */
	__u32 victim_pid, victim_tid;
	__u32 victim_uid;
	__u32 gfp_mask;	  /* (oc) */
	__s32 order;	  /* (oc) of the allocation that failed; -1: asked for by sysrq */
	__u32 constraint; /* (oc) enum oomkill_constraint */
	__s32 oom_score_adj;
	__u32 flags;
	__u32 victim_pid_in_namespace; /* in its own PID namespace; 0: that is the initial one */
	__u32 pad;
	char trigger_comm[OOMKILL_COMM_SIZE];
	char victim_comm[OOMKILL_COMM_SIZE];
	char memcg_name[OOMKILL_NAME_SIZE]; /* (oc) last component of its path */
};
