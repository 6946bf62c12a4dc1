/*
 * What oomkill's probe tells user space about OOM kills. Both sides include this file.
 *
 * Every record begins with its kind. The classic line needs OOMKILL_CHOSEN only; the text sends the
 * others if it is compiled with -DOOMKILL_STORY, stacks with -DOOMKILL_VICTIM_STACK and
 * -DOOMKILL_TRIGGER_STACK.
 */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

#define OOMKILL_UNKNOWN (~0ull)			     /* of a u64 that this kernel does not tell */
#define OOMKILL_UNKNOWN_POINTS ((__s64)(1ull << 63)) /* LONG_MIN: never of one that is chosen */
#define OOMKILL_COMM_SIZE 16			     /* TASK_COMM_LEN, include/linux/sched.h */
#define OOMKILL_NAME_SIZE 64

/* Of the map "lost": records that there was no room for. */
enum oomkill_lost {
	OOMKILL_LOST_KILLS,
	OOMKILL_LOST_STORY, /* any but OOMKILL_CHOSEN */
	OOMKILL_LOST_COUNTERS
};

enum oomkill_kind {
	OOMKILL_CHOSEN,	   /* struct oomkill_event: a victim that the OOM killer chose */
	OOMKILL_MEMBER,	   /* struct oomkill_event: one that dies with it; its flags say why */
	OOMKILL_DETAIL,	   /* struct oomkill_detail: follows each of the two above */
	OOMKILL_ARGUMENTS, /* struct oomkill_arguments: of a victim, when it gets the signal */
	OOMKILL_STACK,	   /* struct oomkill_stack (oomkill_stack.h) */
	OOMKILL_STEP,	   /* struct oomkill_step: how far a victim's end has come */
};

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
#define OOMKILL_SHARES_MM 4    /* killed with a victim whose memory it shares (vfork, CLONE_VM) */
#define OOMKILL_WAS_DYING 8    /* it was on its way out, or killed by another; told in a story */

/*
 * The OOM killer works at one kill at a time (oom_lock): a member belongs to the last CHOSEN before
 * it. Counters of pages are UNKNOWN if the victim's address space has gone already.
 */
struct oomkill_event {
	__u32 kind; /* OOMKILL_CHOSEN or OOMKILL_MEMBER */
	__u32 flags;
	__u64 time_ns;	  /* CLOCK_MONOTONIC */
	__u64 totalpages; /* (oc) RAM and swap, or the memcg's limit; not the victim's size */
	/*
	 * (oc) Badness of the chosen task, in pages; OOMKILL_UNKNOWN_POINTS if there was no choice:
	 * vm.oom_kill_allocating_task, or a task that runs swapoff.
	 */
	__s64 points;
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
	__u32 victim_pid_in_namespace; /* in its own PID namespace; 0: that is the initial one */
	char trigger_comm[OOMKILL_COMM_SIZE];
	char victim_comm[OOMKILL_COMM_SIZE];
	char memcg_name[OOMKILL_NAME_SIZE]; /* (oc) last component of its path */

	/* A member of yours stands here. */
};

#define OOMKILL_PATH_SIZE 1024

/*
 * The path of a cgroup, read upward in the kernel, so that it is known of one that has gone: its
 * names, each closed by a NUL, that of the cgroup itself first. Whole if the root was reached: then
 * the last one is followed by an empty one.
 */
struct oomkill_path {
	__u32 size; /* bytes used of NAMES */
	__u32 whole;
	char names[OOMKILL_PATH_SIZE];
};

/*
 * What was true at the same instant and is not worth a member of struct oomkill_event. Of a member
 * only what is about the victim.
 */
struct oomkill_detail {
	__u32 kind;
	__u32 victim_pid;
	__u64 time_ns;		     /* that of the event it belongs to */
	__u64 victim_start_ns;	     /* CLOCK_BOOTTIME */
	__u64 victim_peak_rss_pages; /* mm->hiwater_rss, or what it has now if that is more */
	__u64 victim_locked_pages;
	__u32 victim_threads;
	__u32 victim_parent_pid;  /* as seen from the initial PID namespace */
	__u32 namespace_init_pid; /* process 1 of the victim's PID namespace; 0: the initial one */
	__u32 trigger_uid;
	__s32 trigger_oom_score_adj;
	__u32 memcg_version; /* 1, 2: of the hierarchy; 0: no memory cgroup */
	__u64 trigger_start_ns;
	__u64 trigger_rss_pages, trigger_swap_pages;
	__u64 trigger_memcg_id;
	__u64 nodes; /* of constraint cpuset or mempolicy, else 0: the first 64 NUMA nodes, as bits
		      */
	/* Of the domain's memory cgroup; OOMKILL_UNKNOWN where there is none. */
	__u64 memcg_usage_pages;
	__u64 memcg_failcnt; /* how often a charge has met its limit, as the kernel logs it */
	__u64 memcg_swap_usage_pages; /* v1: memory and swap together */
	__u64 memcg_swap_max_pages;   /* likewise; 2^63 / page size: none */
	/* memory.events: oom with this kill, oom_kill without it. */
	__u64 memcg_oom_events, memcg_oom_kill_events;
	char victim_parent_comm[OOMKILL_COMM_SIZE];
	struct oomkill_path domain_path, victim_path, trigger_path;
};

#define OOMKILL_ARGUMENTS_SIZE 1024

/*
 * The command line as /proc/PID/cmdline has it: SIZE bytes of it are in TEXT, arguments closed by
 * NUL. Sent whole, but only the first SIZE bytes of TEXT mean anything.
 */
struct oomkill_arguments {
	__u32 kind;
	__u32 pid;
	__u64 time_ns;	  /* of the signal's delivery */
	__u32 whole_size; /* of all of it; of a title longer than TEXT (setproctitle), the most */
	__u32 size;	  /* 0, and WHOLE_SIZE is not: its page is not in memory */
	char text[OOMKILL_ARGUMENTS_SIZE];
};

enum oomkill_step_name {
	OOMKILL_STEP_SIGNALLED, /* the first thread takes the signal */
	OOMKILL_STEP_REAPED,	/* the OOM reaper has freed what it could */
	OOMKILL_STEP_EXITED,	/* the last thread exits */
	OOMKILL_STEP_FREED,	/* its memory is given back; once for all that shared it */
	OOMKILL_STEP_DONE,	/* the OOM killer is through: all members were told. Not from
				   every kernel */
};

struct oomkill_step {
	__u32 kind;
	__u32 step; /* enum oomkill_step_name */
	__u32 pid;  /* of the victim or member */
	__u32 pad;
	__u64 time_ns;
	/* What its address space holds now; OOMKILL_UNKNOWN: it is gone. */
	__u64 anon_pages, file_pages, shmem_pages, swap_pages, pgtables_bytes;
	/* Of the domain's memory cgroup now, or OOMKILL_UNKNOWN. */
	__u64 memcg_usage_pages;
};
