/* Strings, foreign text, numbers, files. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash_index.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/text.h"

static void strbuf_grows(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	assert_string_equal(strbuf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&b, "%d,", i);
	assert_int_equal(b.length, 3890);
	assert_int_equal(strlen(b.data), 3890);
	assert_int_equal(strbuf_error(&b), 0);
	strbuf_reset(&b);
	assert_string_equal(strbuf_text(&b), "");
}

static void strbuf_remembers_failure(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	strbuf_append(&b, "x", SIZE_MAX - 4);
	strbuf_puts(&b, "later");
	assert_int_equal(strbuf_error(&b), -ENOMEM);
	assert_null(strbuf_steal(&b));
}

static void check_text(void (*make)(struct strbuf *, const char *, size_t), const char *in,
		       size_t n, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	make(&out, in, n);
	assert_string_equal(strbuf_text(&out), want);
}

static void text_is_harmless(void **state)
{
	(void)state;
	check_text(text_display, "plain \xc3\xa9", 8, "plain \xc3\xa9");
	check_text(text_display, "a\x1b[31m\nb\x7f", 9, "a\\x1b[31m\\x0ab\\x7f");
	check_text(text_display, "\xc2\x9b", 2, "\\xc2\\x9b");
	check_text(text_display, "\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	check_text(text_display, "\xff\xc3", 2, "\\xff\\xc3");
	check_text(text_display, "\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	check_text(text_utf8, "a\xff\n\xc3\xa9", 5, "a\xef\xbf\xbd\n\xc3\xa9");
	check_text(text_filename, "../a b/\n\xff", 9, "_._a_b___");
	check_text(text_filename, "", 0, "_");
	check_text(text_filename, "-rf", 3, "_rf");
}

static void numbers(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(parse_number("12", 1, 99, &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(parse_number("0", 1, 99, &v), -ERANGE);
	assert_int_equal(parse_number("99999999999999999999", 1, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(parse_number("-1", 0, 9, &v), -EINVAL);
	assert_int_equal(parse_number(" 1", 0, 9, &v), -EINVAL);
	assert_int_equal(parse_number("1x", 0, 9, &v), -EINVAL);
	assert_int_equal(parse_number("", 0, 9, &v), -EINVAL);
	assert_int_equal(v, 12);
}

static void sizes_and_durations(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(parse_size("64M", &v), 0);
	assert_int_equal(v, 64 << 20);
	assert_int_equal(parse_size("3KiB", &v), 0);
	assert_int_equal(v, 3072);
	assert_int_equal(parse_size("1X", &v), -EINVAL);
	assert_int_equal(parse_size("18446744073709551615K", &v), -ERANGE);
	assert_int_equal(parse_duration("0.5", &v), 0);
	assert_int_equal(v, 500000000);
	assert_int_equal(parse_duration("250ms", &v), 0);
	assert_int_equal(v, 250000000);
	assert_int_equal(parse_duration("1h30m", &v), 0);
	assert_int_equal(v, 5400ll * 1000000000);
	assert_int_equal(parse_duration("1d0.5s1ms", &v), 0);
	assert_int_equal(v, 86400501ll * 1000000);
	assert_int_equal(parse_duration("10m5", &v), -EINVAL);
	assert_int_equal(parse_duration("30m1h", &v), -EINVAL);
	assert_int_equal(parse_duration("5s5s", &v), -EINVAL);
	assert_int_equal(parse_duration("1h 30m", &v), -EINVAL);
	assert_int_equal(parse_duration("1.5.5", &v), -EINVAL);
	assert_int_equal(parse_duration("m", &v), -EINVAL);
	assert_int_equal(parse_duration("1-1s", &v), -EINVAL);
	assert_int_equal(parse_duration("", &v), -EINVAL);
	assert_int_equal(parse_duration("999999999d", &v), -ERANGE);
	assert_int_equal(parse_duration("0", &v), -ERANGE);
	assert_int_equal(parse_duration("nan", &v), -EINVAL);
	assert_int_equal(parse_duration("1e3", &v), -EINVAL);
	assert_int_equal(parse_duration(".", &v), -EINVAL);
}

static void files_never_overwrite(void **state)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	char dir[] = "/tmp/oomtools-test.XXXXXX";
	char path[64];
	int dirfd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_true(dirfd >= 0);
	assert_int_equal(file_create_at(dirfd, "one", 0600, "first", 5), 0);
	assert_int_equal(file_create_at(dirfd, "one", 0600, "second", 6), -EEXIST);
	assert_int_equal(symlinkat("/dev/null", dirfd, "link"), 0);
	assert_int_equal(file_create_at(dirfd, "link", 0600, "x", 1), -EEXIST);
	snprintf(path, sizeof(path), "%s/one", dir);
	assert_int_equal(file_read(path, 100, &got), 0);
	assert_string_equal(strbuf_text(&got), "first");
	assert_int_equal(file_read(path, 4, &got), -EFBIG);
	assert_int_equal(unlinkat(dirfd, "one", 0), 0);
	assert_int_equal(unlinkat(dirfd, "link", 0), 0);
	close(dirfd);
	/* Nothing else was left in it. */
	assert_int_equal(rmdir(dir), 0);
}

