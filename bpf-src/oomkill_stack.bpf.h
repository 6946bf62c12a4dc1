/*
 * oomkill -s and -S: stacks as they are at the kill, with what is needed to name their frames when
 * the process has gone: its executable mappings, which files these are and their paths.
 *
 * Nothing here takes a lock: the mmap lock may be held by the very thread that allocates, and
 * bpf_find_vma() cannot be called twice while interrupts are off, as they are at the delivery of
 * a signal. The kernel's structures are read as they lie; what is read in the midst of a change is
 * bounded, and checked by user space against the file itself.
 */
#include "oomkill_stack.h"

#define STACK_SIGKILL 9
#define STACK_SENT_BY_KERNEL 1 /* SEND_SIG_PRIV, include/linux/sched/signal.h */
#define STACK_USER 256	       /* BPF_F_USER_STACK */
#define STACK_VM_EXEC 4	       /* include/linux/mm.h */
#define STACK_NAME_STEPS 1024  /* names and mount points of all paths together */
#define STACK_VMA_STEPS 65536

/* Have the compiler take the value for new, so that the verifier sees the test that follows. */
#define STACK_FORGET(x) asm volatile("" : "+r"(x))

struct stack_walk {
	/* Through the mappings. */
	struct mm_struct *mm;
	u64 root, node, node_max, wanted; /* of the maple tree */
	u64 slot;
	struct vm_area_struct *vma; /* of the list that was before */
	/* Through the names of a path. */
	struct dentry *dentry, *mount_root;
	struct vfsmount *mount;
	u32 above; /* beyond the root of the mount */
	u32 mapping;
};

struct stack_scratch {
	struct oomkill_stack record;
	struct stack_walk walk;
	u64 files[OOMKILL_STACK_MAPPINGS]; /* a number: of a pointer libbcc makes a read of kernel
					      memory */
};
/* Of the victim's thread: interrupts are off there. Triggers are one at a time, under oom_lock. */
BPF_PERCPU_ARRAY(stack_of_cpu, struct stack_scratch, 1);
BPF_ARRAY(stack_of_oom_lock, struct stack_scratch, 1);

static inline struct stack_scratch *stack_scratch_of(u64 of_trigger)
{
	int zero = 0;

	return of_trigger ? stack_of_oom_lock.lookup(&zero) : stack_of_cpu.lookup(&zero);
}

/* Which file a mapping is of, and where it lies. */
static inline void stack_add_mapping(struct stack_scratch *s, struct vm_area_struct *vma)
{
	u32 n = s->record.n_mappings;
	struct oomkill_mapping *m;
	struct super_block *super;
	struct inode *inode;
	struct file *file;

	if (!(RD(vma->vm_flags) & STACK_VM_EXEC))
		return;
	file = RD(vma->vm_file);
	inode = file ? RD(file->f_inode) : NULL;
	if (!inode || RD(vma->vm_mm) != s->walk.mm)
		return; /* generated code, the vdso */
	STACK_FORGET(n);
	if (n >= OOMKILL_STACK_MAPPINGS) {
		s->record.flags |= OOMKILL_STACK_MAPPINGS_CUT;
		return;
	}
	super = RD(inode->i_sb);
	m = &s->record.mappings[n];
	m->start = RD(vma->vm_start);
	m->end = RD(vma->vm_end);
	m->offset = RD(vma->vm_pgoff);
	m->inode = RD(inode->i_ino);
	m->size = RD(inode->i_size);
	m->device = RD(super->s_dev);
	/* Renamed in Linux 6.7 and split in 6.11 (include/linux/fs.h). */
#if defined(HAVE_inode__i_mtime_sec)
	m->mtime_s = RD(inode->i_mtime_sec);
	m->mtime_ns = RD(inode->i_mtime_nsec);
#elif defined(HAVE_inode____i_mtime)
	m->mtime_s = RD(inode->__i_mtime.tv_sec);
	m->mtime_ns = RD(inode->__i_mtime.tv_nsec);
#else
	m->mtime_s = RD(inode->i_mtime.tv_sec);
	m->mtime_ns = RD(inode->i_mtime.tv_nsec);
#endif
	m->path_at = m->path_size = m->in_mount_size = m->above_size = 0;
	m->whole = m->pad = 0;
	s->files[n] = (u64)file;
	s->record.n_mappings = n + 1;
}

#ifdef HAVE_mm_struct__mm_mt
/* include/linux/maple_tree.h: nodes of 256 bytes, aligned to that; what kind is in bits 3 to 6. */
#define MAPLE_KIND(node) ((node) >> 3 & 15)
#define MAPLE_LEAF 1   /* maple_leaf_64: 16 slots, as maple_range_64 */
#define MAPLE_ARANGE 3 /* maple_arange_64: 10 slots */
#define MAPLE_ADDRESS(node) ((u64 *)((node) & ~255ull))
#define MAPLE_RANGE_SLOTS 16
#define MAPLE_ARANGE_SLOTS 10

