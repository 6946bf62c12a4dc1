/* Victims put together from the events of two rings, in every order in which they can come. */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <json-c/json.h>

#include "base/file.h"
#include "proc/clock.h"
#include "tiny_bucket.h"
#include "tiny_go.h"
#include "victim/victim_report.h"
#include "victim/victims.h"

#define BIAS 0x10000000ull

struct fixture {
	struct known_binaries *known;
	struct victims *victims;
	struct oomprof_key key; /* of the tiny Go program */
	struct loadavg load;
};

static int setup(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	struct fixture *f = calloc(1, sizeof(*f));
	const struct known_binary *b;
	struct stat st;
	int fd;

	tiny_go_build(&(struct tiny_go){.minor = 22}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	fstat(fd, &st);
	f->key = (struct oomprof_key){.inode = 7,
				      .size = (uint64_t)st.st_size,
				      .mtime_s = (uint64_t)st.st_mtim.tv_sec,
				      .mtime_ns = (uint32_t)st.st_mtim.tv_nsec};
	assert_int_equal(known_binaries_new(2, &f->known), 0);
	/* It never refers to its profile, so the linker would have switched it off. */
	assert_int_equal(known_binaries_learn_fd(f->known, fd, "/tiny", &f->key, &b), BINARY_OFF);
	assert_int_equal(known_binary_for_probe(b).mbuckets, TINY_GO_MBUCKETS);
	assert_int_equal(known_binary_for_probe(b).records_size, 128);
	assert_int_equal(known_binary_for_probe(b).goroutine_status, 0x90);
	close(fd);
	assert_int_equal(victims_new(f->known, &f->victims), 0);
	strcpy(f->load.text, "1 2 3 4/5 6");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	victims_free(f->victims);
	known_binaries_free(f->known);
	free(f);
	return 0;
}

/* When all processes have started; later once one has been finished, as PIDs come again. */
static uint64_t start_ns = 5;

static struct oomprof_process process(uint32_t pid)
{
	return (struct oomprof_process){.start_ns = start_ns, .pid = pid};
}

static int kill_by(struct fixture *f, uint32_t pid, struct oomprof_key key, enum oomprof_sent sent)
{
	struct oomprof_kill e = {
		.kind = OOMPROF_KILL, .process = process(pid), .key = key, .sent = sent};

	e.event.trigger_pid = 1000 + sent;
	e.event.time_ns = clock_monotonic_ns();
	e.event.victim_pid = pid;
	strcpy(e.event.victim_comm, "tiny");
	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

static int kill_of(struct fixture *f, uint32_t pid, struct oomprof_key key)
{
	return kill_by(f, pid, key, OOMPROF_SENT_BY_OOM);
}

static int begin_at_rate(struct fixture *f, uint32_t pid, int64_t rate)
{
	struct oomprof_begin e = {.kind = OOMPROF_BEGIN,
				  .process = process(pid),
				  .key = f->key,
				  .bias = BIAS,
				  .rate = rate,
				  .runtime.known = OOMPROF_KNOWS_RATE,
				  .killed_ns = clock_monotonic_ns(),
				  .comm = "tiny"};

	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

static int begin_of(struct fixture *f, uint32_t pid)
{
	return begin_at_rate(f, pid, 1);
}

static int part_of(struct fixture *f, uint32_t pid, uint32_t flags, uint32_t pending)
{
	struct oomprof_end e = {.kind = OOMPROF_END,
				.flags = flags,
				.process = process(pid),
				.held_ns = 1000 + pending,
				.read = 1,
				.lost = 3,
				.cut = 1,
				.goroutines = pending ? 17 : 0, /* the first counts them */
				.pending = pending};

	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

static int end_of(struct fixture *f, uint32_t pid)
{
	return part_of(f, pid, OOMPROF_END_FINAL, 0);
}

static int exit_of(struct fixture *f, uint32_t pid)
{
	struct oomprof_exit e = {.kind = OOMPROF_EXIT, .process = process(pid), .begun = 1};

	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

static struct oomprof_bucket bucket_record(uint32_t pid, uint64_t objects)
{
	const uint64_t size = 64, pc = BIAS + TINY_GO_LEAK + 0x60;
	const struct oomprof_process p = process(pid);
	struct oomprof_bucket b = {.victim = oomprof_id(&p),
				   .hash = tiny_bucket_hash((uint64_t[]){pc}, 1, size),
				   .size = size,
				   .depth = 1,
				   .held = 1};

	b.words[0] = pc;
	b.words[1] = objects + 1; /* active.allocs */
	b.words[2] = 2;		  /* and frees */
	b.words[7] = 1;		  /* future[2].allocs */
	return b;
}

static int bucket_of(struct fixture *f, uint32_t pid, uint64_t objects)
{
	struct oomprof_bucket b = bucket_record(pid, objects);

	return victims_bucket(f->victims, &b, OOMPROF_BUCKET_BYTES(1));
}

static void finish(struct victim *v, enum victim_outcome outcome)
{
	char dir[] = "/tmp/oomtools-test.XXXXXX";
	_cleanup_strbuf_ struct strbuf why = {0};
	struct output_directory d = {.path = dir, .fd = -1};

	assert_non_null(v);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(output_directory_open(&d, &why), 0);
	victim_finish(v, &d);
	assert_int_equal(v->outcome, outcome);
	if (outcome == VICTIM_WRITTEN)
		assert_int_equal(unlink(strbuf_text(&v->file_name)), 0);
	output_directory_close(&d);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
}

static void finish_and_free(struct victim *v, enum victim_outcome outcome, int64_t bytes)
{
	finish(v, outcome);
	if (outcome == VICTIM_WRITTEN)
		assert_int_equal(heap_profile_totals(v->profile)->inuse_bytes, bytes);
	victim_free(v);
	start_ns++;
}

/* What the user reads of it; freed. */
static void keys_are_known(const char *line)
{
	struct json_object *object = json_tokener_parse(line);

	assert_non_null(object);
	json_object_object_foreach(object, key, value)
	{
		(void)value;
		if (!victim_report_has_key(key))
			fail_msg("%s is not known to be a key", key);
	}
	json_object_put(object);
}

static void said_of(struct victim *v, const char *line, const char *json)
{
	const struct victim_report_options options = {0};
	_cleanup_strbuf_ struct strbuf text = {0}, object = {0};
	struct json_writer *w = json_writer_open();

	assert_non_null(w);
	finish(v, VICTIM_WRITTEN);
	assert_int_equal(victim_report_text(v, &options, &text), 0);
	assert_int_equal(victim_report_json(v, &options, w), 0);
	assert_int_equal(json_writer_line(w, &object), 0);
	assert_non_null(strstr(strbuf_text(&text), line));
	assert_non_null(strstr(strbuf_text(&object), json));
	if (!v->more.count)
		keys_are_known(strbuf_text(&object));
	victim_free(v);
	start_ns++;
}

static void one_victim(void **state)
{
	struct fixture *f = *state;
	struct victim *v;

	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(bucket_of(f, 10, 11), 0);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(end_of(f, 10), 0);
	/* Its last buckets may still be on the ring. */
	assert_null(victims_take(f->victims, false));
	victims_settle(f->victims);
	assert_int_equal(bucket_of(f, 10, 2), 0);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	assert_int_equal(v->buckets.read, 2);
	assert_int_equal(v->buckets.lost, 3);
	assert_int_equal(v->buckets.cut, 1);
	/* Another thread of it is marked. */
	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_null(victims_take(f->victims, true));
	finish_and_free(v, VICTIM_WRITTEN, 13 * 64);
	assert_null(victims_take(f->victims, true));
}

/* The signal comes before the mark, so the walk may be over before we hear of the kill. */
static void mark_comes_last(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(bucket_of(f, 10, 5), 0);
	assert_int_equal(end_of(f, 10), 0);
	assert_int_equal(exit_of(f, 10), 0);
	victims_settle(f->victims);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(kill_of(f, 10, f->key), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_WRITTEN, 5 * 64);
}

/* Threads of it do a part each; none says how many there will be. */
static void several_threads(void **state)
{
	struct fixture *f = *state;
	struct victim *v;

	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_int_equal(begin_of(f, 10), 0);
	assert_true(victims_walking(f->victims));
	assert_int_equal(bucket_of(f, 10, 1), 0);
	assert_int_equal(part_of(f, 10, 0, 1), 0);
	victims_settle(f->victims);
	assert_null(victims_take(f->victims, false));
	assert_true(victims_awaited(f->victims));
	assert_int_equal(bucket_of(f, 10, 1), 0);
	assert_int_equal(end_of(f, 10), 0);
	assert_int_equal(exit_of(f, 10), 0);
	assert_false(victims_walking(f->victims));
	victims_settle(f->victims);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	assert_true(victims_finished(f->victims, oomprof_id(&v->process)));
	assert_int_equal(v->buckets.read, 2);
	assert_int_equal(v->buckets.cut, 2);
	assert_int_equal(v->buckets.lost, 6);
	assert_int_equal(v->walk.threads, 2);
	assert_int_equal(v->walk.longest_ns, 1001);
	assert_int_equal(v->walk.total_ns, 2001);
	assert_true(v->runtime_bytes.known & OOMPROF_KNOWS_GOROUTINES);
	assert_int_equal(v->runtime_bytes.goroutines, 17);
	assert_false(v->buckets.more);
	finish_and_free(v, VICTIM_WRITTEN, 2 * 64);
}

/* All threads have gone, and a part of the list was left. */
static void part_is_left(void **state)
{
	struct fixture *f = *state;
	struct victim *v = NULL;

	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(bucket_of(f, 10, 1), 0);
	assert_int_equal(part_of(f, 10, 0, 1), 0);
	assert_int_equal(exit_of(f, 10), 0);
	victims_settle(f->victims);
	assert_null(victims_take(f->victims, false)); /* one may be on its last steps */
	for (int i = 0; !v && i < 1000; i++) {
		usleep(10000);
		victims_settle(f->victims);
		v = victims_take(f->victims, false);
	}
	assert_non_null(v);
	assert_true(v->buckets.more);
	finish_and_free(v, VICTIM_WRITTEN, 64);
}

static void several_at_once(void **state)
{
	struct fixture *f = *state;
	struct victim *v;

	for (uint32_t pid = 1; pid <= 3; pid++)
		assert_int_equal(begin_of(f, pid), 0);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(bucket_of(f, 1 + i % 3, 1 + i % 3), 0);
	for (uint32_t pid = 3; pid >= 1; pid--) {
		assert_int_equal(kill_of(f, pid, f->key), 0);
		assert_int_equal(end_of(f, pid), 0);
	}
	victims_settle(f->victims);
	for (int i = 0; i < 3; i++) {
		v = victims_take(f->victims, false);
		assert_non_null(v);
		finish_and_free(v, VICTIM_WRITTEN, 3 * 64 * (int64_t)v->process.pid);
	}
	assert_null(victims_take(f->victims, true));
}

/* A SIGKILL of the kernel that was no OOM kill: never told of. */
static void unmarked_is_dropped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(end_of(f, 10), 0);
	victims_settle(f->victims);
	assert_null(victims_take(f->victims, true));
}

static void killed_by_others(void **state)
{
	struct fixture *f = *state;
	struct oomprof_key none = {0};
	struct victim *v;

	assert_int_equal(kill_by(f, 10, f->key, OOMPROF_SENT_BY_PROCESS), 0);
	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(bucket_of(f, 10, 11), 0);
	assert_int_equal(end_of(f, 10), 0);
	/* Too late to be the one that kills it. */
	assert_int_equal(kill_of(f, 10, f->key), 0);
	victims_settle(f->victims);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	assert_int_equal(v->sent, OOMPROF_SENT_BY_PROCESS);
	assert_int_equal(v->kill.trigger_pid, 1001);
	finish_and_free(v, VICTIM_WRITTEN, 11 * 64);

	/* The kernel's signal may be the OOM killer's, which will say so. */
	assert_int_equal(kill_by(f, 11, f->key, OOMPROF_SENT_BY_KERNEL), 0);
	assert_int_equal(begin_of(f, 11), 0);
	assert_int_equal(end_of(f, 11), 0);
	victims_settle(f->victims);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(kill_of(f, 11, f->key), 0);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	assert_true(victim_of_oom(v));
	assert_int_equal(v->kill.trigger_pid, 1000);
	finish_and_free(v, VICTIM_WRITTEN, 0);

	/* Its first thread had exited: what it runs is known when the walk begins. */
	assert_int_equal(kill_by(f, 12, none, OOMPROF_SENT_BY_PROCESS), 0);
	assert_null(victims_take(f->victims, false));
	assert_true(victims_awaited(f->victims));
	assert_int_equal(begin_of(f, 12), 0);
	assert_int_equal(end_of(f, 12), 0);
	victims_settle(f->victims);
	finish_and_free(victims_take(f->victims, false), VICTIM_WRITTEN, 0);
	assert_int_equal(kill_by(f, 13, f->key, 3), -EBADMSG);
}

static int kill_with_swap(struct fixture *f, uint32_t pid, uint64_t swap_pages)
{
	struct oomprof_kill e = {.kind = OOMPROF_KILL, .process = process(pid), .key = f->key};

	e.event.time_ns = clock_monotonic_ns();
	e.event.victim_pid = pid;
	e.event.swap_pages = swap_pages;
	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

/* It has gone, and no thread found the start of its list in memory. */
static int exit_unread(struct fixture *f, uint32_t pid)
{
	struct oomprof_exit e = {.kind = OOMPROF_EXIT, .process = process(pid), .unreadable = 1};

	return victims_event(f->victims, &e, sizeof(e), &f->load, NULL);
}

static void line_says(const struct victim *v, const char *what)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	assert_int_equal(victim_report_text(v, &(struct victim_report_options){0}, &line), 0);
	if (!strstr(strbuf_text(&line), what))
		fail_msg("'%s' is not in: %s", what, strbuf_text(&line));
}

/* The same by a walk that found nothing, the first time of which was AFTER_NS after the kill. */
static struct victim *walked_in_vain(struct fixture *f, uint32_t pid, uint64_t swap_pages,
				     uint64_t after_ns)
{
	struct oomprof_end e = {.kind = OOMPROF_END,
				.flags = OOMPROF_END_FINAL | OOMPROF_END_BROKEN,
				.process = process(pid),
				.unreadable = 1};
	struct victim *v;

	assert_int_equal(kill_with_swap(f, pid, swap_pages), 0);
	assert_int_equal(begin_of(f, pid), 0);
	assert_int_equal(victims_event(f->victims, &e, sizeof(e), &f->load, NULL), 0);
	victims_settle(f->victims);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	v->walk.began_ns = v->killed_ns + after_ns;
	return v;
}

/* Nothing was read as the start of the list was not in memory: why not. */
static void absent_starts(struct fixture *f)
{
	struct output_directory none = {.path = "/nowhere", .fd = -1};
	static const struct {
		uint64_t swap_pages, after_ns;
		bool begun;
		enum victim_outcome outcome;
		const char *line;
	} cases[] = {
		{9, 0, false, VICTIM_SWAPPED, ", its memory was swapped out when it was killed"},
		{0, 0, false, VICTIM_MISSED, ", what leads to its heap profile was not in memory"},
		{9, 1, true, VICTIM_SWAPPED, ", its memory was swapped out when it was killed"},
		{0, 1, true, VICTIM_MISSED, ", what leads to its heap profile was not in memory"},
		{9, 2000000001, true, VICTIM_MISSED, ", took more than 2 seconds to end"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t pid = 20 + (uint32_t)i;
		struct victim *v;

		if (cases[i].begun) {
			v = walked_in_vain(f, pid, cases[i].swap_pages, cases[i].after_ns);
		} else {
			assert_int_equal(kill_with_swap(f, pid, cases[i].swap_pages), 0);
			assert_int_equal(exit_unread(f, pid), 0);
			v = victims_take(f->victims, false);
			assert_non_null(v);
		}
		victim_finish(v, &none);
		assert_int_equal(v->outcome, cases[i].outcome);
		line_says(v, cases[i].line);
		victim_free(v);
	}
}

static void victims_without_profile(void **state)
{
	struct fixture *f = *state;
	struct oomprof_key other = {.inode = 99};
	struct stat st;

	assert_int_equal(kill_of(f, 0x7ffffff0, other), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_UNKNOWN, 0);
	/* This very program is not Go. */
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	other.size = (uint64_t)st.st_size;
	other.mtime_s = (uint64_t)st.st_mtim.tv_sec;
	other.mtime_ns = (uint32_t)st.st_mtim.tv_nsec;
	assert_int_equal(kill_of(f, (uint32_t)getpid(), other), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_NOT_GO, 0);
	/* A Go program that ended without a walk: if its profile was on, that is a pity. */
	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(exit_of(f, 10), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_OFF_LINKER, 0);
	((struct known_binary *)known_binaries_find(f->known, &f->key))->kind = BINARY_READY;
	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(exit_of(f, 10), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_MISSED, 0);
	absent_starts(f);
	/* A walk whose end was lost. */
	assert_int_equal(kill_of(f, 11, f->key), 0);
	assert_int_equal(begin_of(f, 11), 0);
	finish_and_free(victims_take(f->victims, true), VICTIM_MISSED, 0);
}

/* What an edited probe tells besides, and what it may not be called. */
static void further_members(void **state)
{
	struct fixture *f = *state;
	struct output_directory none = {.path = "/nowhere", .fd = -1};
	struct oomprof_kill e = {.kind = OOMPROF_KILL, .process = process(10), .key = f->key};
	struct oomprof_exit gone = {.kind = OOMPROF_EXIT, .process = process(10)};
	struct named_values more = {0};
	_cleanup_strbuf_ struct strbuf json = {0};
	struct named_value *value;
	struct json_writer *w;
	struct victim *v;

	value = named_values_add(&more, "nice");
	value->kind = NAMED_INT;
	value->number = (uint64_t)-3;
	value = named_values_add(&more, "pid");
	value->kind = NAMED_UINT;
	value->number = 7;
	e.event.victim_pid = 10;
	assert_int_equal(victims_event(f->victims, &e, sizeof(e), &f->load, &more), 0);
	/* The last record counts. */
	more.list[1].number = 8;
	assert_int_equal(victims_event(f->victims, &gone, sizeof(gone), &f->load, &more), 0);
	named_values_clear(&more);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	victim_finish(v, &none);
	assert_int_equal(v->more.count, 2);
	line_says(v, "\n  nice -3\n  probe_pid 8\n");
	w = json_writer_open();
	assert_int_equal(victim_report_json(v, &(struct victim_report_options){0}, w), 0);
	assert_int_equal(json_writer_line(w, &json), 0);
	assert_non_null(strstr(strbuf_text(&json), "\"nice\":-3,\"probe_pid\":8,"));
	victim_free(v);
}

/* The end of what has not begun: its beginning is on another ring. */
static void what_follows_waits(void **state)
{
	struct fixture *f = *state;
	struct oomprof_end end = {.kind = OOMPROF_END, .process = process(10)};
	struct oomprof_exit gone = {.kind = OOMPROF_EXIT, .process = process(10)};
	struct oomprof_begin begin = {.kind = OOMPROF_BEGIN, .process = process(10)};

	assert_false(victims_follow(f->victims, &end, sizeof(end)));
	assert_false(victims_follow(f->victims, &gone, sizeof(gone)));
	assert_true(victims_follow(f->victims, &begin, sizeof(begin)));
	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_true(victims_follow(f->victims, &gone, sizeof(gone)));
	assert_false(victims_follow(f->victims, &end, sizeof(end)));
	assert_int_equal(begin_of(f, 10), 0);
	assert_true(victims_follow(f->victims, &end, sizeof(end)));
	assert_int_equal(end_of(f, 10), 0);
	victims_settle(f->victims);
	victim_free(victims_take(f->victims, false));
	/* It was told of already. */
	assert_true(victims_follow(f->victims, &end, sizeof(end)));
}

/* ---- without memory: the allocation functions fail when they are told to (--wrap) ---- */

static struct {
	bool armed;
	long left; /* allocations that still work */
	bool once; /* and after the one that fails, too */
	bool failed;
	bool still; /* time stands: a profile has its time in it */
} memory;

static bool no_memory(void)
{
	if (!memory.armed || memory.left-- > 0 || (memory.once && memory.failed))
		return false;
	memory.failed = true;
	errno = ENOMEM;
	return true;
}

#define ALLOCATOR(type, name, parameters, arguments)                 \
	type __real_##name parameters;                               \
	type __wrap_##name parameters;                               \
	type __wrap_##name parameters                                \
	{                                                            \
		return no_memory() ? NULL : __real_##name arguments; \
	}

ALLOCATOR(void *, malloc, (size_t n), (n))
ALLOCATOR(void *, calloc, (size_t n, size_t size), (n, size))
ALLOCATOR(void *, realloc, (void *p, size_t n), (p, n))
ALLOCATOR(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
ALLOCATOR(char *, strdup, (const char *s), (s))
ALLOCATOR(char *, strndup, (const char *s, size_t n), (s, n))
ALLOCATOR(DIR *, fdopendir, (int fd), (fd))

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	if (!memory.still)
		return __real_clock_gettime(clock, t);
	*t = (struct timespec){clock == CLOCK_REALTIME ? 1700000000 : 1000, 1};
	return 0;
}

#define LOST_ON_RING 3 /* as end_of() says */

/* What became of one victim while memory was short. */
struct short_of_memory {
	bool told, written, failed;
	uint64_t lost; /* buckets */
	struct strbuf line, file;
};

static int events_of_one(struct fixture *f, uint32_t pid)
{
	int r = kill_of(f, pid, f->key);

	if (r == 0)
		r = begin_of(f, pid);
	for (uint64_t i = 1; r == 0 && i <= 3; i++)
		(void)bucket_of(f, pid, i); /* counted there */
	if (r == 0)
		r = end_of(f, pid);
	victims_settle(f->victims);
	return r;
}

static void finish_short(struct victim *v, struct output_directory *d, struct short_of_memory *s)
{
	_cleanup_strbuf_ struct strbuf json = {0};
	const struct victim_report_options options = {.rows = 5};
	struct json_writer *w;
	int text, object;

	victim_finish(v, d);
	text = victim_report_text(v, &options, &s->line);
	w = json_writer_open();
	object = victim_report_json(v, &options, w);
	object = json_writer_line(w, &json) < 0 ? -ENOMEM : object;
	memory.armed = false;
	assert_true(text == 0 || text == -ENOMEM);
	assert_true(object == 0 || object == -ENOMEM);
	s->written = v->outcome == VICTIM_WRITTEN;
	s->failed = v->outcome == VICTIM_FAILED;
	s->lost = v->buckets.lost - LOST_ON_RING;
	if (s->failed)
		assert_int_equal(v->error, -ENOMEM);
	if (s->failed && text == 0)
		assert_non_null(strstr(s->line.data, "NOT written: Cannot allocate memory\n"));
	if (s->written) {
		assert_int_equal(file_read(strbuf_text(&v->file_name), 1 << 20, &s->file), 0);
		assert_int_equal(unlink(strbuf_text(&v->file_name)), 0);
	}
	victim_free(v);
	start_ns++;
}

/* One victim while allocation number N fails. Returns whether it came to that. */
static bool one_short(struct fixture *f, const char *dir, long n, bool once,
		      struct short_of_memory *ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct output_directory d = {.path = dir, .limit.keep = 5, .fd = -1};
	struct victim *v;
	int r;

	*ret = (struct short_of_memory){0};
	assert_int_equal(output_directory_open(&d, &why), 0);
	memset(&memory, 0, sizeof(memory));
	memory.left = n;
	memory.once = once;
	memory.still = memory.armed = true;
	r = events_of_one(f, 10);
	v = victims_take(f->victims, true);
	ret->told = v;
	if (v)
		finish_short(v, &d, ret);
	memory.armed = memory.still = false;
	output_directory_close(&d);
	/* If it cannot be told of, that is said. */
	assert_true(ret->told ? r == 0 || ret->failed : r == -ENOMEM);
	return memory.failed;
}

/* Whatever cannot be had: the file is there as it should be, or none at all and the line says so.
 */
static void without_memory(void **state)
{
	struct short_of_memory whole, s;
	struct fixture *f = *state;
	char dir[] = "/tmp/oomtools-test.XXXXXX";
	int written = 0, failed = 0;

	assert_non_null(mkdtemp(dir));
	assert_false(one_short(f, dir, LONG_MAX, false, &whole));
	assert_true(whole.written && whole.file.length);
	for (int once = 0; once < 2; once++) {
		bool came_to_it = true;

		for (long n = 0; came_to_it; n++) {
			came_to_it = one_short(f, dir, n, once, &s);
			written += s.written;
			failed += s.failed;
			if (s.written && !s.lost) {
				assert_int_equal(s.file.length, whole.file.length);
				assert_memory_equal(s.file.data, whole.file.data, s.file.length);
			}
			strbuf_free(&s.line);
			strbuf_free(&s.file);
		}
	}
	assert_true(written > 10 && failed > 50);
	strbuf_free(&whole.line);
	strbuf_free(&whole.file);
	assert_int_equal(rmdir(dir), 0);
}

/* Of a program where profiling was switched off by the linker. */
static struct victim *off_victim(struct fixture *f, int64_t rate, uint64_t enabled_ns)
{
	struct victim *v;

	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_int_equal(begin_at_rate(f, 10, rate), 0);
	assert_int_equal(bucket_of(f, 10, 1), 0);
	assert_int_equal(end_of(f, 10), 0);
	victims_settle(f->victims);
	v = victims_take(f->victims, false);
	assert_non_null(v);
	if (enabled_ns)
		v->enabled = (struct victim_enabled){enabled_ns, 12345678901};
	return v;
}

static void profiling_switched_on(void **state)
{
	struct fixture *f = *state;

	finish_and_free(off_victim(f, 0, 0), VICTIM_OFF_LINKER, 0);
	finish_and_free(off_victim(f, 0, clock_monotonic_ns()), VICTIM_OFF_RATE, 0);
	said_of(off_victim(f, 1, 0), ", its beginning missing, ", "\"profiled_from_start\":false");
	said_of(off_victim(f, 1, clock_monotonic_ns()), ", its first 12.3 s missing, ",
		"\"profiling_enabled_after_ms\":12345,\"profiled_from_start\":false");
	((struct known_binary *)known_binaries_find(f->known, &f->key))->kind = BINARY_READY;
	finish_and_free(off_victim(f, 0, 0), VICTIM_OFF_RATE, 0);
	said_of(off_victim(f, 1, 0), "lost, ",
		"\"profiling_enabled_time\":null,\"profiling_enabled_after_ms\":null,"
		"\"profiled_from_start\":true");
}

static void bad_records(void **state)
{
	struct fixture *f = *state;
	struct oomprof_bucket b = bucket_record(10, 1);
	struct oomprof_kill kill = {.kind = OOMPROF_KILL};

	for (size_t n = 0; n < sizeof(kill); n++)
		assert_int_equal(victims_event(f->victims, &kill, n, &f->load, NULL), -EBADMSG);
	kill.kind = 77;
	assert_int_equal(victims_event(f->victims, &kill, sizeof(kill), &f->load, NULL), -EBADMSG);
	assert_int_equal(end_of(f, 10), 0); /* of one that was handed over */
	assert_int_equal(bucket_of(f, 10, 1), -ENOENT);
	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(begin_of(f, 10), 0);
	for (size_t n = 0; n < OOMPROF_BUCKET_BYTES(1); n++)
		assert_int_equal(victims_bucket(f->victims, &b, n), -EBADMSG);
	b.held = b.depth = OOMPROF_FRAMES + 1;
	assert_int_equal(victims_bucket(f->victims, &b, sizeof(b)), -EBADMSG);
	b.held = 2;
	b.depth = 1;
	assert_int_equal(victims_bucket(f->victims, &b, sizeof(b)), -EBADMSG);
	b = bucket_record(10, 1);
	b.hash++;
	assert_int_equal(victims_bucket(f->victims, &b, sizeof(b)), -EBADMSG);
}

static void table_is_bounded(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	struct fixture *f = *state;
	const struct known_binary *b;
	struct oomprof_key key = f->key;
	int fd;

	tiny_go_build(&(struct tiny_go){.minor = 22}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	assert_true(fd >= 0);
	futimens(fd, (const struct timespec[]){{0, 0}, {(time_t)key.mtime_s, key.mtime_ns}});
	key.inode = 8;
	assert_int_equal(known_binaries_learn_fd(f->known, fd, "x", &key, &b), BINARY_OFF);
	key.inode = 9;
	assert_int_equal(known_binaries_learn_fd(f->known, fd, "x", &key, &b), -ENOSPC);
	assert_null(known_binaries_find(f->known, &key));
	key.mtime_ns++;
	assert_int_equal(known_binaries_learn_fd(f->known, fd, "x", &key, &b), BINARY_UNREADABLE);
	close(fd);
}

int main(void)
{
#define VICTIMS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		VICTIMS_TEST(one_victim),
		VICTIMS_TEST(mark_comes_last),
		VICTIMS_TEST(several_threads),
		VICTIMS_TEST(part_is_left),
		VICTIMS_TEST(several_at_once),
		VICTIMS_TEST(unmarked_is_dropped),
		VICTIMS_TEST(killed_by_others),
		VICTIMS_TEST(victims_without_profile),
		VICTIMS_TEST(further_members),
		VICTIMS_TEST(what_follows_waits),
		VICTIMS_TEST(profiling_switched_on),
		VICTIMS_TEST(without_memory),
		VICTIMS_TEST(bad_records),
		VICTIMS_TEST(table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
