/*
 * goalloctop: which programs start and end.
 *
 * Everybody's exec and exit passes here, so little is done for those that are no Go programs: user
 * space says once of each executable that it is none, and only ends of programs that it watches are
 * told.
 */
#include "oomtools.bpf.h"
#include "goalloctop.h"
#include "program.bpf.h"

BPF_RINGBUF_OUTPUT(comings, 64);
BPF_ARRAY(counters, u64, GOALLOCTOP_COUNTERS);
BPF_TABLE("lru_hash", struct oomprof_key, u32, not_go, 4096);
BPF_HASH(watched, u32, u32, 16384);

static inline int tell_coming(u32 kind, u32 pid, struct oomprof_key *key)
{
	struct goalloctop_coming *coming = comings.ringbuf_reserve(sizeof(*coming));

	if (!coming) {
		counters.increment(GOALLOCTOP_LOST_COMINGS);
		return 0;
	}
	coming->kind = kind;
	coming->pid = pid;
	coming->time_ns = bpf_ktime_get_ns();
	coming->key = *key;
	comings.ringbuf_submit(coming, 0);
	return 0;
}

BPF_PROG(raw_tp__sched_process_exec, struct task_struct *task)
{
	u32 pid = RD(task->tgid);
	struct oomprof_key key;

	/* Of what is watched it is told in any case: another program begins. */
	if (key_of(task, &key) || (not_go.lookup(&key) && !watched.lookup(&pid)))
		return 0;
	return tell_coming(GOALLOCTOP_EXEC, pid, &key);
}

BPF_PROG(raw_tp__sched_process_exit, struct task_struct *task)
{
	struct signal_struct *signal = RD(task->signal);
	struct oomprof_key none = {};
	u32 pid = RD(task->tgid);

	/* Each thread passes here; the last one finds no other alive. */
	if (RD(signal->live.counter) || !watched.lookup(&pid))
		return 0;
	watched.delete(&pid);
	return tell_coming(GOALLOCTOP_EXIT, pid, &none);
}
