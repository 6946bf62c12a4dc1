/* Files that a process has mapped: which they are, and where in memory they begin. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tiny_go.h"
#include "victim/library.h"

static const struct go_binary library = {
	.text = {
		.address = 0x12010, .offset = 0x11010, .file_size = 0x5000, .memory_size = 0x5000}};

static void test_bias(void **state)
{
	struct process_mapping m = {0x7f0000011000, 0x7f0000016000, .offset = 0x11000};
	uint64_t bias = 1;

	(void)state;
	assert_false(library_bias(&library, &m, &bias));
	m.executable = true;
	assert_true(library_bias(&library, &m, &bias));
	assert_true(bias == 0x7f0000011000 - 0x12000);
	/* The end of the text only: its beginning was mapped otherwise since. */
	m.offset = 0x15000;
	assert_true(library_bias(&library, &m, &bias));
	assert_true(bias == 0x7f0000011000 - 0x16000);
	m.offset = 0x17000;
	assert_false(library_bias(&library, &m, &bias));
	m.offset = 0x10000;
	assert_false(library_bias(&library, &m, &bias));
	m.offset = UINT64_MAX - 0xfff;
	assert_false(library_bias(&library, &m, &bias));
	assert_false(library_bias(&(struct go_binary){0}, &m, &bias));
}

/* The mapping of our own memory that holds ADDRESS. */
static bool mapping_at(const void *address, struct process_mapping *ret)
{
	_cleanup_process_maps_ struct process_maps *maps = NULL;

	if (process_maps_open(getpid(), &maps) < 0)
		return false;
	while (process_maps_next(maps, ret) > 0)
		if (ret->start <= (uintptr_t)address && (uintptr_t)address < ret->end)
			return true;
	return false;
}

static void test_mapped_file(void **state)
{
	char name[] = "/tmp/oomtools-mapped-XXXXXX";
	int fd = mkstemp(name), path_fd, again;
	struct process_mapping m;
	struct stat there, st;
	char bytes[8] = "";
	void *p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "mapped!", 8), 8);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_true(mapping_at(p, &m));
	unlink(name); /* it has no path any more, but is mapped */
	path_fd = mapped_file_open(getpid(), &m);
	if (path_fd < 0 && geteuid() != 0)
		skip(); /* only root may ask the kernel for it */
	assert_true(path_fd >= 0);
	assert_int_equal(fstat(path_fd, &there), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(same_file(&there, &st) && there.st_ino == st.st_ino);
	assert_true(key_of_file(&st).inode == m.inode);
	assert_int_equal(key_of_file(&st).device, m.major << 20 | m.minor);
	again = mapped_file_reopen(path_fd);
	assert_int_equal(read(again, bytes, 8), 8);
	assert_string_equal(bytes, "mapped!");
	munmap(p, 4096);
	assert_int_equal(mapped_file_open(getpid(), &m), -ENOENT);
	close(again);
	close(path_fd);
	close(fd);
}

/* What is no file is not opened: opening a device can do something. */
static void test_mapped_device(void **state)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct process_mapping m;
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	(void)state;
	assert_true(p != MAP_FAILED);
	assert_true(mapping_at(p, &m));
	assert_int_equal(mapped_file_open(getpid(), &m), -ENOENT);
	munmap(p, 4096);
	close(fd);
}

/* A Go file that is mapped executable, whoever has done it. */
static void test_find(void **state)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	struct library found = {0};
	int fd;
	void *p;

	(void)state;
	assert_int_equal(library_find(getpid(), &found, NULL), -ENOENT);
	assert_int_equal(library_find(0x7fffffff, &found, NULL), -ESRCH);
	if (geteuid() != 0)
		skip();
	tiny_go_build(&(struct tiny_go){.minor = 24, .pie = true}, &bytes);
	fd = tiny_file(bytes.data, bytes.length);
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(library_find(getpid(), &found, NULL), BINARY_OFF);
	assert_true(found.bias + TINY_GO_BASE == (uintptr_t)p);
	assert_int_equal(found.binary->minor, 24);
	go_binary_close(found.binary);
	free(found.path);
	munmap(p, 4096);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bias),
		cmocka_unit_test(test_mapped_file),
		cmocka_unit_test(test_mapped_device),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
