#include "rate/growth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "proc/cgroup_memory.h"
#include "proc/container.h"
#include "rate/cgroup_names.h"

#define NEARLY_ALL 0.9 /* of an interval: then all was counted */

struct growth {
	uint64_t page_bytes;
	struct rate_reading before, now;
	struct rate_counts counts;
	struct cgroup_names names;
	struct rate_row *rows;
	size_t n_rows, capacity;
};

void rate_counts_clear(struct rate_counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->list[i].more);
	free(c->list);
	*c = (struct rate_counts){0};
}

int64_t rate_row_resident(const struct rate_row *row)
{
	return row->bytes[RATE_ANON] + row->bytes[RATE_FILE] + row->bytes[RATE_SHMEM];
}

double rate_row_growth(const struct rate_row *row)
{
	return row->growth[RATE_ANON] + row->growth[RATE_FILE] + row->growth[RATE_SHMEM];
}

int growth_new(uint64_t page_bytes, struct growth **ret)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->page_bytes = page_bytes;
	return 0;
}

void rate_row_clear(struct rate_row *row)
{
	free(row->own_cgroup);
	free(row->container);
	free(row->more);
	free(row->limit.name);
	*row = (struct rate_row){0};
}

static void forget_rows(struct growth *g)
{
	for (size_t i = 0; i < g->n_rows; i++)
		rate_row_clear(&g->rows[i]);
	g->n_rows = 0;
}

void growth_free(struct growth *g)
{
	if (!g)
		return;
	forget_rows(g);
	free(g->rows);
	rate_reading_clear(&g->before);
	rate_reading_clear(&g->now);
	rate_counts_clear(&g->counts);
	cgroup_names_clear(&g->names);
	free(g);
}

static int count_order(const void *a, const void *b)
{
	const struct memrate_key *x = &((const struct rate_count *)a)->key;
	const struct memrate_key *y = &((const struct rate_count *)b)->key;

	if (x->pid != y->pid)
		return x->pid > y->pid ? 1 : -1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

int growth_update(struct growth *g, struct rate_reading *reading, struct rate_counts *counts)
{
	forget_rows(g);
	rate_reading_clear(&g->before);
	rate_counts_clear(&g->counts);
	cgroup_names_forget(&g->names);
	g->before = g->now;
	g->now = *reading;
	*reading = (struct rate_reading){0};
	if (!counts)
		return 0;
	g->counts = *counts;
	*counts = (struct rate_counts){0};
	if (g->counts.n)
		qsort(g->counts.list, g->counts.n, sizeof(*g->counts.list), count_order);
	return 0;
}

bool growth_is_first(const struct growth *g)
{
	return !g->before.time_ns;
}

double growth_seconds(const struct growth *g)
{
	return growth_is_first(g) ? 0 : (double)(g->now.time_ns - g->before.time_ns) / 1e9;
}

const struct rate_process *growth_before(const struct growth *g, pid_t pid, uint64_t start_ns)
{
	return rate_reading_find(&g->now, pid, start_ns);
}

static const char *cgroup_of(struct growth *g, const struct rate_process *p)
{
	const char *path = p->cgroup ? p->cgroup : cgroup_names_get(&g->names, p->cgroup_id);

	return path && *path ? path : NULL;
}

static bool is_wanted(struct growth *g, const struct growth_filter *f, const struct rate_process *p)
{
	const char *cgroup = f->cgroup ? cgroup_of(g, p) : NULL;
	bool named = !f->n_pids;

	for (size_t i = 0; i < f->n_pids && !named; i++)
		named = f->pids[i] == (uint64_t)p->pid;
	if (!named || (f->comm && strcmp(f->comm, p->comm) != 0))
		return false;
	return !f->cgroup || (cgroup && cgroup_is_below(cgroup, f->cgroup));
}

int growth_each_cgroup(struct growth *g, const struct growth_filter *filter,
		       int (*visit)(const char *path, void *user), void *user)
{
	const char *last = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->now.n; i++) {
		const struct rate_process *p = &g->now.list[i];
		const char *path = cgroup_of(g, p);

		if (!path || path == last || (filter && !is_wanted(g, filter, p)))
			continue;
		r = visit(path, user);
		last = path;
	}
	return r;
}

