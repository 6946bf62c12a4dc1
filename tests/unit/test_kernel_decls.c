/* C declarations from BTF made by hand; whether they compile to the right offsets is layout's job.
 */
#include "unit/unit.h"

#include <bpf/btf.h>
#include <errno.h>

#include "base/strbuf.h"
#include "bpf/kernel_decls.h"
#include "bpf/text_names.h"

/* The types most tests need; each test adds its own. */
struct types {
	struct btf *btf;
	int int_id, long_id, char_id;
};

static int setup(void **state)
{
	struct types *t = calloc(1, sizeof(*t));

	t->btf = btf__new_empty();
	assert_non_null(t->btf);
	t->int_id = btf__add_int(t->btf, "int", 4, BTF_INT_SIGNED);
	t->long_id = btf__add_int(t->btf, "long unsigned int", 8, 0);
	t->char_id = btf__add_int(t->btf, "char", 1, BTF_INT_SIGNED);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct types *t = *state;

	btf__free(t->btf);
	free(t);
	return 0;
}

static int write_decls(const struct btf *btf, const char *text, struct strbuf *out)
{
	static const char base_text[] = "typedef int pid_t; enum { false, true };";
	struct text_names *names, *base;
	int r;

	assert_int_equal(text_names_scan(text, &names), 0);
	assert_int_equal(text_names_scan(base_text, &base), 0);
	r = kernel_decls_write(btf, names, base, out, NULL, NULL);
	text_names_free(names);
	text_names_free(base);
	return r;
}

static void check_decls(const struct btf *btf, const char *text, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	assert_int_equal(write_decls(btf, text, &out), 0);
	assert_string_equal(strbuf_text(&out), want);
}

static void only_named_fields(void **state)
{
	struct types *t = *state;

	btf__add_struct(t->btf, "task", 32);
	btf__add_field(t->btf, "flags", t->long_id, 0, 0);
	btf__add_field(t->btf, "pid", t->int_id, 64, 0);
	btf__add_field(t->btf, "tgid", t->int_id, 96, 0);
	check_decls(t->btf, "f(struct task *p) { p->tgid; }",
		    "#define HAVE_task__tgid 1\n"
		    "#define HAVE_task 1\n"
		    "struct task { union {\n"
		    "struct { char __p0[12]; int tgid; };\n"
		    "char __size[32];\n"
		    "}; };\n");
	check_decls(t->btf, "f(struct task *p) { p->comm; }",
		    "#define HAVE_task 1\nstruct task { union {\nchar __size[32];\n}; };\n");
	check_decls(t->btf, "struct task { int tgid; };", "");
	check_decls(t->btf, "union task; tgid", "");
	check_decls(t->btf, "tgid", "");
}

static void pointers_are_followed(void **state)
{
	struct types *t = *state;
	int mm = btf__add_struct(t->btf, "mm", 16), pointer, twice, forward, any, call;

	/* A field goes to the newest type, so what it needs comes first. */
	btf__add_field(t->btf, "total", t->long_id, 64, 0);
	pointer = btf__add_ptr(t->btf, btf__add_const(t->btf, mm));
	twice = btf__add_ptr(t->btf, pointer);
	forward = btf__add_ptr(t->btf, btf__add_fwd(t->btf, "secret", BTF_FWD_UNION));
	any = btf__add_ptr(t->btf, 0);
	call = btf__add_ptr(t->btf, btf__add_func_proto(t->btf, 0));
	btf__add_struct(t->btf, "task", 40);
	btf__add_field(t->btf, "mm", pointer, 0, 0);
	btf__add_field(t->btf, "list", twice, 64, 0);
	btf__add_field(t->btf, "hidden", forward, 128, 0);
	btf__add_field(t->btf, "any", any, 192, 0);
	btf__add_field(t->btf, "call", call, 256, 0);
	check_decls(t->btf, "struct task mm list hidden any call total",
		    "#define HAVE_task__mm 1\n#define HAVE_task__list 1\n"
		    "#define HAVE_task__hidden 1\n#define HAVE_task__any 1\n"
		    "#define HAVE_task__call 1\n#define HAVE_task 1\n"
		    "struct task { union {\n"
		    "struct { struct mm *mm; };\n"
		    "struct { char __p1[8]; struct mm **list; };\n"
		    "struct { char __p2[16]; union secret *hidden; };\n"
		    "struct { char __p3[24]; void *any; };\n"
		    "struct { char __p4[32]; void *call; };\n"
		    "char __size[40];\n}; };\n"
		    "#define HAVE_mm__total 1\n#define HAVE_mm 1\n"
		    "struct mm { union {\n"
		    "struct { char __p0[8]; unsigned long total; };\n"
		    "char __size[16];\n}; };\n");
	/* Nothing of struct mm is named: it stays unknown. */
	check_decls(t->btf, "struct task mm",
		    "#define HAVE_task__mm 1\n#define HAVE_task 1\n"
		    "struct task { union {\nstruct { struct mm *mm; };\nchar __size[40];\n}; };\n");
}

