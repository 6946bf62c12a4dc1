/*
 * The buckets of the Go runtime's heap profile: one for each pair of allocating stack and object
 * size, linked from runtime.mbuckets, never freed (runtime/mprof.go, Go 1.18 to 1.27). In memory a
 * bucket is six words {next, allnext, typ, hash, size, nstk}, nstk return addresses, four records
 * {active, future[3]}. A record is {allocs, frees, alloc_bytes, free_bytes}; from 1.27 on {allocs,
 * frees}.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HEAP_BUCKET_HEADER 48
#define HEAP_RECORDS 4
/* GODEBUG=profstackdepth allows 1024; 1.26 adds two. Deeper stacks are cut. */
#define HEAP_STACK_MOST 1026
#define HEAP_BUCKET_MOST (HEAP_BUCKET_HEADER + 8 * HEAP_STACK_MOST + HEAP_RECORDS * 32)

struct heap_counts {
	uint64_t allocs;
	uint64_t frees;
	uint64_t alloc_bytes;
	uint64_t free_bytes;
};

struct heap_bucket {
	uint64_t address; /* of itself; 0 where it was decoded from bytes */
	uint64_t next;	  /* address of the next one (allnext), 0 at the end */
	uint64_t hash;
	uint64_t size;	       /* bytes of one object */
	uint64_t depth;	       /* of the stack as the runtime has it */
	uint32_t held;	       /* how many of these are in STACK; fewer than depth: it was cut */
	const uint64_t *stack; /* return addresses, innermost first; not owned */
	struct heap_counts records[HEAP_RECORDS]; /* active, future[0..2] */
};

/* What is summed up of a bucket. */
enum heap_view {
	HEAP_VIEW_NOW,	     /* all four records: what occupies memory at this instant */
	HEAP_VIEW_PUBLISHED, /* what the runtime's own profile would say: up to two collections old
			      */
};

/*
 * Decode one bucket: HEADER of HEAP_BUCKET_HEADER bytes, HELD addresses of its stack, and RECORDS
 * of HEAP_RECORDS * RECORD_SIZE bytes. -EINVAL: RECORD_SIZE is neither 16 nor 32, or HELD is more
 * than the stack's depth. -EBADMSG: not a heap bucket. The stack is referred to, not copied.
 */
int heap_bucket_decode(const void *header, const uint64_t *stack, uint32_t held,
		       const void *records, uint32_t record_size, struct heap_bucket *ret);

/* The same from the N bytes of a whole bucket; 8-aligned. -EMSGSIZE: N is too small for its stack.
 */
int heap_bucket_decode_whole(const void *bytes, size_t n, uint32_t record_size,
			     struct heap_bucket *ret);

/* Is the stored hash that of stack and size? A cut stack cannot be checked: true. */
bool heap_bucket_intact(const struct heap_bucket *bucket);

/* CYCLE is the value of runtime.mProfCycle; used by HEAP_VIEW_PUBLISHED only. */
struct heap_counts heap_bucket_counts(const struct heap_bucket *bucket, enum heap_view view,
				      uint32_t cycle);

/*
 * How many of the bucket's objects were allocated since the last completed collection, by CYCLE:
 * none of them can have been freed yet, as a collection frees only what was there when it began.
 */
uint64_t heap_bucket_since_gc(const struct heap_bucket *bucket, uint32_t cycle);

/*
 * From sampled to estimated true numbers, with the arithmetic of runtime/pprof (scaleHeapSample):
 * COUNT objects of BYTES together, sampled once every RATE bytes.
 */
void heap_scale(int64_t count, int64_t bytes, int64_t rate, int64_t *ret_objects,
		int64_t *ret_bytes);

/* The memory of a process. read(): the number of bytes read from ADDRESS on, maybe fewer than N, or
 * -errno. */
struct heap_reader {
	ssize_t (*read)(void *context, uint64_t address, void *buffer, size_t n);
	void *context;
};

/* A reader for a living process (process_vm_readv). CONTEXT is the pid, kept in the reader. */
struct heap_reader heap_reader_process(pid_t pid);

/* Exactly N bytes or -errno (-EFAULT where there are fewer). */
int heap_reader_get(const struct heap_reader *reader, uint64_t address, void *buffer, size_t n);

struct heap_walk {
	uint64_t read;	     /* buckets handed over */
	uint64_t cut;	     /* of these: stack shortened to HEAP_STACK_MOST */
	uint64_t unreadable; /* bucket whose memory could not be read; the walk ends there */
	uint64_t damaged;    /* not a heap bucket, or its hash is wrong */
	bool more;	     /* stopped at the limit, or the list runs in a circle */
	int error;	     /* -errno of the unreadable one (-ESRCH: the process has gone) */
};

/*
 * Hand every bucket from the address HEAD on to ON_BUCKET, newest first, MOST of them at most. A
 * negative return of ON_BUCKET ends the walk and is returned; what ends it otherwise is in WALK,
 * whose numbers say how complete the result is.
 */
int heap_walk(const struct heap_reader *reader, uint64_t head, uint32_t record_size, uint64_t most,
	      int (*on_bucket)(void *context, const struct heap_bucket *bucket), void *context,
	      struct heap_walk *walk);

/* The same through blocks that were begun by the caller. */
struct memory_blocks;
int heap_walk_blocks(struct memory_blocks *blocks, uint64_t head, uint32_t record_size,
		     uint64_t most,
		     int (*on_bucket)(void *context, const struct heap_bucket *bucket),
		     void *context, struct heap_walk *walk);
