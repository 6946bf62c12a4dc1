#include "go/go_runtime.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "go/memory_blocks.h"

#define NEWEST_MINOR 27
#define CYCLES (3u * (2u << 24)) /* mProfCycleWrap of runtime/mprof.go */
#define ADDRESS_SPACE (UINT64_C(1) << 47)
#define GOROUTINE_LEAST 256 /* bytes of a struct g; in truth 376 or more */

/* Offsets in gcControllerState that are the same since Go 1.19. 1.18 has no memory limit. */
#define GC_PERCENT 0
#define MEMORY_LIMIT 8
#define HEAP_MINIMUM 16
#define HEAP_MINIMUM_1_18 8

static const struct layout {
	int first, last; /* minor versions */
	uint16_t heap_live, heap_marked, heap_inuse, heap_released, heap_free, total_alloc,
		total_free;
} layouts[] = {
	{19, 19, 0x88, 0xb8, 0x130, 0x138, 0x140, 0x148, 0x150},
	{20, 20, 0x50, 0x80, 0xf8, 0x100, 0x108, 0x110, 0x118},
	{21, NEWEST_MINOR, 0x68, 0x98, 0x110, 0x118, 0x120, 0x128, 0x130},
};

static const struct layout *layout_of(int minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (minor >= layouts[i].first && minor <= layouts[i].last)
			return &layouts[i];
	return NULL;
}

bool go_runtime_get(const struct go_runtime *runtime, enum go_fact fact, int64_t *ret)
{
	if (!(runtime->known & 1u << fact))
		return false;
	*ret = runtime->value[fact];
	return true;
}

void go_runtime_set(struct go_runtime *runtime, enum go_fact fact, int64_t value)
{
	runtime->known |= 1u << fact;
	runtime->value[fact] = value;
}

static uint64_t word(const struct oomprof_runtime *raw, size_t offset)
{
	uint64_t value;

	memcpy(&value, raw->gc_controller + offset, sizeof(value));
	return value;
}

/*
 * setGCPercent() derives the smallest heap from GOGC, with a GOGC of -1 taken as unsigned. That
 * these two numbers agree shows that this is a gcControllerState, and one that is in use.
 */
static bool is_minimum_of(uint64_t minimum, int32_t percent)
{
	/* defaultHeapMinimum, and what GOEXPERIMENT=heapminimum512kib makes of it. */
	return percent >= -1 && (minimum == (UINT64_C(4) << 20) * (uint64_t)percent / 100 ||
				 minimum == (UINT64_C(512) << 10) * (uint64_t)percent / 100);
}

static void decode_heap(const struct oomprof_runtime *raw, const struct layout *l, uint64_t most,
			struct go_runtime *ret)
{
	uint64_t live = word(raw, l->heap_live), marked = word(raw, l->heap_marked);
	uint64_t inuse = word(raw, l->heap_inuse), released = word(raw, l->heap_released);
	uint64_t free_bytes = word(raw, l->heap_free);
	uint64_t allocated = word(raw, l->total_alloc), freed = word(raw, l->total_free);

	/* All of these lie in the address space, beside each other. */
	if (inuse > most || released > most - inuse || free_bytes > most - inuse - released)
		return;
	/* Of the bytes in use: whole spans are counted as live before they are filled. */
	if (live > inuse || marked > most || allocated > INT64_MAX || freed > INT64_MAX)
		return;
	go_runtime_set(ret, GO_HEAP_LIVE, (int64_t)live);
	go_runtime_set(ret, GO_HEAP_MARKED, (int64_t)marked);
	go_runtime_set(ret, GO_HEAP_INUSE, (int64_t)inuse);
	go_runtime_set(ret, GO_HEAP_RELEASED, (int64_t)released);
	go_runtime_set(ret, GO_HEAP_FREE, (int64_t)free_bytes);
	go_runtime_set(ret, GO_TOTAL_ALLOC, (int64_t)allocated);
	go_runtime_set(ret, GO_TOTAL_FREE, (int64_t)freed);
}

static void decode_gc_controller(const struct oomprof_runtime *raw, int minor, uint64_t most,
				 struct go_runtime *ret)
{
	const struct layout *l = layout_of(minor);
	uint64_t limit = word(raw, MEMORY_LIMIT);
	int32_t percent;

	memcpy(&percent, raw->gc_controller + GC_PERCENT, sizeof(percent));
	if (minor == 18) {
		if (is_minimum_of(word(raw, HEAP_MINIMUM_1_18), percent))
			go_runtime_set(ret, GO_GC_PERCENT, percent);
		return;
	}
	if (!is_minimum_of(word(raw, HEAP_MINIMUM), percent) || !limit || limit > INT64_MAX)
		return;
	go_runtime_set(ret, GO_GC_PERCENT, percent);
	go_runtime_set(ret, GO_MEMORY_LIMIT, (int64_t)limit);
	if (l)
		decode_heap(raw, l, most, ret);
}

