/* What is written of programs whose every number is known. */
#include <errno.h>
#include <sys/stat.h>

#include "alloc/alloc_export.h"
#include "base/file.h"
#include "unit/alloc_fixture.h"
#include "unit/read_profile.h"

#define CALL (BIAS + TINY_GO_CALL + 1)	/* main.leak[...], line 11 */
#define OTHER (BIAS + TINY_GO_LEAK + 1) /* main.leak[...], another line */
#define INLINED (BIAS + TINY_GO_INLINED + 1)
#define NOWHERE 0x1234ull

static const char comm[] = "odd;\n<comm>";

static struct go_program program_of(const struct fixture *f, pid_t pid)
{
	struct go_program p = {.process.pid = pid, .heap = f->heap};

	memcpy(p.process.comm, comm, sizeof(comm));
	return p;
}

static void updates(const struct fixture *f)
{
	alloc_heap_begin(f->heap, 5000000000);
	count(f->heap, 1, 16, (const uint64_t[]){CALL, OTHER}, 2, 100, 40);
	count(f->heap, 2, 32, (const uint64_t[]){CALL, OTHER}, 2, 10, 0);
	count(f->heap, 3, 8, (const uint64_t[]){INLINED, CALL}, 2, 7, 7);
	count(f->heap, 4, 64, (const uint64_t[]){OTHER}, 1, 5, 1);
	alloc_heap_end(f->heap);
	alloc_heap_begin(f->heap, 7000000000);
	count(f->heap, 1, 16, NULL, 0, 110, 70);
	count(f->heap, 5, 128, NULL, 0, 3, 1);
	alloc_heap_end(f->heap);
}

static struct alloc_export *export_of(const struct fixture *f,
				      const struct alloc_export_options *options)
{
	const struct go_program p = program_of(f, 4711);
	struct alloc_export *e;

	assert_int_equal(alloc_export_new(options, &e), 0);
	assert_int_equal(alloc_export_add(e, &p), 0);
	return e;
}

static void assert_folded(const struct fixture *f, bool since_start, bool one, const char *want)
{
	_cleanup_alloc_export_ struct alloc_export *e =
		export_of(f, &(struct alloc_export_options){
				     .folded = true, .since_start = since_start, .one = one});
	_cleanup_strbuf_ struct strbuf folded = {0}, why = {0};

	assert_int_equal(alloc_export_finish(e, &folded, &why), 0);
	assert_string_equal(strbuf_text(&folded), want);
}

static void folded(void **state)
{
	const struct fixture *f = *state;

	updates(f);
	assert_folded(f, false, true,
		      "(no stack) 256\n"
		      "main.leak[...] 256\n"
		      "main.leak[...];main.leak[...] 960\n");
	assert_folded(f, true, false,
		      "odd,\\x0a<comm>-4711;(no stack) 384\n"
		      "odd,\\x0a<comm>-4711;main.leak[...];main.leak[...] 160\n");
}

static void assert_sample(const Pprof__Sample *s, int64_t alloc_objects, int64_t alloc_bytes,
			  int64_t inuse_objects, int64_t inuse_bytes)
{
	assert_int_equal(s->n_value, 4);
	assert_int_equal(s->value[0], alloc_objects);
	assert_int_equal(s->value[1], alloc_bytes);
	assert_int_equal(s->value[2], inuse_objects);
	assert_int_equal(s->value[3], inuse_bytes);
}

/* The pprof file of one program; the flame graph goes into SVG. */
static Pprof__Profile *files(const struct fixture *f, bool since_start, bool one,
			     struct strbuf *svg)
{
	char dir[] = "/tmp/oomtools-test.XXXXXX", pprof_file[64], svg_file[64];
	_cleanup_strbuf_ struct strbuf bytes = {0}, why = {0};
	_cleanup_alloc_export_ struct alloc_export *e = NULL;

