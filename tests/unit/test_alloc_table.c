/* Rows, cells and filters of the stacks of a tiny Go program, where every number is known. */
#include "unit/unit.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc/alloc_columns.h"
#include "alloc/alloc_table.h"
#include "go/frame_text.h"
#include "unit/alloc_fixture.h"

#define CALL (BIAS + TINY_GO_CALL + 1)	     /* main.leak[...], line 11 */
#define OTHER (BIAS + TINY_GO_LEAK + 1)	     /* main.leak[...], another line */
#define INLINED (BIAS + TINY_GO_INLINED + 1) /* main.newNode, in main.leak[...] */
#define NOWHERE 0x1234ull

static void first(struct alloc_heap *h)
{
	alloc_heap_begin(h, 5000000000);
	count(h, 1, 16, (const uint64_t[]){CALL}, 1, 100, 40);
	count(h, 2, 32, (const uint64_t[]){CALL, OTHER}, 2, 10, 0);
	count(h, 3, 8, (const uint64_t[]){INLINED, CALL}, 2, 7, 7);
	count(h, 4, 64, (const uint64_t[]){NOWHERE, CALL}, 2, 1, 0)->since_gc = 1;
	count(h, 5, 48, NULL, 0, 2, 1);
	alloc_heap_end(h);
}

/* Two seconds later. */
static void second(struct alloc_heap *h)
{
	alloc_heap_begin(h, 7000000000);
	count(h, 1, 16, NULL, 0, 110, 60);
	count(h, 2, 32, NULL, 0, 21, 1)->since_gc = 3;
	count(h, 6, 16, (const uint64_t[]){OTHER}, 1, 5, 0);
	alloc_heap_end(h);
}

static struct alloc_table *table_of(const struct fixture *f, const struct alloc_options *options)
{
	struct alloc_table *t;

	assert_int_equal(alloc_table_new(f->heap, options, &t), 0);
	assert_int_equal(alloc_table_update(t), 0);
	return t;
}

static const struct alloc_row *row_of(const struct alloc_table *t, const char *function,
				      size_t line)
{
	const struct alloc_row *const *rows;
	size_t n = alloc_table_rows(t, &rows);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i]->frame.function, function) == 0 && rows[i]->frame.line == line)
			return rows[i];
	fail_msg("no row for %s:%zu", function, line);
	return NULL;
}

static void assert_amount(struct alloc_amount a, int64_t objects, int64_t bytes)
{
	assert_int_equal(a.objects, objects);
	assert_int_equal(a.bytes, bytes);
}

static void numbers(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	const struct alloc_row *const *rows, *row;

	first(f->heap);
	t = table_of(f, &(struct alloc_options){0});
	assert_int_equal(alloc_table_interval_ns(t), 0);
	assert_int_equal(alloc_table_rows(t, &rows), 3); /* all of newNode is freed */
	row = row_of(t, "main.leak[...]", 11);
	assert_amount(row->inuse, 70, 60 * 16 + 10 * 32);
	assert_amount(row->alloc, 0, 0);
	assert_amount(row_of(t, "(no stack)", 0)->inuse, 1, 48);

	second(f->heap);
	assert_int_equal(alloc_table_update(t), 0);
	assert_int_equal(alloc_table_rows(t, &rows), 4);
	row = rows[0];
	assert_string_equal(row->frame.function, "main.leak[...]");
	assert_int_equal(row->frame.line, 11);
	assert_int_equal(row->stacks, 2);
	assert_amount(row->inuse, 70, 50 * 16 + 20 * 32);
	assert_amount(row->alloc, 21, 10 * 16 + 11 * 32);
	assert_amount(row->freed, 21, 20 * 16 + 32);
	assert_amount(row->growth, 0, 10 * 32 - 10 * 16);
	assert_amount(row->since_gc, 3, 96);
	assert_amount(row->total, 131, 110 * 16 + 21 * 32);
	assert_amount(row->watched, 21, 10 * 16 + 11 * 32);
	assert_amount(row->watched_growth, 0, 160);
	assert_int_equal(alloc_row_survival(row), 592); /* 1440 of 2432 bytes */
	assert_int_equal(alloc_table_per_second(t, row->alloc.bytes), 256);
	assert_int_equal(row->largest, 1); /* 352 of the 512 bytes */
	assert_amount(rows[1]->alloc, 5, 80);
	assert_amount(rows[1]->growth, 5, 80);
	assert_amount(alloc_table_total(t)->inuse, 77, 1440 + 80 + 64 + 48);
	assert_amount(alloc_table_total(t)->alloc, 26, 592);
}