static double per_second(const struct growth *g, double change)
{
	double seconds = growth_seconds(g);

	return seconds > 0 ? change / seconds : NAN;
}

/* Sizes, and what has become of them. One that was not there before has come to all it has. */
static void add_sizes(struct growth *g, struct rate_row *row, const struct rate_process *p)
{
	const struct rate_process *q = rate_reading_find(&g->before, p->pid, p->start_ns);
	bool began = !q && !growth_is_first(g);

	row->is_new = began;
	for (int k = 0; k < RATE_KINDS && !p->is_sharing; k++) {
		row->bytes[k] += p->bytes[k];
		row->growth[k] +=
			q || began ? per_second(g, (double)(p->bytes[k] - (q ? q->bytes[k] : 0)))
				   : NAN;
	}
	row->faults +=
		q || began ? per_second(g, (double)(p->minor_faults + p->major_faults -
						    (q ? q->minor_faults + q->major_faults : 0)))
			   : NAN;
	row->major_faults +=
		q || began ? per_second(g, (double)(p->major_faults - (q ? q->major_faults : 0)))
			   : NAN;
}

static void subtract_ended(const struct growth *g, struct rate_row *row,
			   const struct rate_process *q)
{
	for (int k = 0; k < RATE_KINDS && !q->is_sharing; k++)
		row->growth[k] += per_second(g, -(double)q->bytes[k]);
}

/*
 * Is nothing known of what it allocates, though others were counted? It was seen to allocate
 * nothing, and has run, but not so long that it must have run when allocations were counted, too.
 */
static bool is_missed(const struct growth *g, const struct rate_process *p)
{
	const struct rate_process *q = rate_reading_find(&g->before, p->pid, p->start_ns);
	uint64_t before = q ? q->cpu_ns : 0;
	double ran = p->cpu_ns > before ? (double)(p->cpu_ns - before) / 1e9 : 0;
	double all = growth_seconds(g), counted = g->counts.seconds;

	return ran > 0 && ran < all - counted / 2 && counted < all * NEARLY_ALL;
}

static int add_counts(const struct growth *g, struct rate_row *row, const struct rate_process *p)
{
	const struct rate_counts *c = &g->counts;
	struct rate_count key = {.key = {.pid = (uint32_t)p->pid, .start_ns = p->start_ns}};
	const struct rate_count *found =
		c->n ? bsearch(&key, c->list, c->n, sizeof(*c->list), count_order) : NULL;
	double s = c->seconds > 0 ? c->seconds : NAN;
	double pages = c->has_pages ? (double)g->page_bytes / s : NAN;
	double slab = c->has_slab ? 1 / s : NAN;

	row->is_seen = row->is_seen || found;
	row->is_missed = row->is_missed || (!found && is_missed(g, p));
	if (!found)
		found = &key;
	row->page_bytes += (double)found->count.pages * pages;
	row->freed_bytes += (double)found->count.pages_freed * pages;
	row->slab_bytes += (double)found->count.slab_bytes * slab;
	row->slab_allocs += (double)found->count.slab_allocs * slab;
	row->slab_frees += (double)found->count.slab_frees * slab;
	if (c->n_more && !row->more)
		row->more = calloc(c->n_more, sizeof(double));
	if (c->n_more && !row->more)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_more; i++)
		row->more[i] += (found->more ? found->more[i] : 0) / s;
	return 0;
}

/* Who ran was not seen: that is not nothing. */
static void know_no_counts(const struct growth *g, struct rate_row *row)
{
	row->page_bytes = row->freed_bytes = NAN;
	row->slab_bytes = row->slab_allocs = row->slab_frees = NAN;
	for (size_t i = 0; row->more && i < g->counts.n_more; i++)
		row->more[i] = NAN;
}

/* A new row at the end. */
static struct rate_row *new_row(struct growth *g)
{
	struct rate_row *row;

