/*
 * Another text in the place of a running one, under a stream of events: each must be counted once,
 * in maps that are handed over.
 */
#include "live/bpf_test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "bpf/kernel_map.h"
#include "bpf/tracer.h"

EMBEDDED_TEXT(probe_kinds);

/* As in tracer.c. */
#define MAGIC (0x6f000000u + (uint32_t)getpid())
#define SWAPS 40

#define NUMBER_(n) #n
#define NUMBER(n) NUMBER_(n)
#define SYSCALL_FLAG "-DSYS_GETPGID=" NUMBER(SYS_getpgid)

static const char *const flags[][3] = {
	{SYSCALL_FLAG, "-DPROBE_SWAP=0", NULL},
	{SYSCALL_FLAG, "-DPROBE_SWAP=1", NULL},
	{SYSCALL_FLAG, "-DPROBE_SWAP=2", NULL},
};
static const struct tracer_variant variants[][2] = {
	{{.name = "zero", .flags = flags[0]}, {0}},
	{{.name = "one", .flags = flags[1]}, {0}},
	{{.name = "two", .flags = flags[2]}, {0}},
};

static struct tracer_config config_for(int which)
{
	return (struct tracer_config){
		.name = "test",
		.text = probe_kinds_text,
		.lines = probe_kinds_lines,
		.variants = variants[which],
		.swappable = true,
	};
}

/*
 * A stream of calls, counted, until told to stop. Only one: where system calls' tracepoints can be
 * preempted (seen on 7.2, PREEMPT_LAZY), the kernel runs no program of the kind for a call on a CPU
 * where another task is preempted within one, swap or not.
 */
struct stream {
	pthread_t thread;
	bool stop;
	uint64_t calls;
};

static void *keep_calling(void *data)
{
	struct stream *s = data;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		syscall(SYS_getpgid, MAGIC);
		s->calls++;
	}
	return NULL;
}

static uint64_t count(const struct tracer *t, uint32_t index)
{
	uint64_t value = 0;

	assert_int_equal(kernel_map_lookup(tracer_map_fd(t, "counts"), &index, &value), 0);
	return value;
}

static struct tracer *start(void)
{
	struct tracer_config config = config_for(0);
	uint32_t zero = 0, magic = MAGIC;
	struct tracer *t;

