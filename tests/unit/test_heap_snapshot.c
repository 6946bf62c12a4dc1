/* Snapshots of a program's buckets: what grows, what cannot be read, what is broken, what ends. */
#include "unit/unit.h"

#include <errno.h>

#include "alloc/heap_snapshot.h"
#include "tiny_bucket.h"
#include "tiny_go.h"

#define BIAS 0x10000000ull
#define VARIABLES (TINY_GO_MBUCKETS + BIAS)
#define LIST 0x7f0000010000ull
#define STEP 512 /* bytes from one bucket to the next */
#define BUCKETS 256
#define RECORD 32

static const uint64_t stack[] = {BIAS + TINY_GO_CALL + 1, BIAS + TINY_GO_GOEXIT + 1};

/* A process: the runtime's variables, and buckets, each at its place. */
struct fixture {
	struct {
		uint64_t mbuckets, rate, cycle;
	} variables;
	uint64_t buckets[BUCKETS * STEP / 8];
	uint64_t hole;	/* the page that cannot be read */
	int error;	/* of all reading */
	int collect_at; /* a collection ends with so many reads from now */
	int collections;

	struct heap_reader reader;
	struct memory_blocks *blocks;
	struct go_binary *binary;
	struct heap_snapshot *snapshot;
	struct alloc_heap *heap;
};

static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t n)
{
	struct fixture *f = context;
	uint64_t end = LIST + sizeof(f->buckets);

	if (f->collect_at && --f->collect_at == 0 && f->collections-- > 0) {
		f->variables.cycle += 2;
		f->collect_at = f->collections ? 3 : 0;
	}
	if (f->error)
		return f->error;
	if (address >= VARIABLES && address + n <= VARIABLES + sizeof(f->variables)) {
		memcpy(buffer, (char *)&f->variables + (address - VARIABLES), n);
		return (ssize_t)n;
	}
	if (address < LIST || address >= end || (f->hole && address / 4096 == f->hole / 4096))
		return -EFAULT;
	if (f->hole > address)
		end = f->hole & ~4095ull;
	n = MIN(n, end - address);
	memcpy(buffer, (char *)f->buckets + (address - LIST), n);
	return (ssize_t)n;
}

static uint64_t *records_of(struct fixture *f, size_t i)
{
	return f->buckets + i * STEP / 8 + 6 + ARRAY_SIZE(stack);
}

/* Objects of 64 bytes: ALLOCS in active, FREES in future[0]. */
static void count(struct fixture *f, size_t i, uint64_t allocs, uint64_t frees)
{
	records_of(f, i)[0] = allocs;
	records_of(f, i)[2] = allocs * 64;
	records_of(f, i)[5] = frees;
	records_of(f, i)[7] = frees * 64;
}

/* Put number I at the head of the list. */
static void push(struct fixture *f, size_t i, uint64_t allocs)
{
	tiny_bucket(f->buckets + i * STEP / 8, f->variables.mbuckets, 64, stack, ARRAY_SIZE(stack));
	memset(records_of(f, i), 0, 4 * RECORD);
	count(f, i, allocs, 0);
	f->variables.mbuckets = LIST + i * STEP;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->binary = tiny_go_open(24);
	f->binary->mbuckets = TINY_GO_MBUCKETS;
	f->binary->mem_profile_rate = TINY_GO_MBUCKETS + 8;
	f->binary->mprof_cycle = TINY_GO_MBUCKETS + 16;
	f->variables.rate = 1;
	f->variables.cycle = 7 << 1 | 1;
	f->reader = (struct heap_reader){read_memory, f};
	*state = f;
	assert_int_equal(memory_blocks_new(&f->blocks), 0);
	assert_int_equal(alloc_heap_new(f->binary, BIAS, &f->heap), 0);
	return heap_snapshot_new(f->binary, BIAS, &f->snapshot);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	heap_snapshot_free(f->snapshot);
	alloc_heap_free(f->heap);
	memory_blocks_free(f->blocks);
	go_binary_close(f->binary);
	free(f);
	return 0;
}

static int read_it(struct fixture *f)
{
	return heap_snapshot_read(f->snapshot, &f->reader, f->blocks, f->heap);
}

