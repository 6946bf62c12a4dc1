/* /proc/PID/maps: lines as kernels write them, lines that are none, a path longer than the buffer.
 */
#include "unit/unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "proc/process_maps.h"

static struct process_maps *maps_of(const void *text, size_t n)
{
	struct process_maps *maps = NULL;
	int fd = memfd_create("maps", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, text, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(process_maps_open_fd(fd, &maps), 0);
	return maps;
}

static void test_lines(void **state)
{
	static const char text[] =
		"7f1c60000000-7f1c60021000 rw-p 00000000 00:00 0 \n"
		"7f1c655d4000-7f1c6564f000 r-xp 00018000 fe:02 3341 "
		"                      /opt/a b/libgo.so (deleted)\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n"
		"1000-2000 r--s fffff000 103:1ff 18446744073709551615 /x\\012y\n"
		"2000-3000 rwxp 00000000 00:01 5 /no newline";
	struct process_maps *maps = maps_of(text, sizeof(text) - 1);
	struct process_mapping m;

	(void)state;
	assert_int_equal(process_maps_next(maps, &m), 1);
	assert_true(m.start == 0x7f1c60000000 && m.end == 0x7f1c60021000 && m.offset == 0);
	assert_true(m.readable && m.writable && !m.executable && !m.shared && !m.inode);
	assert_string_equal(m.path, "");
	assert_int_equal(process_maps_next(maps, &m), 1);
	assert_true(m.executable && !m.writable && m.offset == 0x18000 && m.inode == 3341);
	assert_true(m.major == 0xfe && m.minor == 2);
	assert_string_equal(m.path, "/opt/a b/libgo.so (deleted)");
	assert_int_equal(process_maps_next(maps, &m), 1);
	assert_true(m.start == 0xffffffffff600000 && !m.readable);
	assert_string_equal(m.path, "[vsyscall]");
	assert_int_equal(process_maps_next(maps, &m), 1);
	assert_true(m.shared && m.major == 0x103 && m.minor == 0x1ff && m.inode == UINT64_MAX);
	assert_string_equal(m.path, "/x\\012y");
	assert_int_equal(process_maps_next(maps, &m), 1);
	assert_string_equal(m.path, "/no newline");
	assert_int_equal(process_maps_next(maps, &m), 0);
	assert_int_equal(process_maps_next(maps, &m), 0);
	process_maps_close(maps);
}

static void test_not_lines(void **state)
{
	static const char *const texts[] = {
		"\n",
		"hello\n",
		"1000-2000\n",
		"1000-2000 r-x\n",
		"1000-2000 r-xp 0 0:0\n",
		"1000-2000 r-xp 0 0:0 \n",
		"2000-1000 r-xp 0 0:0 0\n",
		"1000-1000 r-xp 0 0:0 0\n",
		"-1000 r-xp 0 0:0 0\n",
		"1000-10000000000000000 r-xp 0 0:0 0\n",
		"1000-2000 r-xp 0 0:0 18446744073709551616\n",
		"1000-2000 r-xpX0 0:0 1\n",
	};
	struct process_mapping m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct process_maps *maps = maps_of(texts[i], strlen(texts[i]));

		assert_int_equal(process_maps_next(maps, &m), -EBADMSG);
		process_maps_close(maps);
	}
}

/* Whoever names its files like that must not hide what comes behind them. */
static void test_long_path(void **state)
{
	static const size_t lengths[] = {4000, 8100, 8191, 8192, 8193, 16384, 40000};
	struct process_mapping m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct process_maps *maps;

		strbuf_puts(&text, "1000-2000 r-xp 0 8:1 77 /");
		for (size_t n = 0; n < lengths[i]; n++)
			strbuf_putc(&text, 'a');
		strbuf_puts(&text, "\n3000-4000 r-xp 0 8:1 78 /behind\n");
		maps = maps_of(text.data, text.length);
		assert_int_equal(process_maps_next(maps, &m), 1);
		assert_int_equal(m.inode, 77);
		assert_true(strlen(m.path) >= MIN(lengths[i], 4096u));
		assert_int_equal(process_maps_next(maps, &m), 1);
		assert_string_equal(m.path, "/behind");
		assert_int_equal(process_maps_next(maps, &m), 0);
		process_maps_close(maps);
	}
}

static void test_own(void **state)
{
	struct process_maps *maps = NULL;
	struct process_mapping m;
	bool found = false;
	int r;

	(void)state;
	assert_int_equal(process_maps_open(getpid(), &maps), 0);
	while ((r = process_maps_next(maps, &m)) > 0)
		if (m.start <= (uintptr_t)test_own && (uintptr_t)test_own < m.end)
			found = m.executable && strstr(m.path, "test_process_maps");
	assert_int_equal(r, 0);
	assert_true(found);
	process_maps_close(maps);
	assert_int_equal(process_maps_open(0x7fffffff, &maps), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_not_lines),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
