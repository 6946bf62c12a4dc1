/*
 * oomrank: the numbers and flags by which the OOM killer would choose, of every process.
 *
 * To see more of each process takes two lines: a member of struct oomrank_task, and in iter__task
 * what it is. oomrank shows it then. Any field of a kernel struct may be named, its layout comes
 * from the running kernel; read kernel memory with RD(pointer->member) only. The nice value, say:
 *
 *	__s32 nice;			       where struct oomrank_task ends
 *	t.nice = RD(task->static_prio) - 120;  where iter__task says so
 */
#include "oomtools.bpf.h"
#include "oomrank.h"
#include "task.bpf.h"
#include "pages.bpf.h"

OOMTOOLS_EVENT(oomrank_task);

#define PF_EXITING 4	      /* include/linux/sched.h */
#define PF_KTHREAD 0x00200000 /* likewise */
#define GROUP_EXIT 4	      /* SIGNAL_GROUP_EXIT, include/linux/sched/signal.h */
#define GROUP_COREDUMP 8      /* SIGNAL_GROUP_COREDUMP, there until Linux 5.16 */
#define MODE_BIND 2	      /* MPOL_BIND, include/uapi/linux/mempolicy.h */
#define MODE_INTERLEAVE 3     /* MPOL_INTERLEAVE, likewise */
#define MM_OOM_SKIP 21	      /* MMF_OOM_SKIP, include/linux/sched/coredump.h, mm_types.h */

/* A long until Linux 6.17, a bitmap since. */
static inline bool is_skipped(struct mm_struct *mm)
{
	return mm && RD(*(unsigned long *)&mm->flags) >> MM_OOM_SKIP & 1;
}

/* __task_will_free_mem(), mm/oom_kill.c */
static inline bool is_exiting(struct task_struct *task, struct signal_struct *signal)
{
	u32 flags = RD(signal->flags);

#ifdef HAVE_signal_struct__core_state
	if (RD(signal->core_state))
		return false;
#else
	if (flags & GROUP_COREDUMP)
		return false;
#endif
	return flags & GROUP_EXIT || (RD(task->flags) & PF_EXITING && RD(signal->nr_threads) == 1);
}

/* in_vfork(), include/linux/sched/mm.h */
static inline bool is_in_vfork(struct task_struct *task, struct mm_struct *mm)
{
	struct task_struct *parent = RD(task->real_parent);

	return RD(task->vfork_done) && RD(parent->mm) == mm;
}

static inline u32 flags_of(struct task_struct *task, struct task_struct *thread,
			   struct mm_struct *mm)
{
	struct signal_struct *signal = RD(task->signal);
	struct mm_struct *doomed = RD(signal->oom_mm);
	u32 flags = 0;

	if (RD(task->tgid) == 1)
		flags |= OOMRANK_INIT;
	if (RD(task->flags) & PF_KTHREAD)
		flags |= OOMRANK_KERNEL_THREAD;
	if (!mm)
		flags |= OOMRANK_NO_MEMORY;
	if (doomed)
		flags |= OOMRANK_OOM_VICTIM;
	/* Of a victim it is asked of the memory that it had (oom_evaluate_task()). */
	if (is_skipped(doomed ? doomed : mm))
		flags |= OOMRANK_OOM_SKIP;
	if (mm && is_in_vfork(thread, mm))
		flags |= OOMRANK_IN_VFORK;
	if (RD(signal->oom_flag_origin))
		flags |= OOMRANK_ORIGIN;
	if (is_exiting(task, signal))
		flags |= OOMRANK_EXITING;
	return flags;
}

static inline void read_memory(struct oomrank_task *t, struct mm_struct *mm)
{
	struct mm_pages pages = {};

	t->mm = (u64)mm;
	if (!mm)
		return;
	read_pages_counted(mm, &pages);
	t->anon_pages = pages.anon;
	t->file_pages = pages.file;
	t->shmem_pages = pages.shmem;
	t->swap_pages = pages.swap;
	t->pgtables_bytes = RD(mm->pgtables_bytes.counter);
}

