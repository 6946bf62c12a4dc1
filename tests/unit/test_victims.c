/* Victims put together from the events of two rings, in every order in which they can come. */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/clock.h"
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
	/* It never refers to its profile, so nothing would be collected. Here it does. */
	assert_int_equal(known_binaries_learn_fd(f->known, fd, "/tiny", &f->key, &b), BINARY_OFF);
	assert_int_equal(known_binary_for_probe(b).mbuckets, 0);
	((struct known_binary *)b)->kind = BINARY_READY;
	assert_int_equal(known_binary_for_probe(b).mbuckets, TINY_GO_MBUCKETS);
	assert_int_equal(known_binary_for_probe(b).records_size, 128);
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

static struct oomprof_process process(uint32_t pid)
{
	return (struct oomprof_process){.start_ns = 5, .pid = pid};
}

static int kill_of(struct fixture *f, uint32_t pid, struct oomprof_key key)
{
	struct oomprof_kill e = {.kind = OOMPROF_KILL, .process = process(pid), .key = key};

	e.event.time_ns = clock_monotonic_ns();
	e.event.victim_pid = pid;
	strcpy(e.event.victim_comm, "tiny");
	return victims_event(f->victims, &e, sizeof(e), &f->load);
}

static int begin_of(struct fixture *f, uint32_t pid)
{
	struct oomprof_begin e = {.kind = OOMPROF_BEGIN,
				  .process = process(pid),
				  .key = f->key,
				  .bias = BIAS,
				  .rate = 1,
				  .killed_ns = clock_monotonic_ns(),
				  .comm = "tiny"};

	return victims_event(f->victims, &e, sizeof(e), &f->load);
}

static int end_of(struct fixture *f, uint32_t pid)
{
	struct oomprof_end e = {.kind = OOMPROF_END, .process = process(pid), .lost = 3, .cut = 1};

	return victims_event(f->victims, &e, sizeof(e), &f->load);
}

static int exit_of(struct fixture *f, uint32_t pid)
{
	struct oomprof_exit e = {.kind = OOMPROF_EXIT, .process = process(pid)};

	return victims_event(f->victims, &e, sizeof(e), &f->load);
}

/* The runtime's hash of a stack of one address and a size (runtime/mprof.go, stkbucket). */
static uint64_t hash_of(uint64_t pc, uint64_t size)
{
	uint64_t h = pc;

	h += h << 10;
	h ^= h >> 6;
	h += size;
	h += h << 10;
	h ^= h >> 6;
	h += h << 3;
	return h ^ h >> 11;
}

static struct oomprof_bucket bucket_record(uint32_t pid, uint64_t objects)
{
	struct oomprof_bucket b = {.process = process(pid), .held = 1, .records_size = 128};
	const uint64_t size = 64, pc = BIAS + TINY_GO_LEAK + 0x60;

	b.words[2] = 1; /* typ: memProfile */
	b.words[3] = hash_of(pc, size);
	b.words[4] = size;
	b.words[5] = 1;
	b.words[6] = pc;
	b.words[7] = objects; /* active.allocs */
	b.words[9] = objects * size;
	return b;
}

static int bucket_of(struct fixture *f, uint32_t pid, uint64_t objects)
{
	struct oomprof_bucket b = bucket_record(pid, objects);

	return victims_bucket(f->victims, &b, OOMPROF_BUCKET_BYTES(1, 128));
}

static void finish_and_free(struct victim *v, enum victim_outcome outcome, int64_t bytes)
{
	char dir[] = "/tmp/oomtools-test.XXXXXX";
	_cleanup_strbuf_ struct strbuf why = {0};
	struct output_directory d = {.path = dir, .fd = -1};

	assert_non_null(v);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(output_directory_open(&d, &why), 0);
	victim_finish(v, &d);
	assert_int_equal(v->outcome, outcome);
	if (outcome == VICTIM_WRITTEN) {
		assert_int_equal(heap_profile_totals(v->profile)->inuse_bytes, bytes);
		assert_int_equal(unlink(strbuf_text(&v->file_name)), 0);
	}
	output_directory_close(&d);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
	victim_free(v);
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
	/* A Go program that ended without a walk. */
	assert_int_equal(kill_of(f, 10, f->key), 0);
	assert_null(victims_take(f->victims, false));
	assert_int_equal(exit_of(f, 10), 0);
	finish_and_free(victims_take(f->victims, false), VICTIM_MISSED, 0);
	/* A walk whose end was lost. */
	assert_int_equal(kill_of(f, 11, f->key), 0);
	assert_int_equal(begin_of(f, 11), 0);
	finish_and_free(victims_take(f->victims, true), VICTIM_MISSED, 0);
}

static void bad_records(void **state)
{
	struct fixture *f = *state;
	struct oomprof_bucket b = bucket_record(10, 1);
	struct oomprof_kill kill = {.kind = OOMPROF_KILL};

	for (size_t n = 0; n < sizeof(kill); n++)
		assert_int_equal(victims_event(f->victims, &kill, n, &f->load), -EBADMSG);
	kill.kind = 77;
	assert_int_equal(victims_event(f->victims, &kill, sizeof(kill), &f->load), -EBADMSG);
	assert_int_equal(end_of(f, 10), -EBADMSG);
	assert_int_equal(bucket_of(f, 10, 1), -ENOENT);
	assert_int_equal(begin_of(f, 10), 0);
	assert_int_equal(begin_of(f, 10), -EBADMSG);
	for (size_t n = 0; n < OOMPROF_BUCKET_BYTES(1, 128); n++)
		assert_int_equal(victims_bucket(f->victims, &b, n), -EBADMSG);
	b.held = OOMPROF_FRAMES + 1;
	assert_int_equal(victims_bucket(f->victims, &b, sizeof(b)), -EBADMSG);
	b = bucket_record(10, 1);
	b.words[3]++;
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
		VICTIMS_TEST(several_at_once),
		VICTIMS_TEST(unmarked_is_dropped),
		VICTIMS_TEST(victims_without_profile),
		VICTIMS_TEST(bad_records),
		VICTIMS_TEST(table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
