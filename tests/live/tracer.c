/*
 * From a text to running probes, for real: each way of attaching, callbacks, tail calls, events,
 * the cache, images made elsewhere, and that nothing stays behind. Needs root and BPF.
 */
#include "live/bpf_test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <bpf/bpf.h>

#include "base/file.h"
#include "bpf/event_ring.h"
#include "bpf/image.h"
#include "bpf/kernel_features.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"

EMBEDDED_TEXT(probe_kinds);

/* No process group has it, and no other run of this program. */
#define MAGIC (0x6f000000u + (uint32_t)getpid())
#define CALLS 1009 /* a prime: no other count comes near by chance */

static struct strbuf said; /* what the tracer logged */
static struct kernel_features features;
static char helper[4096];

static void call(unsigned int times)
{
	while (times--)
		syscall(SYS_getpgid, MAGIC);
}

static void note(const char *message, void *data)
{
	(void)data;
	strbuf_printf(&said, "%s\n", message);
}

static int put_magic(struct tracer *t, void *data)
{
	uint32_t zero = 0, magic = MAGIC;

	(void)data;
	return kernel_map_update(tracer_map_fd(t, "magic"), &zero, &magic);
}

#define NUMBER_(n) #n
#define NUMBER(n) NUMBER_(n)

/* A variant of the embedded text. */
static const struct tracer_variant *variant(const char *flag)
{
	static const char *flags[8][3];
	static struct tracer_variant variants[8][2];
	static unsigned int next;
	unsigned int i = next++ % ARRAY_SIZE(flags);

	flags[i][0] = "-DSYS_GETPGID=" NUMBER(SYS_getpgid);
	flags[i][1] = flag;
	variants[i][0] = (struct tracer_variant){.name = "wanted", .flags = flags[i]};
	return variants[i];
}

static struct tracer_config config_for(const char *flag)
{
	return (struct tracer_config){
		.name = "test",
		.text = probe_kinds_text,
		.lines = probe_kinds_lines,
		.variants = variant(flag),
		.prepare = put_magic,
		.log = note,
	};
}

static struct tracer *start(const struct tracer_config *config)
{
	struct tracer *t;

	strbuf_reset(&said);
	assert_int_equal(tracer_new(config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s\n%s", tracer_error(t), strbuf_text(&said));
	return t;
}

static struct tracer *start_with(const char *flag)
{
	struct tracer_config config = config_for(flag);

	return start(&config);
}

/* Start a text that must not; what it says. */
static char *start_bad(const char *text)
{
	struct tracer_config config = {.name = "test", .text = text, .file = "bad.c", .log = note};
	struct tracer *t;
	char *error;

	strbuf_reset(&said);
	assert_int_equal(tracer_new(&config, &t), 0);
	assert_true(tracer_start(t) < 0);
	error = strdup(tracer_error(t));
	tracer_close(t);
	return error;
}

static uint64_t count(const struct tracer *t, uint32_t index)
{
	uint64_t value = 0;

	assert_int_equal(kernel_map_lookup(tracer_map_fd(t, "counts"), &index, &value), 0);
	return value;
}

static uint32_t program_id(const struct tracer *t, const char *name)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(tracer_program_fd(t, name), &info, &size), 0);
	return info.id;
}

/* The kernel lets go of a program a moment after its last user. */
static bool program_goes(uint32_t id)
{
	for (int i = 0; i < 100; i++) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		usleep(50000);
	}
	return false;
}

/* ---- ways of attaching ---- */

static void attaches_by_name(void **state)
{
	struct tracer *t = start_with("-DPROBE_KINDS");

	(void)state;
	assert_string_equal(tracer_variant(t), "wanted");
	call(CALLS);
	assert_int_equal(count(t, 0), CALLS); /* raw tracepoint */
	assert_int_equal(count(t, 1), CALLS); /* BTF tracepoint */
	assert_int_equal(count(t, 2), CALLS); /* tracepoint */
	assert_int_equal(count(t, 3), 0);
	tracer_close(t);
}

