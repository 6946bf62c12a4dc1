/* Profiles on a disk that is full, slow to say so, or gone; and the limit to how many there are. */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "victim/output_directory.h"

/* ---- system calls that fail when they are told to (linked with --wrap) ---- */

static struct {
	bool no_unnamed;			       /* as on NFS */
	int write, fsync, linkat, renameat2, unlinkat; /* errno of each; 0: it works */
	int times;				       /* that they fail; -1: always */
	size_t most; /* bytes that one write() takes; 0: as many as it gets */
} broken;

static bool fails(int error)
{
	if (!error || !broken.times)
		return false;
	broken.times -= broken.times > 0;
	errno = error;
	return true;
}

#define WRAP(type, name, parameters)   \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters

WRAP(int, openat, (int dirfd, const char *path, int flags, ...));
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (broken.no_unnamed && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat(dirfd, path, flags, mode);
}

WRAP(ssize_t, write, (int fd, const void *bytes, size_t n))
{
	if (fd > 2 && fails(broken.write))
		return -1;
	return __real_write(fd, bytes, broken.most ? MIN(n, broken.most) : n);
}

WRAP(int, fsync, (int fd))
{
	return fails(broken.fsync) ? -1 : __real_fsync(fd);
}

WRAP(int, linkat, (int from, const char *old, int to, const char *new, int flags))
{
	return fails(broken.linkat) ? -1 : __real_linkat(from, old, to, new, flags);
}

WRAP(int, renameat2, (int from, const char *old, int to, const char *new, unsigned int flags))
{
	return fails(broken.renameat2) ? -1 : __real_renameat2(from, old, to, new, flags);
}

WRAP(int, unlinkat, (int dirfd, const char *path, int flags))
{
	return fails(broken.unlinkat) ? -1 : __real_unlinkat(dirfd, path, flags);
}

/* ---- a directory of our own ---- */

