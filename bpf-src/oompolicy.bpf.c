/*
 * The frame around a policy of oomrank: an iterator over the snapshot's processes, which user space
 * has put into an array. The policy's text comes in where the line below says so.
 *
 * A kernel with BPF OOM would get another frame: a struct_ops program handle_out_of_memory() that
 * goes through the tasks of the domain, fills the same struct of each, asks the same function and
 * hands the one with the highest score to bpf_oom_kill_process().
 */
#include "oompolicy.bpf.h"

BPF_ARRAY(oompolicy_domains, struct oompolicy_domain, 1);
BPF_ARRAY(oompolicy_candidates, struct oompolicy_candidate, 4096);

/* The policy's text stands here. */

static inline void oompolicy_answer(struct oompolicy_verdict *verdict, s64 score)
{
	if (score == OOM_POLICY_SPARE) {
		verdict->answer = OOMPOLICY_SPARED;
		score = 0;
	} else if (score >= OOM_POLICY_WHOLE_CGROUP(-OOM_POLICY_MOST) &&
		   score <= OOM_POLICY_WHOLE_CGROUP(OOM_POLICY_MOST)) {
		verdict->answer = OOMPOLICY_KILL_CGROUP;
		score -= OOM_POLICY_WHOLE;
	}
	verdict->score = oompolicy_cut(score);
}

BPF_PROG(iter__bpf_map_elem, struct bpf_iter_meta *meta, struct bpf_map *map, u32 *key, void *value)
{
	struct oompolicy_verdict verdict = {};
	struct oompolicy_candidate *candidate;
	struct oompolicy_domain *domain;
	u32 zero = 0;

	if (!key)
		return 0;
	verdict.index = RD(*key);
	domain = oompolicy_domains.lookup(&zero);
	candidate = oompolicy_candidates.lookup(&verdict.index);
	if (!domain || !candidate || verdict.index >= domain->candidates)
		return 0;
	oompolicy_answer(&verdict, oompolicy_ask(candidate, domain, &verdict));
	bpf_seq_write(meta->seq, &verdict, sizeof(verdict));
	return 0;
}
