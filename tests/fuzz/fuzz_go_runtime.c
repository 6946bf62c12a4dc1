/*
 * What the runtime says of itself, from any bytes: the memory of a process, from 0x10000 on. The
 * first two bytes are the minor version and the upper limit of the address space in MiB; in the
 * memory there lie mProfCycle, writeBarrier, allglen, allgptr (8 bytes each) and then gcController.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "go/go_runtime.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is said to be known must make sense. */
static void check(const struct go_runtime *runtime, uint64_t most)
{
	int64_t value, live = 0, inuse = 0;

	for (enum go_fact f = 0; f < GO_FACTS; f++)
		if (go_runtime_get(runtime, f, &value) && value < (f == GO_GC_PERCENT ? -1 : 0))
			abort();
	if (go_runtime_get(runtime, GO_HEAP_LIVE, &live) !=
	    go_runtime_get(runtime, GO_HEAP_INUSE, &inuse))
		abort();
	if (live > inuse || (most && (uint64_t)inuse > most))
		abort();
	if (go_runtime_get(runtime, GO_MEMORY_LIMIT, &value) && !value)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct go_binary binary = {
		.mprof_cycle = BASE,
		.write_barrier = BASE + 8,
		.allglen = BASE + 16,
		.allgptr = BASE + 24,
		.gc_controller = BASE + 32,
	};
	struct oomprof_runtime raw;
	struct go_runtime runtime;
	struct memory memory;
	uint64_t most, goroutines = 0;
	uint32_t cycle;

	if (size < 2)
		return 0;
	memory = (struct memory){data + 2, size - 2};
	binary.minor = data[0];
	most = (uint64_t)data[1] << 20;
	go_runtime_read(&(struct heap_reader){read_memory, &memory}, &binary, 0, &raw, &cycle);
	go_runtime_decode(&raw, cycle, binary.minor, most, &runtime);
	check(&runtime, most);
	if (go_runtime_goroutines(&(struct heap_reader){read_memory, &memory}, &binary, 0,
				  &goroutines) == 0 &&
	    goroutines > size)
		abort();
	return 0;
}
