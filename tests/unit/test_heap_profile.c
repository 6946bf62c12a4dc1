/* From buckets to sites and samples, with the names of a tiny Go program. */
#include "unit/unit.h"

#include <errno.h>

#include "go/heap_profile.h"
#include "tiny_go.h"
#include "unit/read_profile.h"
#include "victim/site_table.h"

#define BIAS 0x10000000ull
/* Return addresses: one behind what they stand for. */
#define RUNTIME (BIAS + TINY_GO_TEXT + 0x10)
#define INLINED (BIAS + TINY_GO_INLINED + 0x10)
#define CALL (BIAS + TINY_GO_CALL + 1)
#define LEAK (BIAS + TINY_GO_INLINED + 0x60)
#define GOEXIT (BIAS + TINY_GO_GOEXIT + 1)

static void add(struct heap_profile *p, uint64_t size, uint64_t allocs, uint64_t frees,
		uint64_t futures, const uint64_t *stack, uint32_t depth)
{
	struct heap_bucket b = {.size = size, .depth = depth, .held = depth, .stack = stack};

	b.records[0] = (struct heap_counts){allocs, frees, allocs * size, frees * size};
	for (int i = 1; i < HEAP_RECORDS; i++)
		b.records[i] = (struct heap_counts){futures, 0, futures * size, 0};
	assert_int_equal(heap_profile_add(p, &b), 0);
}

static Pprof__Profile *written(struct heap_profile *p)
{
	_cleanup_strbuf_ struct strbuf file = {0};

	assert_int_equal(heap_profile_write(p, &file), 0);
	return read_profile(&file);
}

/* The names of the frames of a sample, leaf first. */
static void check_stack(const Pprof__Profile *m, size_t sample, const char *want)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	const Pprof__Sample *s = m->sample[sample];

	for (size_t i = 0; i < s->n_location_id; i++) {
		const Pprof__Location *l = m->location[s->location_id[i] - 1];

		strbuf_puts(&got, "[");
		for (size_t k = 0; k < l->n_line; k++)
			strbuf_printf(
				&got, "%s%s:%d", k ? " " : "",
				m->string_table[m->function[l->line[k]->function_id - 1]->name],
				(int)l->line[k]->line);
		strbuf_puts(&got, "]");
	}
	assert_string_equal(strbuf_text(&got), want);
}

static void shows_stacks_as_the_runtime(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(27);
	_cleanup_heap_profile_ struct heap_profile *p = NULL;
	struct heap_profile_options options = {
		.bias = BIAS, .rate = 1, .file_name = "/bin/tiny", .time_ns = 42};
	const uint64_t full[] = {RUNTIME, INLINED, CALL, LEAK, GOEXIT};
	const uint64_t cut[] = {RUNTIME, INLINED}, runtime[] = {RUNTIME, RUNTIME};
	const uint64_t foreign[] = {0x7f0000000001};
	Pprof__Profile *m;

	(void)state;
	assert_int_equal(heap_profile_new(binary, &options, &p), 0);
	add(p, 48, 5, 1, 0, full, 5);
	add(p, 64, 5, 0, 0, cut, 2);
	add(p, 80, 5, 0, 0, runtime, 2);
	add(p, 96, 5, 0, 0, foreign, 1);
	assert_int_equal(heap_profile_comment(p, "a comment"), 0);
	assert_int_equal(heap_profile_resolve(p), 0);
	m = written(p);
	assert_int_equal(m->n_sample, 4);
	check_stack(m, 0,
		    "[main.newNode:50 main.leak[go.shape.int]:11][main.leak[go.shape.int]:12]");
	/* The depth limit cut the inline parent off: it is added. */
	check_stack(m, 1, "[main.newNode:50 main.leak[go.shape.int]:11]");
	check_stack(m, 2, "[runtime.mallocgc:7][runtime.mallocgc:7]");
	check_stack(m, 3, "[0x7f0000000000:0]");
	assert_int_equal(m->location[0]->address, INLINED - 1);
	assert_int_equal(m->location[0]->mapping_id, 1);
	assert_int_equal(m->mapping[0]->memory_start, BIAS + TINY_GO_BASE);
	assert_string_equal(m->string_table[m->mapping[0]->filename], "/bin/tiny");
	assert_string_equal(m->string_table[m->mapping[0]->build_id], "0123456789abcdef");
	assert_false(m->mapping[0]->has_functions); /* one address has no name */
	assert_string_equal(m->string_table[m->comment[0]], "a comment");
	assert_string_equal(m->string_table[m->default_sample_type], "inuse_space");
	assert_int_equal(m->sample[0]->value[0], 5);
	assert_int_equal(m->sample[0]->value[1], 240);
	assert_int_equal(m->sample[0]->value[2], 4);
	assert_int_equal(m->sample[0]->value[3], 192);
	assert_int_equal(m->sample[0]->label[0]->num, 48);
	assert_int_equal(heap_profile_totals(p)->unresolved, 1);
	pprof__profile__free_unpacked(m, NULL);
}

