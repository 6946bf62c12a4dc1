/*
 * Whom daemons in user space would kill. They look at files, so each is told which files of the
 * snapshot stand for them, and what it would know besides.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/human.h"
#include "rank/policy_internal.h"

/*
 * systemd-oomd: src/oom/oomd-util.c and oomd-manager.c, systemd 250 to 260.
 *
 * Candidates are cgroups without any below them, and those with memory.oom.group, which then stand
 * for all below (recursively_get_cgroup_context()). If memory and swap are both used by more than
 * SwapUsedLimit=, 90 %, it goes by swap: the cgroup with most of it, of those with more than 5 % of
 * all swap (oomd_kill_by_swap_usage()). Else by pressure: the cgroup for which most pages were
 * scanned since the last look, of equal ones the one that uses most (oomd_kill_by_pgscan_rate()).
 * All processes of it get SIGKILL, whatever their oom_score_adj.
 *
 * What it has and a snapshot has not: pages scanned since the last look, a second ago (all since
 * the cgroup was made stand for them, as at its own first look); which cgroups it was told to watch
 * (here: all of the domain); the marks user.oomd_avoid and user.oomd_omit. It needs cgroup v2, in
 * version 1 nothing is counted by which it goes.
 */
#define OOMD_USED_PERCENT 90
#define OOMD_LEAST_SWAP_PERCENT 5

enum oomd_rule { OOMD_BY_SWAP, OOMD_BY_SCAN, OOMD_BY_USAGE };

static bool mostly_used(uint64_t total, uint64_t free)
{
	return free < total * (100 - OOMD_USED_PERCENT) / 100;
}

static enum oomd_rule oomd_rule(const struct machine *m, const struct domain *d)
{
	const struct meminfo *i = &m->memory;

	if (m->cgroup_version != 2)
		return OOMD_BY_USAGE;
	/* Swap is watched for the whole machine only. */
	return d->kind != DOMAIN_MEMCG && mostly_used(i->total_bytes, i->available_bytes) &&
			       mostly_used(i->swap_total_bytes, i->swap_free_bytes)
		       ? OOMD_BY_SWAP
		       : OOMD_BY_SCAN;
}

/* Does one above it, within the domain, stand for it? That of the domain itself is not asked. */
static bool is_stood_for(const struct machine *m, const struct domain *d, uint32_t cgroup)
{
	uint32_t top = d->kind == DOMAIN_MEMCG ? d->cgroup : 0;

	while (cgroup != top && m->cgroups[cgroup].parent != MACHINE_NONE) {
		cgroup = m->cgroups[cgroup].parent;
		if (cgroup != top && m->cgroups[cgroup].kills_group)
			return true;
	}
	return false;
}

static bool has_processes(const struct machine *m, uint32_t cgroup)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (machine_is_below(m, m->processes[i].cgroup, cgroup))
			return true;
	return false;
}

static bool is_candidate(const struct machine *m, const struct domain *d, const bool *leaves,
			 uint32_t cgroup)
{
	uint32_t top = d->kind == DOMAIN_MEMCG ? d->cgroup : 0;

	return policy_in_domain(m, d, cgroup) &&
	       (leaves[cgroup] || (m->cgroups[cgroup].kills_group && cgroup != top)) &&
	       !is_stood_for(m, d, cgroup);
}

/* What it goes by first; what decides between equal ones is the usage. */
static uint64_t oomd_measure(const struct machine *m, const struct machine_cgroup *c,
			     enum oomd_rule rule)
{
	uint64_t least = m->memory.swap_total_bytes * OOMD_LEAST_SWAP_PERCENT / 100;

	switch (rule) {
	case OOMD_BY_SWAP:
		return c->swap_usage_bytes > least ? c->swap_usage_bytes : 0;
	case OOMD_BY_SCAN:
		return c->scanned_pages;
	default:
		return 0;
	}
}

static uint32_t oomd_choose(const struct machine *m, const struct domain *d, const bool *leaves,
			    enum oomd_rule rule)
{
	uint64_t measure, best_measure = 0, usage, best_usage = 0;
	uint32_t best = MACHINE_NONE;

	for (uint32_t i = 0; i < m->n_cgroups; i++) {
		const struct machine_cgroup *c = &m->cgroups[i];

		measure = oomd_measure(m, c, rule);
		usage = rule == OOMD_BY_SWAP ? 0 : c->usage_bytes;
		if ((!measure && !usage) || !is_candidate(m, d, leaves, i) ||
		    (best != MACHINE_NONE &&
		     (measure < best_measure || (measure == best_measure && usage <= best_usage))))
			continue;
		/* Nothing to kill: it goes on to the next (until systemd 258). */
		if (!has_processes(m, i))
			continue;
		best = i;
		best_measure = measure;
		best_usage = usage;
	}
	return best;
}