static void structs_without_a_name(void **state)
{
	struct types *t = *state;
	int inner, array;

	inner = btf__add_union(t->btf, NULL, 8);
	btf__add_field(t->btf, "a", t->int_id, 0, 0);
	btf__add_field(t->btf, "b", t->long_id, 0, 0);
	btf__add_struct(t->btf, NULL, 4);
	btf__add_field(t->btf, "counter", t->int_id, 0, 0);
	array = btf__add_array(t->btf, t->int_id,
			       btf__add_typedef(t->btf, "atomic_t", (int)btf__type_cnt(t->btf) - 1),
			       3);
	btf__add_struct(t->btf, "s", 40);
	btf__add_field(t->btf, NULL, inner, 64, 0);
	btf__add_field(t->btf, "in", inner, 128, 0);
	btf__add_field(t->btf, "usage", array, 192, 0);
	check_decls(t->btf, "struct s b in usage counter",
		    "#define HAVE_s__b 1\n#define HAVE_s__in 1\n"
		    "#define HAVE_atomic_t__counter 1\n#define HAVE_atomic_t 1\n"
		    "typedef struct { union {\nstruct { int counter; };\nchar __size[4];\n}; } "
		    "atomic_t;\n"
		    "#define HAVE_s__usage 1\n#define ISARRAY_s__usage 1\n#define HAVE_s 1\n"
		    "struct s { union {\n"
		    "struct { char __p0[8]; unsigned long b; };\n"
		    "struct { char __p1[16]; union { union {\nstruct { unsigned long b; };\n"
		    "char __size[8];\n}; } in; };\n"
		    "struct { char __p2[24]; atomic_t usage[3]; };\n"
		    "char __size[40];\n}; };\n");
	/* A text with an atomic_t of its own gets the field as bytes. */
	check_decls(
		t->btf, "typedef int atomic_t; struct s usage",
		"#define HAVE_s__usage 1\n#define ISARRAY_s__usage 1\n#define HAVE_s 1\n"
		"struct s { union {\nstruct { char __p0[24]; struct { union {\nchar __size[4];\n"
		"}; } usage[3]; };\nchar __size[40];\n}; };\n");
}

static void packed_and_odd(void **state)
{
	struct types *t = *state;
	int wide = btf__add_int(t->btf, "__int128", 16, BTF_INT_SIGNED);
	int row = btf__add_array(t->btf, t->int_id, t->char_id, 3);
	int grid = btf__add_array(t->btf, t->int_id, row, 0);

	btf__add_struct(t->btf, "s", 30);
	btf__add_field(t->btf, "odd", t->long_id, 24, 0);
	btf__add_field(t->btf, "huge", wide, 96, 0);
	btf__add_field(t->btf, "beyond", t->long_id, 29 * 8, 0);
	btf__add_field(t->btf, "grid", grid, 30 * 8, 0);
	check_decls(t->btf, "struct s odd huge beyond grid",
		    "#define HAVE_s__odd 1\n#define HAVE_s__huge 1\n"
		    "#define HAVE_s__grid 1\n#define ISARRAY_s__grid 1\n#define HAVE_s 1\n"
		    "struct s { union {\n"
		    "struct { char __p0[3]; unsigned long odd; } __attribute__((packed));\n"
		    "struct { char __p1[12]; char huge[16]; };\n"
		    "struct { char __p3[30]; char grid[0][3]; };\n"
		    "char __size[30];\n}; };\n");
}

static void bit_fields(void **state)
{
	struct types *t = *state;

	btf__add_struct(t->btf, "s", 16);
	btf__add_field(t->btf, "one", t->int_id, 67, 1);
	btf__add_field(t->btf, "all", t->long_id, 68, 60);
	check_decls(t->btf, "struct s one all",
		    "#define HAVE_s__one 1\n"
		    "#define BITS_s__one(p) ({ unsigned long v_ = 0; bpf_probe_read_kernel(&v_, 1, "
		    "(const char *)(p) + 8); (long)(v_ << 60) >> 63; })\n"
		    "#define HAVE_s__all 1\n"
		    "#define BITS_s__all(p) ({ unsigned long v_ = 0; bpf_probe_read_kernel(&v_, 8, "
		    "(const char *)(p) + 8); (unsigned long)(v_ << 0) >> 4; })\n"
		    "#define HAVE_s 1\nstruct s { union {\nchar __size[16];\n}; };\n");
}

