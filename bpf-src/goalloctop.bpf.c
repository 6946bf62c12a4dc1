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
OOMTOOLS_EVENT(goalloctop_coming);
BPF_ARRAY(counters, u64, GOALLOCTOP_COUNTERS);
BPF_TABLE("lru_hash", struct oomprof_key, u32, not_go, 4096);
BPF_HASH(watched, u32, u32, 16384);

static inline int tell_coming(u32 kind, u32 pid, struct oomprof_key *key)
{
	struct goalloctop_coming *coming = comings.ringbuf_reserve(sizeof(*coming));

	if (!coming) {
		counters.atomic_increment(GOALLOCTOP_LOST_COMINGS);
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

/*
 * What follows runs in Go programs, on uprobes that user space attaches to functions of their
 * runtime (lib/alloc/go_probes.c): on the jump at the end of the check of the stack, where the
 * registers are as Go's calling convention has them (cmd/compile/abi-internal.md). If the jump is
 * going to be taken, the function makes room or lets others run, and then begins anew.
 */
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define ARGUMENT_0(ctx) ((ctx)->regs[0])
#define ARGUMENT_1(ctx) ((ctx)->regs[1])
#define GOROUTINE(ctx) ((ctx)->regs[28])
#define JUMPS(ctx) (((ctx)->pstate >> 29 & 3) != 1) /* b.ls: but for C set, Z clear */
#else
#define ARGUMENT_0(ctx) ((ctx)->ax)
#define ARGUMENT_1(ctx) ((ctx)->bx)
#define GOROUTINE(ctx) ((ctx)->r14)
#define JUMPS(ctx) (((ctx)->flags & 0x41) != 0) /* jbe: CF or ZF set */
#endif

#if defined(GOALLOCTOP_EVENTS) || defined(GOALLOCTOP_REFILL) || defined(GOALLOCTOP_GC)
#define GOALLOCTOP_PROBES
BPF_HASH(targets, u32, struct goalloctop_target, 16384);

/*
 * NULL: it is none, or the function begins anew. Where it has no check the flags say nothing; PLACE
 * is an enum goalloctop_place.
 */
static inline struct goalloctop_target *target_now(struct pt_regs *ctx, u32 place)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct goalloctop_target *target = targets.lookup(&pid);

	if (target && (target->on_jump & 1 << place) && JUMPS(ctx))
		return NULL;
	return target;
}

/* runtime.(*gcControllerState).startCycle: a collection begins, and none has before it ended. */
int uprobe__gc_begin(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_GC_BEGIN);

	if (target)
		target->began_ns = bpf_ktime_get_ns();
	return 0;
}

/* runtime.gcMarkTermination: nothing of the program runs, and soon the next cycle of the profile
 * begins. */
int uprobe__gc_end(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_GC_END);
	u64 took;

	if (!target)
		return 0;
	target->cycle++;
	if (!target->began_ns)
		return 0;
	took = bpf_ktime_get_ns() - target->began_ns;
	target->began_ns = 0;
	target->timed++;
	target->timed_ns += took;
	if (took > target->longest_ns)
		target->longest_ns = took;
	return 0;
}
#endif

#if defined(GOALLOCTOP_EVENTS) || defined(GOALLOCTOP_REFILL)
BPF_HASH(sites, struct goalloctop_site, struct goalloctop_count, 131072);

static inline void *read_pointer(u64 address)
{
	void *value = NULL;

	bpf_probe_read_user(&value, sizeof(value), (void *)address);
	return value;
}

/* The user's goroutine that the runtime works for on this thread; 0: none, or not known. */
static inline u64 goroutine_of(struct goalloctop_target *target, u64 g)
{
	u64 m, current, id = 0;

	if (!target->goroutines_known)
		return 0;
	m = (u64)read_pointer(g + target->g_m);
	current = m ? (u64)read_pointer(m + target->m_curg) : 0;
	if (current)
		bpf_probe_read_user(&id, sizeof(id), (void *)(current + target->g_goid));
	return id;
}

static inline u64 owner_of(struct goalloctop_target *target, u64 g)
{
	if (target->split == GOALLOCTOP_SPLIT_THREAD)
		return (u32)bpf_get_current_pid_tgid();
	return target->split == GOALLOCTOP_SPLIT_GOROUTINE ? goroutine_of(target, g) : 0;
}

static inline struct goalloctop_count *count_of(struct goalloctop_target *target, u64 stack,
						u64 owner, u64 size)
{
	struct goalloctop_site site = {};
	struct goalloctop_count *count, zero = {};

	site.stack = stack;
	site.owner = owner;
	site.size = size;
	site.pid = bpf_get_current_pid_tgid() >> 32;
	count = sites.lookup(&site);
	if (!count) {
		sites.insert(&site, &zero);
		count = sites.lookup(&site);
	}
	if (!count)
		lock_xadd(&target->lost_sites, 1);
	return count;
}

static inline void count_allocs(struct goalloctop_target *target, struct goalloctop_count *count,
				u64 n)
{
	/* Where two threads are the first of a cycle at once, one allocation may count for the
	 * cycle before. */
	if (count->cycle != target->cycle) {
		count->at_gc = count->allocs;
		count->cycle = target->cycle;
	}
	lock_xadd(&count->allocs, n);
}
#endif

