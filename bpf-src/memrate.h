/* What memrate's probe and user space tell each other. Both sides include this file. */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

#define MEMRATE_COMM_SIZE 16 /* TASK_COMM_LEN, include/linux/sched.h */

/* memrate_task.flags */
#define MEMRATE_KERNEL_THREAD 1 /* PF_KTHREAD */
#define MEMRATE_SIZES 2		/* the sizes of its memory are in this record */
#define MEMRATE_EXACT 4 /* they are exact once `untold` of all threads is added (until 6.1) */

/*
 * A thread, from the iterator iter__task. A process is all records of one pid: the faults of its
 * threads and what each has not told the mm yet are to be added up; the sizes come with the first
 * thread, or, if that has exited before others, with each of these.
 */
struct memrate_task {
	__u32 pid, tid; /* as seen from the initial PID namespace */
	__u32 flags;
	__u32 reserved;
	__u64 start_ns; /* of the process; CLOCK_BOOTTIME */
	__u64 mm;	/* the address space: who has the same number shares it; 0: none */
	__u64 memcg_id; /* inode of its memory cgroup's directory; 0: none */
	__u64 cpu_ns;	/* of CPU time; of this thread, and with the first one of those that have
			   ended */
	/* Of this thread; with the first one those of threads that have ended. */
	__u64 minor_faults, major_faults;
	__s64 anon_pages, file_pages, shmem_pages, swap_pages;
	/* Until Linux 6.1: counted by this thread and not added to the mm yet. */
	__s32 anon_untold, file_untold, shmem_untold, swap_untold;
	char comm[MEMRATE_COMM_SIZE]; /* of the process */
};

/* A process in the maps `counts` and `running`. */
struct memrate_key {
	__u32 pid;
	__u32 pad;
	__u64 start_ns; /* as above: with the pid this very process */
};

/*
 * What was seen in its context since user space looked last; interrupts are counted to whom they
 * have interrupted. A text may have more members of 64 bits: they are shown as so many a second.
 */
struct memrate_count {
	__u64 pages;	   /* allocated, of whatever use */
	__u64 pages_freed; /* likewise, whoever had allocated them */
	__u64 slab_bytes;  /* kmalloc() and kmem_cache_alloc() */
	__u64 slab_allocs;
	__u64 slab_frees; /* kfree() and kmem_cache_free() */
};

/* For whom a CPU counts, and what it has not yet added to `counts`: in the map `running`. */
struct memrate_running {
	struct memrate_key key; /* pid 0: nobody */
	struct memrate_count count;
};

/* Index into the map `gate`, which user space sets: count (1) or pass by (0). */
#define MEMRATE_OPEN 0
