/* All OOM domains of a machine beside each other: how full each is, and who would die there. */
#pragma once

#include "base/strbuf.h"
#include "rank/rank_view.h"

struct rank_domain {
	struct ranking ranking; /* with the domain itself */
	double full;		/* share of the limit that is used, 0 to 1 */
};

/* The machine and every cgroup that has a limit of its own, the fullest first. 0 or -ENOMEM. */
int rank_domains(const struct machine *m, struct rank_domain **ret, size_t *ret_n);
void rank_domains_free(struct rank_domain *domains, size_t n);

/* As a table, with lines of WIDTH characters (0: not cut). 0 or -ENOMEM. */
int rank_domains_text(const struct rank_view *v, const struct rank_domain *domains, size_t n,
		      int width, struct strbuf *out);

/* One JSON object each. 0 or -ENOMEM. */
int rank_domains_json(const struct rank_view *v, const struct rank_domain *domains, size_t n,
		      struct strbuf *out);
