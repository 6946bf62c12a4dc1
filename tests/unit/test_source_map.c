/* From compiler and verifier messages to the lines that people edit. */
#include "unit/unit.h"

#include "bpf/program_load.h"
#include "bpf/source_map.h"

static const char text[] = "#define A 1\n"     /* tool.bpf.c:1 */
			   "struct shared {\n" /* shared.h:1 */
			   "\tint a;\n"
			   "};\n"
			   "int probe(void *ctx)\n" /* tool.bpf.c:3 */
			   "{\n"
			   "\treturn 0;\n"
			   "\treturn 0;\n"
			   "}\n";
static const struct text_line lines[] = {
	{1, "tool.bpf.c", 1}, {2, "shared.h", 1}, {5, "tool.bpf.c", 3}, {0}};
static const struct source joined = {.text = text, .lines = lines};
static const struct source plain = {.text = text, .file = "edited.c"};

static void check_place(const struct source *source, unsigned int line, const char *file,
			unsigned int number)
{
	const char *got;
	unsigned int got_number;

	source_locate(source, line, &got, &got_number);
	assert_string_equal(got, file);
	assert_int_equal(got_number, number);
}

static void locates_lines(void **state)
{
	(void)state;
	check_place(&joined, 1, "tool.bpf.c", 1);
	check_place(&joined, 2, "shared.h", 1);
	check_place(&joined, 4, "shared.h", 3);
	check_place(&joined, 5, "tool.bpf.c", 3);
	check_place(&joined, 9, "tool.bpf.c", 7);
	check_place(&plain, 9, "edited.c", 9);
}

static void finds_quoted_lines(void **state)
{
	(void)state;
	assert_int_equal(source_find(&plain, "int a;", 6, 1), 3);
	assert_int_equal(source_find(&plain, "        return 0;", 17, 1), 7);
	assert_int_equal(source_find(&plain, "return 0;", 9, 20), 8);
	assert_int_equal(source_find(&plain, "nowhere", 7, 1), 0);
	assert_int_equal(source_find(&plain, "  ", 2, 1), 0);
}

static void check_messages(const struct source *source, const char *output, bool failed,
			   const char *errors, const char *others)
{
	_cleanup_strbuf_ struct strbuf got = {0}, rest = {0};

	source_messages(source, output, failed, &got, &rest);
	assert_string_equal(strbuf_text(&got), errors);
	assert_string_equal(strbuf_text(&rest), others);
}

static void sorts_messages(void **state)
{
	(void)state;
	check_messages(&joined,
		       "In file included from <built-in>:2:\n"
		       "/virtual/main.c:3:6: error: no 'a'\n"
		       "        int a;\n"
		       "            ^\n"
		       "/virtual/main.c:5:1: note: here\n"
		       "int probe(void *ctx)\n"
		       "^\n"
		       "/virtual/include/bcc/helpers.h:9:9: note: expanded from macro 'X'\n"
		       "#define X\n"
		       "        ^\n"
		       "/virtual/main.c:7:2: warning: odd\n"
		       "\treturn 0;\n"
		       "        ^\n"
		       "1 error generated.\n",
		       true,
		       "shared.h:2:6: error: no 'a'\n"
		       "        int a;\n"
		       "            ^\n"
		       "tool.bpf.c:3:1: note: here\n"
		       "int probe(void *ctx)\n"
		       "^\n",
		       "tool.bpf.c:5:2: warning: odd\n"
		       "\\x09return 0;\n"
		       "        ^\n");
}

/* libbcc put a struct of ten lines before the text; and it runs the compiler twice. */
static void corrects_shifted_lines(void **state)
{
	(void)state;
	check_messages(&plain,
		       "/virtual/main.c:13:6: error: one\n"
		       "\tint a;\n"
		       "/virtual/main.c:15:1: error: two\n"
		       "rewritten beyond recognition\n"
		       "2 errors generated.\n"
		       "/virtual/main.c:13:6: error: one\n"
		       "\tint a;\n",
		       true,
		       "edited.c:3:6: error: one\n"
		       "\\x09int a;\n"
		       "edited.c:5:1: error: two\n"
		       "rewritten beyond recognition\n",
		       "");
}

static void places_generator_errors(void **state)
{
	(void)state;
	check_messages(&joined,
		       "error: /virtual/main.c:0:0: in function probe i32 (i8*): Looks like too "
		       "much.\n",
		       true, "tool.bpf.c:3: error: in function probe: Looks like too much.\n", "");
}

static void says_that_there_are_no_floats(void **state)
{
	(void)state;
	check_messages(&joined,
		       "error: /virtual/main.c:0:0: in function probe i32 (i8*): A call to "
		       "built-in function '__adddf3' is not supported.\n",
		       true,
		       "tool.bpf.c:3: error: in function probe: A call to built-in function "
		       "'__adddf3' is not supported.\n"
		       "  there are no floating-point numbers in BPF\n",
		       "");
}