static int oomd_why(const struct machine *m, enum oomd_rule rule, const struct machine_cgroup *c,
		    struct policy_choice *ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (!c)
		strbuf_puts(&why, !m->n_cgroups		 ? "no cgroups are known"
				  : rule == OOMD_BY_SWAP ? "no cgroup has more than 5 % of the swap"
							 : "no cgroup has processes and memory");
	else if (rule == OOMD_BY_SWAP) {
		strbuf_puts(&why, "swap ");
		human_bytes(&why, (int64_t)c->swap_usage_bytes);
	} else {
		if (rule == OOMD_BY_SCAN)
			strbuf_printf(&why, "pgscan %llu since it was made, ",
				      (unsigned long long)c->scanned_pages);
		strbuf_puts(&why, "usage ");
		human_bytes(&why, (int64_t)c->usage_bytes);
		if (rule == OOMD_BY_USAGE)
			strbuf_puts(&why, "; needs cgroup v2: no pgscan, no swap of cgroups here");
	}
	ret->why = strbuf_steal(&why);
	return ret->why ? 0 : -ENOMEM;
}

int policy_decide_oomd(struct policy *p, const struct machine *m, const struct domain *d,
		       struct policy_choice *ret, struct strbuf *why)
{
	_cleanup_free_ bool *leaves = NULL;
	enum oomd_rule rule = oomd_rule(m, d);
	uint32_t chosen;
	int r = policy_leaves(m, &leaves);

	(void)p;
	(void)why;
	if (r < 0)
		return r;
	chosen = oomd_choose(m, d, leaves, rule);
	r = policy_choose_by_signal(m, chosen, SIZE_MAX, ret);
	if (r < 0)
		return r;
	return oomd_why(m, rule, chosen == MACHINE_NONE ? NULL : &m->cgroups[chosen], ret);
}

/*
 * earlyoom: is_larger() and find_largest_process() of kill.c, earlyoom 1.8, with its default
 * options (no --prefer, --avoid, --ignore, --sort-by-rss, -g).
 *
 * It goes through /proc in the order of PIDs and takes the highest oom_score, of equal ones the
 * largest resident set, of these the first. PIDs 1 and 2 are passed by, children of PID 2 (kernel
 * threads), and oom_score_adj -1000. If it finds itself, it kills nobody. One process gets SIGTERM,
 * later SIGKILL.
 */
static bool earlyoom_sees(const struct machine_process *p)
{
	return p->task.pid > 2 && p->task.parent_pid != 2 && p->task.oom_score_adj != -1000;
}

/* What /proc says; where it was not read, what it would have said. */
static int earlyoom_scores(const struct machine *m, int32_t **ret)
{
	_cleanup_free_ int32_t *scores = calloc(m->n_processes + 1, sizeof(*scores));
	_cleanup_free_ int64_t *points = NULL;
	struct domain machine = {0};
	int r = scores ? 0 : -ENOMEM;

	domain_of_machine(m, &machine);
	if (r == 0)
		r = policy_points(m, &machine, &points);
	for (size_t i = 0; i < m->n_processes && r == 0; i++)
		scores[i] = m->processes[i].oom_score >= 0
				    ? m->processes[i].oom_score
				    : ranking_oom_score(points[i], machine.total_pages);
	if (r == 0)
		*ret = STEAL(scores);
	return r;
}

static bool earlyoom_prefers(const struct machine *m, const int32_t *scores, size_t a, size_t b)
{
	uint64_t a_pages = policy_resident_pages(&m->processes[a]);
	uint64_t b_pages = policy_resident_pages(&m->processes[b]);

	if (scores[a] != scores[b])
		return scores[a] > scores[b];
	if (a_pages != b_pages)
		return a_pages > b_pages;
	return m->processes[a].task.pid < m->processes[b].task.pid;
}

static int earlyoom_why(const struct machine *m, const int32_t *scores, size_t chosen, bool itself,
			struct policy_choice *ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (itself)
		strbuf_puts(&why, "it finds itself the largest, and then gives up");
	else if (chosen == SIZE_MAX)
		strbuf_puts(&why, "there is nobody whom it could kill");
	else {
		strbuf_printf(&why, "oom_score %d, rss ", scores[chosen]);
		human_bytes(&why, (int64_t)(policy_resident_pages(&m->processes[chosen]) *
					    m->page_bytes));
	}
	ret->why = strbuf_steal(&why);
	return ret->why ? 0 : -ENOMEM;
}

int policy_decide_earlyoom(struct policy *p, const struct machine *m, const struct domain *d,
			   struct policy_choice *ret, struct strbuf *why)
{
	_cleanup_free_ int32_t *scores = NULL;
	size_t chosen = SIZE_MAX;
	bool itself;
	int r = earlyoom_scores(m, &scores);

	(void)p;
	(void)why;
	if (r < 0)
		return r;
	for (size_t i = 0; i < m->n_processes; i++)
		if (domain_has(m, d, i) && earlyoom_sees(&m->processes[i]) &&
		    (chosen == SIZE_MAX || earlyoom_prefers(m, scores, i, chosen)))
			chosen = i;
	itself = chosen != SIZE_MAX &&
		 !strncmp(m->processes[chosen].task.comm, "earlyoom", OOMRANK_COMM_SIZE);
	if (itself)
		chosen = SIZE_MAX;
	r = policy_choose_by_signal(m, MACHINE_NONE, chosen, ret);
	return r < 0 ? r : earlyoom_why(m, scores, chosen, itself, ret);
}
