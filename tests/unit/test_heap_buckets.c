/* Heap buckets: both layouts, the hash, the sums, the scale, the walk. */
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "go/heap_buckets.h"
#include "tiny_bucket.h"

/* A bucket as it is in memory; its records have distinct numbers. */
static size_t make_bucket(uint64_t *p, uint64_t next, uint64_t size, size_t depth,
			  uint32_t record_size)
{
	uint64_t stack[3000];
	size_t n;

	for (size_t i = 0; i < depth; i++)
		stack[i] = 0x401000 + 16 * i;
	n = tiny_bucket(p, next, size, stack, depth);
	for (uint64_t i = 1; i <= 4; i++) {
		p[n++] = 100 * i;
		p[n++] = i;
		if (record_size == 32) {
			p[n++] = 100 * i * size;
			p[n++] = i * size;
		}
	}
	return n * 8;
}

static void decodes_both_layouts(void **state)
{
	uint64_t words[64];

	(void)state;
	for (uint32_t record_size = 16; record_size <= 32; record_size += 16) {
		size_t n = make_bucket(words, 0x1234, 48, 3, record_size);
		struct heap_bucket b;
		struct heap_counts c;

		assert_int_equal(heap_bucket_decode_whole(words, n, record_size, &b), 0);
		assert_int_equal(b.next, 0x1234);
		assert_int_equal(b.size, 48);
		assert_int_equal(b.depth, 3);
		assert_int_equal(b.held, 3);
		assert_ptr_equal(b.stack, words + 6);
		assert_true(heap_bucket_intact(&b));
		c = heap_bucket_counts(&b, HEAP_VIEW_NOW, 0);
		assert_int_equal(c.allocs, 1000);
		assert_int_equal(c.frees, 10);
		assert_int_equal(c.alloc_bytes, 48000);
		assert_int_equal(c.free_bytes, 480);
		/* active and future[C % 3], for C = 7: future[1] is the third record. */
		c = heap_bucket_counts(&b, HEAP_VIEW_PUBLISHED, 7 << 1 | 1);
		assert_int_equal(c.allocs, 100 + 300);
		assert_int_equal(c.free_bytes, (1 + 3) * 48);
		/* future[(C + 2) % 3] is what came since the last collection: for 7 future[0]. */
		assert_int_equal(heap_bucket_since_gc(&b, 7 << 1 | 1), 200);
		assert_int_equal(heap_bucket_since_gc(&b, 8 << 1), 300);
		assert_int_equal(heap_bucket_since_gc(&b, 9 << 1), 400);
		/* Never more than is in use. */
		b.records[0].frees += 700;
		assert_int_equal(heap_bucket_since_gc(&b, 9 << 1), 290);
		b.records[0].frees += 300;
		assert_int_equal(heap_bucket_since_gc(&b, 9 << 1), 0);
		assert_int_equal(heap_bucket_decode_whole(words, n - 1, record_size, &b),
				 -EMSGSIZE);
	}
}

static void refuses_what_is_no_bucket(void **state)
{
	uint64_t words[64];
	size_t n = make_bucket(words, 0, 48, 3, 32);
	struct heap_bucket b;

	(void)state;
	assert_int_equal(heap_bucket_decode_whole(words, 47, 32, &b), -EMSGSIZE);
	assert_int_equal(heap_bucket_decode_whole(words, n, 24, &b), -EINVAL);
	assert_int_equal(heap_bucket_decode_whole((char *)words + 1, n - 8, 32, &b), -EINVAL);
	assert_int_equal(heap_bucket_decode(words, words + 6, 4, words + 9, 32, &b), -EINVAL);
	words[2] = 2; /* a block bucket */
	assert_int_equal(heap_bucket_decode_whole(words, n, 32, &b), -EBADMSG);
	words[2] = 1;
	words[5] = UINT64_MAX / 8;
	assert_int_equal(heap_bucket_decode_whole(words, n, 32, &b), -EBADMSG);
	words[5] = 4; /* takes a record for an address */
	assert_int_equal(heap_bucket_decode_whole(words, n, 32, &b), -EMSGSIZE);
	words[5] = 3;
	words[7]++;
	assert_int_equal(heap_bucket_decode_whole(words, n, 32, &b), 0);
	assert_false(heap_bucket_intact(&b));
	b.held = 2; /* cut: nothing can be said */
	assert_true(heap_bucket_intact(&b));
}

/* Computed by a Go program with the same arithmetic. */
static void scales_as_the_runtime(void **state)
{
	static const struct {
		int64_t count, bytes, rate, want_objects, want_bytes;
	} cases[] = {
		{0, 0, 524288, 0, 0},
		{0, 48, 524288, 0, 0},
		{3, 0, 524288, 0, 0},
		{7919, 380112, 1, 7919, 380112},
		{7919, 380112, 0, 7919, 380112},
		{1, 48, 524288, 10923, 524312},
		{2, 1024, 524288, 2049, 1049088},
		{3, 122880, 524288, 39, 1635103},
		{211, 8642560, 4096, 211, 8642952},
		{1, 524288, 524288, 1, 829411},
		{1, 1 << 30, 524288, 1, 1 << 30},
		{-1, -48, 524288, -10923, -524312},
		{1, -48, 524288, -10922, 524264},
		{1, 1ll << 62, 2, 1, 1ll << 62},
		{1, 1, 1ll << 62, INT64_MIN, INT64_MIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t objects, bytes;

		heap_scale(cases[i].count, cases[i].bytes, cases[i].rate, &objects, &bytes);
		assert_int_equal(objects, cases[i].want_objects);
		assert_int_equal(bytes, cases[i].want_bytes);
	}
}

/* A process whose memory is an array at 0x10000; the page at HOLE cannot be read. */
struct memory {
	uint64_t words[32768];
	uint64_t hole;
	int error;
};

#define BASE 0x10000ull

static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t n)
{
	struct memory *m = context;
	uint64_t end = BASE + sizeof(m->words);

	if (m->error)
		return m->error;
	if (address < BASE || address >= end || (m->hole && address / 4096 == m->hole / 4096))
		return -EFAULT;
	if (m->hole > address)
		end = m->hole & ~4095ull;
	n = MIN(n, end - address);
	memcpy(buffer, (char *)m->words + (address - BASE), n);
	return (ssize_t)n;
}

