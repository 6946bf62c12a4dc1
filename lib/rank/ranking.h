/*
 * Who would be killed next in a domain, and why not the others: the OOM killer's choice reckoned
 * through (select_bad_process(), oom_evaluate_task(), oom_badness(), oom_kill_process(),
 * mem_cgroup_get_oom_group(), __oom_kill_process(): mm/oom_kill.c, Linux 5.10 to 7.2).
 */
#pragma once

#include "rank/domain.h"

enum ranking_verdict {
	RANKING_SKIP, /* never, as things are: reason says why */
	RANKING_KILL, /* the chosen one */
	RANKING_WITH, /* dies with it: memory.oom.group, or the same memory */
	RANKING_NEXT, /* the next three */
	RANKING_RANK, /* all others that could be chosen */
};

enum ranking_reason {
	RANKING_NO_REASON,
	RANKING_IS_INIT,
	RANKING_KERNEL_THREAD,
	RANKING_EXEMPT, /* oom_score_adj -1000 */
	RANKING_NO_MM,	/* exiting, a zombie */
	RANKING_REAPED, /* MMF_OOM_SKIP */
	RANKING_IN_VFORK,
	RANKING_DYING,	 /* an OOM victim that is not gone: nobody else is killed until it is */
	RANKING_OUTSIDE, /* of the domain */
	RANKING_GROUP,	 /* WITH: memory.oom.group of a cgroup */
	RANKING_SHARES,	 /* WITH: the same address space */
	RANKING_ORIGIN,	 /* KILL: swapoff or KSM: before all others */
	RANKING_UNSEEN,	 /* its numbers could not be read */
};

struct ranking_row {
	size_t process; /* index in the machine */
	enum ranking_verdict verdict;
	enum ranking_reason reason;
	/* badness, in pages, with the adjustment; INT64_MIN: not eligible; INT64_MAX: an origin */
	int64_t points;
	int64_t adj_pages; /* the adjustment's share of the points */
	uint64_t rank;	   /* 1: the chosen one; 0: none (skip, with) */
	uint32_t cgroup;   /* RANKING_GROUP: which one asks for it */
	/*
	 * What its death would give back: anonymous pages, swap and page tables. Not files, which
	 * are cache that others may use on, nor shared memory, which stays as long as a name or a
	 * descriptor of it does. (Anonymous pages that a fork has not copied yet are reckoned to
	 * both.) 0 where the mm is init's, who stays; and of those that die with the chosen one,
	 * where it is reckoned to another of them already.
	 */
	uint64_t frees_bytes;
};

enum ranking_outcome {
	RANKING_KILLS,	/* rows[] has a KILL; so has ALLOCATOR, no other */
	RANKING_WAITS,	/* an earlier victim is still dying: nothing more is killed */
	RANKING_NOBODY, /* none can be killed: the machine panics, or the allocation fails (memcg)
			 */
	RANKING_PANICS, /* vm.panic_on_oom */
	RANKING_ALLOCATOR, /* vm.oom_kill_allocating_task: whoever asks; rows as without it */
	RANKING_DISABLED,  /* v1: oom_kill_disable: tasks wait */
};

struct ranking {
	struct domain domain;
	enum ranking_outcome outcome;
	/* Of a memory cgroup those in it and below, of all else all processes.
	 * Skipped ones that stand before the chosen one by size first, then KILL, WITH, NEXT, the
	 * rest by points, then the rest of the skipped. */
	struct ranking_row *rows;
	size_t n_rows;
	size_t victim; /* index of the row with KILL; SIZE_MAX: none */
	size_t dies;   /* processes: KILL and WITH */
	uint64_t frees_bytes;
	bool is_tied; /* another had as many points: the order of the list has decided */
};

/*
 * Its points and the adjustment's share, as oom_badness(); the reason where they are INT64_MIN.
 * They do not tell whether a domain has it (domain_has()), or of RANKING_DYING and RANKING_ORIGIN.
 */
int64_t ranking_badness(const struct machine *m, const struct machine_process *p,
			uint64_t total_pages, int64_t *ret_adj_pages,
			enum ranking_reason *ret_reason);

/* 0 or -ENOMEM. */
int ranking_of(const struct machine *m, const struct domain *d, struct ranking *ret);
void ranking_clear(struct ranking *r);

/*
 * The same with the choice made by somebody else: PROCESS is killed (SIZE_MAX: nobody); who dies
 * with it follows as the kernel would. For policies (policy.h). -EINVAL: the domain does not have
 * it.
 */
int ranking_with_choice(const struct machine *m, const struct domain *d, size_t process,
			struct ranking *ret);

/*
 * mem_cgroup_get_oom_group(): the topmost cgroup from CGROUP up to the domain's that dies whole if
 * one in it does. MACHINE_NONE: none does.
 */
uint32_t ranking_group(const struct machine *m, const struct domain *d, uint32_t cgroup);

const char *
ranking_verdict_name(enum ranking_verdict v);		/* "kill", "with", "next", "rank", "skip" */
const char *ranking_reason_text(enum ranking_reason r); /* "oom_score_adj -1000"; "" for none */

/* The kernel's score as /proc/PID/oom_score has it (proc_oom_score(), fs/proc/base.c, Linux 5.9).
 */
int32_t ranking_oom_score(int64_t points, uint64_t total_pages);