/* LLVM gives up, tells of itself, and libbcc's number is too high. */
static void finds_divisions_with_a_sign(void **state)
{
	static const char program[] = "s64 f(s64 a)\n"
				      "{\n"
				      "\t// 9\n"
				      "\ta /= 3;\n"
				      "\treturn a % 7;\n"
				      "}\n";
	unsigned int line = 0;
	const struct source source = {.text = program, .file = "x.c", .error_line = &line};
	static const char divides[] =
		"LLVM ERROR: Cannot select: 0x5: i64 = sdiv 0x6, Constant:i64<3>, "
		"/virtual/main.c:9:4 @[ /virtual/main.c:30:1 ]\n"
		"  0x6: i64 = Register %3\n"
		"In function: f\n";
	static const char lost[] =
		"LLVM ERROR: Cannot select: 0x5: i64 = srem 0x6, 0x7, /virtual/main.c:9:40\n";
#define SAYS                                                                    \
	"error: BPF cannot divide numbers that have a sign: make both u64, or " \
	"in a policy use oom_policy_divide()\n"

	(void)state;
	check_messages(&source, divides, true, "x.c:4: " SAYS, "");
	assert_int_equal(line, 4);
	check_messages(&source, lost, true, SAYS, "");
	check_messages(&source, "LLVM ERROR: Cannot select: 0x5: i64 = mulhs 0x6\n", true,
		       "LLVM ERROR: Cannot select: 0x5: i64 = mulhs 0x6\n", "");
}

/* An error of its second pass quotes what it made of the line. */
static void places_errors_in_rewritten_lines(void **state)
{
	static const char program[] = "BPF_ARRAY(lost, u64, 1);\n"
				      "int raw_tp__x(void *ctx)\n"
				      "{\n"
				      "\tchar buffer[9] = {0}; int r = bpf_trace_printk(b, 9);\n"
				      "\treturn r;\n"
				      "}\n";
	unsigned int line = 0;
	const struct source source = {.text = program, .file = "x.c", .error_line = &line};

	(void)state;
	check_messages(
		&source,
		"/virtual/main.c:40:9: error: bad\n"
		"char buffer[9] = {0}; int r = ({ char _f[] = b; bpf_trace_printk_(_f, 9); });\n",
		true,
		"x.c:4: error: bad\n"
		"        char buffer[9] = {0}; int r = bpf_trace_printk(b, 9);\n",
		"");
	assert_int_equal(line, 4);
	/* Its caret would point into what libbcc made, and a note is no less right for that. */
	check_messages(
		&source,
		"/virtual/main.c:40:9: error: bad\n"
		"char buffer[9] = {0}; int r = ({ char _f[] = b; bpf_trace_printk_(_f, 9); });\n"
		"                                 ^       ~\n"
		"/virtual/main.c:38:9: note: here\n"
		"int raw_tp__x(void *ctx)\n"
		"    ^\n",
		true,
		"x.c:4: error: bad\n"
		"        char buffer[9] = {0}; int r = bpf_trace_printk(b, 9);\n"
		"x.c:2:9: note: here\n"
		"int raw_tp__x(void *ctx)\n"
		"    ^\n",
		"");
}

static void passes_on_what_it_does_not_know(void **state)
{
	(void)state;
	check_messages(&plain, "Segmentation\x1b[31m fault\n", true,
		       "Segmentation\\x1b[31m fault\n", "Segmentation\\x1b[31m fault\n");
	check_messages(&plain, "bpf: hello\n", false, "", "bpf: hello\n");
	check_messages(&plain, "", true, "", "");
}

static void check_refusal(const char *log, const char *expected)
{
	_cleanup_strbuf_ struct strbuf reason = {0};

	program_explain("raw_tp__x", log, &joined, &reason);
	assert_string_equal(strbuf_text(&reason), expected);
}

static void explains_refusals(void **state)
{
	(void)state;
	check_refusal("0: R1=ctx(off=0,imm=0) R10=fp0\n"
		      "; int probe(void *ctx) @ main.c:15\n"
		      "0: (bf) r6 = r1\n"
		      "; return 0; @ main.c:17\n"
		      "1: (79) r1 = *(u64 *)(r0 +0)\n"
		      "R0 !read_ok\n"
		      "processed 2 insns (limit 1000000) max_states_per_insn 0\n",
		      /* As far from the function's line as it is in the log. */
		      "tool.bpf.c:5: the kernel's verifier refuses raw_tp__x\n"
		      "    return 0;\n"
		      "  because:\n"
		      "    0: R1=ctx(off=0,imm=0) R10=fp0\n"
		      "    ; int probe(void *ctx)\n"
		      "    0: (bf) r6 = r1\n"
		      "    ; return 0;\n"
		      "    1: (79) r1 = *(u64 *)(r0 +0)\n"
		      "    R0 !read_ok\n");
	check_refusal("1\n2\n3\n4\n5\n6\n7\n8\n", "the kernel's verifier refuses raw_tp__x\n"
						  "    3\n    4\n    5\n    6\n    7\n    8\n");
	check_refusal("; unknown line @ main.c:2\nno",
		      "shared.h:1: the kernel's verifier refuses raw_tp__x\n"
		      "    unknown line\n"
		      "  because:\n"
		      "    ; unknown line\n"
		      "    no\n");
}