void go_runtime_decode(const struct oomprof_runtime *raw, uint32_t cycle, int minor,
		       uint64_t most_bytes, struct go_runtime *ret)
{
	uint64_t most = most_bytes ? MIN(most_bytes, ADDRESS_SPACE) : ADDRESS_SPACE;

	*ret = (struct go_runtime){0};
	if (raw->known & OOMPROF_KNOWS_CYCLE && cycle >> 1 < CYCLES)
		go_runtime_set(ret, GO_GC_COUNT, cycle >> 1);
	/* A bool and three bytes of padding that are never written. */
	if (raw->known & OOMPROF_KNOWS_WRITE_BARRIER && raw->write_barrier <= 1)
		go_runtime_set(ret, GO_GC_RUNNING, raw->write_barrier);
	if (raw->known & OOMPROF_KNOWS_GC_CONTROLLER)
		decode_gc_controller(raw, minor, most, ret);
	if (raw->known & OOMPROF_KNOWS_ALLGLEN && raw->allglen &&
	    raw->allglen <= most / GOROUTINE_LEAST)
		go_runtime_set(ret, GO_GOROUTINES_MOST, (int64_t)raw->allglen);
	if (raw->known & OOMPROF_KNOWS_GOROUTINES && raw->goroutines &&
	    raw->goroutines <= most / GOROUTINE_LEAST)
		go_runtime_set(ret, GO_GOROUTINES, (int64_t)raw->goroutines);
}

static uint32_t read_variable(const struct heap_reader *reader, uint64_t bias, uint64_t address,
			      void *buffer, size_t n, uint32_t flag)
{
	return address && heap_reader_get(reader, bias + address, buffer, n) == 0 ? flag : 0;
}

void go_runtime_read(const struct heap_reader *reader, const struct go_binary *binary,
		     uint64_t bias, struct oomprof_runtime *ret, uint32_t *ret_cycle)
{
	struct oomprof_runtime r = {0};
	uint32_t cycle = 0;

	r.known = read_variable(reader, bias, binary->mprof_cycle, &cycle, sizeof(cycle),
				OOMPROF_KNOWS_CYCLE);
	r.known |= read_variable(reader, bias, binary->gc_controller, r.gc_controller,
				 sizeof(r.gc_controller), OOMPROF_KNOWS_GC_CONTROLLER);
	r.known |= read_variable(reader, bias, binary->write_barrier, &r.write_barrier,
				 sizeof(r.write_barrier), OOMPROF_KNOWS_WRITE_BARRIER);
	r.known |= read_variable(reader, bias, binary->allglen, &r.allglen, sizeof(r.allglen),
				 OOMPROF_KNOWS_ALLGLEN);
	*ret = r;
	*ret_cycle = cycle;
}

uint64_t go_runtime_goroutine_status(int minor)
{
	if (minor < 19 || minor > NEWEST_MINOR)
		return 0;
	return minor == 23 || minor == 24 ? 0x98 : 0x90;
}

static int count_alive(struct memory_blocks *blocks, const uint64_t *goroutines, size_t n,
		       uint64_t offset, uint64_t *count)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t status;
		int r = memory_blocks_get(blocks, goroutines[i] + offset, &status, sizeof(status));

		if (r < 0)
			return r;
		if (!oomprof_is_goroutine(status))
			return -EBADMSG;
		*count += (uint64_t)oomprof_goroutine_lives(status);
	}
	return 0;
}

int go_runtime_goroutines_blocks(const struct heap_reader *reader, struct memory_blocks *blocks,
				 const struct go_binary *binary, uint64_t bias, uint64_t *ret)
{
	uint64_t n, at, part[512], count = 0, offset = go_runtime_goroutine_status(binary->minor);
	int r;

	if (!binary->allglen || !binary->allgptr || !offset)
		return -ENOENT;
	/* The runtime stores the array before its length, so this order finds them in step. */
	r = heap_reader_get(reader, bias + binary->allglen, &n, sizeof(n));
	if (r == 0)
		r = heap_reader_get(reader, bias + binary->allgptr, &at, sizeof(at));
	if (r == 0 && n > OOMPROF_GOROUTINES)
		r = -EMSGSIZE;
	memory_blocks_begin(blocks, reader);
	while (r == 0 && n) {
		size_t k = MIN(n, ARRAY_SIZE(part));

		r = memory_blocks_get(blocks, at, part, k * sizeof(part[0]));
		if (r == 0)
			r = count_alive(blocks, part, k, offset, &count);
		at += k * sizeof(part[0]);
		n -= k;
	}
	if (r == 0)
		*ret = count;
	return r;
}

int go_runtime_goroutines(const struct heap_reader *reader, const struct go_binary *binary,
			  uint64_t bias, uint64_t *ret)
{
	_cleanup_memory_blocks_ struct memory_blocks *blocks = NULL;
	int r = memory_blocks_new(&blocks);

	if (r < 0)
		return r;
	return go_runtime_goroutines_blocks(reader, blocks, binary, bias, ret);
}