static inline void stack_at_root(struct stack_walk *w)
{
	w->node = w->root;
	w->node_max = ~0ull;
	w->slot = 0;
}

/*
 * One slot of one node: the mappings come in the order of their addresses, from w->wanted on. A
 * node is the parent, n - 1 pivots (the last address of each slot), n slots. 1: that was all.
 */
static inline int stack_next_mapping(struct stack_scratch *s)
{
	struct stack_walk *w = &s->walk;
	u64 kind = MAPLE_KIND(w->node), *node = MAPLE_ADDRESS(w->node), last = 0, child = 0;
	u32 slots = kind == MAPLE_ARANGE ? MAPLE_ARANGE_SLOTS : MAPLE_RANGE_SLOTS;

	if (kind < MAPLE_LEAF || kind > MAPLE_ARANGE || w->slot >= slots)
		return 1;
	if (w->slot + 1 < slots)
		bpf_probe_read_kernel(&last, sizeof(last), &node[1 + w->slot]);
	if (!last || last > w->node_max)
		last = w->node_max;
	if (last < w->wanted) {
		w->slot++;
		return 0;
	}
	if (bpf_probe_read_kernel(&child, sizeof(child), &node[slots + w->slot]))
		return 1;
	if (kind != MAPLE_LEAF) {
		w->node = child;
		w->node_max = last;
		w->slot = 0;
		return 0;
	}
	if (child)
		stack_add_mapping(s, (struct vm_area_struct *)child);
	w->wanted = last + 1;
	if (last == w->node_max)
		stack_at_root(w);
	else
		w->slot++;
	return !w->wanted;
}

static inline void stack_first_mapping(struct stack_walk *w)
{
	w->root = (u64)RD(w->mm->mm_mt.ma_root);
	w->wanted = 0;
	stack_at_root(w);
}
#else
static inline int stack_next_mapping(struct stack_scratch *s)
{
	struct vm_area_struct *vma = s->walk.vma;

	if (!vma)
		return 1;
	stack_add_mapping(s, vma);
	s->walk.vma = RD(vma->vm_next);
	return 0;
}

static inline void stack_first_mapping(struct stack_walk *w)
{
	w->vma = RD(w->mm->mmap);
}
#endif

static inline void stack_first_name(struct stack_scratch *s)
{
	u32 i = s->walk.mapping;
	struct file *file;

	STACK_FORGET(i);
	if (i >= OOMKILL_STACK_MAPPINGS)
		return;
	file = (struct file *)s->files[i];
	s->walk.dentry = RD(file->f_path.dentry);
	s->walk.mount = RD(file->f_path.mnt);
	s->walk.mount_root = NULL;
	s->walk.above = 0;
	s->record.mappings[i].path_at = s->record.names_size;
}

/* A path has come to its end: the next one. 1: there is none. */
static inline int stack_next_path(struct stack_scratch *s, struct oomkill_mapping *m, u32 whole)
{
	m->whole = whole;
	s->walk.mapping++;
	if (s->walk.mapping >= s->record.n_mappings)
		return 1;
	stack_first_name(s);
	return 0;
}

/* At the root of a mount: on from where that is mounted. */
static inline int stack_leave_mount(struct stack_scratch *s, struct oomkill_mapping *m,
				    struct dentry *dentry)
{
	struct stack_walk *w = &s->walk;
	struct mount *mount = (void *)w->mount - offsetof(struct mount, mnt);
	struct mount *parent = RD(mount->mnt_parent);

	if (!w->mount_root) {
		w->mount_root = dentry;
		m->in_mount_size = s->record.names_size - m->path_at;
	}
	if (parent != mount) {
		w->dentry = RD(mount->mnt_mountpoint);
		w->mount = (void *)parent + offsetof(struct mount, mnt);
		return 0;
	}
	m->path_size = s->record.names_size - m->path_at;
	w->above = 1;
	w->dentry = w->mount_root;
	return 0;
}

/* One name, or one mount point. 1: no more paths. */
static inline int stack_next_name(struct stack_scratch *s)
{
	struct stack_walk *w = &s->walk;
	u32 i = w->mapping, at = s->record.names_size;
	struct dentry *dentry = w->dentry, *parent;
	struct oomkill_mapping *m;
	const unsigned char *name;
	long size;

	STACK_FORGET(i);
	if (i >= OOMKILL_STACK_MAPPINGS)
		return 1;
	m = &s->record.mappings[i];
	parent = RD(dentry->d_parent);
	if (w->above && parent == dentry) {
		m->above_size = at - m->path_at - m->path_size;
		return stack_next_path(s, m, 1);
	}
	if (!w->above && RD(w->mount->mnt_root) == dentry)
		return stack_leave_mount(s, m, dentry);
	if (!parent || parent == dentry) /* unmounted meanwhile */
		return stack_next_path(s, m, 0);
	STACK_FORGET(at);
	if (at >= OOMKILL_STACK_NAMES) {
		s->record.flags |= OOMKILL_STACK_MAPPINGS_CUT;
		return 1;
	}
	name = RD(dentry->d_name.name);
	size = bpf_probe_read_kernel_str(&s->record.names[at], OOMKILL_STACK_NAME_SIZE, name);
	if (size <= 1)
		return stack_next_path(s, m, 0);
	s->record.names_size = at + size;
	w->dentry = parent;
	return 0;
}

