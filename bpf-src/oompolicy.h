/*
 * What a policy of oomrank is told of a process that could be killed, and what it answers. Both
 * sides include this file; policies see it through oompolicy.bpf.h.
 *
 * All of it can be had from a live task, too: a wrapper for a kernel that lets BPF handle an OOM
 * would fill the same struct there, and policies would not have to change.
 */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

#define OOMPOLICY_COMM_SIZE 16 /* TASK_COMM_LEN */
#define OOMPOLICY_NAME_SIZE 64
#define OOMPOLICY_PATH_SIZE 256
#define OOMPOLICY_WHY_SIZE 64

/* oompolicy_candidate.flags */
#define OOMPOLICY_DYING 1   /* an OOM victim that is not gone yet */
#define OOMPOLICY_EXITING 2 /* on its way out by itself */
#define OOMPOLICY_ORIGIN \
	4 /* swapoff, or switching KSM off: the kernel takes it before all others */
#define OOMPOLICY_SHARES_MEMORY                                                           \
	8		   /* another process has the same address space and dies with it \
			    */
#define OOMPOLICY_GROUP 16 /* memory.oom.group: the kernel kills its cgroup with it */

/*
 * One process. Texts end with a 0 byte and are cut where they are too long: of a path that is too
 * long the beginning is left out, as its end says more.
 */
struct oompolicy_candidate {
	__u32 pid, parent_pid, uid;
	__s32 oom_score_adj;
	__u32 threads, flags;
	__u64 age_ns; /* since it was started */
	__u64 anon_pages, file_pages, shmem_pages, swap_pages, pgtables_pages;
	__s64 points;	 /* the kernel's own: pages, with the adjustment */
	__u64 cgroup_id; /* inode of its memory cgroup; 0: not known, as is all that follows */
	__u64 cgroup_usage_bytes, cgroup_limit_bytes; /* its own limit; 0: none */
	char comm[OOMPOLICY_COMM_SIZE];
	char unit[OOMPOLICY_NAME_SIZE];	       /* systemd's, as the path tells it; or empty */
	char container[OOMPOLICY_NAME_SIZE];   /* as its runtime calls it; or empty */
	char cgroup_path[OOMPOLICY_PATH_SIZE]; /* below the mount point */
};

enum oompolicy_domain_kind {
	OOMPOLICY_MACHINE,
	OOMPOLICY_CGROUP,
	OOMPOLICY_NODES,
};

/* What runs out of memory. */
struct oompolicy_domain {
	__u32 kind; /* of enum oompolicy_domain_kind */
	__u32 candidates;
	__u64 page_bytes;
	__u64 total_pages; /* what oom_score_adj is a share of, in thousandths */
	__u64 limit_bytes, usage_bytes;
	__u64 cgroup_id; /* OOMPOLICY_CGROUP */
};

/*
 * The answer: a score, the highest one is killed; of equal ones the one that was started last, as
 * in the kernel. Between -OOM_POLICY_MOST and OOM_POLICY_MOST: what is beyond is cut. Or one of
 * these:
 */
#define OOM_POLICY_MOST (1ll << 60)
#define OOM_POLICY_SPARE (-0x7fffffffffffffffll - 1) /* this one never */
#define OOM_POLICY_WHOLE (1ll << 62)		     /* more than any score: oompolicy.bpf.h */

/* What the number behind a policy's words is: it is shown with its unit. */
enum oom_policy_unit {
	OOM_POLICY_NO_NUMBER,
	OOM_POLICY_NUMBER, /* as it is */
	OOM_POLICY_BYTES,
	OOM_POLICY_PAGES,
	OOM_POLICY_NANOSECONDS,
};

/* What the wrapper makes of it, for user space. */
struct oompolicy_verdict {
	__u32 index; /* of the candidate */
	__u32 answer;
	__s64 score;
	__s64 number; /* of the words, in that unit */
	__u32 unit;
	char why[OOMPOLICY_WHY_SIZE]; /* OOM_POLICY_BECAUSE; "": nothing was said */
};

/* oompolicy_verdict.answer */
#define OOMPOLICY_KILL 0
#define OOMPOLICY_KILL_CGROUP 1
#define OOMPOLICY_SPARED 2
