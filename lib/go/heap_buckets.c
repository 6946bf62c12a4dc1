#include "go/heap_buckets.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/macro.h"
#include "go/memory_blocks.h"

#define TYPE_HEAP 1	      /* memProfile of runtime/mprof.go */
#define DEPTH_SANE (1u << 20) /* beyond, it is no stack */

/* The words of a bucket's header. */
enum { WORD_NEXT, WORD_ALLNEXT, WORD_TYPE, WORD_HASH, WORD_SIZE, WORD_DEPTH, WORDS };

int heap_bucket_decode(const void *header, const uint64_t *stack, uint32_t held,
		       const void *records, uint32_t record_size, struct heap_bucket *ret)
{
	uint64_t h[WORDS];

	memcpy(h, header, sizeof(h));
	if (record_size != 16 && record_size != 32)
		return -EINVAL;
	if (h[WORD_TYPE] != TYPE_HEAP || h[WORD_DEPTH] > DEPTH_SANE)
		return -EBADMSG;
	if (held > h[WORD_DEPTH])
		return -EINVAL;
	*ret = (struct heap_bucket){
		.next = h[WORD_ALLNEXT],
		.hash = h[WORD_HASH],
		.size = h[WORD_SIZE],
		.depth = h[WORD_DEPTH],
		.held = held,
		.stack = stack,
	};
	for (int i = 0; i < HEAP_RECORDS; i++) {
		uint64_t r[4] = {0};

		memcpy(r, (const uint8_t *)records + i * record_size, record_size);
		ret->records[i] = (struct heap_counts){
			.allocs = r[0],
			.frees = r[1],
			.alloc_bytes = record_size == 32 ? r[2] : r[0] * ret->size,
			.free_bytes = record_size == 32 ? r[3] : r[1] * ret->size,
		};
	}
	return 0;
}

int heap_bucket_decode_whole(const void *bytes, size_t n, uint32_t record_size,
			     struct heap_bucket *ret)
{
	const uint8_t *p = bytes;
	uint64_t depth;

	if ((uintptr_t)bytes % 8 || (record_size != 16 && record_size != 32))
		return -EINVAL;
	if (n < HEAP_BUCKET_HEADER)
		return -EMSGSIZE;
	memcpy(&depth, p + 8 * WORD_DEPTH, sizeof(depth));
	if (depth > DEPTH_SANE)
		return -EBADMSG;
	if (n - HEAP_BUCKET_HEADER < depth * 8 + HEAP_RECORDS * record_size)
		return -EMSGSIZE;
	return heap_bucket_decode(p, (const uint64_t *)(p + HEAP_BUCKET_HEADER), (uint32_t)depth,
				  p + HEAP_BUCKET_HEADER + depth * 8, record_size, ret);
}

/* stkbucket() of runtime/mprof.go. */
bool heap_bucket_intact(const struct heap_bucket *bucket)
{
	uint64_t h = 0;

	if (bucket->held < bucket->depth)
		return true;
	for (uint32_t i = 0; i < bucket->held; i++) {
		h += bucket->stack[i];
		h += h << 10;
		h ^= h >> 6;
	}
	h += bucket->size;
	h += h << 10;
	h ^= h >> 6;
	h += h << 3;
	h ^= h >> 11;
	return h == bucket->hash;
}

static void add_counts(struct heap_counts *sum, const struct heap_counts *more)
{
	sum->allocs += more->allocs;
	sum->frees += more->frees;
	sum->alloc_bytes += more->alloc_bytes;
	sum->free_bytes += more->free_bytes;
}

struct heap_counts heap_bucket_counts(const struct heap_bucket *bucket, enum heap_view view,
				      uint32_t cycle)
{
	struct heap_counts sum = bucket->records[0];

	/* The next flush adds future[C % 3] to active; the profile flushes first. Bit 0 of
	 * mProfCycle says whether this cycle was flushed already; then that record is zero. */
	for (int i = 1; i < HEAP_RECORDS; i++)
		if (view == HEAP_VIEW_NOW || i == 1 + (int)((cycle >> 1) % 3))
			add_counts(&sum, &bucket->records[i]);
	return sum;
}

uint64_t heap_bucket_since_gc(const struct heap_bucket *bucket, uint32_t cycle)
{
	/* mProf_Malloc() of runtime/mprof.go counts into future[(C + 2) % 3]. What is there beyond
	 * all that is in use was torn, or the cycle has moved on meanwhile. */
	struct heap_counts now = heap_bucket_counts(bucket, HEAP_VIEW_NOW, cycle);
	uint64_t since = bucket->records[1 + ((cycle >> 1) + 2) % 3].allocs;
	uint64_t inuse = now.allocs - now.frees;

	return (int64_t)inuse < 0 ? 0 : MIN(since, inuse);
}

/* From double, as Go converts on amd64: what does not fit is the smallest number. */
static int64_t to_integer(double value)
{
	return value > -9.2e18 && value < 9.2e18 ? (int64_t)value : INT64_MIN;
}

