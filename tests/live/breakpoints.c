/*
 * breakpoints PID: how many of the places where goalloctop may probe that Go program hold another
 * byte in its memory than in its file: a breakpoint.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "go/go_binary.h"
#include "go/go_probe_point.h"
#include "go/heap_buckets.h"

static const char *const functions[] = {
	"runtime.setprofilebucket",  "runtime.mProf_Free",
	"runtime.(*mcache).refill",  "runtime.(*mcache).allocLarge",
	"runtime.gcMarkTermination", "runtime.(*gcControllerState).startCycle",
};

static int count(pid_t pid, const struct go_binary *b, uint64_t bias)
{
	const struct heap_reader reader = heap_reader_process(pid);
	struct go_probe_point points[ARRAY_SIZE(functions)];
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		points[i].function = functions[i];
	if (go_probe_points(b, points, ARRAY_SIZE(points)) != (int)ARRAY_SIZE(points))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		uint64_t address = points[i].offset - b->text.offset + b->text.address + bias;
		uint8_t there, wanted;

		if (heap_reader_get(&reader, address, &there, 1) < 0 ||
		    pread(b->fd, &wanted, 1, (off_t)points[i].offset) != 1)
			return -1;
		n += there != wanted;
	}
	return n;
}

int main(int argc, char *argv[])
{
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_close_ int fd = -1;
	char path[64];
	uint64_t bias;
	int n;

	snprintf(path, sizeof(path), "/proc/%s/exe", argc > 1 ? argv[1] : "self");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* What is no Go program has none. */
	n = fd < 0 ? -1 : go_binary_open(fd, NULL, &b) < 0 ? 0 : -1;
	if (n < 0 && b && go_process_bias(atoi(argv[1]), b, &bias) == 0)
		n = count(atoi(argv[1]), b, bias);
	printf("%d\n", n);
	return n < 0;
}
