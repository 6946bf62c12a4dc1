/*
 * oomkill: one event for every process that the OOM killer takes.
 *
 * To see more of a kill takes two lines: a member of struct oomkill_event, and in tell_event() what
 * it is. oomkill shows it then. Any field of a kernel struct may be named, its layout comes from
 * the running kernel ('fields task_struct' on the console lists them); read kernel memory with
 * RD(pointer->member) only. The victim's nice value, say:
 *
 *	__s32 nice;				  where struct oomkill_event ends
 *	e->nice = RD(victim->static_prio) - 120;  where tell_event() says so
 */
#include "oomtools.bpf.h"
#include "oomkill.h"
#include "oom.bpf.h"

#if defined(OOMKILL_VICTIM_STACK) || defined(OOMKILL_TRIGGER_STACK)
#define RING_PAGES 512 /* up to 28 KiB for each stack */
#elif defined(OOMKILL_STORY)
#define RING_PAGES 128
#else
#define RING_PAGES 16
#endif
BPF_RINGBUF_OUTPUT(events, RING_PAGES);
OOMTOOLS_EVENT(oomkill_event);
BPF_ARRAY(lost, u64, OOMKILL_LOST_COUNTERS);

#ifdef OOMKILL_STORY
OOMTOOLS_RECORD(oomkill_detail);
OOMTOOLS_RECORD(oomkill_arguments);
OOMTOOLS_RECORD(oomkill_step);
#include "oomkill_pages.bpf.h"
#else
#define as_the_kernel_counts(e, victim) (void)0
#endif

#if defined(OOMKILL_VICTIM_STACK) || defined(OOMKILL_TRIGGER_STACK)
#include "oomkill_stack.bpf.h"
#else
#define stack_of_trigger(ctx, victim) (void)0
#endif

/* What time it has, or 0: there was no room. */
static inline u64 tell_event(void *ctx, struct task_struct *victim, struct oom_control *oc,
			     u32 flags)
{
	bool of_member = flags & (OOMKILL_GROUP_MEMBER | OOMKILL_SHARES_MM);
	struct oomkill_event *e = events.ringbuf_reserve(sizeof(*e));
	u64 time_ns;

	if (!e) {
		lost.atomic_increment(of_member ? OOMKILL_LOST_STORY : OOMKILL_LOST_KILLS);
		return 0;
	}
	oom_read_victim(e, victim);
	oom_read_control(e, oc, flags);
	as_the_kernel_counts(e, victim);
	/* What fills a member of yours stands here; VICTIM is its task_struct. */
	time_ns = e->time_ns;
	events.ringbuf_submit(e, 0);
	if (!of_member)
		stack_of_trigger(ctx, victim);
	return time_ns;
}

#ifdef OOMKILL_STORY
#include "oomkill_story.bpf.h"
#endif

#if defined(PROBE_MARK_VICTIM) && !defined(OOMKILL_STORY)
BPF_PROG(tp_btf__mark_victim, struct task_struct *victim)
{
	struct oom_search search;
	int found = oom_find_control(ctx, victim, &search);

	/* One call, as it is inlined: three would take three times as long to compile and verify.
	 */
	tell_event(ctx, victim, found < 0 ? NULL : &search.oc,
		   found > 0 ? OOMKILL_GROUP_MEMBER : 0);
	return 0;
}
#elif !defined(PROBE_MARK_VICTIM)
static inline int chosen(void *ctx, void *control)
{
	struct oom_control oc;

	bpf_probe_read_kernel(&oc, sizeof(oc), control);
#ifdef OOMKILL_STORY
	return story_chosen(ctx, &oc);
#else
	tell_event(ctx, oom_thread_with_mm(oc.chosen), &oc, 0);
	return 0;
#endif
}
#endif

#ifdef PROBE_FENTRY
BPF_PROG(fentry__oom_kill_process, struct oom_control *oc)
{
	return chosen(ctx, oc);
}
#ifdef OOMKILL_STORY
BPF_PROG(fexit__oom_kill_process)
{
	return story_done();
}
#endif
#endif

#ifdef PROBE_KPROBE
int kprobe__oom_kill_process(struct pt_regs *ctx)
{
	return chosen(ctx, (void *)PT_REGS_PARM1(ctx));
}
#ifdef OOMKILL_STORY
int kretprobe__oom_kill_process(struct pt_regs *ctx)
{
	return story_done();
}
#endif
#endif