static void assert_order(struct alloc_table *t, enum alloc_sort sort, const char *functions)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	const struct alloc_row *const *rows;
	size_t n;

	assert_int_equal(alloc_table_sort(t, sort), 0);
	n = alloc_table_rows(t, &rows);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&got, "%s%u:%" PRId64, i ? " " : "", rows[i]->id,
			      rows[i]->inuse.bytes);
	assert_string_equal(strbuf_text(&got), functions);
}

/* Rows are numbered as they were found; what is equal stays in that order. */
static void orders(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;

	first(f->heap);
	second(f->heap);
	t = table_of(f, &(struct alloc_options){0});
	assert_order(t, ALLOC_SORT_ALLOC, "0:1440 4:80 2:64 3:48");
	assert_order(t, ALLOC_SORT_OBJECTS, "0:1440 4:80 2:64 3:48");
	assert_order(t, ALLOC_SORT_GROWTH, "0:1440 4:80 2:64 3:48");
	assert_order(t, ALLOC_SORT_SURVIVAL, "4:80 2:64 0:1440 3:48");
	assert_order(t, ALLOC_SORT_NEW, "0:1440 4:80 2:64 3:48");
	alloc_heap_begin(f->heap, 8000000000);
	count(f->heap, 5, 48, NULL, 0, 50, 1);
	count(f->heap, 3, 8, NULL, 0, 8, 7);
	alloc_heap_end(f->heap);
	assert_order(t, ALLOC_SORT_INUSE, "3:2352 0:1440 4:80 2:64 1:8");
	assert_order(t, ALLOC_SORT_ALLOC, "3:2352 1:8 0:1440 4:80 2:64");
}

static size_t rows_by(const struct fixture *f, enum alloc_by by)
{
	_cleanup_alloc_table_ struct alloc_table *t =
		table_of(f, &(struct alloc_options){.by = by});
	const struct alloc_row *const *rows;
	struct alloc_amount sum = {0};
	size_t n = alloc_table_rows(t, &rows);

	for (size_t i = 0; i < n; i++)
		sum.bytes += rows[i]->inuse.bytes;
	assert_int_equal(sum.bytes, 1440 + 80 + 64 + 48);
	assert_int_equal(alloc_table_total(t)->inuse.bytes, sum.bytes);
	return n;
}

static void groups(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	const struct alloc_row *const *rows;

	first(f->heap);
	second(f->heap);
	assert_int_equal(rows_by(f, ALLOC_BY_SITE), 4);
	assert_int_equal(rows_by(f, ALLOC_BY_FUNCTION), 3);
	assert_int_equal(rows_by(f, ALLOC_BY_STACK), 5);
	assert_int_equal(rows_by(f, ALLOC_BY_PACKAGE), 2);
	t = table_of(f, &(struct alloc_options){.by = ALLOC_BY_PACKAGE});
	assert_int_equal(row_of(t, "main", 0)->inuse.bytes, 1520);
	assert_int_equal(row_of(t, "(no package)", 0)->inuse.bytes, 64 + 48);
	/* Objects of two sizes from one stack are one row. */
	alloc_heap_begin(f->heap, 8000000000);
	count(f->heap, 7, 128, (const uint64_t[]){CALL, OTHER}, 2, 1, 0);
	alloc_heap_end(f->heap);
	alloc_table_free(STEAL(t));
	t = table_of(f, &(struct alloc_options){.by = ALLOC_BY_STACK});
	assert_int_equal(alloc_table_rows(t, &rows), 5);
	assert_int_equal(alloc_table_total(t)->stacks, 7);
	assert_int_equal(rows[0]->stacks, 2);
	assert_string_equal(alloc_row_frame(t, rows[0], 1)->function, "main.leak[...]");
	assert_int_equal(alloc_row_frame(t, rows[0], 1)->line, 10);
	assert_null(alloc_row_frame(t, rows[0], 2));
}