static void sums_up_sites(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	_cleanup_heap_profile_ struct heap_profile *p = NULL;
	struct heap_profile_options options = {.bias = BIAS, .rate = 524288};
	const uint64_t a[] = {LEAK, GOEXIT}, b[] = {INLINED, CALL, LEAK, GOEXIT};
	const struct heap_site *sites;
	struct heap_frame callers[8];

	(void)state;
	assert_int_equal(heap_profile_new(binary, &options, &p), 0);
	heap_profile_set_rate(p, 1);
	add(p, 16, 1, 0, 0, a, 2);
	add(p, 100, 10, 3, 1, b, 4);
	add(p, 50, 10, 10, 0, b + 0, 4);
	assert_int_equal(heap_profile_resolve(p), 0);
	assert_int_equal(heap_profile_sites(p, &sites), 2);
	assert_string_equal(sites[0].frame.function, "main.newNode");
	assert_string_equal(sites[0].frame.file, "/src/leak.go");
	assert_int_equal(sites[0].frame.line, 50);
	assert_int_equal(sites[0].inuse_objects, 7 + 3);
	assert_int_equal(sites[0].inuse_bytes, 1000);
	assert_int_equal(sites[0].alloc_bytes, 1300 + 500);
	assert_string_equal(sites[1].frame.function, "main.leak[...]");
	assert_int_equal(heap_profile_callers(p, &sites[0], callers, 8), 2);
	assert_string_equal(callers[0].function, "main.leak[...]");
	assert_int_equal(callers[0].line, 11);
	assert_int_equal(callers[1].line, 12);
	assert_int_equal(heap_profile_callers(p, &sites[0], callers, 1), 1);
	assert_int_equal(heap_profile_callers(p, &sites[1], callers, 8), 0);
	assert_int_equal(heap_profile_totals(p)->inuse_bytes, 1016);
	assert_int_equal(heap_profile_totals(p)->buckets, 3);
	assert_int_equal(heap_profile_resolve(p), -EALREADY);
}