	if (array_reserve(&g->rows, &g->capacity, g->n_rows, 1, sizeof(*g->rows)) < 0)
		return NULL;
	row = &g->rows[g->n_rows++];
	*row = (struct rate_row){0};
	return row;
}

/* What groups are told apart by: the cgroup's path, or the container's id; "" for none. */
static const char *group_key(enum rate_by by, const char *cgroup, struct container *c)
{
	*c = (struct container){0};
	if (!cgroup)
		return "";
	if (by == RATE_BY_CGROUP)
		return cgroup;
	container_of_path(cgroup, c);
	return c->id;
}

static bool is_group(const struct rate_row *row, enum rate_by by, const char *key)
{
	const char *own = by == RATE_BY_CGROUP ? row->cgroup : row->container;

	return !strcmp(own ? own : "", key);
}

/* The row of the process's group; made if there is none. NULL: no memory. */
static struct rate_row *group_row(struct growth *g, enum rate_by by, const struct rate_process *p)
{
	const char *cgroup = cgroup_of(g, p);
	struct container container;
	const char *key = group_key(by, cgroup, &container);
	struct rate_row *row;

	for (size_t i = 0; i < g->n_rows; i++)
		if (is_group(&g->rows[i], by, key))
			return &g->rows[i];
	row = new_row(g);
	if (!row)
		return NULL;
	row->cgroup = by == RATE_BY_CGROUP || *key ? cgroup : NULL;
	row->runtime = container.runtime;
	if (by == RATE_BY_CONTAINER && *key) {
		row->container = strdup(key);
		return row->container ? row : NULL;
	}
	return row;
}

static struct rate_row *process_row(struct growth *g, const struct rate_process *p)
{
	const char *cgroup = cgroup_of(g, p);
	struct rate_row *row = new_row(g);
	struct container container = {0};

	if (!row)
		return NULL;
	row->pid = p->pid;
	memcpy(row->comm, p->comm, sizeof(row->comm));
	row->cgroup = cgroup;
	if (cgroup)
		container_of_path(cgroup, &container);
	row->runtime = container.runtime;
	if (*container.id && !(row->container = strdup(container.id)))
		return NULL;
	return row;
}

/* Threads of the kernel have no sizes: a row is for those that allocate. */
static bool is_idle(const struct rate_row *row)
{
	return !(row->page_bytes > 0 || row->slab_bytes > 0 || row->slab_frees > 0);
}

static int add_process(struct growth *g, enum rate_by by, const struct rate_process *p)
{
	struct rate_row *row = by == RATE_BY_PROCESS ? process_row(g, p) : group_row(g, by, p);
	int r;

	if (!row)
		return -ENOMEM;
	row->processes += !p->is_kernel_thread;
	add_sizes(g, row, p);
	r = add_counts(g, row, p);
	if (r == 0 && p->is_kernel_thread && by == RATE_BY_PROCESS && is_idle(row)) {
		rate_row_clear(row);
		g->n_rows--;
	}
	return r;
}

int growth_rows(struct growth *g, enum rate_by by, const struct growth_filter *filter,
		struct rate_row **ret, size_t *ret_n)
{
	int r = 0;

	forget_rows(g);
	for (size_t i = 0; r == 0 && i < g->now.n; i++)
		if (is_wanted(g, filter, &g->now.list[i]))
			r = add_process(g, by, &g->now.list[i]);
	for (size_t i = 0; r == 0 && by != RATE_BY_PROCESS && i < g->before.n; i++) {
		const struct rate_process *q = &g->before.list[i];
		struct rate_row *row;

		if (!is_wanted(g, filter, q) || rate_reading_find(&g->now, q->pid, q->start_ns))
			continue;
		row = group_row(g, by, q);
		if (!row)
			r = -ENOMEM;
		else
			subtract_ended(g, row, q);
	}
	for (size_t i = 0; i < g->n_rows; i++)
		if (g->rows[i].is_missed && !g->rows[i].is_seen)
			know_no_counts(g, &g->rows[i]);
	*ret = g->rows;
	*ret_n = g->n_rows;
	return r;
}