#ifdef HAVE_BPF_LOOP
OOMTOOLS_CALLBACK(3)
{
	struct stack_scratch *s = stack_scratch_of(*(u64 *)loop.context);

	return s ? stack_next_mapping(s) : 1;
}

OOMTOOLS_CALLBACK(4)
{
	struct stack_scratch *s = stack_scratch_of(*(u64 *)loop.context);

	return s ? stack_next_name(s) : 1;
}
#endif

static inline void stack_read_mappings(struct stack_scratch *s, u64 of_trigger)
{
#ifdef HAVE_BPF_LOOP
	stack_first_mapping(&s->walk);
	if (bpf_loop(STACK_VMA_STEPS, OOMTOOLS_CALLBACK_REF(3), &of_trigger, 0) == STACK_VMA_STEPS)
		s->record.flags |= OOMKILL_STACK_MAPPINGS_CUT;
	if (!s->record.n_mappings)
		return;
	stack_first_name(s);
	bpf_loop(STACK_NAME_STEPS, OOMTOOLS_CALLBACK_REF(4), &of_trigger, 0);
#else
	/* Before Linux 5.17: so many steps are too many for the verifier. */
	s->record.flags |= OOMKILL_STACK_MAPPINGS_CUT;
#endif
}

/*
 * The stack of the task that runs now; KERNEL: that of the kernel, too. VICTIM_PID: of the kill.
 */
static inline int stack_send(void *ctx, u32 victim_pid, u64 of_trigger)
{
	struct stack_scratch *s = stack_scratch_of(of_trigger);
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 id = bpf_get_current_pid_tgid();
	struct oomkill_stack *r;
	long n;

	if (!s)
		return 0;
	r = &s->record;
	r->kind = OOMKILL_STACK;
	r->flags = 0;
	r->of_trigger = of_trigger;
	r->time_ns = bpf_ktime_get_ns();
	r->victim_pid = victim_pid;
	r->pid = id >> 32;
	r->tid = id;
	r->namespace_init_pid = namespace_init(task);
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	r->n_mappings = 0;
	r->names_size = 0;
	r->vdso = 0;
	n = of_trigger ? bpf_get_stack(ctx, r->kernel, sizeof(r->kernel), 0) : 0;
	r->n_kernel = n < 0 ? n : (u32)n / 8;
	n = bpf_get_stack(ctx, r->user, sizeof(r->user), STACK_USER);
	r->n_user = n < 0 ? n : (u32)n / 8;
	s->walk.mm = RD(task->mm);
	s->walk.mapping = 0;
	if (s->walk.mm) {
		r->vdso = (u64)RD(s->walk.mm->context.vdso);
		stack_read_mappings(s, of_trigger);
	}
	if (events.ringbuf_output(r, sizeof(*r), 0))
		lost.atomic_increment(OOMKILL_LOST_STORY);
	return 0;
}

#ifdef OOMKILL_TRIGGER_STACK
/* At the kill, in the task that needed the memory. */
static inline void stack_of_trigger(void *ctx, struct task_struct *victim)
{
	stack_send(ctx, RD(victim->tgid), 1);
}
#else
#define stack_of_trigger(ctx, victim) (void)0
#endif

#ifdef OOMKILL_VICTIM_STACK
/*
 * By process: it is being killed, and which thread's stack is wanted (0: that of the first to take
 * the signal). The kernel sends SIGKILL first and marks the victim afterwards, so what the OOM
 * killer did cannot be told yet from the few other kills by the kernel; user space drops those.
 */
BPF_TABLE("lru_hash", u32, u32, stack_wanted, 1024);

BPF_PROG(tp_btf__signal_generate, int sig, void *info, struct task_struct *task)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 pid, tid;

	if (sig != STACK_SIGKILL || (u64)info != STACK_SENT_BY_KERNEL)
		return 0;
	pid = RD(task->tgid);
	/* A trigger that kills itself: the thread that wanted the memory is the one to see. */
	tid = pid == id >> 32 ? id : 0;
	stack_wanted.update(&pid, &tid);
	return 0;
}

BPF_PROG(tp_btf__signal_deliver, int sig)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 pid = id >> 32, *tid;

	if (sig != STACK_SIGKILL)
		return 0;
	tid = stack_wanted.lookup(&pid);
	/* Whoever takes the entry away is the one. */
	if (!tid || (*tid && *tid != (u32)id) || stack_wanted.delete(&pid))
		return 0;
	return stack_send(ctx, pid, 0);
}
#endif
