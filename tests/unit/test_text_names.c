/* The scan for identifiers in a BPF C text, and for types in a tracepoint's format. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "bpf/text_names.h"
#include "bpf/tracepoint_types.h"

static unsigned use_in(const char *text, const char *name)
{
	struct text_names *names = NULL;
	unsigned use;

	assert_int_equal(text_names_scan(text, &names), 0);
	use = text_names_use(names, name);
	text_names_free(names);
	return use;
}

static void comments_and_strings_name_nothing(void **state)
{
	static const char text[] = "#include <linux/sched.h>\n"
				   "# include \"oomtools.bpf.h\"\n"
				   "#error don't stop here\n"
				   "/* one */ a // two \\\n still\n"
				   "b \"three \\\" four\" '\\'' c /* five";

	(void)state;
	assert_int_equal(use_in(text, "a"), TEXT_NAME_USED);
	assert_int_equal(use_in(text, "b"), TEXT_NAME_USED);
	assert_int_equal(use_in(text, "c"), TEXT_NAME_USED);
	for (const char **name = (const char *[]){"one", "two", "still", "three", "four", "five",
						  "linux", "sched", "oomtools", "t", "stop", NULL};
	     *name; name++)
		assert_int_equal(use_in(text, *name), 0);
	assert_int_equal(use_in("", "a"), 0);
	assert_int_equal(use_in("0x12ab 1e5 12ul", "ab"), 0);
	assert_int_equal(use_in("to\\\nken", "ken"), TEXT_NAME_USED);
}

static void tags(void **state)
{
	static const char text[] = "struct mine { struct mm_struct *mm; union sigval v; };\n"
				   "enum oom_constraint c; enum own { ONE, TWO = 2 };\n"
				   "struct __attribute__((packed, aligned(8))) tight { int x; };\n"
				   "#define CSS struct css\n"
				   "struct { int y; } z; struct late; struct late { int x; };\n";

	(void)state;
	assert_int_equal(use_in(text, "mine"),
			 TEXT_NAME_USED | TEXT_NAME_STRUCT | TEXT_NAME_TAG_BODY);
	assert_int_equal(use_in(text, "mm_struct"), TEXT_NAME_USED | TEXT_NAME_STRUCT);
	assert_int_equal(use_in(text, "mm"), TEXT_NAME_USED);
	assert_int_equal(use_in(text, "sigval"), TEXT_NAME_USED | TEXT_NAME_UNION);
	assert_int_equal(use_in(text, "oom_constraint"), TEXT_NAME_USED | TEXT_NAME_ENUM);
	assert_int_equal(use_in(text, "own"), TEXT_NAME_USED | TEXT_NAME_ENUM | TEXT_NAME_TAG_BODY);
	assert_int_equal(use_in(text, "packed"), TEXT_NAME_USED);
	assert_true(use_in(text, "tight") & TEXT_NAME_TAG_BODY);
	assert_int_equal(use_in(text, "css"), TEXT_NAME_USED | TEXT_NAME_STRUCT);
	assert_true(use_in(text, "late") & TEXT_NAME_TAG_BODY);
	assert_int_equal(use_in(text, "y"), TEXT_NAME_USED);
}

static void declarations(void **state)
{
	static const char text[] =
		"enum { ONE, TWO = 2, };\n"
		"enum own { THREE = MM_ANONPAGES };\n"
		"typedef unsigned int fmode_t; typedef struct { int a; } pair_t;\n"
		"BPF_HASH(events, struct key, struct value, NR_CPUS);\n"
		"static int first, *second;\n"
		"static u64 table[MOST] = {FOUR, FIVE};\n"
		"static inline int emit(struct task_struct *p, int order)\n"
		"{ int local = SIX; if (p) { local = 1; } return local; }\n"
		"#define BEGIN {\n"
		"int after;\n";
	static const char *const declared[] = {"ONE",	 "TWO",	   "THREE", "fmode_t",
					       "pair_t", "events", "first", "second",
					       "table",	 "emit",   "after"};
	static const char *const used[] = {"MM_ANONPAGES", "NR_CPUS", "MOST",  "FOUR", "FIVE",
					   "SIX",	   "local",   "order", "u64",  "BEGIN"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(declared); i++)
		if (use_in(text, declared[i]) != (TEXT_NAME_USED | TEXT_NAME_DECLARED))
			fail_msg("%s is not declared", declared[i]);
	for (size_t i = 0; i < ARRAY_SIZE(used); i++)
		if (use_in(text, used[i]) != TEXT_NAME_USED)
			fail_msg("%s is not merely used", used[i]);
}

static void test_macros(void **state)
{
	static const char text[] = "#ifdef HAVE_mm_struct__rss_stat\n"
				   "#if defined(HAVE_task_struct____state)\n"
				   "#ifdef HAVE_ENUMERATOR_MM_SHMEMPAGES\n"
				   "x = BITS_task_struct__in_execve(t);\n"
				   "#ifdef HAVE_oom_control\n";

	(void)state;
	assert_true(use_in(text, "mm_struct") & TEXT_NAME_STRUCT);
	assert_true(use_in(text, "rss_stat") & TEXT_NAME_USED);
	assert_true(use_in(text, "task_struct") & TEXT_NAME_STRUCT);
	assert_true(use_in(text, "__state") & TEXT_NAME_USED);
	assert_true(use_in(text, "in_execve") & TEXT_NAME_USED);
	assert_true(use_in(text, "oom_control") & TEXT_NAME_STRUCT);
	assert_int_equal(use_in(text, "MM_SHMEMPAGES"), TEXT_NAME_USED);
}

static void types_of_a_tracepoint(void **state)
{
	static const char format[] =
		"name: mm_compaction_suitable\nID: 1\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
		"\tfield:enum zone_type idx;\toffset:12;\tsize:4;\tsigned:0;\n"
		"\tfield:const gfp_t mask;\toffset:16;\tsize:4;\tsigned:0;\n"
		"\tfield:struct mm_struct * mm;\toffset:16;\tsize:8;\tsigned:0;\n"
		"\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
		"\tfield:broken";
	_cleanup_strbuf_ struct strbuf types = {0};

	(void)state;
	tracepoint_types_of_format(format, &types);
	assert_string_equal(strbuf_text(&types), "(unsigned short )\n(enum zone_type )\n"
						 "(const gfp_t )\n(struct mm_struct * )\n"
						 "(char )\n()\n");
	assert_int_equal(use_in(strbuf_text(&types), "gfp_t"), TEXT_NAME_USED);
	assert_int_equal(use_in(strbuf_text(&types), "zone_type"), TEXT_NAME_USED | TEXT_NAME_ENUM);
}

/* More names than the table holds at first. */
static void many_names(void **state)
{
	_cleanup_free_ char *text = malloc(20000 * 8);
	struct text_names *names;
	char *p = text;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 20000; i++)
		p += sprintf(p, "n%d ", i);
	assert_int_equal(text_names_scan(text, &names), 0);
	assert_int_equal(text_names_use(names, "n0"), TEXT_NAME_USED);
	assert_int_equal(text_names_use(names, "n19999"), TEXT_NAME_USED);
	assert_int_equal(text_names_use(names, "n20000"), 0);
	text_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_and_strings_name_nothing),
		cmocka_unit_test(tags),
		cmocka_unit_test(declarations),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(types_of_a_tracepoint),
		cmocka_unit_test(many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
