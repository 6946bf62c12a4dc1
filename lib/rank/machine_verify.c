#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "rank/ranking.h"

/* The score that PAGES more (or less) in its memory would make. */
static int32_t score(int64_t points, int64_t pages, uint64_t total_pages)
{
	return ranking_oom_score(points == INT64_MIN ? points : points + pages, total_pages);
}

int machine_verify(const struct machine *m, struct machine_mismatch **ret, size_t *ret_count,
		   size_t *ret_compared)
{
	_cleanup_free_ struct machine_mismatch *list = NULL;
	size_t capacity = 0, n = 0, compared = 0;
	struct domain all;

	domain_of_machine(m, &all);
	for (size_t i = 0; i < m->n_processes; i++) {
		const struct machine_process *p = &m->processes[i];
		const int64_t doubt = (int64_t)(m->doubt_pages + p->doubt_pages);
		enum ranking_reason reason;
		int64_t points, adj;

		if (p->unseen || p->oom_score < 0)
			continue;
		compared++;
		points = ranking_badness(m, p, all.total_pages, &adj, &reason);
		if (p->oom_score >= score(points, -doubt, all.total_pages) &&
		    p->oom_score <= score(points, doubt, all.total_pages))
			continue;
		if (array_reserve(&list, &capacity, n, 1, sizeof(*list)) < 0)
			return -ENOMEM;
		list[n++] = (struct machine_mismatch){i, p->oom_score,
						      ranking_oom_score(points, all.total_pages)};
	}
	*ret = STEAL(list);
	*ret_count = n;
	*ret_compared = compared;
	return 0;
}