/* What is new since the last collection, of each site and in all, scaled like the rest. */
static void tells_what_is_new(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	const uint64_t a[] = {LEAK, GOEXIT}, b[] = {INLINED, CALL, LEAK, GOEXIT};

	(void)state;
	for (int known = 0; known < 3; known++) {
		struct heap_profile_options options = {
			.bias = BIAS, .rate = 1000, .cycle = 7 << 1, .cycle_known = known > 0};
		_cleanup_heap_profile_ struct heap_profile *p = NULL;
		const struct heap_totals *totals;
		const struct heap_site *sites;

		assert_int_equal(heap_profile_new(binary, &options, &p), 0);
		add(p, 1000, 7, 0, 1, a, 2);
		add(p, 1000, 1, 2, 2, b, 4);
		if (known == 2)
			heap_profile_forget_cycle(p);
		assert_int_equal(heap_profile_resolve(p), 0);
		assert_int_equal(heap_profile_sites(p, &sites), 2);
		totals = heap_profile_totals(p);
		assert_int_equal(totals->since_gc_known, known == 1);
		assert_int_equal(sites[0].inuse_bytes, 15819); /* 10 of 1 - 1 / e */
		assert_int_equal(sites[0].since_gc_bytes, known == 1 ? 1581 : 0);
		assert_int_equal(sites[0].since_gc_objects, known == 1 ? 1 : 0);
		assert_int_equal(sites[1].since_gc_bytes, known == 1 ? 3163 : 0);
		assert_int_equal(sites[1].since_gc_objects, known == 1 ? 3 : 0);
		assert_int_equal(totals->since_gc_bytes, known == 1 ? 1581 + 3163 : 0);
		assert_int_equal(totals->since_gc_objects, known == 1 ? 4 : 0);
	}
}

/* The table: largest first, without what is all freed, cut to the terminal's width. */
static void shows_a_table(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	_cleanup_heap_profile_ struct heap_profile *p = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	struct heap_profile_options options = {
		.bias = BIAS, .rate = 1, .cycle = 7 << 1, .cycle_known = true};
	const uint64_t a[] = {LEAK, GOEXIT}, b[] = {INLINED, CALL, LEAK, GOEXIT};
	const uint64_t gone[] = {0x7f0000000001};
	const struct heap_site *sites;
	size_t n;

	(void)state;
	assert_int_equal(heap_profile_new(binary, &options, &p), 0);
	add(p, 1 << 20, 1000, 0, 3, a, 2);
	add(p, 512, 1, 0, 1, b, 4);
	add(p, 512, 5, 5, 0, gone, 1);
	assert_int_equal(heap_profile_resolve(p), 0);
	n = heap_profile_sites(p, &sites);
	site_table(heap_profile_totals(p), sites, n, &(struct site_table_options){10, 0, 0, 0},
		   &out);
	assert_string_equal(strbuf_text(&out),
			    "    INUSE  OBJECTS     % SINCE-GC SITE\n"
			    "  1009.0M     1009 100.0     3.0M main.leak[...] (leak.go:12)\n"
			    "     2.0K        4   0.0     512B main.newNode (leak.go:50)\n");
	strbuf_reset(&out);
	site_table(heap_profile_totals(p), sites, n, &(struct site_table_options){1, 56, 0, 0},
		   &out);
	assert_string_equal(strbuf_text(&out),
			    "    INUSE  OBJECTS     % SINCE-GC SITE\n"
			    "  1009.0M     1009 100.0     3.0M main.leak[...] (lea...\n");
	strbuf_reset(&out);
	site_table(heap_profile_totals(p), sites, n, &(struct site_table_options){0, 0, 0, 0},
		   &out);
	assert_string_equal(strbuf_text(&out), "");
	/* Other columns: the third, the fifth and sixth. */
	site_table(heap_profile_totals(p), sites, n, &(struct site_table_options){10, 0, 0x34, 0},
		   &out);
	assert_string_equal(strbuf_text(&out), "      %   ALLOC    ALLOCS\n"
					       "  100.0 1009.0M      1009\n"
					       "    0.0    2.0K         4\n");
	/* By what is new since the last collection, least in use or not. */
	strbuf_reset(&out);
	site_table(heap_profile_totals(p), sites, n,
		   &(struct site_table_options){1, 0, 0x41, site_columns_sort("objects")}, &out);
	assert_string_equal(strbuf_text(&out),
			    "    INUSE SITE\n  1009.0M main.leak[...] (leak.go:12)\n");
	assert_int_equal(site_columns_sort("site"), -ENOENT);
}

