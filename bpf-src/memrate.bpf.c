/*
 * memrate: who allocates memory, and how much memory each process has.
 *
 * Pages and slab objects are allocated millions of times a second, and the least that can be
 * attached there costs as much as several per cent of a page fault. So user space attaches what
 * follows for a short while only, again and again, and says how long that was. Nothing is sent:
 * each CPU counts, and user space reads the sums.
 */
#include "oomtools.bpf.h"
#include "memrate.h"

OOMTOOLS_EVENT(memrate_count);
OOMTOOLS_RECORD(memrate_task);
BPF_TABLE("percpu_hash", struct memrate_key, struct memrate_count, counts, 4096);
BPF_PERCPU_ARRAY(running, struct memrate_running, 1);
BPF_ARRAY(gate, u64, 1);
BPF_PERCPU_ARRAY(lost, u64, 1); /* not counted: the map of processes is full */

/*
 * What this CPU has counted for the process that ran here, added to `counts`; then begin with the
 * one that runs now. An interrupt that counts at that moment may be put down to the wrong one.
 */
static inline void change(struct memrate_running *here, u32 pid)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task(), *leader;
	struct memrate_key key = here->key;
	struct memrate_count none = {};
	u64 *from = (u64 *)&here->count, *to, *missed;
	u32 first = 0;

	to = key.pid ? (u64 *)counts.lookup_or_try_init(&key, &none) : NULL;
	missed = lost.lookup(&first);
	if (key.pid && !to && missed)
		*missed += here->count.pages + here->count.slab_allocs;
#pragma unroll
	for (int i = 0; i < sizeof(struct memrate_count) / sizeof(u64); i++) {
		if (to)
			to[i] += from[i];
		from[i] = 0;
	}
	leader = RD(task->group_leader);
	here->key.start_ns = RD(leader->start_boottime);
	here->key.pid = pid;
}

/*
 * Of the process that runs here; NULL: not to be counted. To look it up in a hash table each time
 * would take longer than all the rest, so that is done when another process runs.
 */
static inline struct memrate_count *current_count(void)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32, first = MEMRATE_OPEN;
	struct memrate_running *here;
	u64 *open = gate.lookup(&first);

	if (!open || !*open)
		return NULL;
	here = running.lookup(&first);
	if (!here)
		return NULL;
	if (here->key.pid != pid)
		change(here, pid);
	return &here->count;
}

#ifndef MEMRATE_NO_PAGES
BPF_PROG(raw_tp__mm_page_alloc, void *page, unsigned int order)
{
	struct memrate_count *count = page ? current_count() : NULL;

	if (count)
		count->pages += 1ull << (order & 31);
	return 0;
}

BPF_PROG(raw_tp__mm_page_free, void *page, unsigned int order)
{
	struct memrate_count *count = current_count();

	if (count)
		count->pages_freed += 1ull << (order & 31);
	return 0;
}
#endif

#ifndef MEMRATE_NO_SLAB
static inline int count_slab(const void *object, u64 bytes)
{
	struct memrate_count *count = object ? current_count() : NULL;

	if (count) {
		count->slab_bytes += bytes;
		count->slab_allocs++;
	}
	return 0;
}

static inline int count_slab_free(const void *object)
{
	struct memrate_count *count = object ? current_count() : NULL;

	if (count)
		count->slab_frees++;
	return 0;
}

BPF_PROG(raw_tp__kfree, u64 site, void *object)
{
	return count_slab_free(object);
}

BPF_PROG(raw_tp__kmem_cache_free, u64 site, void *object)
{
	return count_slab_free(object);
}

/*
 * include/trace/events/kmem.h: since Linux 6.1 kmem_cache_alloc gives the cache instead of sizes,
 * and there are no tracepoints for nodes of their own. In 6.0 the cache stood before the sizes.
 */
