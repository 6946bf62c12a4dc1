/* What the OOM killer looks at of a process. */

/*
 * rss_stat (include/linux/mm_types.h): percpu_counter[4] since Linux 6.2, atomics before. What CPUs
 * or threads have not added yet can make it negative: that is 0, as in get_mm_counter().
 */
static inline u64 mm_pages(struct mm_struct *mm, int member)
{
#ifdef ISARRAY_mm_struct__rss_stat
	s64 pages = RD(mm->rss_stat[member].count);
#else
	s64 pages = RD(mm->rss_stat.count[member].counter);
#endif
	return pages > 0 ? pages : 0;
}

static inline u64 cgroup_inode(struct cgroup *cgroup)
{
	struct kernfs_node *node = RD(cgroup->kn);

	return RD(node->id);
}

#define OOM_THREADS 64 /* looked at: those that have exited leave the list, but for the first */

/* As find_lock_task_mm() (mm/oom_kill.c): of TASK's process the first thread with a memory. */
static inline struct task_struct *oom_thread_with_mm(struct task_struct *task)
{
	struct signal_struct *signal = RD(task->signal);
	struct list_head *node = RD(signal->thread_head.next);
	struct task_struct *thread;

	if (RD(task->mm))
		return task;
#pragma clang loop unroll(disable)
	for (int i = 0; i < OOM_THREADS && node != &signal->thread_head; i++) {
		thread = (void *)node - offsetof(struct task_struct, thread_node);
		if (RD(thread->mm))
			return thread;
		node = RD(node->next);
	}
	return task;
}