/* What the runtime publishes leaves out what is not swept, unless there was no collection yet. */
static void publishes_as_the_runtime(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	struct heap_profile_options options = {
		.view = HEAP_VIEW_PUBLISHED, .bias = BIAS, .rate = 1, .cycle = 3 << 1};
	const uint64_t stack[] = {LEAK, GOEXIT};

	(void)state;
	for (uint64_t active = 0; active < 2; active++) {
		_cleanup_heap_profile_ struct heap_profile *p = NULL;
		struct heap_bucket b = {.size = 10, .depth = 2, .held = 2, .stack = stack};
		Pprof__Profile *m;

		b.records[0] = (struct heap_counts){active, 0, active * 10, 0};
		b.records[2] = (struct heap_counts){5, 0, 50, 0};
		assert_int_equal(heap_profile_new(binary, &options, &p), 0);
		assert_int_equal(heap_profile_add(p, &b), 0);
		assert_int_equal(heap_profile_resolve(p), 0);
		assert_int_equal(heap_profile_totals(p)->inuse_bytes, active ? 10 : 50);
		m = written(p);
		assert_int_equal(m->sample[0]->n_label, 1);
		pprof__profile__free_unpacked(m, NULL);
	}
}

/* The executable has become unreadable: addresses are still there. */
static void does_without_names(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	_cleanup_heap_profile_ struct heap_profile *p = NULL;
	struct heap_profile_options options = {.bias = BIAS, .rate = 1};
	const uint64_t stack[] = {LEAK, GOEXIT};
	Pprof__Profile *m;

	(void)state;
	assert_int_equal(ftruncate(binary->fd, 0), 0);
	assert_int_equal(heap_profile_new(binary, &options, &p), 0);
	add(p, 16, 1, 0, 0, stack, 2);
	add(p, 32, 1, 0, 0, stack, 0);
	assert_int_equal(heap_profile_resolve(p), 0);
	m = written(p);
	check_stack(m, 0, "[0x104018bf:0][0x10401900:0]");
	check_stack(m, 1, "");
	pprof__profile__free_unpacked(m, NULL);
	assert_int_equal(heap_profile_totals(p)->sites, 1);
}

/* Addresses near the executable are kept shorter than others. */
static void keeps_addresses_of_all_kinds(void **state)
{
	_cleanup_go_binary_ struct go_binary *binary = tiny_go_open(24);
	_cleanup_heap_profile_ struct heap_profile *p = NULL;
	const uint64_t near = 1ull << 40, text = near + binary->text.address;
	struct heap_profile_options options = {.bias = near, .rate = 1};
	const uint64_t first = text - (1ull << 31), last = first + UINT32_MAX;
	const uint64_t stack[] = {first,      first - 1, last - 1,	 last,	   last + 1, text,
				  UINT64_MAX, 1,	 0x7ffff0000000, text + 1, near};
	const size_t n = ARRAY_SIZE(stack);
	Pprof__Profile *m;

	(void)state;
	assert_int_equal(ftruncate(binary->fd, 0), 0);
	assert_int_equal(heap_profile_new(binary, &options, &p), 0);
	for (size_t i = 0; i <= n; i++)
		add(p, 16 + 16 * (int)i, 1, 0, 0, stack + i, n - i);
	assert_int_equal(heap_profile_resolve(p), 0);
	m = written(p);
	assert_int_equal(m->n_sample, n + 1);
	for (size_t i = 0; i <= n; i++) {
		assert_int_equal(m->sample[i]->n_location_id, n - i);
		for (size_t k = 0; k < n - i; k++)
			assert_int_equal(m->location[m->sample[i]->location_id[k] - 1]->address,
					 stack[i + k] - 1);
	}
	pprof__profile__free_unpacked(m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_stacks_as_the_runtime),
		cmocka_unit_test(sums_up_sites),
		cmocka_unit_test(tells_what_is_new),
		cmocka_unit_test(shows_a_table),
		cmocka_unit_test(publishes_as_the_runtime),
		cmocka_unit_test(does_without_names),
		cmocka_unit_test(keeps_addresses_of_all_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
