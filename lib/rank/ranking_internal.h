/* Steps of a ranking; for ranking*.c only. */
#pragma once

#include "rank/ranking.h"

/*
 * A row for each process of the domain, in the order in which the kernel looks at them: points,
 * reasons, skip or rank. 0 or -ENOMEM.
 */
int ranking_list(const struct machine *m, struct ranking *r);

/* The row that the kernel chooses from those; SIZE_MAX: none. */
size_t ranking_choose(struct ranking *r);

/* Row VICTIM is killed: mark it and who dies with it, and what that frees. 0 or -ENOMEM. */
int ranking_kill(const struct machine *m, struct ranking *r, size_t victim);

/* What the death of each row's process would give back. */
void ranking_frees(const struct machine *m, struct ranking *r);

static inline bool ranking_dies(const struct ranking_row *row)
{
	return row->verdict == RANKING_KILL || row->verdict == RANKING_WITH;
}

/* Ranks, and the rows into their final order. 0 or -ENOMEM. */
int ranking_order(const struct machine *m, struct ranking *r);
