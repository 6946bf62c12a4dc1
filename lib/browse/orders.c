#include "browse/browser_internal.h"

/* In the order of enum program_sort. */
static const struct browser_order programs[] = {
	{'A', "ALLOC/s", "bytes allocated per second"},
	{'O', "OBJS/s", "objects allocated per second"},
	{'H', "HEAP", "heap in use"},
	{'M', "RSS", "resident memory"},
	{'C', "GCS", "collections in the interval"},
	{'G', "GOROS", "goroutines"},
	{'F', "FULL%", "how full its cgroup is"},
	{'N', "PID", "process number"},
};

/* In the order of enum alloc_sort. */
static const struct browser_order sites[] = {
	{'A', "ALLOC/s", "bytes allocated per second"},
	{'O', "OBJS/s", "objects allocated per second"},
	{'U', "INUSE", "bytes in use"},
	{'N', "OBJS", "objects in use"},
	{'F', "FREED/s", "bytes freed per second"},
	{'G', "GROWTH", "growth of what is in use"},
	{'S', "SURV%", "share that is still in use"},
	{'W', "NEW", "allocated since the last collection"},
};

_Static_assert(ARRAY_SIZE(programs) == PROGRAM_SORT_PID + 1, "one for each order");
_Static_assert(ARRAY_SIZE(sites) == ALLOC_SORT_COUNT, "one for each order");

size_t browser_orders(const struct browser *b, const struct browser_order **ret, size_t *ret_now)
{
	if (b->level == LEVEL_PROGRAMS) {
		*ret = programs;
		*ret_now = (size_t)b->config.sort;
		return ARRAY_SIZE(programs);
	}
	*ret = sites;
	*ret_now = (size_t)b->config.alloc.sort;
	return ARRAY_SIZE(sites);
}

/* Some sources do not know what is freed. */
static bool is_known(const struct browser *b, enum alloc_sort sort)
{
	return sort == ALLOC_SORT_ALLOC || sort == ALLOC_SORT_ALLOCS || sort == ALLOC_SORT_NEW ||
	       !b->program || !b->program->table || alloc_table_knows_frees(b->program->table);
}

/* < and > pass by what is not known. */
int browser_sort_beside(struct browser *b, int step)
{
	const struct browser_order *orders;
	size_t now, n = browser_orders(b, &orders, &now);

	do
		now = (now + n + (size_t)step) % n;
	while (b->level != LEVEL_PROGRAMS && !is_known(b, (enum alloc_sort)now));
	return browser_sort_by(b, now);
}

int browser_sort_by(struct browser *b, size_t order)
{
	int r = 0;

	if (b->level == LEVEL_PROGRAMS) {
		b->config.sort = (enum program_sort)order;
		return 0;
	}
	if (!is_known(b, (enum alloc_sort)order)) {
		browser_say(b, "what is freed is not known this way, so there is no such column");
		return 0;
	}
	b->config.alloc.sort = (enum alloc_sort)order;
	if (b->program && b->program->table)
		r = alloc_table_sort(b->program->table, b->config.alloc.sort);
	if (r == 0 && b->stacks)
		r = alloc_table_sort(b->stacks, b->config.alloc.sort);
	return r;
}
