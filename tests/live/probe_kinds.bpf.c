/*
 * A text for tests/live/tracer.c: counts calls of getpgid(2) whose argument is the number that user
 * space put into `magic`, one way of attaching each.
 */
#include "oomtools.bpf.h"

BPF_ARRAY(counts, u64, 8);
BPF_ARRAY(magic, u32, 1);
BPF_RINGBUF_OUTPUT(events, 1);
BPF_PROG_ARRAY(calls, 4);

static inline int is_ours(u32 argument)
{
	int zero = 0;
	u32 *wanted = magic.lookup(&zero);

	return wanted && *wanted == argument;
}

#ifdef PROBE_KINDS
int raw_tp__sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];

	if (ctx->args[1] == SYS_GETPGID && is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(0);
	return 0;
}

BPF_PROG(tp_btf__sys_enter, struct pt_regs *regs, long id)
{
	if (id == SYS_GETPGID && is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(1);
	return 0;
}

int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	if (is_ours(RD(args->args[0])))
		counts.atomic_increment(2);
	return 0;
}

int uprobe__marker(struct pt_regs *ctx)
{
	if (is_ours(PT_REGS_PARM1(ctx)))
		counts.atomic_increment(3);
	return 0;
}

BPF_PROG(iter__task, struct bpf_iter_meta *meta, struct task_struct *task)
{
	u32 pid;

	if (!task)
		return 0;
	pid = RD(task->tgid);
	bpf_seq_write(meta->seq, &pid, sizeof(pid));
	return 0;
}

BPF_ARRAY(numbers, u64, 5);

BPF_PROG(iter__bpf_map_elem, struct bpf_iter_meta *meta, struct bpf_map *map, u32 *key, u64 *value)
{
	u64 pair[2];

	if (!key || !value)
		return 0;
	pair[0] = RD(*key);
	pair[1] = RD(*value);
	bpf_seq_write(meta->seq, pair, sizeof(pair));
	return 0;
}
#endif

/* x86-64's name of the system call's function; its argument is the caller's registers. */
#ifdef PROBE_FENTRY
BPF_PROG(fentry____x64_sys_getpgid, struct pt_regs *regs)
{
	if (is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(0);
	return 0;
}

BPF_PROG(fexit____x64_sys_getpgid, struct pt_regs *regs, long result)
{
	if (result < 0 && is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(1);
	return 0;
}
#endif

#ifdef PROBE_KPROBE
int kprobe____x64_sys_getpgid(struct pt_regs *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)PT_REGS_PARM1(ctx);

	if (is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(0);
	return 0;
}

int kretprobe____x64_sys_getpgid(struct pt_regs *ctx)
{
	/* -ESRCH: nobody has that number. */
	if ((int)PT_REGS_RC(ctx) == -3)
		counts.atomic_increment(1);
	return 0;
}
#endif

#ifdef PROBE_LOOP
struct sum {
	u64 of;
};

OOMTOOLS_CALLBACK(7)
{
	struct sum *sum = loop.context;

	sum->of += loop.index;
	counts.atomic_increment(1);
	return 0;
}

OOMTOOLS_CALLBACK(8)
{
	counts.atomic_increment(2);
	return loop.index == 4;
}

int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	struct sum sum = {};

	if (!is_ours(RD(args->args[0])))
		return 0;
	bpf_loop(1000, OOMTOOLS_CALLBACK_REF(7), &sum, 0);
	counts.atomic_increment(0, sum.of);
	bpf_loop(1000, OOMTOOLS_CALLBACK_REF(8), NULL, 0);
	return 0;
}
#endif

#ifdef PROBE_TAIL
int tail__calls__3(struct trace_event_raw_sys_enter *args)
{
	counts.atomic_increment(1);
	return 0;
}

int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	if (!is_ours(RD(args->args[0])))
		return 0;
	counts.atomic_increment(0);
	calls.call(args, 3);
	counts.atomic_increment(2); /* never: the call does not return */
	return 0;
}
#endif

#ifdef PROBE_EVENTS
struct event {
	u64 number;
	u8 filler[PROBE_EVENTS];
};

int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	struct event *e;
	int zero = 0;
	u64 *number = counts.lookup(&zero);

	if (!number || !is_ours(RD(args->args[0])))
		return 0;
	*number += 1;
	e = events.ringbuf_reserve(sizeof(*e));
	if (!e) {
		counts.atomic_increment(1);
		return 0;
	}
	e->number = *number;
	__builtin_memset(e->filler, *number, sizeof(e->filler));
	if (*number % 5 == 0)
		events.ringbuf_discard(e, 0);
	else
		events.ringbuf_submit(e, 0);
	return 0;
}
#endif

#ifdef PROBE_SWAP
int tracepoint__syscalls__sys_enter_getpgid(struct trace_event_raw_sys_enter *args)
{
	if (is_ours(RD(args->args[0])))
		counts.atomic_increment(PROBE_SWAP);
	return 0;
}
#if PROBE_SWAP % 2
BPF_PROG(tp_btf__sys_enter, struct pt_regs *regs, long id)
{
	if (id == SYS_GETPGID && is_ours(RD(PT_REGS_PARM1(regs))))
		counts.atomic_increment(7);
	return 0;
}
#endif
#endif