static void owners(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *merged = NULL, *apart = NULL;
	const struct alloc_row *const *rows;
	struct alloc_stack *s;

	alloc_heap_begin(f->heap, 1);
	for (uint64_t owner = 11; owner <= 13; owner++) {
		assert_int_equal(
			alloc_heap_add(f->heap, 1, owner, 16, (const uint64_t[]){CALL}, 1, &s), 0);
		s->now.allocs = owner;
	}
	alloc_heap_end(f->heap);
	merged = table_of(f, &(struct alloc_options){.sort = ALLOC_SORT_INUSE});
	assert_int_equal(alloc_table_rows(merged, &rows), 1);
	assert_int_equal(rows[0]->inuse.objects, 36);
	apart = table_of(
		f, &(struct alloc_options){.sort = ALLOC_SORT_INUSE, .owner = ALLOC_OWNER_THREAD});
	assert_int_equal(alloc_table_rows(apart, &rows), 3);
	assert_int_equal(rows[0]->owner, 13);
	assert_int_equal(rows[0]->inuse.objects, 13);
}

/* A counter that was read before another one that belongs to it; numbers that nobody can believe.
 */
static void impossible(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	const struct alloc_row *total;

	alloc_heap_begin(f->heap, 1);
	count(f->heap, 1, 16, (const uint64_t[]){CALL}, 1, 10, 12);
	alloc_heap_end(f->heap);
	alloc_heap_begin(f->heap, 2);
	count(f->heap, 1, 16, NULL, 0, 9, 12);
	alloc_heap_end(f->heap);
	t = table_of(f, &(struct alloc_options){0});
	total = alloc_table_total(t);
	assert_amount(total->inuse, 0, 0);
	assert_amount(total->alloc, 0, 0);
	assert_amount(total->growth, 0, 0);
	assert_int_equal(alloc_row_survival(total), 0);

	alloc_heap_begin(f->heap, 3);
	count(f->heap, 1, 16, NULL, 0, UINT64_MAX, 12);
	count(f->heap, 2, UINT64_MAX, (const uint64_t[]){OTHER}, 1, UINT64_MAX, 0);
	count(f->heap, 3, INT64_MAX, (const uint64_t[]){OTHER}, 1, 5, 0)->since_gc = UINT64_MAX;
	alloc_heap_end(f->heap);
	assert_int_equal(alloc_table_update(t), 0);
	assert_int_equal(total->inuse.bytes, INT64_MAX);
	assert_int_equal(total->inuse.objects, INT64_MAX);
	assert_int_equal(total->growth.bytes, INT64_MAX);
	assert_int_equal(alloc_table_per_second(t, INT64_MAX), INT64_MAX);
	alloc_heap_begin(f->heap, 4);
	count(f->heap, 1, 16, NULL, 0, 0, 0);
	count(f->heap, 2, 16, NULL, 0, 0, 0);
	count(f->heap, 3, 16, NULL, 0, 0, 0);
	alloc_heap_end(f->heap);
	assert_int_equal(alloc_table_update(t), 0);
	assert_amount(total->inuse, 0, 0);
	assert_true(total->growth.bytes < -1e18);
	assert_int_equal(alloc_row_survival(total), -1);
}

static int64_t inuse_with(const struct fixture *f, const char *focus, const char *ignore)
{
	_cleanup_alloc_filter_ struct alloc_filter *filter = NULL;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(alloc_filter_new(&filter), 0);
	assert_int_equal(alloc_filter_focus(filter, focus, &why), 0);
	assert_int_equal(alloc_filter_ignore(filter, ignore, &why), 0);
	t = table_of(f, &(struct alloc_options){.filter = filter});
	return alloc_table_total(t)->inuse.bytes;
}

