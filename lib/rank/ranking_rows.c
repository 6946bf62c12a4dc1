/* The order in which a ranking is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rank/ranking_internal.h"

#define NEXTS 3

struct place {
	const struct ranking_row *row;
	size_t position; /* in which the kernel looks at it */
	unsigned int part;
	uint64_t pages; /* of the skipped, whom nothing adjusts */
};

enum part { PART_BEFORE, PART_KILL, PART_WITH, PART_RANKED, PART_SKIPPED };

/* Would it be looked at by the kernel at all, or is it no program of anybody's? */
static bool is_candidate(const struct ranking_row *row)
{
	return row->reason != RANKING_KERNEL_THREAD && row->reason != RANKING_NO_MM;
}

static enum part part_of(const struct ranking_row *row, uint64_t pages, uint64_t chosen_pages)
{
	switch (row->verdict) {
	case RANKING_KILL:
		return PART_KILL;
	case RANKING_WITH:
		return PART_WITH;
	case RANKING_SKIP:
		return is_candidate(row) && pages && pages >= chosen_pages ? PART_BEFORE
									   : PART_SKIPPED;
	default:
		return PART_RANKED;
	}
}

/* Of two with as many points the kernel takes the one that it sees later. */
static int is_below(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->part == PART_RANKED && x->row->points != y->row->points)
		return x->row->points > y->row->points ? -1 : 1;
	if (x->part != PART_RANKED && x->pages != y->pages)
		return x->pages > y->pages ? -1 : 1;
	if (x->position != y->position)
		return (x->position > y->position) == (x->part == PART_RANKED) ? -1 : 1;
	return 0;
}

static void number(struct ranking *r)
{
	uint64_t rank = 0;
	size_t nexts = 0;

	r->victim = SIZE_MAX;
	for (size_t i = 0; i < r->n_rows; i++) {
		struct ranking_row *row = &r->rows[i];

		if (row->verdict == RANKING_KILL)
			r->victim = i;
		else if (row->verdict != RANKING_RANK)
			continue;
		else if (nexts++ < NEXTS)
			row->verdict = RANKING_NEXT;
		row->rank = ++rank;
	}
}

static uint64_t pages_of_chosen(const struct machine *m, const struct ranking *r)
{
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i].verdict == RANKING_KILL)
			return machine_pages(m, &m->processes[r->rows[i].process].task);
	return UINT64_MAX;
}

int ranking_order(const struct machine *m, struct ranking *r)
{
	const uint64_t chosen = pages_of_chosen(m, r);
	_cleanup_free_ struct place *places = calloc(r->n_rows ? r->n_rows : 1, sizeof(*places));
	struct ranking_row *rows = calloc(r->n_rows ? r->n_rows : 1, sizeof(*rows));

	if (!places || !rows) {
		free(rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		struct place *p = &places[i];

		p->row = &r->rows[i];
		p->position = i;
		p->pages = machine_pages(m, &m->processes[p->row->process].task);
		p->part = part_of(p->row, p->pages, chosen);
	}
	qsort(places, r->n_rows, sizeof(*places), is_below);
	for (size_t i = 0; i < r->n_rows; i++)
		rows[i] = *places[i].row;
	free(r->rows);
	r->rows = rows;
	number(r);
	return 0;
}