/* Of two at the same place the first goes: each call is counted once less. */
static void detach_one(struct tracer *t, uint64_t offset, uint64_t first)
{
	uint64_t before = count(t, 3), second;

	assert_int_equal(tracer_attach_uprobe(t, "uprobe__marker", "/proc/self/exe", offset,
					      getpid(), &second),
			 0);
	bpf_test_marker(MAGIC, 0);
	assert_int_equal(count(t, 3), before + 2);
	tracer_detach(t, first);
	tracer_detach(t, first);
	bpf_test_marker(MAGIC, 0);
	assert_int_equal(count(t, 3), before + 3);
	tracer_detach(t, second);
	bpf_test_marker(MAGIC, 0);
	assert_int_equal(count(t, 3), before + 3);
}

/* Directly, or by a dispatcher that survives a swap. */
static void attach_to_user_code(bool swappable)
{
	struct tracer_config config = config_for("-DPROBE_KINDS");
	struct tracer *t;
	uint64_t offset, attached, again;

	config.swappable = swappable;
	t = start(&config);
	offset = bpf_test_marker_offset();
	assert_int_equal(tracer_attach_uprobe(t, "uprobe__marker", "/proc/self/exe", offset,
					      getpid(), &attached),
			 0);
	assert_int_equal(
		tracer_attach_uprobe(t, "raw_tp__sys_enter", "/proc/self/exe", 0, -1, &again),
		-ENOENT);
	assert_true(tracer_attach_uprobe(t, "uprobe__marker", "/nowhere", 0, -1, &again) < 0);
	for (int i = 0; i < CALLS; i++)
		bpf_test_marker(MAGIC, 0);
	assert_int_equal(count(t, 3), CALLS);
	if (swappable) {
		assert_int_equal(tracer_swap(t, &config), 0);
		for (int i = 0; i < CALLS; i++)
			bpf_test_marker(MAGIC, 0);
		assert_int_equal(count(t, 3), 2 * CALLS);
	}
	detach_one(t, offset, attached);
	tracer_close(t);
}

static void attaches_to_user_code(void **state)
{
	(void)state;
	attach_to_user_code(false);
	attach_to_user_code(true);
}

/* Where the kernel lets us; where not, the reason must be told. */
static void attach_to_function(const char *flag, const char *obstacle, bool swappable)
{
	struct tracer_config config = config_for(flag);
	struct tracer *t;

	config.swappable = swappable;
	if (*obstacle) {
		assert_int_equal(tracer_new(&config, &t), 0);
		assert_true(tracer_start(t) < 0);
		assert_memory_equal(tracer_error(t), "probe_kinds.bpf.c:", 18);
		assert_non_null(strstr(tracer_error(t), obstacle));
		tracer_close(t);
		return;
	}
	t = start(&config);
	call(CALLS);
	assert_int_equal(count(t, 0), CALLS);
	assert_int_equal(count(t, 1), CALLS);
	tracer_close(t);
}

static void attaches_to_functions(void **state)
{
	(void)state;
#ifdef __x86_64__
	for (int swappable = 0; swappable < 2; swappable++) {
		attach_to_function("-DPROBE_FENTRY", features.no_fentry, swappable);
		attach_to_function("-DPROBE_KPROBE", features.no_kprobe, swappable);
	}
#endif
}

static void iterates_over_tasks(void **state)
{
	struct tracer *t = start_with("-DPROBE_KINDS");
	_cleanup_strbuf_ struct strbuf pids = {0};
	_cleanup_close_ int fd = tracer_iterate(t, "iter__task");
	bool found = false;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(file_read_fd(fd, 1 << 24, &pids), 0);
	assert_int_equal(pids.length % 4, 0);
	for (size_t i = 0; i < pids.length; i += 4)
		found |= !memcmp(pids.data + i, &(uint32_t){(uint32_t)getpid()}, 4);
	/* In a PID namespace our number is another one. */
	assert_true(found || pids.length >= 8);
	assert_int_equal(tracer_iterate(t, "iter__nothing"), -ENOENT);
	tracer_close(t);
}

