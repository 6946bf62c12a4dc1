/*
 * The ring's records, which an edited probe may have made: the input is a row of them, each behind
 * a byte with its size in 8 bytes; what is missing of it is zero.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "bpf-src/oomkill_stack.h"
#include "oom/kill_json.h"
#include "oom/kill_queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct kill *k, void *user)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (kill_json_line(k, &out) < 0)
		abort();
	++*(size_t *)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = {
		[OOMKILL_CHOSEN] = sizeof(struct oomkill_event),
		[OOMKILL_MEMBER] = sizeof(struct oomkill_event),
		[OOMKILL_DETAIL] = sizeof(struct oomkill_detail),
		[OOMKILL_ARGUMENTS] = sizeof(struct oomkill_arguments),
		[OOMKILL_STACK] = sizeof(struct oomkill_stack),
		[OOMKILL_STEP] = sizeof(struct oomkill_step),
		[OOMKILL_STEP + 1] = 8,
	};
	size_t shown = 0, chosen = 0;
	const struct kill_queue_config config = {
		.wait = KILL_OVER, .root = "/nonexistent", .out = show, .user = &shown};
	struct kill_queue *q;
	uint64_t now = 1;

	if (kill_queue_open(&config, &q) < 0)
		abort();
	while (size && now < 200) {
		size_t n = MIN((size_t)*data * 8, size - 1);
		uint32_t kind = size > 1 ? data[1] % ARRAY_SIZE(sizes) : 0;
		size_t whole = n == 2040 ? n : sizes[kind];
		_cleanup_free_ uint8_t *record = calloc(1, MAX(whole, n));

		memcpy(record, data + 1, n);
		memcpy(record, &kind, sizeof(kind));
		if (kill_queue_feed(q, record, whole, now) == 0 && kind == OOMKILL_CHOSEN)
			chosen++;
		kill_queue_advance(q, now);
		now += data[0];
		data += 1 + n;
		size -= 1 + n;
	}
	kill_queue_flush(q);
	kill_queue_close(q);
	if (shown != chosen)
		abort();
	return 0;
}
