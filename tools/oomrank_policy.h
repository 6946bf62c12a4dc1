/* oomrank --policy and --compare: who would die under another policy. */
#pragma once

#include <stdbool.h>

#include "app/options.h"
#include "rank/policy.h"

struct oomrank_policies;

/* What is asked for on the command line. */
struct oomrank_policy_options {
	struct option_texts names;
	bool compare; /* all, beside each other */
};

/* Do they go together? 0, or -EINVAL with the reason in WHY. */
int oomrank_policies_check(const struct oomrank_policy_options *options,
			   const struct common_options *common, struct strbuf *why);

/* --ebpf: print the text of the policy as it would be compiled. The exit status. */
int oomrank_policy_print(const struct oomrank_policy_options *options,
			 const struct common_options *common);

/*
 * Find, read and compile those that are asked for. 0, or -errno with the reason in WHY: -EPERM,
 * -ENOSYS, -EOPNOTSUPP: not permitted, or not in this kernel. TOLD: what is odd about a text.
 */
int oomrank_policies_open(const struct oomrank_policy_options *options,
			  const struct common_options *common, struct oomrank_policies **ret,
			  struct strbuf *why);

/* Let them decide and append it. ROWS of those that die, 0: all. 0 or -errno, why in WHY. */
int oomrank_policies_put(const struct oomrank_policies *policies, const struct machine *m,
			 const struct domain *d, const struct common_options *common, uint64_t rows,
			 struct strbuf *out, struct strbuf *why);

/* NULL is fine. */
void oomrank_policies_close(struct oomrank_policies *policies);

/* All names that --policy takes, a line each. */
void oomrank_policy_names(struct strbuf *out);