static void iterates_over_a_map(void **state)
{
	struct tracer *t = start_with("-DPROBE_KINDS");
	_cleanup_close_ int fd = tracer_iterate_map(t, "iter__bpf_map_elem", "numbers");
	_cleanup_strbuf_ struct strbuf pairs = {0};
	uint64_t pair[2], value;

	(void)state;
	assert_true(fd >= 0);
	for (uint32_t i = 0; i < 4; i++) {
		value = 1009ull << 32 | i;
		assert_int_equal(kernel_map_update(tracer_map_fd(t, "numbers"), &i, &value), 0);
	}
	/* It is read when it is asked for, not when it is opened. */
	assert_int_equal(file_read_fd(fd, 1 << 16, &pairs), 0);
	assert_int_equal(pairs.length, 5 * sizeof(pair));
	for (uint64_t i = 0; i < 5; i++) {
		memcpy(pair, pairs.data + i * sizeof(pair), sizeof(pair));
		assert_int_equal(pair[0], i);
		assert_int_equal(pair[1], i < 4 ? (1009ull << 32 | i) : 0);
	}
	assert_int_equal(tracer_iterate_map(t, "iter__nothing", "numbers"), -ENOENT);
	assert_int_equal(tracer_iterate_map(t, "iter__bpf_map_elem", "no_map"), -ENOENT);
	tracer_close(t);
}

static void calls_back(void **state)
{
	struct tracer_config config = config_for("-DPROBE_LOOP");
	struct tracer *t;

	(void)state;
	if (!features.loop) {
		/* Linux before 5.17 must say so. */
		assert_int_equal(tracer_new(&config, &t), 0);
		assert_true(tracer_start(t) < 0);
		assert_non_null(strstr(tracer_error(t), "refuses"));
		tracer_close(t);
		return;
	}
	t = start(&config);
	call(3);
	assert_int_equal(count(t, 0), 3 * (999 * 1000 / 2));
	assert_int_equal(count(t, 1), 3 * 1000);
	assert_int_equal(count(t, 2), 3 * 5); /* stopped by itself at index 4 */
	tracer_close(t);
}

static void calls_tails(void **state)
{
	struct tracer *t = start_with("-DPROBE_TAIL");

	(void)state;
	call(CALLS);
	assert_int_equal(count(t, 0), CALLS);
	assert_int_equal(count(t, 1), CALLS);
	assert_int_equal(count(t, 2), 0);
	tracer_close(t);
}

/* ---- events ---- */

struct received {
	uint64_t events, last;
	size_t size;
	bool wrong;
};

static void receive(const void *data, size_t size, void *user)
{
	struct received *r = user;
	const unsigned char *bytes = data;
	uint64_t number;

	memcpy(&number, data, sizeof(number));
	r->wrong |= size != r->size || number <= r->last || number % 5 == 0;
	/* The filler up to the end, without the struct's own padding. */
	for (size_t i = 8; i + 8 < size; i++)
		r->wrong |= bytes[i] != (unsigned char)number;
	r->last = number;
	r->events++;
}

/* One page of ring: records break at its end again and again. */
static void delivers_events(void **state)
{
	struct tracer *t = start_with("-DPROBE_EVENTS=100");
	struct received got = {.size = 112};
	struct event_ring *ring;
	struct pollfd poll_fd;

	(void)state;
	assert_int_equal(event_ring_open(tracer_map_fd(t, "counts"), receive, &got, &ring),
			 -EINVAL);
	assert_int_equal(event_ring_open(tracer_map_fd(t, "events"), receive, &got, &ring), 0);
	poll_fd = (struct pollfd){.fd = event_ring_fd(ring), .events = POLLIN};
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	for (int i = 0; i < CALLS; i++) {
		call(7);
		assert_int_equal(poll(&poll_fd, 1, 1000), 1);
		assert_int_equal(event_ring_consume(ring), 7);
	}
	assert_int_equal(got.events, CALLS * 7 - CALLS * 7 / 5);
	assert_false(got.wrong);
	/* Full: what does not fit is the probe's to count. */
	call(100);
	assert_int_equal(count(t, 1), 100 - 4096 / 120);
	event_ring_consume(ring);
	assert_false(got.wrong);
	event_ring_close(ring);
	tracer_close(t);
}

/* No mapping can be added: the limit is what this process has. */
static void limit_address_space(const struct rlimit *before)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	assert_int_equal(setrlimit(RLIMIT_AS, &(struct rlimit){pages * (rlim_t)getpagesize(),
							       before->rlim_max}),
			 0);
}