static bool same_number(const void *context, uint32_t position, const void *key)
{
	return ((const uint64_t *)context)[position] == *(const uint64_t *)key;
}

static void hash_index_finds(void **state)
{
	struct hash_index index = {0};
	uint64_t numbers[5000] = {0}, missing = 1;

	(void)state;
	assert_int_equal(hash_index_find(&index, 0, same_number, numbers, &missing),
			 HASH_INDEX_NONE);
	for (uint32_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		numbers[i] = i * 4096ull;
		/* Every tenth one collides. */
		assert_int_equal(
			hash_index_add(&index, i % 10 ? hash_bytes(0, &numbers[i], 8) : 7, i), 0);
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(hash_index_find(&index, i % 10 ? hash_bytes(0, &numbers[i], 8) : 7,
						 same_number, numbers, &numbers[i]),
				 i);
	assert_int_equal(hash_index_find(&index, 7, same_number, numbers, &missing),
			 HASH_INDEX_NONE);
	hash_index_free(&index);
	assert_int_not_equal(hash_bytes(0, "a", 2), hash_bytes(0, "a", 1));
	assert_int_not_equal(hash_bytes(1, "a", 1), hash_bytes(0, "a", 1));
}

static void assert_holds(const char *path, const char *want)
{
	_cleanup_strbuf_ struct strbuf got = {0};

	assert_int_equal(file_read(path, 100, &got), 0);
	assert_string_equal(strbuf_text(&got), want);
}

/* All of it or nothing, through links, and devices are not replaced by files. */
static void files_are_replaced(void **state)
{
	char dir[] = "/tmp/oomtools-test.XXXXXX", file[64], link[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/one", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(file_replace_try(file), 0);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(file_replace(file, 0644, "first", 5), 0);
	assert_holds(file, "first");
	assert_int_equal(symlink("one", link), 0);
	assert_int_equal(file_replace_try(link), 0);
	assert_holds(file, "first");
	assert_int_equal(file_replace(link, 0644, "second", 6), 0);
	assert_holds(file, "second");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_replace(dir, 0644, "x", 1), -EISDIR);
	assert_int_equal(file_replace("/nonexistent/x", 0644, "x", 1), -ENOENT);
	assert_int_equal(file_replace_try("/nonexistent/x"), -ENOENT);
	assert_int_equal(file_replace("", 0644, "x", 1), -EISDIR);
	assert_int_equal(file_replace_try("/dev/full"), 0);
	assert_int_equal(file_replace("/dev/full", 0644, "x", 1), -ENOSPC);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(file), 0);
	/* Nothing else was left in it. */
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_grows),	       cmocka_unit_test(strbuf_remembers_failure),
		cmocka_unit_test(text_is_harmless),    cmocka_unit_test(numbers),
		cmocka_unit_test(sizes_and_durations), cmocka_unit_test(files_never_overwrite),
		cmocka_unit_test(files_are_replaced),  cmocka_unit_test(hash_index_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