struct fixture {
	char path[64];
	struct output_directory d;
	struct strbuf contents, name, why;
	struct output_removed removed;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	memset(&broken, 0, sizeof(broken));
	broken.times = -1;
	strcpy(f->path, "/tmp/oomtools-test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->d = (struct output_directory){.path = f->path, .fd = -1};
	assert_int_equal(output_directory_open(&f->d, &f->why), 0);
	strbuf_puts(&f->contents, "0123456789");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	output_directory_close(&f->d);
	snprintf(command, sizeof(command), "rm -rf %s", f->path);
	assert_int_equal(system(command), 0);
	strbuf_free(&f->contents);
	strbuf_free(&f->name);
	strbuf_free(&f->why);
	output_removed_clear(&f->removed);
	free(f);
	return 0;
}

static int write_profile(struct fixture *f, unsigned int pid)
{
	output_removed_clear(&f->removed);
	return output_directory_write(&f->d, "leaky", 5, pid, 1700000000000000000ull, &f->contents,
				      &f->name, &f->removed);
}

/* A file of SIZE bytes that was changed AGE seconds ago. */
static void plant(const struct fixture *f, const char *name, size_t size, int age)
{
	const struct timespec then = {.tv_sec = time(NULL) - age};
	static const char bytes[8192];
	int fd = openat(f->d.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	assert_int_equal(futimens(fd, (const struct timespec[]){then, then}), 0);
	close(fd);
}

static void plant_profiles(const struct fixture *f, int n, size_t size)
{
	char name[64];

	for (int i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "old-%d-20200101T000000.pb.gz", i);
		plant(f, name, size, 1000 * i); /* number 1 is the youngest */
	}
}

static bool there(const struct fixture *f, const char *name)
{
	return faccessat(f->d.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool old_one_there(const struct fixture *f, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "old-%d-20200101T000000.pb.gz", i);
	return there(f, name);
}

/* How many names there are, hidden ones too. */
static int count(const struct fixture *f)
{
	DIR *dir = opendir(f->path);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* ---- writing ---- */

static void twins_and_links(void **state)
{
	struct fixture *f = *state;
	const char *first;

	assert_int_equal(write_profile(f, 7), 0);
	first = strrchr(f->name.data, '/') + 1;
	assert_true(output_limit_is_profile(first));
	assert_int_equal(unlinkat(f->d.fd, first, 0), 0);
	assert_int_equal(symlinkat("/nowhere", f->d.fd, first), 0);
	assert_int_equal(write_profile(f, 7), 0);
	assert_non_null(strstr(f->name.data, "-2.pb.gz"));
	assert_int_equal(write_profile(f, 7), 0);
	assert_non_null(strstr(f->name.data, "-3.pb.gz"));
	assert_int_equal(count(f), 3);
}

/* Whatever fails, and with or without unnamed files: the error is told and nothing is left. */
static void each_failure(void **state)
{
	static const int errors[] = {ENOSPC, EDQUOT, EIO, EROFS};
	struct fixture *f = *state;

	for (int named = 0; named < 2; named++)
		for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
			int *calls[] = {&broken.write, &broken.fsync,
					named ? &broken.renameat2 : &broken.linkat};

			broken.no_unnamed = named;
			for (size_t k = 0; k < ARRAY_SIZE(calls); k++) {
				*calls[k] = errors[i];
				assert_int_equal(write_profile(f, 1), -errors[i]);
				*calls[k] = 0;
				assert_int_equal(count(f), 0);
			}
			/* The next one is tried again. */
			assert_int_equal(write_profile(f, 1), 0);
			assert_int_equal(unlink(f->name.data), 0);
		}
}

/* Filesystems that cannot do this or that, and short writes. */
static void every_way(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct fixture *f = *state;

	broken.most = 3;
	for (int way = 0; way < 4; way++) {
		broken.no_unnamed = way >= 2;
		broken.linkat = way == 1 ? EOPNOTSUPP : 0;
		broken.renameat2 = way == 3 ? EINVAL : 0;
		assert_int_equal(write_profile(f, 1), 0);
		strbuf_reset(&text);
		assert_int_equal(file_read(f->name.data, 100, &text), 0);
		assert_string_equal(strbuf_text(&text), "0123456789");
		assert_int_equal(unlink(f->name.data), 0);
		assert_int_equal(count(f), 0);
	}
}

/* The writer is killed in the middle. */
static void killed_writer(void **state)
{
	struct fixture *f = *state;
	int status, fd = openat(f->d.fd, ".", O_WRONLY | O_TMPFILE, 0600);
	pid_t child;

	if (fd < 0)
		skip(); /* a filesystem without unnamed files */
	close(fd);
	child = fork();
	if (child == 0) {
		broken.most = 4;
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){8, 8});
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGXFSZ, SIG_DFL);
		write_profile(f, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	assert_int_equal(count(f), 0);
}

static void removed_directory(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(count(f), 1);
	/* What stands there now is no directory. */
	assert_int_equal(unlink(f->name.data), 0);
	assert_int_equal(rmdir(f->path), 0);
	fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	close(fd);
	assert_int_equal(write_profile(f, 1), -ENOENT);
	assert_non_null(strstr(output_directory_advice(-ENOENT), "make it again"));
	assert_int_equal(unlink(f->path), 0);
	/* Someone else's directory is not taken for ours. */
	if (geteuid() == 0) {
		assert_int_equal(mkdir(f->path, 0777), 0);
		assert_int_equal(chown(f->path, 65534, 65534), 0);
		assert_int_equal(write_profile(f, 1), -ENOENT);
	}
}

/* ---- the limit ---- */

static void names(void **state)
{
	static const char *const ours[] = {
		"a-1-20261122T061403.pb.gz",
		"leaky-4242-20261122T061403-2.pb.gz",
		"leaky-4242-20261122T061403-100.pb.gz",
		"_-4294967295-20261122T061403.pb.gz",
		"a-1-20261122T061403-7-20261122T061403.pb.gz",
	};
	static const char *const others[] = {
		"",
		".pb.gz",
		"-1-20261122T061403.pb.gz",
		"a-20261122T061403.pb.gz",
		"a-1-20261122T061403.pb",
		"a-1-20261122T061403.pb.gz.bak",
		"a-1-20261122T06140.pb.gz",
		"a-1-2026112T061403.pb.gz",
		"a-1-20261122061403.pb.gz",
		"a-1-20261122T061403-.pb.gz",
		"a-1-20261122T061403-1000.pb.gz",
		"a-x-20261122T061403.pb.gz",
		"a-12345678901-20261122T061403.pb.gz",
		".a-1-20261122T061403.pb.gz",
		"heap.pb.gz",
		"notes.txt",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		assert_true(output_limit_is_profile(ours[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(output_limit_is_profile(others[i]));
}

static void keep(void **state)
{
	struct fixture *f = *state;

	plant_profiles(f, 5, 10);
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.files, 0); /* no limit */
	assert_int_equal(unlink(f->name.data), 0);
	f->d.limit.keep = 6;
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.files, 0); /* just as many */
	f->d.limit.keep = 4;
	assert_int_equal(write_profile(f, 2), 0);
	assert_int_equal(f->removed.files, 3);
	assert_int_equal(f->removed.bytes, 30);
	assert_non_null(strstr(f->removed.names.data, "old-5-"));
	assert_true(old_one_there(f, 1) && old_one_there(f, 2) && !old_one_there(f, 3));
	assert_int_equal(count(f), 4);
	f->d.limit.keep = 1;
	assert_int_equal(write_profile(f, 3), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(access(f->name.data, F_OK), 0);
}

static void max_bytes(void **state)
{
	struct fixture *f = *state;

	plant_profiles(f, 5, 1000);
	f->d.limit.max_bytes = 3010;
	assert_int_equal(write_profile(f, 1), 0); /* 10 bytes */
	assert_int_equal(f->removed.files, 2);
	assert_true(old_one_there(f, 3) && !old_one_there(f, 4));
	f->d.limit.max_bytes = 3009;
	assert_int_equal(write_profile(f, 2), 0);
	assert_true(old_one_there(f, 2) && !old_one_there(f, 3));
	/* The newest stays, even if it alone is larger. */
	f->d.limit.max_bytes = 9;
	assert_int_equal(write_profile(f, 3), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(access(f->name.data, F_OK), 0);
	/* Both limits: the stricter one counts. */
	plant_profiles(f, 5, 1000);
	f->d.limit = (struct output_limit){.keep = 4, .max_bytes = 2500};
	assert_int_equal(write_profile(f, 4), 0);
	assert_int_equal(count(f), 4); /* two new and two old ones */
	f->d.limit.keep = 2;
	assert_int_equal(write_profile(f, 5), 0);
	assert_int_equal(count(f), 2);
}

/* What is not ours stays, however its name looks. */
static void strangers(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	plant(f, "precious", 1, 100000);
	plant(f, "heap.pb.gz", 5000, 100000);
	plant(f, "a-1-20261122T061403.pb.gz.orig", 5000, 100000);
	assert_int_equal(symlinkat("precious", f->d.fd, "a-1-20200101T000000.pb.gz"), 0);
	assert_int_equal(mkdirat(f->d.fd, "a-2-20200101T000000.pb.gz", 0700), 0);
	plant(f, "a-2-20200101T000000.pb.gz/a-1-20200101T000000.pb.gz", 5000, 100000);
	assert_int_equal(mkfifoat(f->d.fd, "a-3-20200101T000000.pb.gz", 0600), 0);
	if (geteuid() == 0) {
		plant(f, "a-4-20200101T000000.pb.gz", 5000, 100000);
		assert_int_equal(fchownat(f->d.fd, "a-4-20200101T000000.pb.gz", 65534, 65534, 0),
				 0);
	}
	plant_profiles(f, 3, 10);
	f->d.limit = (struct output_limit){.keep = 1, .max_bytes = 1};
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.files, 3);
	assert_int_equal(count(f), 7 + (geteuid() == 0));
	assert_true(there(f, "a-2-20200101T000000.pb.gz/a-1-20200101T000000.pb.gz"));
	assert_int_equal(fstatat(f->d.fd, "precious", &st, 0), 0);
	assert_int_equal(st.st_size, 1);
}

/* Another oomprof, or a clock set back: what is newer than ours is never removed for it. */
static void newer_ones(void **state)
{
	struct fixture *f = *state;

	plant(f, "new-1-20300101T000000.pb.gz", 10, -5000);
	plant(f, "new-2-20300101T000000.pb.gz", 10, -4000);
	plant_profiles(f, 2, 10);
	f->d.limit.keep = 1;
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.files, 2);
	assert_int_equal(write_profile(f, 2), 0);
	assert_int_equal(f->removed.files, 1); /* ours of before: it does not grow */
	assert_int_equal(count(f), 3);
	assert_true(there(f, "new-1-20300101T000000.pb.gz"));
	assert_true(there(f, "new-2-20300101T000000.pb.gz"));
}

/* No room: what would have to go afterwards goes first, and never more than that. */
static void full(void **state)
{
	struct fixture *f = *state;

	plant_profiles(f, 3, 10);
	broken.fsync = ENOSPC;
	f->d.limit.keep = 4; /* all three may stay */
	assert_int_equal(write_profile(f, 1), -ENOSPC);
	assert_int_equal(f->removed.files, 0);
	assert_int_equal(count(f), 3);
	broken.times = 1;
	f->d.limit.keep = 3;
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.files, 1);
	assert_true(!old_one_there(f, 3) && old_one_there(f, 2));
	assert_int_equal(count(f), 3);
	broken.fsync = EDQUOT;
	broken.times = 1;
	f->d.limit = (struct output_limit){.max_bytes = 29};
	assert_int_equal(write_profile(f, 2), 0);
	assert_int_equal(f->removed.files, 2);
	assert_int_equal(count(f), 2);
	/* It does not help: told with what was removed. */
	broken.times = -1;
	f->d.limit = (struct output_limit){.keep = 1};
	assert_int_equal(write_profile(f, 3), -EDQUOT);
	assert_int_equal(f->removed.files, 2);
	assert_int_equal(count(f), 0);
}

static void full_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct output_directory d = {.path = f->path, .fd = -1};

	broken.fsync = ENOSPC;
	assert_int_equal(output_directory_open(&d, &f->why), -ENOSPC);
	assert_non_null(strstr(f->why.data, "name another directory with -o"));
	plant_profiles(f, 2, 10);
	d.limit.keep = 3; /* would not make room */
	assert_int_equal(output_directory_open(&d, &f->why), -ENOSPC);
	d.limit.keep = 2;
	assert_int_equal(output_directory_open(&d, &f->why), 0);
	assert_int_equal(count(f), 2); /* nothing is removed before it must be */
	output_directory_close(&d);
}

static void cannot_remove(void **state)
{
	struct fixture *f = *state;

	plant_profiles(f, 3, 10);
	f->d.limit.keep = 1;
	broken.unlinkat = EPERM;
	broken.times = 1;
	assert_int_equal(write_profile(f, 1), 0);
	assert_int_equal(f->removed.error, -EPERM);
	assert_int_equal(f->removed.files, 2); /* the others */
	broken.unlinkat = ENOENT;	       /* someone else was quicker */
	broken.times = 1;
	assert_int_equal(write_profile(f, 2), 0);
	assert_int_equal(f->removed.error, 0);
}

/* Several at the same directory: never none left, and no more than the limit once it is quiet. */
static void several_writers(void **state)
{
	struct fixture *f = *state;
	int status;

	f->d.limit.keep = 3;
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (unsigned int k = 0; k < 40; k++)
				if (write_profile(f, k) < 0 || f->removed.error || count(f) < 1)
					_exit(1);
			_exit(0);
		}
	for (int i = 0; i < 4; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_in_range(count(f), 3, 3 + 3);
	assert_int_equal(write_profile(f, 99), 0);
	assert_int_equal(count(f), 3);
	assert_int_equal(access(f->name.data, F_OK), 0);
}

int main(void)
{
#define DIRECTORY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		DIRECTORY_TEST(twins_and_links),
		DIRECTORY_TEST(each_failure),
		DIRECTORY_TEST(every_way),
		DIRECTORY_TEST(killed_writer),
		DIRECTORY_TEST(removed_directory),
		cmocka_unit_test(names),
		DIRECTORY_TEST(keep),
		DIRECTORY_TEST(max_bytes),
		DIRECTORY_TEST(strangers),
		DIRECTORY_TEST(newer_ones),
		DIRECTORY_TEST(full),
		DIRECTORY_TEST(full_at_the_start),
		DIRECTORY_TEST(cannot_remove),
		DIRECTORY_TEST(several_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
