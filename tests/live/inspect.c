/* What a tool can tell of its running probe: programs, maps and their values, the kernel's structs.
 */
#include "live/bpf_test.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "bpf/kernel_map.h"
#include "bpf/kernel_struct.h"
#include "bpf/map_text.h"
#include "bpf/tracer.h"

EMBEDDED_TEXT(inspect);

#define CALLS 17

/* As the text has them. */
struct place {
	uint32_t x, y;
};
struct thing {
	uint64_t number;
	int32_t negative;
	int32_t color;
	char name[8];
	uint8_t bytes[3];
	uint32_t small : 3, large : 5;
	struct place at;
	uint16_t list[4];
	uint64_t pointer;
};

static struct tracer *tracer;

static int start(void **state)
{
	char magic[32];
	const char *const flags[] = {magic, NULL};
	struct tracer_config config = {.name = "test",
				       .text = inspect_text,
				       .lines = inspect_lines,
				       .flags = flags,
				       .swappable = true,
				       .keep_btf = true};

	if (bpf_test_setup(state) < 0)
		return -1;
	snprintf(magic, sizeof(magic), "-DMAGIC=%u", 0x6f000000u + (uint32_t)getpid());
	if (tracer_new(&config, &tracer) < 0)
		return -1;
	if (tracer_start(tracer) < 0) {
		printf("# %s\n", tracer_error(tracer));
		return -1;
	}
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getpgid, 0x6f000000u + (uint32_t)getpid());
	return 0;
}

static int end(void **state)
{
	tracer_close(tracer);
	return bpf_test_teardown(state);
}

struct wanted {
	const char *name, *key;
	size_t most;
	struct strbuf out, why;
	int result;
};

static int show(const struct tracer_map *map, void *user)
{
	struct wanted *w = user;
	size_t size;
	const void *btf = tracer_btf(tracer, &size);

	if (strcmp(map->name, w->name))
		return 0;
	w->result = map_text(map, btf, size, w->key, w->most, &w->out, &w->why);
	return 1;
}

static void shows(const char *map, const char *key, size_t most, const char *text)
{
	struct wanted w = {.name = map, .key = key, .most = most};

	assert_int_equal(tracer_each_map(tracer, show, &w), 1);
	assert_string_equal(strbuf_text(&w.why), "");
	assert_int_equal(w.result, 0);
	assert_string_equal(strbuf_text(&w.out), text);
	strbuf_free(&w.out);
}

static void refuses(const char *map, const char *key, int result, const char *why)
{
	struct wanted w = {.name = map, .key = key, .most = 10};

	assert_int_equal(tracer_each_map(tracer, show, &w), 1);
	assert_int_equal(w.result, result);
	assert_string_equal(strbuf_text(&w.why), why);
	assert_string_equal(strbuf_text(&w.out), "");
	strbuf_free(&w.why);
}

static void update(const char *map, const void *key, const void *value)
{
	assert_int_equal(kernel_map_update(tracer_map_fd(tracer, map), key, value), 0);
}

static void values_of_a_struct(void **state)
{
	struct thing thing = {.number = 1ull << 63,
			      .negative = -5,
			      .color = 2,
			      .name = "a\033b",
			      .bytes = {1, 2, 0xff},
			      .small = 7,
			      .large = 17,
			      .at = {3, 4},
			      .list = {9, 0, 8},
			      .pointer = 0xffff888000000000};
	uint32_t key = 4000000000;

	(void)state;
	shows("things", NULL, 5, "");
	update("things", &key, &thing);
	shows("things", "4000000000", 5,
	      "4000000000: {number=9223372036854775808 negative=-5 color=GREEN name=\"a\\x1bb\" "
	      "bytes=0102ff small=7 large=17 at={x=3 y=4} list=[9 0 8 ...] "
	      "pointer=0xffff888000000000}\n");
	refuses("things", "3", -ENOENT, "map things has no 3");
	refuses("things", "4294967296", -EINVAL,
		"map things: '4294967296' is no key: it has numbers of 4 bytes");
	refuses("things", "", -EINVAL, "map things: '' is no key: it has numbers of 4 bytes");
}