	assert_non_null(mkdtemp(dir));
	snprintf(pprof_file, sizeof(pprof_file), "%s/p.pb.gz", dir);
	snprintf(svg_file, sizeof(svg_file), "%s/f.svg", dir);
	e = export_of(f, &(struct alloc_export_options){.pprof = pprof_file,
							.svg = svg_file,
							.since_start = since_start,
							.one = one});
	assert_int_equal(alloc_export_try(e, &why), 0);
	assert_false(alloc_export_is_empty(e));
	assert_int_equal(alloc_export_finish(e, NULL, &why), 0);
	assert_int_equal(file_read(pprof_file, 1 << 20, &bytes), 0);
	assert_int_equal(file_read(svg_file, 1 << 20, svg), 0);
	assert_int_equal(unlink(pprof_file), 0);
	assert_int_equal(unlink(svg_file), 0);
	assert_int_equal(rmdir(dir), 0);
	return read_profile(&bytes);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in '%s'", part, text);
}

static void in_use(void **state)
{
	_cleanup_strbuf_ struct strbuf svg = {0};
	Pprof__Profile *p;

	updates(*state);
	p = files(*state, false, true, &svg);
	assert_int_equal(p->n_sample, 5);
	assert_sample(p->sample[0], 110, 1760, 40, 640);
	assert_sample(p->sample[2], 7, 56, 0, 0);
	assert_int_equal(p->sample[0]->n_label, 1);
	assert_int_equal(p->sample[0]->label[0]->num, 16);
	assert_int_equal(p->n_mapping, 1);
	assert_true(p->mapping[0]->has_functions);
	assert_int_equal(p->period, 1);
	assert_int_equal(p->duration_nanos, 0);
	assert_contains(profile_text(p, p->comment[0]),
			"PID 4711 odd;\\x0a<comm>, living: all that is in use");
	assert_contains(strbuf_text(&svg), ">odd;\\x0a&lt;comm&gt; (PID 4711): heap in use<");
	assert_contains(strbuf_text(&svg), "<title>all\n1.4K (1472 bytes), 100.00%<");
	pprof__profile__free_unpacked(p, NULL);
}

static void difference(void **state)
{
	_cleanup_strbuf_ struct strbuf svg = {0};
	Pprof__Profile *p;

	updates(*state);
	p = files(*state, true, false, &svg);
	assert_int_equal(p->n_sample, 2);
	assert_sample(p->sample[0], 10, 160, -20, -320);
	assert_sample(p->sample[1], 3, 384, 2, 256);
	assert_int_equal(p->sample[0]->n_label, 2);
	assert_string_equal(profile_text(p, p->sample[0]->label[1]->str), "odd;\n<comm>-4711");
	assert_int_equal(p->duration_nanos, 2000000000);
	assert_contains(profile_text(p, p->comment[0]), "allocated in the last 2.0 s");
	assert_contains(strbuf_text(&svg), "<title>all\n544 bytes, 100.00%<");
	assert_contains(strbuf_text(&svg), "<title>odd;\\x0a&lt;comm&gt;-4711\n");
	pprof__profile__free_unpacked(p, NULL);
}

/* Where only what is allocated is known, and that not exactly. */
static void estimates(void **state)
{
	const struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf svg = {0};
	Pprof__Profile *p;

	alloc_heap_set_estimated(f->heap);
	updates(f);
	p = files(f, true, true, &svg);
	assert_sample(p->sample[0], 10, 160, 0, 0);
	assert_contains(profile_text(p, p->comment[1]), "an estimate, from spans");
	assert_contains(strbuf_text(&svg), ", an estimate from memory that was used up<");
	pprof__profile__free_unpacked(p, NULL);
}

