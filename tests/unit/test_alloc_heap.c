/* The numbers of a program's stacks over several updates, with the names of a tiny Go program. */
#include "unit/alloc_fixture.h"

#define RUNTIME (BIAS + TINY_GO_TEXT + 0x10)
#define CALL (BIAS + TINY_GO_CALL + 1)
#define GOEXIT (BIAS + TINY_GO_GOEXIT + 1)

static const uint64_t stack[] = {RUNTIME, CALL, GOEXIT};

static struct alloc_stack *add(struct alloc_heap *h, uint64_t key, uint64_t allocs)
{
	struct alloc_stack *s;

	assert_int_equal(alloc_heap_add(h, key, 0, 64, stack, ARRAY_SIZE(stack), &s), 0);
	s->now.allocs = allocs;
	return s;
}

static void updates(void **state)
{
	struct alloc_heap *h = ((struct fixture *)*state)->heap;
	const struct alloc_stack *all;
	struct alloc_stack *s;

	alloc_heap_begin(h, 100);
	add(h, 7, 10)->since_gc = 3;
	alloc_heap_end(h);
	s = alloc_heap_find(h, 7, 0);
	assert_int_equal(s->before.allocs, 10);
	assert_int_equal(s->start.allocs, 10);
	assert_int_equal(s->since_gc, 3);
	assert_int_equal(alloc_heap_times(h)->before_ns, 100);

	alloc_heap_begin(h, 200);
	alloc_heap_find(h, 7, 0)->now.allocs = 15;
	add(h, 8, 5);
	alloc_heap_end(h);
	assert_int_equal(alloc_heap_stacks(h, &all), 2);
	assert_int_equal(all[0].before.allocs, 10);
	assert_int_equal(all[0].now.allocs, 15);
	assert_int_equal(all[0].since_gc, 0);
	assert_int_equal(all[1].before.allocs, 0);
	assert_int_equal(all[1].start.allocs, 0);

	alloc_heap_begin(h, 300);
	alloc_heap_end(h);
	alloc_heap_stacks(h, &all);
	assert_int_equal(all[0].before.allocs, 15);
	assert_int_equal(all[0].start.allocs, 10);
	assert_int_equal(alloc_heap_times(h)->start_ns, 100);
	assert_int_equal(alloc_heap_times(h)->before_ns, 200);
	assert_int_equal(alloc_heap_times(h)->now_ns, 300);
}

static void identities(void **state)
{
	struct alloc_heap *h = ((struct fixture *)*state)->heap;
	struct alloc_stack *s;

	add(h, 7, 1);
	assert_int_equal(alloc_heap_add(h, 7, 42, 64, stack, 3, &s), 0);
	assert_null(alloc_heap_find(h, 8, 0));
	assert_null(alloc_heap_find(h, 7, 41));
	assert_ptr_equal(alloc_heap_find(h, 7, 42), s);
	for (uint64_t i = 100; i < 5000; i++)
		add(h, i, i);
	for (uint64_t i = 100; i < 5000; i++)
		assert_int_equal(alloc_heap_find(h, i, 0)->now.allocs, i);
}

/* The runtime's own frames in front, and the root of every goroutine, are not shown. */
static void frames(void **state)
{
	struct alloc_heap *h = ((struct fixture *)*state)->heap;
	struct alloc_stack *s = add(h, 7, 1), *none;

	assert_int_equal(s->depth, 1);
	assert_string_equal(alloc_heap_frame(h, s, 0)->frame.function, "main.leak[...]");
	assert_int_equal(alloc_heap_frame(h, s, 0)->frame.line, 11);
	assert_int_equal(alloc_heap_add(h, 8, 0, 64, stack, 0, &none), 0);
	assert_int_equal(none->depth, 0);
}

static void scale(void **state)
{
	struct alloc_heap *h = ((struct fixture *)*state)->heap;
	const struct alloc_stack *s = add(h, 7, 1);
	int64_t objects, bytes;

	alloc_heap_set_rate(h, 1);
	alloc_heap_scale(h, s, -3, &objects, &bytes);
	assert_int_equal(objects, -3);
	assert_int_equal(bytes, -192);
	alloc_heap_set_rate(h, 524288);
	alloc_heap_scale(h, s, 2, &objects, &bytes);
	assert_int_equal(objects, 16385); /* 2 / (1 - exp(-64 / 524288)) */
	assert_in_range(bytes, 1048640, 1048640 + 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(updates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(identities, set_up, tear_down),
		cmocka_unit_test_setup_teardown(frames, set_up, tear_down),
		cmocka_unit_test_setup_teardown(scale, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
