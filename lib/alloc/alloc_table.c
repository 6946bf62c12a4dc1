#include "alloc/alloc_table.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

const char *const alloc_by_names[] = {"site", "function", "stack", "package", NULL};
const char *const alloc_sort_names[] = {"alloc",  "allocs",   "inuse", "objects", "freed",
					"growth", "survival", "new",   NULL};

/* What rows, and the stacks of a row, are sorted by; their place in the array makes it stable. */
struct order {
	int64_t first, inuse, alloc;
	size_t place;
};

struct entry {
	struct alloc_row row;
	struct order largest; /* of its stacks */
};

struct alloc_table {
	const struct alloc_heap *heap;
	struct alloc_options options;
	struct alloc_groups *groups;
	struct entry *entries; /* for each group */
	size_t entry_count, entry_size;
	struct order *order; /* of the rows that are shown */
	const struct alloc_row **sorted;
	size_t sorted_count, order_size, sorted_size;
	struct alloc_row total;
};

static int parse_name(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -EINVAL;
}

int alloc_by_parse(const char *name, enum alloc_by *ret)
{
	int r = parse_name(alloc_by_names, name);

	if (r >= 0)
		*ret = (enum alloc_by)r;
	return MIN(r, 0);
}

int alloc_sort_parse(const char *name, enum alloc_sort *ret)
{
	int r = parse_name(alloc_sort_names, name);

	if (r >= 0)
		*ret = (enum alloc_sort)r;
	return MIN(r, 0);
}

const char *alloc_owner_key(enum alloc_owner owner)
{
	return owner == ALLOC_OWNER_THREAD	? "thread"
	       : owner == ALLOC_OWNER_GOROUTINE ? "goroutine"
						: NULL;
}

int alloc_table_new(const struct alloc_heap *heap, const struct alloc_options *options,
		    struct alloc_table **ret)
{
	_cleanup_alloc_table_ struct alloc_table *t = calloc(1, sizeof(*t));
	int r = t ? alloc_groups_new(heap, options->by, options->owner != ALLOC_OWNER_NONE,
				     options->filter, &t->groups)
		  : -ENOMEM;

	if (r < 0)
		return r;
	t->heap = heap;
	t->options = *options;
	t->total.frame = (struct heap_frame){"", "", 0};
	*ret = STEAL(t);
	return 0;
}

void alloc_table_free(struct alloc_table *t)
{
	if (!t)
		return;
	alloc_groups_free(t->groups);
	free(t->entries);
	free(t->order);
	free(t->sorted);
	free(t);
}

void alloc_table_freep(struct alloc_table **table)
{
	alloc_table_free(*table);
}

static void add_up(struct alloc_amount *sum, struct alloc_amount more)
{
	if (__builtin_add_overflow(sum->objects, more.objects, &sum->objects))
		sum->objects = more.objects < 0 ? INT64_MIN : INT64_MAX;
	if (__builtin_add_overflow(sum->bytes, more.bytes, &sum->bytes))
		sum->bytes = more.bytes < 0 ? INT64_MIN : INT64_MAX;
}

/* Of counters that only grow: a record caught between two of its words is no reason for less than
 * nothing. */
static int64_t difference(uint64_t more, uint64_t less)
{
	return more <= less ? 0 : (int64_t)MIN(more - less, (uint64_t)INT64_MAX);
}

static struct alloc_amount scale(const struct alloc_heap *heap, const struct alloc_stack *stack,
				 int64_t count)
{
	struct alloc_amount a;

	alloc_heap_scale(heap, stack, count, &a.objects, &a.bytes);
	return a;
}

static struct alloc_amount in_use(const struct alloc_heap *heap, const struct alloc_stack *stack,
				  const struct alloc_counts *counts)
{
	return scale(heap, stack, difference(counts->allocs, counts->frees));
}

/* How much more is in use now than was then; neither is less than nothing. */
static struct alloc_amount grown(const struct alloc_heap *heap, const struct alloc_stack *stack,
				 struct alloc_amount now, const struct alloc_counts *then)
{
	struct alloc_amount before;

