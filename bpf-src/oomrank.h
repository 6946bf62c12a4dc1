/*
 * What oomrank's probe tells of each process: the numbers and flags by which the OOM killer
 * chooses, as the kernel itself has them. Both sides include this file.
 *
 * The probe is a task iterator (iter__task): one record for each process, in the order of PIDs.
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
	__u64 memory_nodes; /* mems_allowed of its first thread: node N is bit N, of the first 64 */
	__s32 policy_mode;  /* of its first thread's mempolicy: MPOL_*; -1: none */
	__u32 reserved;
	__u64 policy_nodes; /* the nodes of that policy, likewise */
	char comm[OOMRANK_COMM_SIZE];
};