/* What was set aside at the start is enough to read events by, again and again. */
static void delivers_events_without_memory(void **state)
{
	struct tracer *t = start_with("-DPROBE_EVENTS=100");
	struct received got = {.size = 112};
	struct event_ring *ring;
	struct rlimit before;
	int n[2];

	(void)state;
	assert_int_equal(event_ring_open(tracer_map_fd(t, "events"), receive, &got, &ring), 0);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	for (int i = 0; i < 2; i++) {
		call(7);
		limit_address_space(&before);
		n[i] = event_ring_consume(ring);
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	}
	assert_int_equal(n[0], 7);
	assert_int_equal(n[1], 7);
	assert_false(got.wrong);
	event_ring_close(ring);
	tracer_close(t);
}

/* ---- cache and images ---- */

static void keeps_what_it_compiled(void **state)
{
	struct tracer *t;

	(void)state;
	setenv("OOMTOOLS_CACHE_DIR", bpf_test_directory, 1);
	tracer_close(start_with("-DPROBE_TAIL -DCOLD"));
	assert_null(strstr(strbuf_text(&said), "from the cache"));
	t = start_with("-DPROBE_TAIL -DCOLD");
	assert_non_null(strstr(strbuf_text(&said), "from the cache"));
	call(CALLS);
	assert_int_equal(count(t, 1), CALLS);
	tracer_close(t);
}

static int damage(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;
	char byte;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 1000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 1000), 1);
	close(fd);
	return 0;
}

static void mends_a_damaged_cache(void **state)
{
	(void)state;
	tracer_close(start_with("-DPROBE_TAIL -DCOLD"));
	nftw(bpf_test_directory, damage, 8, FTW_PHYS);
	tracer_close(start_with("-DPROBE_TAIL -DCOLD"));
	assert_non_null(strstr(strbuf_text(&said), "checksum"));
	tracer_close(start_with("-DPROBE_TAIL -DCOLD"));
	assert_non_null(strstr(strbuf_text(&said), "from the cache"));
}

/* Compile the embedded text by hand, as for another box; an image file. */
static void compile_image(const char *path)
{
	char command[3 * sizeof(helper)], text[sizeof(BPF_TEST_DIRECTORY) + 16];
	int fd;

	snprintf(text, sizeof(text), "%s/text.c", bpf_test_directory);
	fd = open(text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(file_write_fd(fd, probe_kinds_text, strlen(probe_kinds_text)), 0);
	close(fd);
	snprintf(command, sizeof(command),
		 "%s --btf /sys/kernel/btf/vmlinux --name test -D PROBE_TAIL -o %s %s", helper,
		 path, text);
	assert_int_equal(system(command), 0);
	unlink(text);
}

/* The image, made for another kernel. */
static void misfit_image(const char *path)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, changed = {0};
	_cleanup_image_ struct image *image = NULL;
	const char *why;
	int fd;

	assert_int_equal(file_read(path, 1 << 20, &bytes), 0);
	assert_int_equal(image_parse(bytes.data, bytes.length, &image, &why), 0);
	memset(image->btf_hash, 'd', strlen(image->btf_hash));
	assert_int_equal(image_write(image, &changed, &why), 0);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(file_write_fd(fd, changed.data, changed.length), 0);
	close(fd);
}

static void runs_an_image_made_elsewhere(void **state)
{
	char path[sizeof(BPF_TEST_DIRECTORY) + 16];
	struct tracer_config config = config_for("-DPROBE_TAIL");
	struct tracer *t;

	(void)state;
	snprintf(path, sizeof(path), "%s/made", bpf_test_directory);
	compile_image(path);
	config.image_path = path;
	setenv("OOMTOOLS_COMPILE", "/nowhere", 1);
	t = start(&config);
	call(CALLS);
	assert_int_equal(count(t, 1), CALLS);
	tracer_close(t);
	misfit_image(path);
	assert_int_equal(tracer_new(&config, &t), 0);
	assert_true(tracer_start(t) < 0);
	assert_non_null(strstr(tracer_error(t), "made for another kernel"));
	assert_non_null(strstr(tracer_error(t), "dddddddd"));
	tracer_close(t);
	unlink(path);
	setenv("OOMTOOLS_COMPILE", helper, 1);
}