	if (stack->now.allocs == then->allocs && stack->now.frees == then->frees)
		return (struct alloc_amount){0};
	before = in_use(heap, stack, then);
	return (struct alloc_amount){now.objects - before.objects, now.bytes - before.bytes};
}

void alloc_stack_measure(const struct alloc_heap *h, const struct alloc_stack *s,
			 struct alloc_row *ret)
{
	ret->inuse = in_use(h, s, &s->now);
	ret->alloc = scale(h, s, difference(s->now.allocs, s->before.allocs));
	ret->freed = scale(h, s, difference(s->now.frees, s->before.frees));
	ret->growth = grown(h, s, ret->inuse, &s->before);
	ret->since_gc = scale(h, s, difference(s->since_gc, 0));
	ret->total = scale(h, s, difference(s->now.allocs, 0));
	ret->watched = scale(h, s, difference(s->now.allocs, s->start.allocs));
	ret->watched_growth = grown(h, s, ret->inuse, &s->start);
}

static void add_row(struct alloc_row *row, const struct alloc_row *more)
{
	add_up(&row->inuse, more->inuse);
	add_up(&row->alloc, more->alloc);
	add_up(&row->freed, more->freed);
	add_up(&row->growth, more->growth);
	add_up(&row->since_gc, more->since_gc);
	add_up(&row->total, more->total);
	add_up(&row->watched, more->watched);
	add_up(&row->watched_growth, more->watched_growth);
	row->stacks++;
}

int alloc_row_survival(const struct alloc_row *row)
{
	double share;

	if (row->total.bytes <= 0)
		return -1;
	share = (double)row->inuse.bytes / (double)row->total.bytes;
	return (int)(MIN(share, 1.0) * 1000 + 0.5);
}

static int64_t weight(const struct alloc_row *row, enum alloc_sort sort)
{
	switch (sort) {
	case ALLOC_SORT_ALLOCS:
		return row->alloc.objects;
	case ALLOC_SORT_INUSE:
		return row->inuse.bytes;
	case ALLOC_SORT_OBJECTS:
		return row->inuse.objects;
	case ALLOC_SORT_FREED:
		return row->freed.bytes;
	case ALLOC_SORT_GROWTH:
		return row->growth.bytes;
	case ALLOC_SORT_SURVIVAL:
		return alloc_row_survival(row);
	case ALLOC_SORT_NEW:
		return row->since_gc.bytes;
	default:
		return row->alloc.bytes;
	}
}

static struct order order_of(const struct alloc_row *row, enum alloc_sort sort, size_t place)
{
	return (struct order){weight(row, sort), row->inuse.bytes, row->alloc.bytes, place};
}

