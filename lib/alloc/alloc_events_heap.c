/* From what the probe has counted to the numbers of a heap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/alloc_events_internal.h"
#include "alloc/refill_stack.h"
#include "base/macro.h"
#include "go/heap_buckets.h"
#include "proc/clock.h"

/* As often the first numbers are read anew where the program allocates meanwhile. */
#define TRIES 4

static uint64_t since_gc(const struct event_target *t, const struct goalloctop_count *count)
{
	return count->cycle == t->state.cycle ? count->allocs - MIN(count->at_gc, count->allocs)
					      : 0;
}

struct new_bucket {
	struct alloc_heap *heap;
	uint64_t address, owner;
	struct alloc_stack *stack;
};

static int add_bucket(void *context, const struct heap_bucket *bucket)
{
	struct new_bucket *new = context;

	return alloc_heap_add(new->heap, new->address, new->owner, bucket->size, bucket->stack,
			      bucket->held, &new->stack);
}

/* A bucket's stack and size never change: read once, where it lies. */
static int read_bucket(struct event_target *t, uint64_t address, uint64_t owner,
		       struct alloc_stack **ret)
{
	struct new_bucket new = {.heap = t->heap, .address = address, .owner = owner};
	struct heap_walk walk;
	int r = heap_walk(&t->reader, address, t->binary->record_size, 1, add_bucket, &new, &walk);

	if (r < 0)
		return r;
	if (!new.stack)
		return -ENOENT;
	*ret = new.stack;
	return 0;
}

int event_stack(struct alloc_events *e, struct event_target *t, const struct goalloctop_site *site,
		struct alloc_stack **ret)
{
	uint64_t key = site->size ? refill_key(site->stack, site->size) : site->stack;
	struct alloc_stack *found = alloc_heap_find(t->heap, key, site->owner);

	if (found) {
		*ret = found;
		return 0;
	}
	if (!site->size)
		return read_bucket(t, key, site->owner, ret);
	if (!t->refills) {
		int r = refill_stacks_new(t->binary, t->bias, &t->refills);

		if (r < 0)
			return r;
	}
	return refill_stack_add(t->refills, e->stacks_fd, site, t->heap, ret);
}

static void set_numbers(const struct event_target *t, const struct event_site *site,
			struct alloc_stack *stack, const struct alloc_stack *all)
{
	size_t i = (size_t)(stack - all);
	struct event_base none = {0};
	const struct event_base *base = i < t->base_count ? &t->bases[i] : &none;

	stack->now.allocs = base->allocs + site->count.allocs;
	stack->now.frees = base->frees + site->count.frees;
	stack->since_gc += since_gc(t, &site->count);
}

/* What was allocated before the probes were there, in the cycle that still lasts. */
static void set_since_gc(const struct event_target *t)
{
	const struct alloc_stack *all;
	size_t n = alloc_heap_stacks(t->heap, &all);

	for (size_t i = 0; i < MIN(n, t->base_count); i++)
		if (t->bases[i].since_gc && t->base_cycle == t->state.cycle) {
			struct alloc_stack *s = alloc_heap_find(t->heap, all[i].key, all[i].owner);

			s->since_gc = t->bases[i].since_gc;
		}
}

int event_heap_update(struct alloc_events *e, struct event_target *t)
{
	struct alloc_gaps gaps = {.lost = t->state.lost_sites + t->state.lost_stacks};
	int r = 0;

	alloc_heap_begin(t->heap, clock_monotonic_ns());
	if (e->config.mode == ALLOC_EVENTS_REFILLS) {
		alloc_heap_set_rate(t->heap, 1);
		alloc_heap_set_estimated(t->heap);
	}
	set_since_gc(t);
	for (size_t i = 0; i < t->site_count && r == 0; i++) {
		struct alloc_stack *stack;
		const struct alloc_stack *all;

		r = event_stack(e, t, &t->sites[i].site, &stack);
		if (r == 0) {
			alloc_heap_stacks(t->heap, &all);
			set_numbers(t, &t->sites[i], stack, all);
		} else if (r != -ENOMEM) {
			gaps.unreadable++;
			r = 0;
		}
	}
	alloc_heap_end(t->heap);
	alloc_heap_set_gaps(t->heap, &gaps);
	return r;
}

/* What was counted while the snapshot was taken may or may not be in it. */
static uint64_t counted(const struct event_target *t)
{
	uint64_t sum = t->state.cycle;

	for (size_t i = 0; i < t->site_count; i++)
		sum += t->sites[i].count.allocs + t->sites[i].count.frees;
	return sum;
}

static void subtract(uint64_t *from, uint64_t n)
{
	*from -= MIN(*from, n);
}

/* The snapshot's numbers less what the probe has counted by then: what was before. */
static int keep_bases(struct event_target *t)
{
	const struct alloc_stack *all;
	size_t n = alloc_heap_stacks(t->heap, &all);
	struct event_base *bases = calloc(MAX(n, (size_t)1), sizeof(*bases));

	if (!bases)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		bases[i] =
			(struct event_base){all[i].now.allocs, all[i].now.frees, all[i].since_gc};
	for (size_t i = 0; i < t->site_count; i++) {
		const struct event_site *s = &t->sites[i];
		const struct alloc_stack *stack = alloc_heap_find(t->heap, s->site.stack, 0);

		if (!stack)
			continue;
		subtract(&bases[stack - all].allocs, s->count.allocs);
		subtract(&bases[stack - all].frees, s->count.frees);
		subtract(&bases[stack - all].since_gc, since_gc(t, &s->count));
	}
	free(t->bases);
	t->bases = bases;
	t->base_count = n;
	t->base_cycle = t->state.cycle;
	return 0;
}

int event_heap_begin(struct alloc_events *e, struct event_target *t, struct heap_snapshot *snapshot,
		     struct memory_blocks *blocks)
{
	uint64_t before;
	int r = event_sites_read(e, t->pid);

	for (int i = 0; i < TRIES && r == 0; i++) {
		before = counted(t);
		r = heap_snapshot_read(snapshot, &t->reader, blocks, t->heap);
		if (r == 0)
			r = event_sites_read(e, t->pid);
		if (r == 0 && counted(t) == before)
			break;
	}
	return r < 0 ? r : keep_bases(t);
}
