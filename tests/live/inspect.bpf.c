/* A text for tests/live/inspect.c: maps of all kinds, with values to be told as text. */
#include "oomtools.bpf.h"

enum color { RED = 1, GREEN };

struct place {
	u32 x, y;
};

struct thing {
	u64 number;
	s32 negative;
	enum color color;
	char name[8];
	u8 bytes[3];
	u32 small : 3, large : 5;
	struct place at;
	u16 list[4];
	void *pointer;
};

struct name {
	char text[16];
};

BPF_HASH(things, u32, struct thing, 16);
BPF_TABLE("hash", struct name, u64, by_name_that_is_longer_than_15, 8);
BPF_TABLE("hash", struct place, u64, by_place, 8);
BPF_TABLE("lru_hash", u64, u64, least_used, 8);
BPF_ARRAY(numbers, s64, 3);
BPF_PERCPU_ARRAY(per_cpu, struct place, 2);
BPF_RINGBUF_OUTPUT(events, 1);
BPF_PROG_ARRAY(calls, 4);

int tail__calls__3(struct trace_event_raw_sys_enter *args)
{
	numbers.atomic_increment(1);
	return 0;
}

int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	struct place *p;
	int zero = 0;

	if (RD(args->args[0]) != MAGIC)
		return 0;
	p = per_cpu.lookup(&zero);
	if (p)
		p->x++;
	events.ringbuf_output(&zero, sizeof(zero), 0);
	calls.call(args, 3);
	return 0;
}

int uprobe__nowhere(struct pt_regs *ctx)
{
	return 0;
}