static void says_what_is_missing(void **state)
{
	struct tracer_config config = config_for("-DPROBE_TAIL -DNEVER_COMPILED");
	struct tracer *t;

	(void)state;
	setenv("OOMTOOLS_COMPILE", "/nowhere", 1);
	assert_int_equal(tracer_new(&config, &t), 0);
	assert_int_equal(tracer_start(t), -ENOPKG);
	assert_non_null(strstr(tracer_error(t), "/nowhere"));
	tracer_close(t);
	setenv("OOMTOOLS_COMPILE", helper, 1);
}

/* ---- errors ---- */

static void places_compile_errors(void **state)
{
	_cleanup_free_ char *edited = malloc(strlen(probe_kinds_text) + 64);
	struct tracer_config config = config_for("-DPROBE_TAIL");
	struct tracer *t;
	const char *at = strstr(probe_kinds_text, "\tcalls.call(args, 3);");
	_cleanup_free_ char *plain = NULL, *shifted = NULL;

	(void)state;
	plain = start_bad("int raw_tp__sys_enter(void *ctx)\n{\n\treturn nothing(1);\n}\n");
	assert_memory_equal(plain, "bad.c:3:9: error: ", 18);
	/* libbcc puts a struct before a text like this. */
	shifted = start_bad("\nTRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n\n"
			    "\treturn args->nothing;\n}\n");
	assert_memory_equal(shifted, "bad.c:5:15: error: ", 19);
	/* The place is that of the file the text was joined from. */
	sprintf(edited, "%.*s\tnothing;%s", (int)(at - probe_kinds_text), probe_kinds_text, at);
	config.text = edited;
	assert_int_equal(tracer_new(&config, &t), 0);
	assert_true(tracer_start(t) < 0);
	assert_memory_equal(tracer_error(t), "probe_kinds.bpf.c:", 18);
	assert_non_null(strstr(tracer_error(t), "calls.call(args, 3);"));
	tracer_close(t);
}

static void explains_refusals(void **state)
{
	_cleanup_free_ char *refusal = start_bad("BPF_HASH(seen, u32, u64);\n"
						 "int raw_tp__sys_enter(void *ctx)\n"
						 "{\n"
						 "\tu32 key = 1;\n"
						 "\tu64 *value = seen.lookup(&key);\n"
						 "\n"
						 "\t*value = 1;\n"
						 "\treturn 0;\n"
						 "}\n");
	_cleanup_free_ char *name = start_bad("int probe(void *ctx) { return 0; }\n");
	_cleanup_free_ char *event = start_bad("int raw_tp__nothing(void *ctx) { return 0; }\n");
	_cleanup_free_ char *btf = start_bad("int tp_btf__nothing(void *ctx) { return 0; }\n");

	(void)state;
	assert_memory_equal(refusal, "bad.c:7: ", 9);
	assert_non_null(strstr(refusal, "*value = 1;"));
	assert_non_null(strstr(refusal, "R0 invalid mem access"));
	assert_memory_equal(name, "bad.c:1: probe: ", 16);
	assert_non_null(strstr(name, "\n    int probe(void *ctx)"));
	assert_non_null(strstr(name, "tp_btf__EVENT"));
	assert_non_null(strstr(event, "no such tracepoint"));
	assert_non_null(strstr(btf, "no such tracepoint"));
}

/* What cannot be attached is quoted, as what does not compile; also where libbcc made the name. */
static void quotes_what_cannot_be_attached(void **state)
{
	_cleanup_free_ char *event = start_bad("\nint raw_tp__nothing(void *ctx) { return 0; }\n");
	_cleanup_free_ char *macro =
		start_bad("\n\nTRACEPOINT_PROBE(syscalls, no_such_call)\n{\n\treturn 0;\n}\n");

	(void)state;
	assert_string_equal(event, "bad.c:2: nothing: this kernel has no such tracepoint\n"
				   "    int raw_tp__nothing(void *ctx) { return 0; }");
	assert_string_equal(macro, "bad.c:3: this kernel has no tracepoint syscalls:no_such_call\n"
				   "    TRACEPOINT_PROBE(syscalls, no_such_call)");
}