static const struct heap_sums *sums_of(struct fixture *f)
{
	return heap_snapshot_sums(f->snapshot);
}

static const struct alloc_stack *stack_of(struct fixture *f, size_t i)
{
	const struct alloc_stack *s = alloc_heap_find(f->heap, LIST + i * STEP, 0);

	assert_non_null(s);
	return s;
}

static size_t stacks(struct fixture *f)
{
	const struct alloc_stack *all;

	return alloc_heap_stacks(f->heap, &all);
}

static void grows(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 151; i++)
		push(f, i, i + 1);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 151);
	assert_int_equal(sums_of(f)->buckets, 151);
	assert_true(sums_of(f)->alloc_objects == 151 * 152 / 2);
	assert_true(sums_of(f)->alloc_bytes == 151 * 152 / 2 * 64);
	assert_int_equal(stack_of(f, 13)->now.allocs, 14);
	assert_int_equal(stack_of(f, 13)->size, 64);
	assert_int_equal(stack_of(f, 13)->depth, 1);

	count(f, 13, 114, 3);
	push(f, 151, 1009);
	records_of(f, 151)[4] = 17; /* future[0], where 7 counts what came since the collection */
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 152);
	assert_int_equal(stack_of(f, 13)->before.allocs, 14);
	assert_int_equal(stack_of(f, 13)->now.allocs, 114);
	assert_int_equal(stack_of(f, 13)->now.frees, 3);
	assert_int_equal(stack_of(f, 12)->now.allocs, 13);
	assert_int_equal(stack_of(f, 151)->now.allocs, 1009 + 17);
	assert_int_equal(stack_of(f, 151)->before.allocs, 0);
	assert_int_equal(stack_of(f, 151)->since_gc, 17);
	assert_int_equal(alloc_heap_rate(f->heap), 1);
	assert_false(sums_of(f)->gaps.since_gc_unknown);
}

static void scales(void **state)
{
	struct fixture *f = *state;

	push(f, 0, 7);
	f->variables.rate = 524288;
	assert_int_equal(read_it(f), 0);
	/* One in 524288 bytes of objects of 64: each stands for 8192.5 of them. */
	assert_true(sums_of(f)->alloc_objects > 7 * 8192.4 &&
		    sums_of(f)->alloc_objects < 7 * 8192.6);
	f->variables.rate = 64 << 20;
	assert_int_equal(read_it(f), 0);
	assert_true(sums_of(f)->alloc_objects > 7 * 1048576.0);
	assert_int_equal(alloc_heap_rate(f->heap), 64 << 20);
}

/* Without a heap at first: who asks for one later gets all that there is. */
static void heap_comes_later(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 5; i++)
		push(f, i, 10);
	assert_int_equal(heap_snapshot_read(f->snapshot, &f->reader, f->blocks, NULL), 0);
	assert_int_equal(sums_of(f)->buckets, 5);
	push(f, 5, 10);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 6);
	assert_int_equal(sums_of(f)->buckets, 6);
	assert_true(sums_of(f)->alloc_objects == 60);
	assert_int_equal(stack_of(f, 0)->now.allocs, 10);
}

static void unreadable_page(void **state)
{
	struct fixture *f = *state;

	/* 8 buckets on a page. From the head, 39, on down to 16 they can be read. */
	for (size_t i = 0; i < 40; i++)
		push(f, i, 1);
	f->hole = LIST + 4096;
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 24);
	assert_int_equal(sums_of(f)->gaps.unreadable, 1);
	assert_int_equal(alloc_heap_gaps(f->heap)->unreadable, 1);
	/* It is tried again each time; and what has come meanwhile is there. */
	push(f, 40, 3);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 25);
	assert_int_equal(sums_of(f)->gaps.unreadable, 1);
	f->hole = 0;
	count(f, 39, 5, 0);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 41);
	assert_int_equal(sums_of(f)->gaps.unreadable, 0);
	assert_int_equal(stack_of(f, 39)->now.allocs, 5);
	/* A page of what is known: others go on. */
	f->hole = LIST + 4096;
	count(f, 0, 8, 0);
	count(f, 9, 8, 0);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(sums_of(f)->gaps.unreadable, 8);
	assert_int_equal(stack_of(f, 0)->now.allocs, 8);
	assert_int_equal(stack_of(f, 9)->now.allocs, 1);
}

