/* Whom policies would choose, told: one by itself, or several beside each other. */
#pragma once

#include "base/strbuf.h"
#include "rank/policy.h"

struct policy_result {
	const char *name;
	const char *summary; /* what it goes by; NULL: not known */
	struct policy_choice choice;
};

/* A block of lines that begin with "OOM:"; at most ROWS of those that die (0: all). 0 or -ENOMEM.
 */
int policy_report(const struct machine *m, const struct domain *d,
		  const struct policy_result *result, uint64_t rows, struct strbuf *out);

/* A table, with lines of WIDTH characters (0: not cut). 0 or -ENOMEM. */
int policy_table(const struct machine *m, const struct domain *d,
		 const struct policy_result *results, size_t n, int width, struct strbuf *out);

/* One JSON object. 0 or -ENOMEM. */
int policy_json(const struct machine *m, const struct domain *d, const struct policy_result *result,
		struct strbuf *out);