static void keys_of_all_forms(void **state)
{
	char name[16] = "kworker";
	struct place place = {1, 0x0a0b};
	uint64_t value = 42, five = 5;

	(void)state;
	update("by_name_that_is_longer_than_15", name, &value);
	update("by_place", &place, &value);
	update("least_used", &five, &value);
	shows("by_name_that_is_longer_than_15", NULL, 5, "{text=\"kworker\"}: 42\n");
	shows("by_place", "01 00 00 00 0b 0a 00 00", 5, "{x=1 y=2571}: 42\n");
	shows("by_place", "010000000b0a0000", 5, "{x=1 y=2571}: 42\n");
	refuses("by_place", "01 00 00", -EINVAL,
		"map by_place: '01 00 00' is no key: give members as they are shown, such as x=1, "
		"or its 8 bytes in hex, \"01 02 ...\"");
	shows("by_place", "{x=1 y=2571}", 5, "{x=1 y=2571}: 42\n");
	shows("by_place", "y=2571", 5, "{x=1 y=2571}: 42\n");
	shows("by_place", "1 2571", 5, "{x=1 y=2571}: 42\n");
	refuses("by_place", "x=2", -ENOENT, "map by_place has no x=2");
	refuses("by_place", "x=1 y=2", -ENOENT, "map by_place has no x=1 y=2");
	refuses("by_place", "2571 1", -EINVAL,
		"map by_place: '2571 1' is no key: give members as they are shown, such as x=1, or "
		"its 8 bytes in hex, \"01 02 ...\"");
	refuses("by_place", "{}", -EINVAL,
		"map by_place: '{}' is no key: give members as they are shown, such as x=1, or its "
		"8 bytes in hex, \"01 02 ...\"");
	shows("by_name_that_is_longer_than_15", "kworker", 5, "{text=\"kworker\"}: 42\n");
	shows("by_name_that_is_longer_than_15", "{text=\"kworker\"}", 5,
	      "{text=\"kworker\"}: 42\n");
	shows("least_used", "0x5", 5, "5: 42\n");
}

static void arrays(void **state)
{
	(void)state;
	shows("numbers", NULL, 10, "0: 0\n1: 17\n2: 0\n");
	shows("numbers", NULL, 1, "0: 0\nand 2 more\n");
	shows("numbers", "1", 10, "1: 17\n");
	refuses("numbers", "3", -ENOENT, "map numbers has no 3");
}

static void every_cpu_that_counted(void **state)
{
	struct wanted w = {.name = "per_cpu", .most = 10};
	unsigned int sum = 0;

	(void)state;
	assert_int_equal(tracer_each_map(tracer, show, &w), 1);
	for (const char *at = strbuf_text(&w.out); (at = strstr(at, "{x=")); at++)
		sum += (unsigned int)atoi(at + 3);
	assert_int_equal(sum, CALLS);
	assert_non_null(strstr(w.out.data, "  CPU "));
	assert_non_null(strstr(w.out.data, "1: 0 on all CPUs\n"));
	strbuf_free(&w.out);
}

static void rings_and_program_arrays(void **state)
{
	struct wanted w = {.name = "calls", .most = 10};
	char text[128];

	(void)state;
	/* 4 bytes behind a head of 8, rounded up to 8. */
	snprintf(text, sizeof(text), "%ld bytes, %d of them wait to be read; %d were sent so far\n",
		 sysconf(_SC_PAGESIZE), CALLS * 16, CALLS * 16);
	shows("events", NULL, 5, text);
	refuses("events", "1", -EINVAL, "map events is a ring: it has no keys");
	assert_int_equal(tracer_each_map(tracer, show, &w), 1);
	assert_memory_equal(w.out.data, "3: program ", 11);
	strbuf_free(&w.out);
	refuses("calls", "0", -ENOENT, "map calls has no 0");
}

static int find_program(const struct tracer_program *program, void *user)
{
	const char *want = user;

	return strcmp(program->where, want) == 0 && program->id ? 1 : 0;
}

static int count_program(const struct tracer_program *program, void *user)
{
	(void)program;
	++*(int *)user;
	return 0;
}

static void programs_that_are_attached(void **state)
{
	uint64_t number, offset = bpf_test_marker_offset();
	char where[] = "tracepoint syscalls:sys_enter_getpgid", uprobe[64];
	int count = 0;

	(void)state;
	assert_int_equal(tracer_each_program(tracer, find_program, where), 1);
	assert_int_equal(tracer_each_program(tracer, count_program, &count), 0);
	assert_int_equal(count, 1); /* a tail program is not attached */
	assert_int_equal(tracer_attach_uprobe(tracer, "uprobe__nowhere", "/proc/self/exe", offset,
					      getpid(), &number),
			 0);
	snprintf(uprobe, sizeof(uprobe), "uprobe /proc/self/exe+0x%llx",
		 (unsigned long long)offset);
	assert_int_equal(tracer_each_program(tracer, find_program, uprobe), 1);
	tracer_detach(tracer, number);
	assert_int_equal(tracer_each_program(tracer, find_program, uprobe), 0);
}