static void damage(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 20; i++)
		push(f, i, 1);
	assert_int_equal(read_it(f), 0);
	/* What is known is overwritten. */
	f->buckets[7 * STEP / 8 + 4]++;		   /* its size */
	f->buckets[8 * STEP / 8 + 5] = 1ull << 40; /* its depth */
	count(f, 7, 99, 0);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(sums_of(f)->gaps.damaged, 2);
	assert_int_equal(stack_of(f, 7)->now.allocs, 1);
	/* And what is new: a hash that is wrong costs one, a list that ends in a circle ends. */
	push(f, 20, 1);
	f->buckets[20 * STEP / 8 + 3]++;
	push(f, 21, 1);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(sums_of(f)->gaps.damaged, 3);
	assert_int_equal(stacks(f), 21);
	f->buckets[1] = LIST + 5 * STEP; /* the end of the list */
	assert_int_equal(read_it(f), 0);
	assert_true(sums_of(f)->gaps.damaged);
	assert_int_equal(stacks(f), 21);
}

static void circle(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 9; i++)
		push(f, i, 1);
	f->buckets[1] = LIST + 6 * STEP;
	assert_int_equal(read_it(f), 0);
	assert_true(sums_of(f)->gaps.more);
	assert_int_equal(stacks(f), 9);
	assert_true(sums_of(f)->alloc_objects == 9);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 9);
}

/* A collection ends between the first and the last look at the cycle: it is read once more. */
static void collection_meanwhile(void **state)
{
	struct fixture *f = *state;

	push(f, 0, 5);
	f->collect_at = 3;
	f->collections = 1;
	assert_int_equal(read_it(f), 0);
	assert_int_equal(f->variables.cycle >> 1, 8);
	assert_false(sums_of(f)->gaps.since_gc_unknown);
	f->collect_at = 3;
	f->collections = 5; /* and once more, and more */
	assert_int_equal(read_it(f), 0);
	assert_true(sums_of(f)->gaps.since_gc_unknown);
	assert_true(alloc_heap_gaps(f->heap)->since_gc_unknown);
	assert_int_equal(stack_of(f, 0)->now.allocs, 5);
}

/* Numbers that were read twice while the runtime moved them are not taken for frees later. */
static void never_backwards(void **state)
{
	struct fixture *f = *state;

	push(f, 0, 50);
	assert_int_equal(read_it(f), 0);
	count(f, 0, 40, 0);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stack_of(f, 0)->now.allocs, 40);
	assert_int_equal(stack_of(f, 0)->before.allocs, 40);
	assert_int_equal(stack_of(f, 0)->start.allocs, 40);
}

static void ends(void **state)
{
	struct fixture *f = *state;

	push(f, 0, 50);
	assert_int_equal(read_it(f), 0);
	f->error = -ESRCH;
	assert_int_equal(read_it(f), -ESRCH);
	f->error = -EPERM;
	assert_int_equal(read_it(f), -EPERM);
	assert_int_equal(stack_of(f, 0)->now.allocs, 50);
	assert_int_equal(sums_of(f)->buckets, 1);
}

static void nothing_there(void **state)
{
	struct fixture *f = *state;

	f->variables.rate = 0;
	assert_int_equal(read_it(f), 0);
	assert_int_equal(sums_of(f)->buckets, 0);
	assert_int_equal(sums_of(f)->rate, 0);
	assert_int_equal(read_it(f), 0);
	push(f, 0, 2);
	assert_int_equal(read_it(f), 0);
	assert_int_equal(stacks(f), 1);
	f->binary->mprof_cycle = 0;
	assert_int_equal(read_it(f), 0);
	assert_true(sums_of(f)->gaps.since_gc_unknown);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(grows),
		WITH(scales),
		WITH(heap_comes_later),
		WITH(unreadable_page),
		WITH(damage),
		WITH(circle),
		WITH(collection_meanwhile),
		WITH(never_backwards),
		WITH(ends),
		WITH(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