struct seen {
	uint64_t sizes[256];
	size_t n;
	int answer;
};

static int note(void *context, const struct heap_bucket *bucket)
{
	struct seen *s = context;

	assert_true(s->n < ARRAY_SIZE(s->sizes));
	s->sizes[s->n++] = bucket->size;
	assert_true(heap_bucket_intact(bucket));
	return s->answer;
}

/* A list of N buckets, STEP bytes from each other, sizes N..1; the last one points to LAST. */
static void make_list(struct memory *m, size_t n, size_t step, size_t depth, uint64_t last)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < n; i++)
		make_bucket(m->words + i * step / 8, i + 1 < n ? BASE + (i + 1) * step : last,
			    n - i, depth, 16);
}

static void walks_the_list(void **state)
{
	_cleanup_free_ struct memory *m = malloc(sizeof(*m));
	struct heap_reader reader = {read_memory, m};
	struct seen seen = {0};
	struct heap_walk walk;

	(void)state;
	/* Buckets that lie across blocks and pages. */
	make_list(m, 200, 1304, 130, 0);
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(seen.n, 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(seen.sizes[i], 200 - i);
	assert_int_equal(walk.read, 200);
	assert_int_equal(walk.cut + walk.unreadable + walk.damaged + walk.more, 0);

	seen.n = 0;
	assert_int_equal(heap_walk(&reader, BASE, 16, 7, note, &seen, &walk), 0);
	assert_int_equal(seen.n, 7);
	assert_true(walk.more);

	seen = (struct seen){.answer = -ENOSPC};
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), -ENOSPC);
	assert_int_equal(seen.n, 1);
	assert_int_equal(heap_walk(&reader, 0, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.read, 0);
}

static void counts_what_it_cannot_read(void **state)
{
	_cleanup_free_ struct memory *m = malloc(sizeof(*m));
	struct heap_reader reader = {read_memory, m};
	struct seen seen = {0};
	struct heap_walk walk;

	(void)state;
	make_list(m, 100, 1304, 130, 0);
	m->hole = BASE + 80 * 1024;
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.read, 80 * 1024 / 1304);
	assert_int_equal(walk.unreadable, 1);
	assert_int_equal(walk.error, -EFAULT);

	make_list(m, 3, 1304, 130, 0);
	m->error = -ESRCH; /* it has gone */
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.read, 0);
	assert_int_equal(walk.error, -ESRCH);

	/* In a circle, from the third one back to the second. */
	make_list(m, 3, 1304, 130, BASE + 1304);
	assert_int_equal(heap_walk(&reader, BASE, 16, UINT64_MAX, note, &seen, &walk), 0);
	assert_true(walk.more);
	assert_true(walk.read < 10);

	/* A wrong hash is left out, what is no bucket ends the list. */
	make_list(m, 3, 1304, 130, 0);
	m->words[1304 / 8 + 3]++;
	m->words[2 * 1304 / 8 + 2] = 9;
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.read, 1);
	assert_int_equal(walk.damaged, 2);

	/* A stack deeper than any is cut, the records behind it are still found. */
	make_list(m, 1, 8, 3000, 0);
	seen.n = 0;
	assert_int_equal(heap_walk(&reader, BASE, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.read, 1);
	assert_int_equal(walk.cut, 1);
	assert_int_equal(heap_walk(&reader, UINT64_MAX - 7, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.unreadable, 1);
	assert_int_equal(heap_walk(&reader, BASE + 4, 16, 1000, note, &seen, &walk), 0);
	assert_int_equal(walk.damaged, 1);
}

/* The real reader, on a child: its mapping begins and ends in the middle of a block. */
static void reads_a_process(void **state)
{
	char *memory = mmap(NULL, 300 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *list = (uint64_t *)(memory + 101 * 4096);
	struct heap_reader reader;
	struct seen seen = {0};
	struct heap_walk walk;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(list, 4096, PROT_READ | PROT_WRITE), 0);
	make_bucket(list, (uintptr_t)list + 2048, 2, 5, 32);
	make_bucket(list + 256, 0, 1, 5, 32);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	reader = heap_reader_process(pid);
	assert_int_equal(heap_walk(&reader, (uintptr_t)list, 32, 100, note, &seen, &walk), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(walk.read, 2);
	assert_int_equal(seen.sizes[1], 1);
	assert_int_equal(heap_walk(&reader, (uintptr_t)list, 32, 100, note, &seen, &walk), 0);
	assert_int_equal(walk.error, -ESRCH);
	munmap(memory, 300 * 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_both_layouts),
		cmocka_unit_test(refuses_what_is_no_bucket),
		cmocka_unit_test(scales_as_the_runtime),
		cmocka_unit_test(walks_the_list),
		cmocka_unit_test(counts_what_it_cannot_read),
		cmocka_unit_test(reads_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