static inline u64 memcg_of(struct task_struct *task)
{
#ifdef HAVE_ENUMERATOR_memory_cgrp_id
	struct css_set *cgroups = RD(task->cgroups);
	struct cgroup_subsys_state *css = RD(cgroups->subsys[memory_cgrp_id]);

	return css ? cgroup_inode(RD(css->cgroup)) : 0;
#else
	return 0;
#endif
}

/* mempolicy_nodemask_intersects() (mm/mempolicy.c); "interleave" counts until Linux 5.13. */
static inline void read_policy(struct oomrank_task *t, struct task_struct *task)
{
	t->policy_mode = -1;
	t->policy_nodes = OOMRANK_UNKNOWN;
#ifdef HAVE_task_struct__mempolicy
	struct mempolicy *policy = RD(task->mempolicy);

	if (!policy)
		return;
	t->policy_mode = RD(policy->mode);
#ifdef HAVE_mempolicy__nodes
	if (t->policy_mode == MODE_BIND)
		t->policy_nodes = RD(policy->nodes.bits[0]);
#else
	if (t->policy_mode == MODE_BIND || t->policy_mode == MODE_INTERLEAVE)
		t->policy_nodes = RD(policy->v.nodes.bits[0]);
#endif
#endif
}

/* What the OOM killer asks of each thread until one fits: oom_cpuset_eligible(). */
static inline void read_nodes(struct oomrank_task *t, struct task_struct *task)
{
	t->memory_nodes = OOMRANK_UNKNOWN;
#ifdef HAVE_task_struct__mems_allowed
	t->memory_nodes = RD(task->mems_allowed.bits[0]);
#endif
	read_policy(t, task);
}

/*
 * Where css_task_iter_next() (kernel/cgroup/cgroup.c) comes to it: through the css_sets of its
 * memory cgroup, in each of them through tasks, mg_tasks, dying_tasks.
 */
static inline void read_place(struct oomrank_task *t, struct task_struct *task)
{
	t->task = (u64)task;
	t->task_before = (u64)RD(task->tasks.prev) - offsetof(struct task_struct, tasks);
#if defined HAVE_ENUMERATOR_memory_cgrp_id && defined HAVE_css_set__e_cset_node
	struct css_set *set = RD(task->cgroups);
	struct list_head *before = RD(task->cg_list.prev);
	u64 offset = (u64)&set->e_cset_node[memory_cgrp_id] - (u64)set;

	t->css_set = (u64)set;
	t->css_set_before = (u64)RD(set->e_cset_node[memory_cgrp_id].prev) - offset;
	if (before == &set->tasks)
		t->cgroup_before = OOMRANK_FIRST_TASK;
	else if (before == &set->mg_tasks)
		t->cgroup_before = OOMRANK_FIRST_MOVING;
	else if (before == &set->dying_tasks)
		t->cgroup_before = OOMRANK_FIRST_DYING;
	else
		t->cgroup_before = (u64)before - offsetof(struct task_struct, cg_list);
#endif
}

BPF_PROG(iter__task, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct oomrank_task t = {};
	struct task_struct *thread, *parent;
	struct signal_struct *signal;
	struct cred *cred;

	if (!task)
		return 0;
	t.pid = RD(task->tgid);
	t.start_ns = RD(task->start_boottime);
	read_nodes(&t, task);
	read_place(&t, task);
	if (RD(task->pid) != t.pid) {
		t.flags = OOMRANK_THREAD;
		bpf_seq_write(meta->seq, &t, sizeof(t));
		return 0;
	}
	thread = oom_thread_with_mm(task);
	parent = RD(task->real_parent);
	signal = RD(task->signal);
	cred = (struct cred *)RD(task->real_cred);
	t.parent_pid = RD(parent->tgid);
	t.uid = RD(cred->uid.val);
	t.oom_score_adj = RD(signal->oom_score_adj);
	t.flags = flags_of(task, thread, RD(thread->mm));
	t.threads = RD(signal->nr_threads);
	read_memory(&t, RD(thread->mm));
	t.memcg_id = memcg_of(task);
	bpf_probe_read_kernel_str(t.comm, sizeof(t.comm), task->comm);
	/* What fills a member of yours stands here. */
	bpf_seq_write(meta->seq, &t, sizeof(t));
	return 0;
}