#ifdef HAVE_trace_event_raw_kmem_cache_alloc
BPF_PROG(raw_tp__kmalloc, u64 site, void *object, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmem_cache_alloc, u64 site, void *object, struct kmem_cache *cache)
{
	return count_slab(object, RD(cache->size));
}
#elif defined(HAVE_trace_event_raw_kmem_alloc__accounted)
BPF_PROG(raw_tp__kmalloc, u64 site, void *object, void *cache, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmalloc_node, u64 site, void *object, void *cache, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmem_cache_alloc, u64 site, void *object, void *cache, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmem_cache_alloc_node, u64 site, void *object, void *cache, u64 requested,
	 u64 bytes)
{
	return count_slab(object, bytes);
}
#else
BPF_PROG(raw_tp__kmalloc, u64 site, void *object, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmalloc_node, u64 site, void *object, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmem_cache_alloc, u64 site, void *object, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}

BPF_PROG(raw_tp__kmem_cache_alloc_node, u64 site, void *object, u64 requested, u64 bytes)
{
	return count_slab(object, bytes);
}
#endif
#endif

static inline u64 memory_cgroup(struct task_struct *task)
{
	struct css_set *cgroups = RD(task->cgroups);
	struct cgroup_subsys_state *css = RD(cgroups->subsys[memory_cgrp_id]);
	struct cgroup *cgroup = RD(css->cgroup);
	struct kernfs_node *node = RD(cgroup->kn);

	return RD(node->id);
}

/* percpu_counter[4] since Linux 6.2, atomics before (include/linux/mm_types.h). */
static inline s64 told_pages(struct mm_struct *mm, int member)
{
#ifdef ISARRAY_mm_struct__rss_stat
	return RD(mm->rss_stat[member].count);
#else
	return RD(mm->rss_stat.count[member].counter);
#endif
}

static inline void read_mm(struct memrate_task *t, struct mm_struct *mm)
{
	t->flags |= MEMRATE_SIZES;
	t->anon_pages = told_pages(mm, MM_ANONPAGES);
	t->file_pages = told_pages(mm, MM_FILEPAGES);
	t->shmem_pages = told_pages(mm, MM_SHMEMPAGES);
	t->swap_pages = told_pages(mm, MM_SWAPENTS);
}

static inline void read_work(struct memrate_task *t, struct task_struct *task, bool first)
{
	struct signal_struct *signal = RD(task->signal);

	t->minor_faults = RD(task->min_flt);
	t->major_faults = RD(task->maj_flt);
	t->cpu_ns = RD(task->se.sum_exec_runtime);
	if (first) {
		t->cpu_ns += RD(signal->sum_sched_runtime);
		t->minor_faults += RD(signal->min_flt);
		t->major_faults += RD(signal->maj_flt);
	}
#ifdef HAVE_task_struct__rss_stat
	t->flags |= MEMRATE_EXACT;
	t->anon_untold = RD(task->rss_stat.count[MM_ANONPAGES]);
	t->file_untold = RD(task->rss_stat.count[MM_FILEPAGES]);
	t->shmem_untold = RD(task->rss_stat.count[MM_SHMEMPAGES]);
	t->swap_untold = RD(task->rss_stat.count[MM_SWAPENTS]);
#endif
}

BPF_PROG(iter__task, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct task_struct *leader;
	struct memrate_task t = {};
	struct mm_struct *mm;

	if (!task)
		return 0;
	leader = RD(task->group_leader);
	mm = RD(task->mm);
	t.pid = RD(task->tgid);
	t.tid = RD(task->pid);
	t.start_ns = RD(leader->start_boottime);
	t.mm = (u64)mm;
	if (RD(task->flags) & 0x00200000 /* PF_KTHREAD, include/linux/sched.h */)
		t.flags |= MEMRATE_KERNEL_THREAD;
	t.memcg_id = memory_cgroup(task);
	read_work(&t, task, leader == task);
	if (mm && (leader == task || !RD(leader->mm)))
		read_mm(&t, mm);
	bpf_probe_read_kernel_str(t.comm, sizeof(t.comm), leader->comm);
	/* A pointer that the kernel is to take back must be loaded, not copied by RD(). */
	bpf_seq_write(meta->seq, &t, sizeof(t));
	return 0;
}
