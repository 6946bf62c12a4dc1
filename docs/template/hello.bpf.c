/*
 * hello: one event for every program that is started.
 *
 * The function's name says where it is attached: a BTF tracepoint, whose arguments have types. What
 * it names of struct task_struct is what the compiler gets to see of it.
 */
#include "oomtools.bpf.h"
#include "hello.h"

BPF_RINGBUF_OUTPUT(events, 16);
BPF_ARRAY(lost, u64, 1);

BPF_PROG(tp_btf__sched_process_exec, struct task_struct *task)
{
	struct hello_event *e = events.ringbuf_reserve(sizeof(*e));
	struct task_struct *parent;

	if (!e) {
		lost.atomic_increment(0);
		return 0;
	}
	parent = RD(task->real_parent);
	e->time_ns = bpf_ktime_get_ns();
	e->pid = RD(task->tgid);
	e->parent_pid = RD(parent->tgid);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	events.ringbuf_submit(e, 0);
	return 0;
}