static void filters(void **state)
{
	const struct fixture *f = *state;
	const struct alloc_stack *stacks;

	first(f->heap);
	second(f->heap);
	assert_int_equal(inuse_with(f, NULL, NULL), 1632);
	assert_int_equal(inuse_with(f, "leak", NULL), 1440 + 64 + 80);
	assert_int_equal(inuse_with(f, "\\.go:11$", NULL), 1440 + 64);
	assert_int_equal(inuse_with(f, "nothing", NULL), 0);
	assert_int_equal(inuse_with(f, NULL, "^0x"), 1632 - 64);
	assert_int_equal(inuse_with(f, NULL, "leak"), 48); /* a stack without frames */
	assert_int_equal(inuse_with(f, "^main", "^0x|newNode"), 1440 + 80);
	assert_int_equal(alloc_heap_stacks(f->heap, &stacks), 6);
}

static void bad_expressions(void **state)
{
	_cleanup_alloc_filter_ struct alloc_filter *filter = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	const struct heap_frame frame = {"main.x", "", 0};

	(void)state;
	assert_int_equal(alloc_filter_new(&filter), 0);
	assert_int_equal(alloc_filter_focus(filter, "main", &why), 0);
	assert_int_equal(alloc_filter_focus(filter, "a(\x1b", &why), -EINVAL);
	assert_non_null(strstr(strbuf_text(&why), "'a(\\x1b' is not a regular expression: "));
	assert_true(alloc_filter_frame(filter, &frame).focus); /* as it was */
	assert_int_equal(alloc_filter_focus(filter, NULL, &why), 0);
	assert_true(alloc_filter_passes(filter, (struct alloc_match){false, false}));
}

static void names(void **state)
{
	enum alloc_sort sort;
	enum alloc_by by;

	(void)state;
	for (int i = 0; i < ALLOC_SORT_COUNT; i++) {
		assert_int_equal(alloc_sort_parse(alloc_sort_names[i], &sort), 0);
		assert_int_equal(sort, i);
	}
	assert_null(alloc_sort_names[ALLOC_SORT_COUNT]);
	assert_int_equal(alloc_sort_parse("growth", &sort), 0);
	assert_int_equal(sort, ALLOC_SORT_GROWTH);
	assert_int_equal(alloc_sort_parse("grow", &sort), -EINVAL);
	assert_int_equal(alloc_sort_parse("", &sort), -EINVAL);
	assert_int_equal(alloc_by_parse("package", &by), 0);
	assert_int_equal(by, ALLOC_BY_PACKAGE);
	assert_int_equal(alloc_by_parse("program", &by), -EINVAL);
}

static void packages(void **state)
{
	static const char *const cases[][2] = {
		{"main.main", "main"},
		{"net/http.(*Server).Serve", "net/http"},
		{"example.com/a.b/c.F[...]", "example.com/a.b/c"},
		{"example.com/a.b/c.F[go.shape.struct { x/y.z }]", "example.com/a.b/c"},
		{"gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"},
		{"gopkg.in/yaml%2ev3.(*T[...]).m.func1", "gopkg.in/yaml.v3"},
		{"a%2.f", "a%2"},
		{"a%zz%.f", "a%zz%"},
		{"vendor/golang.org/x/net/idna.init", "vendor/golang.org/x/net/idna"},
		{"net/http.glob..func1", "net/http"},
		{"_cgo_panic", ""},
		{"0x4711", ""},
		{"a.b/c", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		frame_package(&out, cases[i][0]);
		assert_string_equal(strbuf_text(&out), cases[i][1]);
	}
}

static void texts(const struct alloc_table *t, int line_width, struct strbuf *out)
{
	const struct alloc_row *const *rows;
	struct alloc_layout layout;
	size_t n = alloc_table_rows(t, &rows);

	alloc_layout_choose(t, 0, line_width, &layout);
	strbuf_reset(out);
	alloc_heads_text(&layout, out);
	for (size_t i = 0; i < n; i++)
		alloc_row_text(t, rows[i], &layout, out);
}

static void assert_line(const struct strbuf *out, const char *line)
{
	if (!strstr(strbuf_text(out), line))
		fail_msg("no line '%s' in\n%s", line, strbuf_text(out));
}

static void cells(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};

	first(f->heap);
	t = table_of(f, &(struct alloc_options){.sort = ALLOC_SORT_INUSE});
	texts(t, 0, &out);
	assert_line(&out, "  INUSE   OBJS ALLOC/s OBJS/s FREED/s   GROWTH SURV%     NEW FUNCTION\n"
			  "   1.2K     70       -      -       -        -  66.7      0B "
			  "main.leak[...] (leak.go:11)\n");
	second(f->heap);
	assert_int_equal(alloc_table_update(t), 0);
	texts(t, 0, &out);
	assert_line(&out, "   1.4K     70    256B     11    176B    +160B  59.2     96B "
			  "main.leak[...] (leak.go:11)\n");
	assert_line(&out,
		    "    48B      1      0B      0      0B       0B  50.0      0B (no stack)\n");
	alloc_heap_set_gaps(f->heap, &(struct alloc_gaps){.since_gc_unknown = true});
	texts(t, 0, &out);
	assert_line(&out, "  59.2       - main.leak");
	texts(t, 80, &out);
	assert_line(&out, "  INUSE ALLOC/s FREED/s   GROWTH SURV% FUNCTION\n");
	texts(t, 50, &out);
	assert_line(&out,
		    "  INUSE ALLOC/s FUNCTION\n   1.4K    256B main.leak[...] (leak.go:11)\n");
	texts(t, 30, &out);
	assert_line(&out, "   1.4K    256B main.leak[.");
	assert_int_equal(alloc_table_sort(t, ALLOC_SORT_NEW), 0);
	texts(t, 50, &out);
	assert_line(&out, "  INUSE ALLOC/s     NEW FUNCTION\n");
}