/* Two programs at the same addresses, one of them with a frame that has no name. */
static void two_programs(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_export_ struct alloc_export *e = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0}, why = {0};
	char file[] = "/tmp/oomtools-test.XXXXXX";
	int fd = mkstemp(file);
	const struct go_program without_heap = {.process.pid = 1}, p = program_of(f, 4712);
	Pprof__Profile *m;

	assert_true(fd >= 0);
	close(fd);
	updates(f);
	e = export_of(f, &(struct alloc_export_options){.pprof = file});
	alloc_heap_begin(f->heap, 8000000000);
	count(f->heap, 9, 16, (const uint64_t[]){NOWHERE}, 1, 1, 0);
	alloc_heap_end(f->heap);
	assert_int_equal(alloc_export_add(e, &without_heap), 0);
	assert_int_equal(alloc_export_add(e, &p), 0);
	assert_int_equal(alloc_export_finish(e, NULL, &why), 0);
	assert_int_equal(file_read(file, 1 << 20, &bytes), 0);
	assert_int_equal(unlink(file), 0);
	m = read_profile(&bytes);
	assert_int_equal(m->n_sample, 5 + 6);
	assert_int_equal(m->n_mapping, 2);
	assert_true(m->mapping[0]->has_functions);
	assert_false(m->mapping[1]->has_functions);
	assert_int_equal(m->location[m->sample[0]->location_id[0] - 1]->mapping_id, 1);
	assert_int_equal(m->location[m->sample[5]->location_id[0] - 1]->mapping_id, 2);
	assert_int_equal(m->location[m->sample[10]->location_id[0] - 1]->mapping_id, 0);
	pprof__profile__free_unpacked(m, NULL);
}

static void owners(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_export_ struct alloc_export *e = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0}, why = {0};
	char file[] = "/tmp/oomtools-test.XXXXXX";
	int fd = mkstemp(file);
	struct alloc_stack *s;
	Pprof__Profile *m;

	assert_true(fd >= 0);
	close(fd);
	alloc_heap_begin(f->heap, 1);
	assert_int_equal(alloc_heap_add(f->heap, 1, 17, 16, (const uint64_t[]){CALL}, 1, &s), 0);
	s->now.allocs = 3;
	alloc_heap_end(f->heap);
	e = export_of(f, &(struct alloc_export_options){
				 .pprof = file, .one = true, .owner = ALLOC_OWNER_GOROUTINE});
	assert_int_equal(alloc_export_finish(e, NULL, &why), 0);
	assert_int_equal(file_read(file, 1 << 20, &bytes), 0);
	assert_int_equal(unlink(file), 0);
	m = read_profile(&bytes);
	assert_int_equal(m->n_sample, 1);
	assert_int_equal(m->sample[0]->n_label, 2);
	assert_string_equal(profile_text(m, m->sample[0]->label[1]->key), "goroutine");
	assert_int_equal(m->sample[0]->label[1]->num, 17);
	assert_sample(m->sample[0], 3, 48, 0, 0); /* frees are nobody's */
	pprof__profile__free_unpacked(m, NULL);
}

/* The one that can be written is, and the other one is told of. */
static void unwritable(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_export_ struct alloc_export *e = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	char file[] = "/tmp/oomtools-test.XXXXXX";
	int fd = mkstemp(file);
	struct stat st;

	assert_true(fd >= 0);
	close(fd);
	updates(f);
	e = export_of(f, &(struct alloc_export_options){.svg = "/nonexistent/x", .pprof = file});
	assert_int_equal(alloc_export_try(e, &why), -ENOENT);
	assert_string_equal(strbuf_text(&why),
			    "cannot write /nonexistent/x: No such file or directory");
	strbuf_reset(&why);
	assert_int_equal(alloc_export_finish(e, NULL, &why), -ENOENT);
	assert_contains(strbuf_text(&why), "cannot write /nonexistent/x: ");
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(unlink(file), 0);
}

static void nothing(void **state)
{
	const struct fixture *f = *state;
	_cleanup_alloc_export_ struct alloc_export *e =
		export_of(f, &(struct alloc_export_options){.folded = true});
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};

	assert_true(alloc_export_is_empty(e));
	assert_int_equal(alloc_export_finish(e, &out, &why), 0);
	assert_int_equal(out.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(difference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_programs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(estimates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unwritable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