static int is_empty(const char *path)
{
	return rmdir(path) == 0;
}

/* libbcc ends its process from within on these; its header tree must be gone nevertheless. */
static void cleans_up_after_a_crash(void **state)
{
	char parent[sizeof(BPF_TEST_DIRECTORY) + 16];
	_cleanup_free_ char *error = NULL;

	(void)state;
	snprintf(parent, sizeof(parent), "%s/tmp", bpf_test_directory);
	assert_int_equal(mkdir(parent, 0700), 0);
	setenv("TMPDIR", parent, 1);
	error = start_bad("int raw_tp__sys_enter(void *ctx)\n"
			  "{\n"
			  "\tchar big[600];\n"
			  "\tbpf_probe_read_kernel(big, sizeof(big), ctx);\n"
			  "\treturn big[5];\n"
			  "}\n");
	unsetenv("TMPDIR");
	assert_memory_equal(error, "bad.c:1: error: in function raw_tp__sys_enter: ", 46);
	assert_true(is_empty(parent));
}

/* The reasons of all variants, each under its name. */
static void keeps_all_reasons(void **state)
{
	static const char *const one[] = {"-DONE", NULL};
	const struct tracer_variant variants[] = {
		{.name = "first", .flags = one}, {.name = "second"}, {.name = NULL}};
	struct tracer_config config = {
		.name = "test",
		.file = "x.c",
		.variants = variants,
		.log = note,
		.text = "#ifdef ONE\nint raw_tp__one(void *ctx) { return 0; }\n"
			"#else\nint raw_tp__two(void *ctx) { return 0; }\n#endif\n",
	};
	struct tracer *t;

	(void)state;
	assert_int_equal(tracer_new(&config, &t), 0);
	assert_true(tracer_start(t) < 0);
	assert_non_null(strstr(tracer_error(t), "  first: x.c:2: one: "));
	assert_non_null(strstr(tracer_error(t), "  second: x.c:4: two: "));
	tracer_close(t);
}

/* ---- nothing stays ---- */

static void leaves_nothing(void **state)
{
	struct tracer *t = start_with("-DPROBE_TAIL");
	uint32_t id = program_id(t, "tracepoint__syscalls__sys_enter_getpgid");

	(void)state;
	tracer_close(t);
	assert_true(program_goes(id));
}

static void leaves_nothing_when_killed(void **state)
{
	uint32_t id = 0;
	int status, fds[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		struct tracer *t = start_with("-DPROBE_TAIL");

		id = program_id(t, "tracepoint__syscalls__sys_enter_getpgid");
		if (write(fds[1], &id, sizeof(id)) != sizeof(id))
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &id, sizeof(id)), sizeof(id));
	close(fds[0]);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(program_goes(id));
}

static int group_setup(void **state)
{
	int r = bpf_test_setup(state);

	snprintf(helper, sizeof(helper), "%s", getenv("OOMTOOLS_COMPILE"));
	return r < 0 ? r : kernel_features_read(&features);
}

static int group_teardown(void **state)
{
	strbuf_free(&said);
	return bpf_test_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaches_by_name),
		cmocka_unit_test(attaches_to_user_code),
		cmocka_unit_test(attaches_to_functions),
		cmocka_unit_test(iterates_over_tasks),
		cmocka_unit_test(iterates_over_a_map),
		cmocka_unit_test(calls_back),
		cmocka_unit_test(calls_tails),
		cmocka_unit_test(delivers_events),
		cmocka_unit_test(delivers_events_without_memory),
		cmocka_unit_test(keeps_what_it_compiled),
		cmocka_unit_test(mends_a_damaged_cache),
		cmocka_unit_test(runs_an_image_made_elsewhere),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(places_compile_errors),
		cmocka_unit_test(explains_refusals),
		cmocka_unit_test(quotes_what_cannot_be_attached),
		cmocka_unit_test(cleans_up_after_a_crash),
		cmocka_unit_test(keeps_all_reasons),
		cmocka_unit_test(leaves_nothing),
		cmocka_unit_test(leaves_nothing_when_killed),
	};
	int unavailable = bpf_test_unavailable();

	if (unavailable >= 0)
		return unavailable;
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