void heap_scale(int64_t count, int64_t bytes, int64_t rate, int64_t *ret_objects,
		int64_t *ret_bytes)
{
	double scale;

	*ret_objects = *ret_bytes = 0;
	if (count == 0 || bytes == 0)
		return;
	if (rate <= 1) {
		*ret_objects = count;
		*ret_bytes = bytes;
		return;
	}
	scale = 1 / (1 - exp(-((double)bytes / (double)count) / (double)rate));
	*ret_objects = to_integer((double)count * scale);
	*ret_bytes = to_integer((double)bytes * scale);
}

static ssize_t read_process(void *context, uint64_t address, void *buffer, size_t n)
{
	struct iovec to = {.iov_base = buffer, .iov_len = n};
	struct iovec from = {.iov_base = (void *)(uintptr_t)address, .iov_len = n};
	ssize_t r = process_vm_readv((pid_t)(intptr_t)context, &to, 1, &from, 1, 0);

	return r < 0 ? -errno : r;
}

struct heap_reader heap_reader_process(pid_t pid)
{
	return (struct heap_reader){.read = read_process, .context = (void *)(intptr_t)pid};
}

int heap_reader_get(const struct heap_reader *reader, uint64_t address, void *buffer, size_t n)
{
	ssize_t r = reader->read(reader->context, address, buffer, n);

	return r < 0 ? (int)r : (size_t)r < n ? -EFAULT : 0;
}

static int read_bucket(struct memory_blocks *m, uint64_t address, uint32_t record_size,
		       uint8_t *buffer, struct heap_bucket *ret)
{
	uint8_t records[HEAP_RECORDS * 32];
	uint64_t header[WORDS], depth;
	uint32_t held;
	int r = address % 8 ? -EBADMSG : memory_blocks_get(m, address, header, sizeof(header));

	if (r < 0)
		return r;
	depth = header[WORD_DEPTH];
	if (header[WORD_TYPE] != TYPE_HEAP || depth > DEPTH_SANE)
		return -EBADMSG;
	held = (uint32_t)MIN(depth, (uint64_t)HEAP_STACK_MOST);
	r = memory_blocks_get(m, address + sizeof(header), buffer, 8 * (size_t)held);
	if (r == 0)
		r = memory_blocks_get(m, address + sizeof(header) + 8 * depth, records,
				      HEAP_RECORDS * (size_t)record_size);
	if (r < 0)
		return r;
	return heap_bucket_decode(header, (const uint64_t *)buffer, held, records, record_size,
				  ret);
}

/* Brent: a list that runs in a circle meets the address remembered at the last power of two. */
struct circle {
	uint64_t remembered, steps, power;
};

static bool in_circle(struct circle *c, uint64_t address)
{
	if (c->steps && address == c->remembered)
		return true;
	if (c->steps++ == c->power) {
		c->remembered = address;
		c->power = c->power ? c->power * 2 : 1;
	}
	return false;
}

static int walk_list(struct memory_blocks *m, uint64_t address, uint32_t record_size, uint64_t most,
		     int (*on_bucket)(void *context, const struct heap_bucket *bucket),
		     void *context, struct heap_walk *walk)
{
	uint64_t stack[HEAP_STACK_MOST];
	struct circle circle = {0};
	struct heap_bucket bucket;

	for (; address; address = bucket.next) {
		int r;

		if (walk->read + walk->damaged >= most || in_circle(&circle, address)) {
			walk->more = true;
			return 0;
		}
		r = read_bucket(m, address, record_size, (uint8_t *)stack, &bucket);
		if (r == -EBADMSG) {
			walk->damaged++;
			return 0;
		}
		if (r < 0) {
			walk->unreadable++;
			walk->error = r;
			return 0;
		}
		if (!heap_bucket_intact(&bucket)) {
			walk->damaged++;
			continue;
		}
		bucket.address = address;
		walk->read++;
		walk->cut += bucket.held < bucket.depth;
		r = on_bucket(context, &bucket);
		if (r < 0)
			return r;
	}
	return 0;
}

int heap_walk_blocks(struct memory_blocks *blocks, uint64_t head, uint32_t record_size,
		     uint64_t most,
		     int (*on_bucket)(void *context, const struct heap_bucket *bucket),
		     void *context, struct heap_walk *walk)
{
	*walk = (struct heap_walk){0};
	if (record_size != 16 && record_size != 32)
		return -EINVAL;
	return walk_list(blocks, head, record_size, most, on_bucket, context, walk);
}

int heap_walk(const struct heap_reader *reader, uint64_t head, uint32_t record_size, uint64_t most,
	      int (*on_bucket)(void *context, const struct heap_bucket *bucket), void *context,
	      struct heap_walk *walk)
{
	_cleanup_memory_blocks_ struct memory_blocks *blocks = NULL;
	int r = memory_blocks_new(&blocks);

	*walk = (struct heap_walk){0};
	if (r < 0)
		return r;
	memory_blocks_begin(blocks, reader);
	return heap_walk_blocks(blocks, head, record_size, most, on_bucket, context, walk);
}
