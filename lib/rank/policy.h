/*
 * What if the policy were another: who would die in a domain under the kernel's own rule, under
 * that of user-space OOM daemons, under one written as BPF C text. Simulation on one snapshot:
 * nobody is killed.
 */
#pragma once

#include "bpf/source_map.h"
#include "rank/ranking.h"

struct policy; /* one that is ready to decide */

/* "kernel", "rss", "largest-cgroup", "oomd", "earlyoom"; NULL at the end. Anything else is a file.
 */
extern const char *const policy_names[];
/* One line each, what it goes by. */
extern const char *const policy_summaries[];

struct policy_choice {
	size_t process; /* SIZE_MAX: nobody; of a cgroup the largest */
	/* Who would die: indices of processes; a policy may kill a whole cgroup. */
	size_t *killed;
	size_t n_killed;
	uint32_t cgroup; /* killed whole; MACHINE_NONE: a process was chosen */
	uint64_t frees_bytes;
	char *why; /* "rss 512.0M", "score 812"; or why nobody is. Foreign text is harmless. */
};

/* 0 or -errno. The choice is released by policy_choice_clear(). */
int policy_decide(struct policy *p, const struct machine *m, const struct domain *d,
		  struct policy_choice *ret, struct strbuf *why);
void policy_choice_clear(struct policy_choice *c);

/* One of the names. 0, -ENOENT. */
int policy_open(const char *name, struct policy **ret);

/*
 * One written as BPF C text (bpf-src/oompolicy.h), as it was joined (policy_text.h): it is compiled
 * and loaded now. 0, or -errno as of tracer_start(), with the reason in WHY: file and line where
 * the text is at fault.
 */
struct policy_source {
	const char *name;
	struct source text;
	const char *tool, *version;
	bool kernel_headers;
	void (*log)(const char *message, void *data); /* may be NULL */
	void *data;
};
int policy_open_text(const struct policy_source *source, struct policy **ret, struct strbuf *why);
const char *policy_name(const struct policy *p);
void policy_close(struct policy *p);
