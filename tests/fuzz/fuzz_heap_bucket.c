/*
 * Heap buckets of any bytes: as a record, and as the memory of a process, from 0x10000 on, in which
 * a list of them is walked. The bytes from 16 on are the memory; the first 8 are the head of the
 * list.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"
#include "go/heap_buckets.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses all of a bucket. */
static int use_bucket(void *context, const struct heap_bucket *bucket)
{
	struct heap_counts now = heap_bucket_counts(bucket, HEAP_VIEW_NOW, 0);
	struct heap_counts published = heap_bucket_counts(bucket, HEAP_VIEW_PUBLISHED, 5);
	int64_t objects, bytes;
	uint64_t *sum = context;

	for (uint32_t i = 0; i < bucket->held; i++)
		*sum += bucket->stack[i];
	heap_scale((int64_t)(now.allocs - now.frees), (int64_t)(now.alloc_bytes - now.free_bytes),
		   (int64_t)bucket->hash, &objects, &bytes);
	*sum += (uint64_t)objects + (uint64_t)bytes + published.frees;
	return heap_bucket_intact(bucket) ? 0 : -EBADMSG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory memory = {data, size};
	struct heap_reader reader = {read_memory, &memory};
	uint32_t record_size = size & 1 ? 16 : 32;
	struct heap_bucket bucket;
	struct heap_walk walk;
	uint64_t head, sum = 0;

	if (size < 16)
		return 0;
	memcpy(&head, data, sizeof(head));
	memory = (struct memory){data + 16, size - 16};
	if (heap_bucket_decode_whole(memory.bytes, memory.n, record_size, &bucket) == 0)
		use_bucket(&sum, &bucket);
	if (heap_walk(&reader, head, record_size, 1000, use_bucket, &sum, &walk) < 0 ||
	    walk.read + walk.damaged > 1000)
		abort();
	__asm__ volatile("" : : "r"(sum));
	return 0;
}