/* libbcc writes calls of map functions anew, and adds lines. */
static void finds_rewritten_lines(void **state)
{
	static const char program[] = "BPF_ARRAY(lost, u64, 1);\n"
				      "int raw_tp__x(void *ctx)\n"
				      "{\n"
				      "\tu64 *first = lost.lookup(&key);\n"
				      "\tu64 *second = lost.lookup(&key);\n"
				      "\treturn *second;\n"
				      "}\n";
	unsigned int line = 0;
	const struct source source = {.text = program, .file = "x.c", .error_line = &line};
	_cleanup_strbuf_ struct strbuf reason = {0};

	(void)state;
	program_explain(
		"raw_tp__x",
		"; u64 *second = bpf_map_lookup_elem((void *)bpf_pseudo_fd(1, -1), &key); @ "
		"main.c:27\n3: (85) call\n",
		&source, &reason);
	assert_int_equal(line, 5);
	assert_memory_equal(reason.data,
			    "x.c:5: the kernel's verifier refuses raw_tp__x\n"
			    "    u64 *second = lost.lookup(&key);\n",
			    82);
	/* Of a function in one line it makes several, of which others may have more in common. */
	strbuf_reset(&reason);
	line = 0;
	program_explain(
		"raw_tp__y", "; return bpf_get_current_task_btf() != 0; }\n0: (85) call\n",
		&(struct source){
			.text = "u64 first(void)\n{\n\treturn task;\n}\n"
				"int raw_tp__y(struct bpf_raw_tracepoint_args *ctx) { return "
				"bpf_get_current_task_btf() != 0; }\n",
			.file = "x.c",
			.error_line = &line},
		&reason);
	assert_int_equal(line, 5);
	strbuf_reset(&reason);
	line = 0;
	program_explain("raw_tp__x", "; ({ entirely; another }) @ main.c:27\n0: (85) call\n",
			&source, &reason);
	assert_int_equal(line, 2);
}

static void check_blame(const char *name, unsigned int line, const char *reason)
{
	static const char program[] = "#define X 1\n"
				      "int raw_tp__x(void *ctx)\n"
				      "{\n"
				      "}\n"
				      "TRACEPOINT_PROBE(net, x)\n"
				      "TRACEPOINT_PROBE(oom, mark_victim)\n"
				      "RAW_TRACEPOINT_PROBE(sys_enter)";
	unsigned int at = 0;
	const struct source source = {.text = program, .file = "x.c", .error_line = &at};
	const struct source unasked = {.text = program, .file = "x.c"};
	_cleanup_strbuf_ struct strbuf said = {0}, same = {0};

	strbuf_puts(&said, "no such\n  as these\n");
	strbuf_puts(&same, strbuf_text(&said));
	source_blame(&source, name, &said);
	assert_string_equal(strbuf_text(&said), reason);
	assert_int_equal(at, line);
	source_blame(&unasked, name, &same);
	assert_string_equal(strbuf_text(&same), "no such\n  as these\n");
}

static void blames_functions(void **state)
{
	(void)state;
	check_blame("raw_tp__x", 2, "x.c:2: no such\n    int raw_tp__x(void *ctx)\n  as these\n");
	check_blame("tracepoint__oom__mark_victim", 6,
		    "x.c:6: no such\n    TRACEPOINT_PROBE(oom, mark_victim)\n  as these\n");
	check_blame("raw_tracepoint__sys_enter", 7,
		    "x.c:7: no such\n    RAW_TRACEPOINT_PROBE(sys_enter)\n  as these\n");
	check_blame("tracepoint__oom__x", 0, "no such\n  as these\n");
	check_blame("kprobe__", 0, "no such\n  as these\n");
	check_blame("probe", 0, "no such\n  as these\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_rewritten_lines),
		cmocka_unit_test(blames_functions),
		cmocka_unit_test(locates_lines),
		cmocka_unit_test(finds_quoted_lines),
		cmocka_unit_test(sorts_messages),
		cmocka_unit_test(corrects_shifted_lines),
		cmocka_unit_test(places_generator_errors),
		cmocka_unit_test(says_that_there_are_no_floats),
		cmocka_unit_test(finds_divisions_with_a_sign),
		cmocka_unit_test(places_errors_in_rewritten_lines),
		cmocka_unit_test(passes_on_what_it_does_not_know),
		cmocka_unit_test(explains_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
