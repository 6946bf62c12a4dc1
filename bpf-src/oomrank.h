/*
 * What oomrank's probe tells of each process: the numbers and flags by which the OOM killer
 * chooses, as the kernel itself has them. Both sides include this file.
 *
 * The probe is a task iterator (iter__task): one record for each process, in the order of PIDs, and
 * one for each of its further threads (OOMRANK_THREAD), which has but what its threads add to it.
 */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

#define OOMRANK_COMM_SIZE 16 /* TASK_COMM_LEN, include/linux/sched.h */
#define OOMRANK_UNKNOWN (~0ull)

/* oomrank_task.flags: why the OOM killer would pass it by, or take it before all others. */
#define OOMRANK_INIT 1		/* process 1 of the initial PID namespace: is_global_init() */
#define OOMRANK_KERNEL_THREAD 2 /* PF_KTHREAD */
#define OOMRANK_NO_MEMORY 4	/* no thread of it has an mm: it is exiting, or a zombie */
#define OOMRANK_OOM_VICTIM 8	/* tsk_is_oom_victim(): chosen before, not gone yet */
#define OOMRANK_OOM_SKIP 16	/* MMF_OOM_SKIP: reaped, or given up */
#define OOMRANK_IN_VFORK 32	/* in_vfork(): it runs in its parent's memory */
#define OOMRANK_ORIGIN 64 /* oom_task_origin(): swapoff, or switching KSM off: points LONG_MAX */
#define OOMRANK_EXITING \
	128 /* SIGNAL_GROUP_EXIT and no core dump, or its only thread is PF_EXITING */
/* No process, but another thread of process pid: it has the nodes, and places in the lists. */
#define OOMRANK_THREAD 256

/* oomrank_task.cgroup_before of the first in one of its css_set's lists, in the order of these. */
#define OOMRANK_FIRST_TASK 1   /* css_set.tasks */
#define OOMRANK_FIRST_MOVING 2 /* mg_tasks */
#define OOMRANK_FIRST_DYING 3  /* dying_tasks */

struct oomrank_task {
	__u32 pid, parent_pid; /* as seen from the initial PID namespace */
	__u32 uid;
	__s32 oom_score_adj;
	__u32 flags, threads;
	__u64 start_ns; /* CLOCK_BOOTTIME; the OOM killer's list of processes is in this order */
	__u64 mm;	/* the address space: who has the same number shares it; 0: none */
	/* Pages as the kernel's own oom_badness() reads them; 0 where it has no mm. */
	__u64 anon_pages, file_pages, shmem_pages, swap_pages;
	__u64 pgtables_bytes;
	__u64 memcg_id;	    /* inode of its memory cgroup's directory; 0: none */
	__u64 memory_nodes; /* mems_allowed of this thread: node N is bit N, of the first 64 */
	/* The nodes outside of which its memory policy forbids it to go, as the OOM killer sees it
	 * (mempolicy_in_oom_domain()); all: no policy does. */
	__u64 policy_nodes;
	__s32 policy_mode; /* of its mempolicy: MPOL_*; -1: none */
	__u32 reserved;
	/*
	 * Its places in the kernel's lists, by which one of two with as many points is chosen:
	 * addresses, as names. 0: not known.
	 */
	__u64 task;	      /* its own */
	__u64 task_before;    /* in the list of all processes */
	__u64 css_set;	      /* the list in which its memory cgroup has it */
	__u64 css_set_before; /* in the memory cgroup's list of those */
	__u64 cgroup_before;  /* in the css_set: a task, or OOMRANK_FIRST_* */
	char comm[OOMRANK_COMM_SIZE];
};
