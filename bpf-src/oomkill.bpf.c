/*
 * oomkill: one event for every process that the OOM killer takes.
 *
 * To see more of a kill, add a member to struct oomkill_event and fill it in report(); any field of
 * a kernel struct may be named, its layout comes from the running kernel. Read kernel memory with
 * RD(pointer->member) only.
 */
#include "oomtools.bpf.h"
#include "oomkill.h"
#include "oom.bpf.h"

BPF_RINGBUF_OUTPUT(events, 16);
BPF_ARRAY(lost, u64, 1);

#if defined(OOMKILL_VICTIM_STACK) || defined(OOMKILL_TRIGGER_STACK)
#include "oomkill_stack.bpf.h"
#else
#define stack_of_trigger(ctx, victim) (void)0
#endif

static inline int report(void *ctx, struct task_struct *victim, struct oom_control *oc, u32 flags)
{
	struct oomkill_event *e = events.ringbuf_reserve(sizeof(*e));

	if (!e) {
		lost.atomic_increment(0);
		return 0;
	}
	oom_read_victim(e, victim);
	oom_read_control(e, oc, flags);
	events.ringbuf_submit(e, 0);
	if (!(flags & OOMKILL_GROUP_MEMBER))
		stack_of_trigger(ctx, victim);
	return 0;
}

#if defined(PROBE_FENTRY)
BPF_PROG(fentry__oom_kill_process, struct oom_control *control)
{
	struct oom_control oc;

	bpf_probe_read_kernel(&oc, sizeof(oc), control);
	return report(ctx, oc.chosen, &oc, 0);
}
#elif defined(PROBE_KPROBE)
int kprobe__oom_kill_process(struct pt_regs *ctx)
{
	struct oom_control oc;

	bpf_probe_read_kernel(&oc, sizeof(oc), (void *)PT_REGS_PARM1(ctx));
	return report(ctx, oc.chosen, &oc, 0);
}
#elif defined(PROBE_MARK_VICTIM)
BPF_PROG(tp_btf__mark_victim, struct task_struct *victim)
{
	struct oom_search search;
	int found = oom_find_control(ctx, victim, &search);

	/* One call, as it is inlined: three would take three times as long to compile and verify.
	 */
	return report(ctx, victim, found < 0 ? NULL : &search.oc,
		      found > 0 ? OOMKILL_GROUP_MEMBER : 0);
}
#endif
