/*
 * The memory of a process that seems to have unpacked itself: any bytes, from BASE on, which are
 * made into a file that is read like an executable.
 */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "go/go_binary.h"
#include "victim/unpacked.h"

#define BASE 0x400000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
	uint64_t handed_over;
};

static ssize_t read_input(void *context, uint64_t address, void *buffer, size_t n)
{
	struct input *in = context;

	if (address < BASE || address - BASE >= in->size)
		return -14; /* EFAULT */
	n = MIN(n, in->size - (address - BASE));
	memcpy(buffer, in->data + (address - BASE), n);
	in->handed_over += n;
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size, 0};
	const struct heap_reader memory = {read_input, &in};
	_cleanup_close_ int fd = unpacked_copy(&memory, BASE, 0x123456);
	_cleanup_go_binary_ struct go_binary *binary = NULL;
	struct stat st;

	if (in.handed_over > UNPACKED_MOST + 65536)
		abort();
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size > 2 * UNPACKED_MOST ||
	    (uint64_t)st.st_blocks * 512 > in.handed_over + 65536)
		abort();
	if (go_binary_open(fd, NULL, &binary) == 0 && binary->entry != 0x123456)
		abort();
	unpacked_shrink(fd);
	return 0;
}
