/* The image cache: keys, what is trusted and what is not, how much is kept. */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>

#include "bpf/image_cache.h"

static char directory[] = "/tmp/oomtools-test.XXXXXX";
static struct strbuf bytes; /* of a good image */

static void path_of(const char *key, char path[static 256])
{
	snprintf(path, 256, "%s/%s.image", directory, key);
}

static int read_back(const char *key, const char *expected)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_image_ struct image *image = NULL;
	int r = image_cache_read(key, &image, &why);

	assert_true((r == 0) == (image != NULL));
	if (expected && !strstr(strbuf_text(&why), expected))
		fail_msg("'%s' is not in '%s'", expected, strbuf_text(&why));
	if (!expected)
		assert_int_equal(why.length, 0);
	return r;
}

static void keep(const char *key)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(image_cache_write(key, bytes.data, bytes.length, &why), 0);
	assert_int_equal(why.length, 0);
}

static bool is_there(const char *key)
{
	char path[256];
	struct stat st;

	path_of(key, path);
	return lstat(path, &st) == 0;
}

static void keys_hold_all_parts(void **state)
{
	const char *const one[] = {"ab", "c"}, *const two[] = {"a", "bc"}, *const three[] = {"ab"};
	_cleanup_strbuf_ struct strbuf a = {0}, b = {0}, c = {0}, again = {0};

	(void)state;
	assert_int_equal(image_cache_key(one, 2, &a), 0);
	assert_int_equal(image_cache_key(two, 2, &b), 0);
	assert_int_equal(image_cache_key(three, 1, &c), 0);
	assert_int_equal(image_cache_key(one, 2, &again), 0);
	assert_int_equal(a.length, 64);
	assert_string_equal(a.data, again.data);
	assert_string_not_equal(a.data, b.data);
	assert_string_not_equal(a.data, c.data);
}

static void gives_back(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	assert_int_equal(read_back("absent", NULL), -ENOENT);
	keep("one");
	path_of("one", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(read_back("one", NULL), 0);
	keep("one"); /* twice at the same time: fine */
	assert_int_equal(read_back("one", NULL), 0);
}

/* Whatever is wrong with a file, it is said, not used, and gone. */
static void expect_refused(const char *key, const char *expected)
{
	assert_true(read_back(key, expected) < 0);
	assert_false(is_there(key));
	assert_int_equal(read_back(key, NULL), -ENOENT);
	keep(key);
	assert_int_equal(read_back(key, NULL), 0);
}

static void refuses_damage(void **state)
{
	char path[256];
	int fd;

	(void)state;
	keep("cut");
	path_of("cut", path);
	assert_int_equal(truncate(path, (off_t)bytes.length - 1), 0);
	expect_refused("cut", "size");
	keep("flipped");
	path_of("flipped", path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "!", 1, 60), 1);
	close(fd);
	expect_refused("flipped", "checksum");
	keep("empty");
	path_of("empty", path);
	assert_int_equal(truncate(path, 0), 0);
	expect_refused("empty", "too short");
}

static void refuses_what_is_not_ours_alone(void **state)
{
	char path[256], other[256];

	(void)state;
	keep("writable");
	path_of("writable", path);
	assert_int_equal(chmod(path, 0620), 0);
	expect_refused("writable", "not a private file");

	keep("target");
	path_of("target", other);
	path_of("link", path);
	assert_int_equal(symlink(other, path), 0);
	expect_refused("link", "symbolic links");

	path_of("fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused("fifo", "not a private file");

	if (geteuid() != 0)
		return;
	keep("foreign");
	path_of("foreign", path);
	assert_int_equal(chown(path, 65534, 65534), 0);
	expect_refused("foreign", "not a private file");
}

static void refuses_an_open_directory(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	(void)state;
	keep("one");
	assert_int_equal(chmod(directory, 0750), 0);
	assert_true(read_back("one", "mode 0700") < 0);
	assert_true(image_cache_write("two", bytes.data, bytes.length, &why) < 0);
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(read_back("one", NULL), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(directory, 65534, 65534), 0);
		assert_true(read_back("one", "owned by") < 0);
		assert_int_equal(chown(directory, 0, 0), 0);
	}
	setenv("OOMTOOLS_CACHE_DIR", "/proc/self/cwd", 1); /* a symlink */
	assert_true(read_back("one", "/proc/self/cwd") < 0);
	setenv("OOMTOOLS_CACHE_DIR", directory, 1);
}

static size_t images_kept(void)
{
	DIR *dir = opendir(directory);
	size_t n = 0;

	for (struct dirent *d; (d = readdir(dir));)
		n += strstr(d->d_name, ".image") != NULL;
	closedir(dir);
	return n;
}

static void forgets_the_longest_unused(void **state)
{
	char key[32], path[256];

	(void)state;
	for (int i = 0; i < IMAGE_CACHE_MOST; i++) {
		struct timespec old[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};

		snprintf(key, sizeof(key), "old%d", i);
		keep(key);
		path_of(key, path);
		utimensat(AT_FDCWD, path, old, 0);
		/* Used now, so not the oldest any more. */
		if (i == 0)
			assert_int_equal(read_back(key, NULL), 0);
	}
	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "new%d", i);
		keep(key);
	}
	assert_int_equal(images_kept(), IMAGE_CACHE_MOST);
	assert_true(is_there("old0"));
	assert_false(is_there("old1"));
	assert_true(is_there("new9"));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* The smallest image there can be. */
static int group_setup(void **state)
{
	struct bpf_insn code = {.code = BPF_JMP | BPF_EXIT};
	struct image_program program = {
		.name = "raw_tp__one", .instructions = &code, .n_instructions = 1};
	struct image image = {.programs = &program, .n_programs = 1};
	const char *why;

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	setenv("OOMTOOLS_CACHE_DIR", directory, 1);
	return image_write(&image, &bytes, &why);
}

static int group_teardown(void **state)
{
	(void)state;
	strbuf_free(&bytes);
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_hold_all_parts),
		cmocka_unit_test(gives_back),
		cmocka_unit_test(refuses_damage),
		cmocka_unit_test(refuses_what_is_not_ours_alone),
		cmocka_unit_test(refuses_an_open_directory),
		cmocka_unit_test(forgets_the_longest_unused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