#ifdef GOALLOCTOP_EVENTS
BPF_RINGBUF_OUTPUT(samples, 256);
OOMTOOLS_EVENT(goalloctop_sample);

static inline void tell_sample(struct goalloctop_target *target, u64 g, u64 bucket)
{
	struct goalloctop_sample *sample = samples.ringbuf_reserve(sizeof(*sample));
	u64 id = bpf_get_current_pid_tgid();

	if (!sample) {
		lock_xadd(&target->lost_samples, 1);
		return;
	}
	sample->time_ns = bpf_ktime_get_ns();
	sample->bucket = bucket;
	sample->goroutine = goroutine_of(target, g);
	sample->pid = id >> 32;
	sample->tid = id;
	/* What fills a member of yours stands here. */
	samples.ringbuf_submit(sample, 0);
}

/*
 * runtime.setprofilebucket(p unsafe.Pointer, b *bucket): the last thing that is done for a sampled
 * allocation, on the thread's own stack. The bucket stands for stack and size.
 */
int uprobe__alloc(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_ALLOC);
	u64 bucket = ARGUMENT_1(ctx), g = GOROUTINE(ctx);
	struct goalloctop_count *count;

	if (!target)
		return 0;
	count = count_of(target, bucket, owner_of(target, g), 0);
	if (count)
		count_allocs(target, count, 1);
	if (target->trace)
		tell_sample(target, g, bucket);
	return 0;
}

/* runtime.mProf_Free(b *bucket, ...): the sweeper has found a sampled object dead. */
int uprobe__free(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_FREE);
	struct goalloctop_count *count;

	if (!target)
		return 0;
	count = count_of(target, ARGUMENT_0(ctx), 0, 0);
	if (count)
		lock_xadd(&count->frees, 1);
	return 0;
}
#endif

#ifdef GOALLOCTOP_REFILL
#define SPAN_CLASSES 136  /* runtime.numSpanClasses */
#define SMALL_MOST 32768  /* objects above have a span of their own */
#define SPAN_OBJECTS 8192 /* of 8 bytes in the largest span */
#define PAGE_BYTES 8192	  /* of the runtime */

BPF_HASH(stacks, u64, struct goalloctop_stack, 16384);
BPF_PERCPU_ARRAY(scratch, struct goalloctop_stack, 1);

/* The stack's number, kept in `stacks`; 0: none. */
static inline u64 stack_now(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct goalloctop_stack *stack = scratch.lookup(&zero);
	u64 hash = 0;
	int i;

	if (!stack)
		return 0;
	__builtin_memset(stack, 0, sizeof(*stack));
	if (bpf_get_stack(ctx, stack, sizeof(*stack), 256 /* BPF_F_USER_STACK */) <= 0)
		return 0;
	for (i = 0; i < GOALLOCTOP_FRAMES; i++) {
		hash = (hash ^ stack->frames[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	if (!stacks.lookup(&hash))
		stacks.insert(&hash, stack);
	return stacks.lookup(&hash) ? hash : 0;
}

static inline int count_objects(struct pt_regs *ctx, struct goalloctop_target *target, u64 size,
				u64 n)
{
	struct goalloctop_count *count;
	u64 stack = stack_now(ctx);

	if (!stack) {
		lock_xadd(&target->lost_stacks, 1);
		return 0;
	}
	count = count_of(target, stack, owner_of(target, GOROUTINE(ctx)), size);
	if (count)
		count_allocs(target, count, n);
	return 0;
}

/*
 * runtime.(*mcache).refill(c *mcache, spc spanClass): the span that small objects came from is
 * full. What was allocated from it since the last time is what the runtime adds to its total, too;
 * who is here now stands for all who did.
 */
int uprobe__refill(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_REFILL);
	u64 mcache = ARGUMENT_0(ctx), class = (u8)ARGUMENT_1(ctx), span, size = 0;
	u16 allocated = 0, taken_over = 0;

	if (!target || class >= SPAN_CLASSES)
		return 0;
	span = (u64)read_pointer(mcache + target->mcache_alloc + 8 * class);
	bpf_probe_read_user(&allocated, 2, (void *)(span + target->mspan_allocated));
	bpf_probe_read_user(&taken_over, 2, (void *)(span + target->mspan_taken_over));
	bpf_probe_read_user(&size, 8, (void *)(span + target->mspan_object));
	/* At first there is an empty span. */
	if (allocated <= taken_over || allocated > SPAN_OBJECTS || !size || size > SMALL_MOST)
		return 0;
	return count_objects(ctx, target, size, allocated - taken_over);
}

/* runtime.(*mcache).allocLarge(c *mcache, size uintptr, ...) */
int uprobe__large(struct pt_regs *ctx)
{
	struct goalloctop_target *target = target_now(ctx, GOALLOCTOP_ON_LARGE);
	u64 size = (ARGUMENT_1(ctx) + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	return target && size ? count_objects(ctx, target, size, 1) : 0;
}
#endif
