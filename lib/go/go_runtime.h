/*
 * What the Go runtime knows of itself besides the heap profile: collections, the size of the heap,
 * its limits, goroutines. All of it is read from a process's memory and believed only as far as it
 * makes sense: what does not is "not known". Layouts are those of runtime/mgcpacer.go and
 * runtime/runtime2.go, Go 1.18 to 1.27, 64-bit; of other versions only what all of them share is
 * read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf-src/oomprof.h"
#include "go/go_binary.h"
#include "go/heap_buckets.h"

/* Sizes are in bytes. */
enum go_fact {
	GO_GC_COUNT,	    /* completed collections; MemStats.NumGC */
	GO_GC_RUNNING,	    /* 1: a collection is marking */
	GO_GC_PERCENT,	    /* GOGC; -1: off */
	GO_MEMORY_LIMIT,    /* GOMEMLIMIT; GO_NO_MEMORY_LIMIT: not set */
	GO_HEAP_LIVE,	    /* allocated since or marked by the last collection */
	GO_HEAP_MARKED,	    /* marked by the last collection: what was in use then */
	GO_HEAP_INUSE,	    /* spans in use; MemStats.HeapInuse */
	GO_HEAP_RELEASED,   /* given back to the kernel */
	GO_HEAP_FREE,	    /* spans kept free, not given back */
	GO_TOTAL_ALLOC,	    /* allocated since the start; lags behind by what the Ps have cached */
	GO_TOTAL_FREE,	    /* freed since the start; likewise */
	GO_GOROUTINES,	    /* there are now, the runtime's own included */
	GO_GOROUTINES_MOST, /* at once so far: goroutines that end are kept and used again */
	GO_FACTS
};

#define GO_NO_MEMORY_LIMIT INT64_MAX

struct go_runtime {
	uint32_t known; /* a bit for each fact */
	int64_t value[GO_FACTS];
};

/* Is it known? RET gets its value if so. */
bool go_runtime_get(const struct go_runtime *runtime, enum go_fact fact, int64_t *ret);

void go_runtime_set(struct go_runtime *runtime, enum go_fact fact, int64_t value);

/*
 * RAW and CYCLE (runtime.mProfCycle) are from a process of MOST_BYTES of address space at most (0:
 * not known) whose Go version is 1.MINOR (0: not known). Never fails: what makes no sense is not
 * known.
 */
void go_runtime_decode(const struct oomprof_runtime *raw, uint32_t cycle, int minor,
		       uint64_t most_bytes, struct go_runtime *ret);

/* Read the bytes that go_runtime_decode() wants; what cannot be read is not known. */
void go_runtime_read(const struct heap_reader *reader, const struct go_binary *binary,
		     uint64_t bias, struct oomprof_runtime *ret, uint32_t *ret_cycle);

/* Offset of a goroutine's status in struct g of Go 1.MINOR; 0: not known. */
uint64_t go_runtime_goroutine_status(int minor);

/*
 * Count the goroutines that have not ended. 0; -ENOENT: where they are is not known; or -errno:
 * they cannot be read, or change too fast.
 */
int go_runtime_goroutines(const struct heap_reader *reader, const struct go_binary *binary,
			  uint64_t bias, uint64_t *ret);

/* The same through blocks, which are begun anew: quicker where there are many. */
int go_runtime_goroutines_blocks(const struct heap_reader *reader, struct memory_blocks *blocks,
				 const struct go_binary *binary, uint64_t bias, uint64_t *ret);