static void chains(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct alloc_row *const *rows;

	first(f->heap);
	t = table_of(f, &(struct alloc_options){.by = ALLOC_BY_STACK, .sort = ALLOC_SORT_INUSE});
	texts(t, 0, &out);
	assert_line(&out, " STACK\n");
	assert_line(&out, " main.leak[...] (leak.go:11) < main.leak[...] (leak.go:10)\n");
	alloc_table_rows(t, &rows);
	strbuf_reset(&out);
	alloc_stack_text(t, rows[1], 4, &out);
	assert_line(&out,
		    "    main.leak[...] (/src/leak.go:11)\n    main.leak[...] (/src/leak.go:10)\n");
}

static void json(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_table_ struct alloc_table *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct alloc_row *const *rows;
	struct json_writer *w = json_writer_open();

	first(f->heap);
	t = table_of(f, &(struct alloc_options){.sort = ALLOC_SORT_INUSE});
	alloc_table_rows(t, &rows);
	alloc_row_json(t, rows[0], false, w);
	assert_int_equal(json_writer_line(w, &out), 0);
	assert_line(&out, "\"alloc_bytes_per_second\":null");
	second(f->heap);
	assert_int_equal(alloc_table_update(t), 0);
	alloc_table_rows(t, &rows);
	strbuf_reset(&out);
	w = json_writer_open();
	alloc_row_json(t, rows[0], true, w);
	assert_int_equal(json_writer_line(w, &out), 0);
	assert_string_equal(
		strbuf_text(&out),
		"{\"function\":\"main.leak[...]\",\"file\":\"/src/leak.go\",\"line\":11,"
		"\"inuse_bytes\":1440,\"inuse_objects\":70,\"alloc_bytes_per_second\":256,"
		"\"alloc_objects_per_second\":11,\"freed_bytes_per_second\":176,"
		"\"freed_objects_per_second\":11,\"alloc_bytes\":512,\"alloc_objects\":21,"
		"\"freed_bytes\":352,\"freed_objects\":21,\"growth_bytes\":160,\"growth_objects\":"
		"0,"
		"\"survival_percent\":59,\"since_gc_bytes\":96,\"since_gc_objects\":3,"
		"\"total_alloc_bytes\":2432,\"total_alloc_objects\":131,"
		"\"watched_alloc_bytes\":512,\"watched_alloc_objects\":21,\"stack\":["
		"{\"function\":\"main.leak[...]\",\"file\":\"/src/leak.go\",\"line\":11}]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(orders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(groups, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(impossible, set_up, tear_down),
		cmocka_unit_test_setup_teardown(filters, set_up, tear_down),
		cmocka_unit_test(bad_expressions),
		cmocka_unit_test(names),
		cmocka_unit_test(packages),
		cmocka_unit_test_setup_teardown(cells, set_up, tear_down),
		cmocka_unit_test_setup_teardown(chains, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