	assert_int_equal(tracer_new(&config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s", tracer_error(t));
	assert_int_equal(kernel_map_update(tracer_map_fd(t, "magic"), &zero, &magic), 0);
	return t;
}

static void swap(struct tracer *t, int which)
{
	struct tracer_config config = config_for(which);

	if (tracer_swap(t, &config) < 0)
		fail_msg("%s", tracer_error(t));
	assert_string_equal(tracer_variant(t), variants[which][0].name);
}

/* Until the text that runs now has counted something. */
static void wait_for_more(const struct tracer *t, uint32_t index)
{
	uint64_t before = count(t, index);

	while (count(t, index) == before)
		sched_yield();
}

static void no_event_is_lost_or_doubled(void **state)
{
	struct tracer *t = start();
	struct stream stream = {0};
	int counts_fd = tracer_map_fd(t, "counts");

	(void)state;
	assert_int_equal(pthread_create(&stream.thread, NULL, keep_calling, &stream), 0);
	for (int i = 1; i <= SWAPS; i++) {
		wait_for_more(t, (uint32_t)(i - 1) % 3);
		swap(t, i % 3);
	}
	wait_for_more(t, SWAPS % 3);
	__atomic_store_n(&stream.stop, true, __ATOMIC_RELAXED);
	pthread_join(stream.thread, NULL);
	assert_int_equal(tracer_map_fd(t, "counts"), counts_fd);
	assert_int_equal(count(t, 0) + count(t, 1) + count(t, 2), stream.calls);
	tracer_close(t);
}

/* What the new text adds is attached; what it lacks is not any more. */
static void attach_points_come_and_go(void **state)
{
	struct tracer *t = start();
	uint64_t before;

	(void)state;
	syscall(SYS_getpgid, MAGIC);
	assert_int_equal(count(t, 7), 0);
	swap(t, 1);
	for (int i = 0; i < 101; i++)
		syscall(SYS_getpgid, MAGIC);
	assert_int_equal(count(t, 7), 101);
	swap(t, 2);
	before = count(t, 7);
	syscall(SYS_getpgid, MAGIC);
	assert_int_equal(count(t, 7), before);
	assert_int_equal(count(t, 0), 1);
	assert_int_equal(count(t, 1), 101);
	assert_int_equal(count(t, 2), 1);
	tracer_close(t);
}

static void a_bad_text_changes_nothing(void **state)
{
	struct tracer_config bad = {.name = "test", .file = "bad.c"};
	struct tracer *t = start();

	(void)state;
	bad.text = "int raw_tp__sys_enter(void *ctx) { return nothing; }\n";
	assert_true(tracer_swap(t, &bad) < 0);
	assert_memory_equal(tracer_error(t), "bad.c:1:", 8);
	/* Attaching the second fails after the first could have been put in place. */
	bad.text = "int tracepoint__syscalls__sys_enter_getpgid(void *ctx) { return 0; }\n"
		   "int raw_tp__nothing(void *ctx) { return 0; }\n";
	assert_true(tracer_swap(t, &bad) < 0);
	assert_non_null(strstr(tracer_error(t), "no such tracepoint"));
	for (int i = 0; i < 101; i++)
		syscall(SYS_getpgid, MAGIC);
	assert_int_equal(count(t, 0), 101);
	assert_string_equal(tracer_variant(t), "zero");
	tracer_close(t);
}

static void refused(struct tracer *t, const struct tracer_config *config, const char *reason,
		    unsigned int line)
{
	assert_true(tracer_swap(t, config) < 0);
	if (!strstr(tracer_error(t), reason))
		fail_msg("no '%s' in: %s", reason, tracer_error(t));
	assert_int_equal(tracer_error_line(t), line);
}

static void maps_that_must_not_change(void **state)
{
	static const char *const held[] = {"counts", "not there", NULL};
	struct tracer_config bad = {.name = "test", .file = "bad.c", .held_maps = held};
	struct tracer *t = start();
	int counts_fd = tracer_map_fd(t, "counts");

	(void)state;
	bad.text = "int raw_tp__sys_exit(void *ctx) { return 0; }\n";
	refused(t, &bad, "map counts is missing", 0);
	bad.text = "BPF_ARRAY(counts, u64, 9);\nint raw_tp__sys_exit(void *ctx) { return 0; }\n";
	refused(t, &bad, "map counts has another type or size", 1);
	/* Nor may a text use what only tells a layout. */
	bad.text = "BPF_ARRAY(counts, u64, 8);\nBPF_ARRAY(x__layout, u64, 1);\n"
		   "int raw_tp__sys_exit(void *ctx) { x__layout.atomic_increment(0); return 0; }\n";
	refused(t, &bad, "x__layout cannot be used", 3);
	assert_int_equal(tracer_map_fd(t, "counts"), counts_fd);
	tracer_close(t);
}

/* A ring of the old text is not written to any more when the swap is done. */
static void maps_made_anew(void **state)
{
	static const char *const renewed[] = {"counts", NULL};
	struct tracer_config config = config_for(1);
	struct tracer *t = start();
	uint32_t zero = 0;
	uint64_t value;
	int old;

	(void)state;
	syscall(SYS_getpgid, MAGIC);
	old = dup(tracer_map_fd(t, "counts"));
	config.renewed_maps = renewed;
	assert_int_equal(tracer_swap(t, &config), 0);
	assert_int_equal(count(t, 0), 0);
	syscall(SYS_getpgid, MAGIC);
	assert_int_equal(count(t, 1), 1);
	assert_int_equal(kernel_map_lookup(old, &zero, &value), 0);
	assert_int_equal(value, 1);
	close(old);
	tracer_close(t);
}

#define UPROBE_TEXT(index)                                   \
	"BPF_ARRAY(hits, u64, 2);\n"                         \
	"int uprobe__marker(struct pt_regs *ctx)\n"          \
	"{ hits.atomic_increment(" #index "); return 0; }\n" \
	"int raw_tp__sched_process_exit(void *ctx) { return 0; }\n"

static uint64_t hits(const struct tracer *t, uint32_t index)
{
	uint64_t value = 0;

	assert_int_equal(kernel_map_lookup(tracer_map_fd(t, "hits"), &index, &value), 0);
	return value;
}

static int count_uprobes(const struct tracer_program *program, void *user)
{
	*(int *)user += !strcmp(program->name, "uprobe__marker");
	return 0;
}

static int uprobes(const struct tracer *t)
{
	int n = 0;

	tracer_each_program(t, count_uprobes, &n);
	return n;
}

/* What the tool has attached is there again when a text has the program again. */
static void uprobes_outlive_texts_without_them(void **state)
{
	struct tracer_config config = {
		.name = "test", .text = UPROBE_TEXT(0), .file = "x.c", .swappable = true};
	struct tracer *t;
	uint64_t number;

	(void)state;
	assert_int_equal(tracer_new(&config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s", tracer_error(t));
	assert_int_equal(tracer_attach_uprobe(t, "uprobe__marker", "/proc/self/exe",
					      bpf_test_marker_offset(), getpid(), &number),
			 0);
	bpf_test_marker(0, 0);
	assert_int_equal(uprobes(t), 1);
	config.text = "BPF_ARRAY(hits, u64, 2);\n"
		      "int raw_tp__sched_process_exit(void *ctx) { return 0; }\n";
	assert_int_equal(tracer_swap(t, &config), 0);
	assert_int_equal(uprobes(t), 0);
	bpf_test_marker(0, 0);
	config.text = UPROBE_TEXT(1);
	assert_int_equal(tracer_swap(t, &config), 0);
	assert_int_equal(uprobes(t), 1);
	bpf_test_marker(0, 0);
	bpf_test_marker(0, 0);
	/* The map was not used between, but it was in the text, so it is the same. */
	assert_int_equal(hits(t, 0), 1);
	assert_int_equal(hits(t, 1), 2);
	tracer_detach(t, number);
	bpf_test_marker(0, 0);
	assert_int_equal(hits(t, 1), 2);
	tracer_close(t);
}

static void tail_programs_come_with_their_text(void **state)
{
	static const char form[] =
		"BPF_ARRAY(hits, u64, 2);\nBPF_PROG_ARRAY(parts, 2);\n"
		"int tail__parts__1(struct pt_regs *ctx)\n"
		"{ hits.atomic_increment(%d); return 0; }\n"
		"int uprobe__marker(struct pt_regs *ctx) { parts.call(ctx, 1); return 0; }%s\n";
	char text[512];
	struct tracer_config config = {
		.name = "test", .text = text, .file = "x.c", .swappable = true};
	struct tracer *t;
	uint64_t number;

	(void)state;
	snprintf(text, sizeof(text), form, 0, "");
	assert_int_equal(tracer_new(&config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s", tracer_error(t));
	assert_int_equal(tracer_attach_uprobe(t, "uprobe__marker", "/proc/self/exe",
					      bpf_test_marker_offset(), getpid(), &number),
			 0);
	bpf_test_marker(0, 0);
	snprintf(text, sizeof(text), form, 1, "\nint raw_tp__nothing(void *ctx) { return 0; }");
	refused(t, &config, "no such tracepoint", 6);
	bpf_test_marker(0, 0);
	assert_int_equal(hits(t, 0), 2);
	snprintf(text, sizeof(text), form, 1, "");
	assert_int_equal(tracer_swap(t, &config), 0);
	bpf_test_marker(0, 0);
	assert_int_equal(hits(t, 0), 2);
	assert_int_equal(hits(t, 1), 1);
	tracer_close(t);
}

/* A text that is wrong for the way to attach that works is not tried the other ways. */
static void the_way_to_attach_stays(void **state)
{
	struct tracer_variant both[] = {variants[0][0], variants[1][0], {0}};
	struct tracer_config config = config_for(0);
	struct tracer *t = start();

	(void)state;
	swap(t, 1);
	config.variants = both;
	assert_int_equal(tracer_swap(t, &config), 0);
	assert_string_equal(tracer_variant(t), "one");
	config.text = "\n#if PROBE_SWAP == 1\nint raw_tp__x(void) { wrong }\n#else\n"
		      "int raw_tp__sys_exit(void *ctx) { return 0; }\n#endif\n";
	config.lines = NULL;
	config.file = "bad.c";
	refused(t, &config, "bad.c:3:", 3);
	assert_null(strstr(tracer_error(t), "no way of attaching"));
	assert_string_equal(tracer_variant(t), "one");
	tracer_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_that_must_not_change),
		cmocka_unit_test(maps_made_anew),
		cmocka_unit_test(uprobes_outlive_texts_without_them),
		cmocka_unit_test(tail_programs_come_with_their_text),
		cmocka_unit_test(the_way_to_attach_stays),
		cmocka_unit_test(no_event_is_lost_or_doubled),
		cmocka_unit_test(attach_points_come_and_go),
		cmocka_unit_test(a_bad_text_changes_nothing),
	};
	int unavailable = bpf_test_unavailable();

	if (unavailable >= 0)
		return unavailable;
	return cmocka_run_group_tests(tests, bpf_test_setup, bpf_test_teardown);
}