static void has_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no '%s' in: %.2000s", line, text);
}

static void structs_of_the_kernel(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};

	(void)state;
	assert_int_equal(kernel_struct_text("struct task_struct", &out, &why), 0);
	has_line(out.data, " bytes struct mm_struct *mm\n");
	has_line(out.data, " bytes char comm[16]\n");
	has_line(out.data, " bit   unsigned int in_execve:1\n");
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_text("oom_constraint", &out, &why), 0);
	has_line(out.data, "enum oom_constraint: 4 bytes\n");
	has_line(out.data, "3  CONSTRAINT_MEMCG\n");
	strbuf_reset(&out);
	/* Its members lie in unions within unions, all without a name. */
	assert_int_equal(kernel_struct_text("page", &out, &why), 0);
	has_line(out.data, "\n      8      16 bytes struct list_head lru\n");
	assert_string_equal(strbuf_text(&why), "");
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_text("tusk_struct", &out, &why), -ENOENT);
	has_line(why.data, "this kernel has no struct, union or enum 'tusk_struct'; did you mean "
			   "task_struct");
	assert_string_equal(strbuf_text(&out), "");
}

/* What a member is, or points to, has members again. */
static void members_of_members(void **state)
{
	static const struct {
		const char *path, *why;
	} wrong[] = {
		{"task_struct.mm.nosuch", "mm_struct has no member 'nosuch': 'fields mm_struct'"},
		{"task_struct.nosuch.x", "task_struct has no member 'nosuch'"},
		{"task_struct.pid.x", "'pid' of task_struct has no members"},
		{"oom_constraint.x", "oom_constraint has no member 'x'"},
		{"gfp_t", "gfp_t is no struct, union or enum: it is 'unsigned int'"},
		{"task_struct.mm..", "has no member ''"},
		{".x", "no struct, union or enum ''"},
	};
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};

	(void)state;
	assert_int_equal(kernel_struct_text("task_struct.mm", &out, &why), 0);
	has_line(out.data, " bytes struct mm_struct *mm\n");
	assert_null(strchr(strchr(out.data, '\n') + 1, '\n'));
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_text("task_struct.real_parent.mm.total_vm", &out, &why), 0);
	has_line(out.data, "of struct mm_struct:\n");
	has_line(out.data, " bytes long unsigned int total_vm\n");
	strbuf_reset(&out);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(kernel_struct_text(wrong[i].path, &out, &why), -ENOENT);
		has_line(why.data, wrong[i].why);
		strbuf_reset(&why);
	}
	assert_string_equal(strbuf_text(&out), "");
}

static void names_of_structs(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	assert_int_equal(kernel_struct_names("task_str", 3, &out), 0);
	assert_memory_equal(out.data, "task_struct\n", 12);
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_names("", 2, &out), 0);
	assert_int_equal(strchr(strchr(out.data, '\n') + 1, '\n')[1], '\0');
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_names("no such struct", 2, &out), 0);
	assert_int_equal(kernel_struct_names("no_such_struct.x", 2, &out), 0);
	assert_int_equal(out.length, 0);
	assert_int_equal(kernel_struct_names("task_struct.stat", 2, &out), 0);
	has_line(out.data, "\ntask_struct.static_prio\n");
	strbuf_reset(&out);
	assert_int_equal(kernel_struct_names("task_struct.mm.total", 2, &out), 0);
	has_line(out.data, "\ntask_struct.mm.total_vm\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_a_struct),
		cmocka_unit_test(keys_of_all_forms),
		cmocka_unit_test(arrays),
		cmocka_unit_test(every_cpu_that_counted),
		cmocka_unit_test(rings_and_program_arrays),
		cmocka_unit_test(programs_that_are_attached),
		cmocka_unit_test(structs_of_the_kernel),
		cmocka_unit_test(members_of_members),
		cmocka_unit_test(names_of_structs),
	};
	int unavailable = bpf_test_unavailable();

	if (unavailable >= 0)
		return unavailable;
	return cmocka_run_group_tests(tests, start, end);
}
