#include "rank/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/human.h"
#include "rank/policy_internal.h"

static int decide_kernel(struct policy *p, const struct machine *m, const struct domain *d,
			 struct policy_choice *ret, struct strbuf *why)
{
	(void)p;
	(void)why;
	return policy_choose_kernel(m, d, ret);
}

/* The largest resident set of those that the kernel may kill; of equal ones the last, as there. */
static int decide_rss(struct policy *p, const struct machine *m, const struct domain *d,
		      struct policy_choice *ret, struct strbuf *why)
{
	_cleanup_free_ int64_t *points = NULL;
	_cleanup_strbuf_ struct strbuf said = {0};
	uint64_t pages, most = 0;
	size_t chosen = SIZE_MAX;
	int r = policy_points(m, d, &points);

	(void)p;
	(void)why;
	for (size_t i = 0; i < m->n_processes && r == 0; i++) {
		pages = policy_resident_pages(&m->processes[i]);
		if (points[i] == INT64_MIN || pages < most)
			continue;
		chosen = i;
		most = pages;
	}
	if (r == 0)
		r = policy_choose_process(m, d, chosen, ret);
	if (r < 0)
		return r;
	if (chosen == SIZE_MAX)
		strbuf_puts(&said, "there is nobody whom it could kill");
	else {
		strbuf_puts(&said, "rss ");
		human_bytes(&said, (int64_t)(most * m->page_bytes));
	}
	ret->why = strbuf_steal(&said);
	return ret->why ? 0 : -ENOMEM;
}

/* mem_cgroup_killable() of the policy below. */
static bool is_killable(const struct machine *m, uint32_t cgroup)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].cgroup == cgroup && m->processes[i].task.oom_score_adj == -1000)
			return false;
	return true;
}

/*
 * The policy of BPF OOM's own test: tools/testing/selftests/bpf/progs/test_oom.c of the patch
 * series "mm: BPF OOM", v1 (August 2025) to v3 (January 2026). Of the cgroups without any below
 * them, the one with the largest usage less page cache, if no process in it has oom_score_adj
 * -1000. Those at the bottom are looked at before those above, so of equal ones the first in that
 * order. If it kills nobody the kernel chooses.
 */
static uint32_t largest_cgroup(const struct machine *m, const struct domain *d, const bool *leaves,
			       uint64_t *ret_bytes)
{
	uint32_t chosen = MACHINE_NONE;
	uint64_t most = 0, used;

	for (uint32_t i = 0; i < m->n_cgroups; i++) {
		const struct machine_cgroup *c = &m->cgroups[i];

		used = c->usage_bytes > c->file_bytes ? c->usage_bytes - c->file_bytes : 0;
		if (!leaves[i] || used <= most || !policy_in_domain(m, d, i) || !is_killable(m, i))
			continue;
		chosen = i;
		most = used;
	}
	*ret_bytes = most;
	return chosen;
}

static int decide_largest_cgroup(struct policy *p, const struct machine *m, const struct domain *d,
				 struct policy_choice *ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	_cleanup_free_ bool *leaves = NULL;
	uint32_t chosen = MACHINE_NONE;
	uint64_t bytes = 0;
	int r = policy_leaves(m, &leaves);

	(void)p;
	(void)why;
	if (r == 0)
		chosen = largest_cgroup(m, d, leaves, &bytes);
	if (r == 0 && chosen != MACHINE_NONE)
		r = policy_choose_cgroup(m, d, chosen, ret);
	if (r < 0)
		return r;
	if (ret->n_killed) {
		strbuf_puts(&said, "usage less page cache ");
		human_bytes(&said, (int64_t)bytes);
	} else {
		policy_choice_clear(ret);
		r = policy_choose_kernel(m, d, ret);
		strbuf_printf(&said, "%s, so the kernel chooses: %s",
			      chosen == MACHINE_NONE ? "there is no such cgroup"
						     : "nobody is in the largest",
			      ret->why ? ret->why : "");
	}
	free(ret->why);
	ret->why = strbuf_steal(&said);
	return r == 0 && !ret->why ? -ENOMEM : r;
}

const char *const policy_names[] = {"kernel", "rss", "largest-cgroup", "oomd", "earlyoom", NULL};

const char *const policy_summaries[] = {
	"the kernel's own choice",
	"the largest resident set",
	"the largest cgroup without its page cache, whole (BPF OOM's test)",
	"systemd-oomd: the cgroup most pages were scanned for, or with most swap, whole",
	"earlyoom: the highest oom_score",
	NULL,
};

static const policy_decider deciders[] = {decide_kernel, decide_rss, decide_largest_cgroup,
					  policy_decide_oomd, policy_decide_earlyoom};

static policy_decider find_decider(const char *name)
{
	for (size_t i = 0; policy_names[i]; i++)
		if (!strcmp(policy_names[i], name))
			return deciders[i];
	return NULL;
}

int policy_new(const char *name, struct policy_program *program, struct policy **ret)
{
	policy_decider decide = program ? policy_decide_text : find_decider(name);
	struct policy *p;

	if (!decide)
		return -ENOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct policy){.decide = decide, .name = strdup(name)};
	if (!p->name) {
		free(p);
		return -ENOMEM;
	}
	p->program = program;
	*ret = p;
	return 0;
}

int policy_open(const char *name, struct policy **ret)
{
	return policy_new(name, NULL, ret);
}

const char *policy_name(const struct policy *p)
{
	return p->name;
}

int policy_decide(struct policy *p, const struct machine *m, const struct domain *d,
		  struct policy_choice *ret, struct strbuf *why)
{
	struct policy_choice made = {.process = SIZE_MAX, .cgroup = MACHINE_NONE};
	int r = p->decide(p, m, d, &made, why);

	if (r < 0) {
		policy_choice_clear(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void policy_choice_clear(struct policy_choice *c)
{
	free(c->killed);
	free(c->why);
	*c = (struct policy_choice){.process = SIZE_MAX, .cgroup = MACHINE_NONE};
}

void policy_close(struct policy *p)
{
	if (!p)
		return;
	policy_program_close(p->program);
	free(p->name);
	free(p);
}
