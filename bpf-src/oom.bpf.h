/* Reading an OOM kill in the kernel: the victim's counters and the oom_control that chose it. */
#include "task.bpf.h"

/* The PID of a process in its own PID namespace; 0: that is the initial one. */
static inline u32 pid_in_namespace(struct signal_struct *signal)
{
	struct pid *pid = RD(signal->pids[PIDTYPE_TGID]);
	u32 level = pid ? RD(pid->level) : 0;
	struct upid in_namespace;

	if (!level)
		return 0;
	bpf_probe_read_kernel(&in_namespace, sizeof(in_namespace),
			      (void *)pid->numbers + level * sizeof(in_namespace));
	return in_namespace.nr;
}

/* Process 1 of the task's PID namespace; 0: that is the initial one. */
static inline u32 namespace_init(struct task_struct *task)
{
	struct pid *pid = RD(task->thread_pid);
	u32 level = pid ? RD(pid->level) : 0;
	struct upid in_namespace;
	struct task_struct *reaper;

	if (!level)
		return 0;
	bpf_probe_read_kernel(&in_namespace, sizeof(in_namespace),
			      (void *)pid->numbers + level * sizeof(in_namespace));
	reaper = RD(in_namespace.ns->child_reaper);
	return RD(reaper->tgid);
}

static inline void oom_read_mm(struct oomkill_event *e, struct mm_struct *mm)
{
	e->file_pages = mm_pages(mm, MM_FILEPAGES);
	e->anon_pages = mm_pages(mm, MM_ANONPAGES);
	e->swap_pages = mm_pages(mm, MM_SWAPENTS);
	e->shmem_pages = mm_pages(mm, MM_SHMEMPAGES);
	e->total_vm_pages = RD(mm->total_vm);
	e->pgtables_bytes = RD(mm->pgtables_bytes.counter);
	if (!mm)
		e->file_pages = e->anon_pages = e->swap_pages = e->shmem_pages = e->total_vm_pages =
			e->pgtables_bytes = OOMKILL_UNKNOWN;
}

/* What is known of the victim itself, and of the task that runs now: the trigger. */
static inline void oom_read_victim(struct oomkill_event *e, struct task_struct *victim)
{
	struct signal_struct *signal = RD(victim->signal);
	struct css_set *cgroups = RD(victim->cgroups);
	struct cgroup_subsys_state *css = RD(cgroups->subsys[memory_cgrp_id]);
	struct cred *cred = (struct cred *)RD(victim->real_cred);
	u64 id = bpf_get_current_pid_tgid();

	e->time_ns = bpf_ktime_get_ns();
	e->trigger_pid = id >> 32;
	e->trigger_tid = id;
	bpf_get_current_comm(e->trigger_comm, sizeof(e->trigger_comm));
	e->victim_pid = RD(victim->tgid);
	e->victim_tid = RD(victim->pid);
	e->victim_pid_in_namespace = pid_in_namespace(signal);
	bpf_probe_read_kernel_str(e->victim_comm, sizeof(e->victim_comm), victim->comm);
	e->victim_uid = RD(cred->uid.val);
	e->oom_score_adj = RD(signal->oom_score_adj);
	e->victim_memcg_id = cgroup_inode(RD(css->cgroup));
	oom_read_mm(e, RD(victim->mm));
}

/*
 * The badness of the chosen task. With vm.oom_kill_allocating_task nobody is looked at, and it
 * stays 0 (out_of_memory(), mm/oom_kill.c); of an oom_task_origin() it is LONG_MAX.
 */
static inline s64 oom_points(struct oom_control *oc)
{
	s64 points = oc->chosen_points;
	bool unasked = !points && !oc->memcg && (u64)oc->chosen == bpf_get_current_task();

	return unasked || points == ~OOMKILL_UNKNOWN_POINTS ? OOMKILL_UNKNOWN_POINTS : points;
}

/* What only the oom_control knows; OC may be NULL: then the kill's domain is unknown. */
static inline void oom_read_control(struct oomkill_event *e, struct oom_control *oc, u32 flags)
{
	e->kind = flags & (OOMKILL_GROUP_MEMBER | OOMKILL_SHARES_MM) ? OOMKILL_MEMBER
								     : OOMKILL_CHOSEN;
	e->flags = flags;
	e->totalpages = 0;
	e->points = 0;
	e->memcg_max_pages = 0;
	e->memcg_id = 0;
	e->gfp_mask = 0;
	e->order = 0;
	e->constraint = 0;
	e->memcg_name[0] = 0;
	if (!oc)
		return;
	e->flags |= OOMKILL_HAS_CONTROL;
	e->totalpages = oc->totalpages;
	e->points = oom_points(oc);
	e->gfp_mask = oc->gfp_mask;
	e->order = oc->order;
	e->constraint = oc->constraint;
	if (oc->memcg) {
		struct cgroup *cgroup = RD(oc->memcg->css.cgroup);
		struct kernfs_node *node = RD(cgroup->kn);

		e->memcg_max_pages = RD(oc->memcg->memory.max);
		e->memcg_id = RD(node->id);
		bpf_probe_read_kernel_str(e->memcg_name, sizeof(e->memcg_name), RD(node->name));
	}
}