static int compare(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? 1 : -1;
	if (x->inuse != y->inuse)
		return x->inuse < y->inuse ? 1 : -1;
	if (x->alloc != y->alloc)
		return x->alloc < y->alloc ? 1 : -1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int clear_rows(struct alloc_table *t)
{
	const struct alloc_group *groups;
	size_t n = alloc_groups_all(t->groups, &groups);
	int r = array_reserve(&t->entries, &t->entry_size, t->entry_count, n - t->entry_count,
			      sizeof(*t->entries));

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		t->entries[i].row = (struct alloc_row){.id = (uint32_t)i,
						       .frame = groups[i].frame,
						       .owner = groups[i].owner,
						       .largest = groups[i].first};
	t->entry_count = n;
	t->total = (struct alloc_row){.frame = t->total.frame};
	return 0;
}

static void add_to_entry(struct alloc_table *t, struct entry *e, const struct alloc_row *one,
			 size_t stack)
{
	struct order order = order_of(one, t->options.sort, stack);

	if (!e->row.stacks || compare(&order, &e->largest) < 0) {
		e->largest = order;
		e->row.largest = stack;
	}
	add_row(&e->row, one);
}

static void sum_up(struct alloc_table *t)
{
	const struct alloc_stack *stacks;
	struct alloc_row one = {0};
	const uint32_t *group;
	size_t n = alloc_groups_of_stacks(t->groups, &group);

	alloc_heap_stacks(t->heap, &stacks);
	for (size_t i = 0; i < n; i++) {
		if (group[i] == ALLOC_GROUP_NONE)
			continue;
		alloc_stack_measure(t->heap, &stacks[i], &one);
		add_to_entry(t, &t->entries[group[i]], &one, i);
		add_row(&t->total, &one);
	}
}

bool alloc_table_knows_frees(const struct alloc_table *t)
{
	return t->options.owner == ALLOC_OWNER_NONE && !alloc_heap_estimated(t->heap);
}

static bool is_shown(const struct alloc_table *t, const struct alloc_row *row)
{
	/* What is freed is nobody's. */
	if (t->options.owner != ALLOC_OWNER_NONE)
		return row->owner ? row->total.objects : row->alloc.objects;
	return row->inuse.objects || row->alloc.objects || row->freed.objects;
}

static int sort_rows(struct alloc_table *t)
{
	int r = array_reserve(&t->order, &t->order_size, 0, t->entry_count, sizeof(*t->order));
	size_t n = 0;

	if (r == 0)
		r = array_reserve(&t->sorted, &t->sorted_size, 0, t->entry_count,
				  sizeof(*t->sorted));
	if (r < 0)
		return r;
	for (size_t i = 0; i < t->entry_count; i++)
		if (is_shown(t, &t->entries[i].row))
			t->order[n++] = order_of(&t->entries[i].row, t->options.sort, i);
	if (n)
		qsort(t->order, n, sizeof(*t->order), compare);
	for (size_t i = 0; i < n; i++)
		t->sorted[i] = &t->entries[t->order[i].place].row;
	t->sorted_count = n;
	return 0;
}

int alloc_table_update(struct alloc_table *t)
{
	int r = alloc_groups_update(t->groups);

	t->sorted_count = 0; /* they point into what may move */
	if (r == 0)
		r = clear_rows(t);
	if (r < 0)
		return r;
	sum_up(t);
	return sort_rows(t);
}

int alloc_table_sort(struct alloc_table *t, enum alloc_sort sort)
{
	t->options.sort = sort;
	return alloc_table_update(t);
}

size_t alloc_table_rows(const struct alloc_table *t, const struct alloc_row *const **ret)
{
	*ret = t->sorted;
	return t->sorted_count;
}

const struct alloc_row *alloc_table_total(const struct alloc_table *t)
{
	return &t->total;
}

uint32_t alloc_table_row_of(const struct alloc_table *t, size_t i)
{
	const uint32_t *group;

	return i < alloc_groups_of_stacks(t->groups, &group) ? group[i] : ALLOC_GROUP_NONE;
}

bool alloc_table_includes(const struct alloc_table *t, size_t i)
{
	return alloc_table_row_of(t, i) != ALLOC_GROUP_NONE;
}

const struct alloc_heap *alloc_table_heap(const struct alloc_table *t)
{
	return t->heap;
}

const struct alloc_options *alloc_table_options(const struct alloc_table *t)
{
	return &t->options;
}

uint64_t alloc_table_interval_ns(const struct alloc_table *t)
{
	const struct alloc_times *times = alloc_heap_times(t->heap);

	return times->now_ns - times->before_ns;
}

int64_t alloc_table_per_second(const struct alloc_table *t, int64_t amount)
{
	uint64_t interval_ns = alloc_table_interval_ns(t);
	double rate = interval_ns ? (double)amount * 1e9 / (double)interval_ns : 0;

	if (rate >= (double)INT64_MAX)
		return INT64_MAX;
	return rate <= (double)INT64_MIN ? INT64_MIN : (int64_t)(rate + (rate < 0 ? -0.5 : 0.5));
}

const struct heap_frame *alloc_row_frame(const struct alloc_table *t, const struct alloc_row *row,
					 uint32_t i)
{
	const struct alloc_stack *stacks;

	if (row->largest >= alloc_heap_stacks(t->heap, &stacks) || i >= stacks[row->largest].depth)
		return NULL;
	return &alloc_heap_frame(t->heap, &stacks[row->largest], i)->frame;
}