static void enumerations(void **state)
{
	struct types *t = *state;

	btf__add_enum(t->btf, NULL, 4);
	btf__add_enum_value(t->btf, "MM_FILEPAGES", 0);
	btf__add_enum_value(t->btf, "MM_ANONPAGES", 1);
	btf__add_enum(t->btf, "oom_constraint", 4);
	btf__add_enum_value(t->btf, "CONSTRAINT_NONE", 0);
	btf__add_enum_value(t->btf, "CONSTRAINT_MEMCG", -3);
	btf__add_enum64(t->btf, NULL, 8, false);
	btf__add_enum64_value(t->btf, "LARGE", 1ull << 40);
	btf__add_enum_value(t->btf, "BPF_ANY", 0);
	btf__add_enum(t->btf, NULL, 4);
	btf__add_enum_value(t->btf, "false", 0);
	btf__add_enum_value(t->btf, "MM_ANONPAGES", 7);
	check_decls(t->btf, "MM_ANONPAGES",
		    "#define HAVE_ENUMERATOR_MM_ANONPAGES 1\n"
		    "enum { MM_ANONPAGES = 1u, };\n");
	check_decls(t->btf, "enum oom_constraint c;",
		    "#define HAVE_oom_constraint 1\n"
		    "enum oom_constraint { CONSTRAINT_NONE = 0, CONSTRAINT_MEMCG = -3, };\n");
	check_decls(t->btf, "enum oom_constraint c; enum { CONSTRAINT_NONE };",
		    "#define HAVE_oom_constraint 1\n"
		    "enum oom_constraint { CONSTRAINT_MEMCG = -3, };\n");
	check_decls(t->btf, "LARGE BPF_ANY false",
		    "#define HAVE_ENUMERATOR_LARGE 1\nenum { LARGE = 1099511627776u, };\n");
	check_decls(t->btf, "#ifdef HAVE_ENUMERATOR_MM_FILEPAGES",
		    "#define HAVE_ENUMERATOR_MM_FILEPAGES 1\nenum { MM_FILEPAGES = 0u, };\n");
}

static void typedefs(void **state)
{
	struct types *t = *state;

	btf__add_typedef(t->btf, "gfp_t", t->int_id);
	btf__add_typedef(t->btf, "pid_t", t->int_id);
	btf__add_typedef(t->btf, "cookie_t", btf__add_array(t->btf, t->int_id, t->char_id, 4));
	check_decls(t->btf, "gfp_t x; pid_t y; cookie_t z;",
		    "typedef int gfp_t;\ntypedef char cookie_t[4];\n");
	check_decls(t->btf, "typedef int gfp_t;", "");
}

static void iterators(void **state)
{
	static const char want[] = "#define HAVE_bpf_iter__task__meta 1\n"
				   "#define HAVE_bpf_iter__task 1\n"
				   "struct bpf_iter__task { union {\n"
				   "struct { unsigned long meta; };\nchar __size[8];\n}; };\n";
	struct types *t = *state;

	btf__add_struct(t->btf, "bpf_iter__task", 8);
	btf__add_field(t->btf, "meta", t->long_id, 0, 0);
	check_decls(t->btf, "BPF_PROG(iter__task) { meta; }", want);
	check_decls(t->btf, "BPF_ITER(task) { meta; }", want);
	check_decls(t->btf, "task meta", "");
}

/* A number may be out of range, a chain may be a ring, a struct may hold itself. */
static void nonsense(void **state)
{
	struct types *t = *state;
	_cleanup_strbuf_ struct strbuf out = {0};
	int ring = (int)btf__type_cnt(t->btf), vast;

	btf__add_typedef(t->btf, "ring_t", ring + 1);
	btf__add_const(t->btf, ring);
	vast = btf__add_array(t->btf, t->int_id, t->long_id, ~0u);
	vast = btf__add_array(t->btf, t->int_id, vast, ~0u);
	btf__add_struct(t->btf, "s", 16);
	btf__add_field(t->btf, "self", (int)btf__type_cnt(t->btf) - 1, 0, 0);
	btf__add_field(t->btf, "ring", ring, 0, 0);
	btf__add_field(t->btf, "beyond", 12345, 0, 0);
	btf__add_field(t->btf, "vast", vast, 0, 0);
	check_decls(t->btf, "struct s self ring beyond vast ring_t",
		    "#define HAVE_s__self 1\n#define HAVE_s 1\n"
		    "struct s { union {\nstruct { char self[16]; };\nchar __size[16];\n}; };\n");
	/* A struct without a name that holds itself 20 times. */
	btf__add_struct(t->btf, NULL, 16);
	for (int i = 0; i < 20; i++)
		btf__add_field(t->btf, NULL, (int)btf__type_cnt(t->btf) - 1, 0, 0);
	btf__add_struct(t->btf, "bomb", 16);
	btf__add_field(t->btf, NULL, (int)btf__type_cnt(t->btf) - 2, 0, 0);
	assert_int_equal(write_decls(t->btf, "struct bomb", &out), -E2BIG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_named_fields),
		TEST(pointers_are_followed),
		TEST(structs_without_a_name),
		TEST(packed_and_odd),
		TEST(bit_fields),
		TEST(enumerations),
		TEST(typedefs),
		TEST(iterators),
		TEST(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