#ifdef PROBE_MARK_VICTIM
/*
 * Neither fentry nor kprobes: oom_kill_process()'s argument is not in reach, but the oom_control it
 * points to lies on the stack of the task that runs out_of_memory() or mem_cgroup_out_of_memory(),
 * a few frames above us. In a BTF tracepoint ctx points at the arguments on that stack, so look
 * upward from there for a struct whose `chosen` is the victim and whose other members make sense.
 */
#ifndef HAVE_trace_event_raw_mark_victim__uid
#error "oom:mark_victim of this kernel tells a PID only; run with -v to see why neither fentry nor kprobes are used"
#endif
#define OOM_STACK_WORDS 256
#define OOM_PAGES_SANE (1ull << 44) /* more than any address space has */

struct oom_search {
	u64 *stack;
	u64 victim, leader, before; /* before: whom this trigger had chosen last */
	struct oom_control oc;	    /* chosen: NULL until it is found */
};
/* By trigger thread: the task chosen last, to know the members of a group kill that follow it. */
BPF_TABLE("lru_hash", u32, u64, oom_chosen, 256);

/*
 * Do the members make sense together? Copies of the victim's address lie all over the stack. A
 * memory cgroup's has no zones to look at (mem_cgroup_out_of_memory(), mm/memcontrol.c), any other
 * has.
 */
static inline bool oom_is_control(struct oom_control *oc)
{
	bool of_memcg = oc->constraint == OOMKILL_MEMCG;
	s64 area = of_memcg ? (s64)oc->memcg : (s64)oc->zonelist; /* a kernel's address */
	s64 other = of_memcg ? (s64)oc->zonelist | (s64)oc->nodemask : (s64)oc->memcg;

	return oc->constraint <= OOMKILL_MEMCG && area < 0 && !other && oc->gfp_mask &&
	       oc->order >= -1 && oc->order <= 20 && oc->totalpages < OOM_PAGES_SANE;
}

/* Is it I words up? 1: yes, or the stack has ended. */
static inline int oom_look(struct oom_search *s, u64 i)
{
	u64 *words = s->stack + i, chosen = 0;

	if (bpf_probe_read_kernel(&chosen, sizeof(chosen),
				  &words[offsetof(struct oom_control, chosen) / 8]))
		return 1;
	if (!chosen || (chosen != s->victim && chosen != s->leader && chosen != s->before))
		return 0;
	bpf_probe_read_kernel(&s->oc, sizeof(s->oc), words);
	if (oom_is_control(&s->oc))
		return 1;
	s->oc.chosen = NULL;
	return 0;
}

#ifdef HAVE_BPF_LOOP
/* The verifier then looks at one step, not at 256: that is most of the time to start. */
OOMTOOLS_CALLBACK(2)
{
	return oom_look(loop.context, loop.index);
}
#endif

/* Find VICTIM's oom_control and return 0; 1: VICTIM dies with the chosen; -1: not found. */
static inline int oom_find_control(void *ctx, struct task_struct *victim, struct oom_search *s)
{
	u32 trigger = bpf_get_current_pid_tgid();
	u64 *last = oom_chosen.lookup(&trigger), chosen;

	__builtin_memset(s, 0, sizeof(*s));
	s->stack = (u64 *)RD(ctx); /* a copy is a plain number: with ctx one may not calculate */
	s->victim = (u64)victim;
	s->leader = (u64)RD(victim->group_leader);
	s->before = last ? *last : 0;
#ifdef HAVE_BPF_LOOP
	bpf_loop(OOM_STACK_WORDS, OOMTOOLS_CALLBACK_REF(2), s, 0);
#else
#pragma clang loop unroll(disable)
	for (u64 i = 0; i < OOM_STACK_WORDS; i++)
		if (oom_look(s, i))
			break;
#endif
	chosen = (u64)s->oc.chosen;
	if (!chosen)
		return -1;
	if (chosen != s->victim && chosen != s->leader)
		return 1;
	oom_chosen.update(&trigger, &chosen);
	return 0;
}
#endif
