/* What the policies share. */
#pragma once

#include "rank/policy.h"

/* RET is empty; what was put into it is released by the caller if it fails. */
typedef int (*policy_decider)(struct policy *p, const struct machine *m, const struct domain *d,
			      struct policy_choice *ret, struct strbuf *why);

struct policy {
	policy_decider decide;
	char *name;
	struct policy_program *program; /* of a text; NULL */
};

/* PROGRAM, if it is one, belongs to the policy if that succeeds. */
int policy_new(const char *name, struct policy_program *program, struct policy **ret);

/* policy_daemons.c */
int policy_decide_oomd(struct policy *p, const struct machine *m, const struct domain *d,
		       struct policy_choice *ret, struct strbuf *why);
int policy_decide_earlyoom(struct policy *p, const struct machine *m, const struct domain *d,
			   struct policy_choice *ret, struct strbuf *why);

/* policy_program.c */
int policy_decide_text(struct policy *p, const struct machine *m, const struct domain *d,
		       struct policy_choice *ret, struct strbuf *why);
void policy_program_close(struct policy_program *program);

/* ---- policy_choice.c: who dies of a choice ---- */

/* What the kernel itself would choose. */
int policy_choose_kernel(const struct machine *m, const struct domain *d,
			 struct policy_choice *ret);

/*
 * PROCESS, killed by the kernel, as bpf_oom_kill_process() has it done: with its memory.oom.group
 * and those that share its memory. SIZE_MAX: nobody.
 */
int policy_choose_process(const struct machine *m, const struct domain *d, size_t process,
			  struct policy_choice *ret);

/* The same of each process of a cgroup and of those below it. */
int policy_choose_cgroup(const struct machine *m, const struct domain *d, uint32_t cgroup,
			 struct policy_choice *ret);

/*
 * The same by signals from user space: of a cgroup, or of PROCESS alone if CGROUP is MACHINE_NONE.
 * Init does not die of them, and who shares memory with a victim lives on and keeps it.
 */
int policy_choose_by_signal(const struct machine *m, uint32_t cgroup, size_t process,
			    struct policy_choice *ret);

/* May the kernel kill it for this domain? Points, or INT64_MIN: no. One for each process. */
int policy_points(const struct machine *m, const struct domain *d, int64_t **ret);

/* Has another one the same memory? For each process. */
int policy_sharers(const struct machine *m, bool **ret);

uint64_t policy_resident_pages(const struct machine_process *p);

/* Is it below the domain's cgroup, or is it the domain that is no cgroup? */
bool policy_in_domain(const struct machine *m, const struct domain *d, uint32_t cgroup);

/* Has it none below? For each cgroup. */
int policy_leaves(const struct machine *m, bool **ret);
