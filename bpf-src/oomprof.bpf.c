/*
 * oomprof: copy the Go runtime's heap profile out of a process that the OOM killer has just killed.
 *
 * SIGKILL is sent before the victim is marked (mm/oom_kill.c __oom_kill_process), so a kernel-sent
 * SIGKILL to a known Go program arms the walk and the mark confirms it. The walk runs in the
 * victim, before exit_mm(): in the first of its threads that exits or, before Linux 6.16, takes the
 * signal.
 */
#include "oomtools.bpf.h"
#include "oomprof.h"
#include "oom.bpf.h"
#include "program.bpf.h"

#define AT_ENTRY 9    /* include/uapi/linux/auxvec.h */
#define AUXV_PAIRS 26 /* AT_VECTOR_SIZE is 2 * (2 + 20 + 1) or a little more */
#define SIGKILL 9
#define SENT_BY_KERNEL 1 /* SEND_SIG_PRIV, include/linux/sched/signal.h */
#define SIGNAL_IGNORED 1 /* TRACE_SIGNAL_IGNORED, include/trace/events/signal.h */
#define NO_WAKEUP 1	 /* BPF_RB_NO_WAKEUP */
#define FORCE_WAKEUP 2	 /* BPF_RB_FORCE_WAKEUP */

/*
 * Since Linux 6.16 this tracepoint comes before exit_mm(), and has group_dead. Before that only the
 * delivery of the signal is early enough, but there the kernel holds the victim's siglock: during
 * the walk interrupts are off, and on every CPU that runs another thread of the victim, too.
 */
#ifdef HAVE_trace_event_raw_sched_process_exit__group_dead
#define WALK_AT_EXIT
#endif

#define RING_PAGES 2048 /* unless user space makes it larger or smaller (--ring) */

BPF_RINGBUF_OUTPUT(execs, 32); /* looking into them takes user space its time: not in the way */
BPF_RINGBUF_OUTPUT(control, 64);
OOMTOOLS_EVENT(oomprof_kill);
OOMTOOLS_EVENT(oomprof_begin);
OOMTOOLS_EVENT(oomprof_end);
OOMTOOLS_EVENT(oomprof_exit);
OOMTOOLS_RECORD(oomprof_seen);
BPF_RINGBUF_OUTPUT(buckets, RING_PAGES);
OOMTOOLS_RECORD(oomprof_bucket);
BPF_ARRAY(counters, u64, 1);
BPF_HASH(binaries, struct oomprof_key, struct oomprof_binary, 4096);
BPF_HASH(places, struct oomprof_process, struct oomprof_place, 1024);
BPF_TABLE("lru_hash", struct oomprof_key, u32, not_go, 4096);
BPF_TABLE("lru_hash", struct oomprof_inode, struct oomprof_key, inodes, 4096);
/* When SIGKILL was sent; and whether the first page of its list was looked for in vain. */
BPF_TABLE("lru_hash", struct oomprof_process, u64, killed, 4096);
#define KILLED_UNREADABLE (1ull << 63)
BPF_ARRAY(settings, u64, OOMPROF_SETTINGS);

static inline void lost_event(void)
{
	counters.atomic_increment(OOMPROF_COUNTER_LOST);
}

#include "oomprof_walk.bpf.h"
#include "oomprof_goroutines.bpf.h"

/*
 * The same, by the name under which user space has learnt it. What is in a file cannot change while
 * it runs (ETXTBSY), but its time can: touch, or a package manager that puts it right.
 */
static inline int program_key_of(struct task_struct *task, struct oomprof_key *key)
{
	struct oomprof_inode inode;
	struct oomprof_key *learnt;

	if (key_of(task, key))
		return 1;
	if (binaries.lookup(key))
		return 0;
	inode.inode = key->inode;
	inode.device = key->device;
	learnt = inodes.lookup(&inode);
	if (learnt)
		*key = *learnt;
	return 0;
}

static inline void place_key_of(const struct oomprof_process *process, struct oomprof_process *key)
{
	*key = *process;
	key->start_ns -= key->start_ns % OOMPROF_TICK_NS;
}

static inline struct oomprof_place *place_of(const struct oomprof_process *process)
{
	struct oomprof_process key;

	place_key_of(process, &key);
	return places.lookup(&key);
}

static inline void forget_place(struct task_struct *task)
{
	struct oomprof_process process, key;

	process_of(task, &process);
	place_key_of(&process, &key);
	places.delete(&key);
}

/* The key of the file that holds a process's Go runtime; 1: there is none. */
static inline int runtime_key_of(struct task_struct *task, struct oomprof_process *process,
				 struct oomprof_key *key)
{
	struct oomprof_place *place = place_of(process);

	if (!place)
		return program_key_of(task, key);
	*key = place->key;
	return 0;
}

/*
 * Programs started from now on. User space hears of each executable once, and answers in a map;
 * there it can ask to hear of every start.
 */
BPF_PROG(raw_tp__sched_process_exec, struct task_struct *task)
{
	struct oomprof_process process;
	struct oomprof_binary *binary;
	struct oomprof_seen *seen;
	struct oomprof_key key;

	forget_place(task); /* it was the program's before this one */
	if (key_of(task, &key) || not_go.lookup(&key))
		return 0;
	binary = binaries.lookup(&key);
	if (binary && !binary->tell_exec)
		return 0;
	process_of(task, &process);
	seen = execs.ringbuf_reserve(sizeof(*seen));
	if (!seen) {
		lost_event();
		return 0;
	}
	seen->kind = OOMPROF_EXEC;
	seen->tid = process.pid;
	seen->process = process;
	seen->key = key;
	seen->exec_ns = bpf_ktime_get_ns();
	execs.ringbuf_submit(seen, 0);
	return 0;
}

/* Programs running already: read once, when the probe is in place. */
BPF_PROG(iter__task, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct oomprof_seen seen = {.kind = OOMPROF_EXEC};
	struct task_struct *leader;

	if (!task || key_of(task, &seen.key))
		return 0;
	/* Of a process whose first thread has exited, the others tell. */
	leader = RD(task->group_leader);
	if (leader != task && RD(leader->mm))
		return 0;
	process_of(task, &seen.process);
	seen.tid = RD(task->pid);
	/* A pointer that the kernel is to take back must be loaded, not copied by RD(). */
	bpf_seq_write(meta->seq, &seen, sizeof(seen));
	return 0;
}

struct kill_told {
	struct task_struct *victim;
	struct oomprof_key *key;
	struct oom_control *oc;
	u32 sent;
};

/* Called, as it is long and there are two places to call it from. */
OOMTOOLS_CALLBACK(4)
{
	struct kill_told *t = loop.context;
	struct task_struct *victim = t->victim;
	struct oomprof_kill *kill = control.ringbuf_reserve(sizeof(*kill));

	if (!kill) {
		lost_event();
		return 0;
	}
	kill->kind = OOMPROF_KILL;
	process_of(victim, &kill->process);
	kill->key = *t->key;
	kill->not_go = not_go.lookup(t->key) != NULL;
	kill->sent = t->sent;
	oom_read_victim(&kill->event, victim);
	oom_read_control(&kill->event, t->oc, loop.index);
	control.ringbuf_submit(kill, 0);
	return 0;
}

static inline int tell_kill(struct task_struct *victim, struct oomprof_key *key, u32 sent,
			    struct oom_control *oc, u32 flags)
{
	struct kill_told told = {victim, key, oc, sent};

	return OOMTOOLS_CALL(4, flags, &told);
}

/*
 * SIGKILL. The OOM killer's come from the kernel itself, and few others do; those of processes
 * count only if user space wants all kills (--all-kills). From now on the victim's threads walk, if
 * it is a Go program that is known.
 */
static inline int killed_by(struct task_struct *task, u32 sent, bool all)
{
	struct oomprof_key key; /* on the stack: Linux 5.10 takes no other memory as a map key */
	struct oomprof_process process;
	struct signal_struct *signal = RD(task->signal);
	u64 now = bpf_ktime_get_ns();
	int gone;

	process_of(task, &process);
	gone = runtime_key_of(task, &process, &key);
	if (gone && !RD(signal->live.counter))
		return 0;
	/* Gone, and others live: the first thread has exited. The key is found as they walk. */
	if (gone || binaries.lookup(&key))
		killed.insert(&process, &now);
	if (!all || (!gone && not_go.lookup(&key)))
		return 0;
	return tell_kill(task, &key, sent, NULL, 0);
}

BPF_PROG(raw_tp__signal_generate, int sig, void *info, struct task_struct *task, int group,
	 int result)
{
	bool by_kernel = (u64)info == SENT_BY_KERNEL, all;

	if (sig != SIGKILL || result == SIGNAL_IGNORED)
		return 0;
	all = setting(OOMPROF_SETTING_ALL_KILLS);
	if (!by_kernel && !all)
		return 0;
	return killed_by(task, by_kernel ? OOMPROF_SENT_BY_KERNEL : OOMPROF_SENT_BY_PROCESS, all);
}

static inline int victim_marked(struct task_struct *victim, struct oom_control *oc, u32 flags)
{
	struct oomprof_process process;
	struct oomprof_key key;
	u64 now = bpf_ktime_get_ns();

	process_of(victim, &process);
	killed.insert(&process, &now);
	runtime_key_of(victim, &process, &key);
	return tell_kill(victim, &key, OOMPROF_SENT_BY_OOM, oc, flags);
}

#ifdef PROBE_MARK_VICTIM
BPF_PROG(tp_btf__mark_victim, struct task_struct *victim)
{
	struct oom_search search;
	int found = oom_find_control(ctx, victim, &search);

	/* One call, as it is inlined: three would take three times as long to compile and verify.
	 */
	return victim_marked(victim, found < 0 ? NULL : &search.oc,
			     found > 0 ? OOMKILL_GROUP_MEMBER : 0);
}
#else
/* By trigger thread: the oom_control it is working on, as long as it does. */
BPF_TABLE("lru_hash", u32, struct oom_control, controls, 256);

static inline int kill_begins(struct oom_control *control_address)
{
	u32 trigger = bpf_get_current_pid_tgid();
	struct oom_control oc;

	bpf_probe_read_kernel(&oc, sizeof(oc), control_address);
	controls.update(&trigger, &oc);
	return 0;
}

static inline int kill_marks(struct task_struct *victim)
{
	u32 trigger = bpf_get_current_pid_tgid();
	struct oom_control *oc = controls.lookup(&trigger);
	bool chosen = oc && (oc->chosen == victim || oc->chosen == RD(victim->group_leader));

	return victim_marked(victim, oc, oc && !chosen ? OOMKILL_GROUP_MEMBER : 0);
}

/* A thread can be marked without a kill: one that is dying is let use the memory reserves. */
static inline int kill_ends(void)
{
	u32 trigger = bpf_get_current_pid_tgid();

	controls.delete(&trigger);
	return 0;
}

#if defined(PROBE_FENTRY)
BPF_PROG(fentry__oom_kill_process, struct oom_control *oc)
{
	return kill_begins(oc);
}
BPF_PROG(fexit__oom_kill_process)
{
	return kill_ends();
}
BPF_PROG(fentry__mark_oom_victim, struct task_struct *victim)
{
	return kill_marks(victim);
}
#else
int kprobe__oom_kill_process(struct pt_regs *ctx)
{
	return kill_begins((void *)PT_REGS_PARM1(ctx));
}
int kretprobe__oom_kill_process(struct pt_regs *ctx)
{
	return kill_ends();
}
int kprobe__mark_oom_victim(struct pt_regs *ctx)
{
	return kill_marks((void *)PT_REGS_PARM1(ctx));
}
#endif
#endif

/* The load bias: what AT_ENTRY of the saved auxiliary vector is above the link-time entry. */
static inline u64 bias_of(struct task_struct *task, u64 entry)
{
	struct mm_struct *mm = RD(task->mm);
	u64 pair[2];
	int i;

	for (i = 0; i < AUXV_PAIRS; i++) {
		bpf_probe_read_kernel(pair, sizeof(pair), &mm->saved_auxv[2 * i]);
		if (pair[0] == AT_ENTRY)
			return pair[1] - entry;
		if (pair[0] == 0)
			break;
	}
	return 0;
}

/* What cannot be read becomes 0: the helper does that, of what is not known by nobody's address. */
static inline u32 read_known(void *to, u32 size, u64 bias, u64 address, u32 flag)
{
	u32 failed = bpf_probe_read_user(to, size, (void *)(address ? bias + address : 0));

	return address && !failed ? flag : 0;
}

static inline void read_runtime(struct oomprof_begin *begin, u64 bias, struct oomprof_binary *b)
{
	struct oomprof_runtime *r = &begin->runtime;

	r->known = read_known(&begin->rate, 8, bias, b->rate, OOMPROF_KNOWS_RATE);
	r->known |= read_known(&begin->cycle, 4, bias, b->cycle, OOMPROF_KNOWS_CYCLE);
	r->known |= read_known(r->gc_controller, OOMPROF_GC_CONTROLLER_SIZE, bias, b->gc_controller,
			       OOMPROF_KNOWS_GC_CONTROLLER);
	r->known |= read_known(&r->write_barrier, 4, bias, b->write_barrier,
			       OOMPROF_KNOWS_WRITE_BARRIER);
	r->known |= read_known(&r->allglen, 8, bias, b->allglen, OOMPROF_KNOWS_ALLGLEN);
	r->goroutines = 0; /* counted later */
}

/* Tell of the walk that begins; 1: it cannot be told. */
static inline int tell_begin(struct walk *w, u64 bias, struct oomprof_key *key,
			     struct oomprof_binary *binary, u64 killed_ns)
{
	struct oomprof_begin *begin = control.ringbuf_reserve(sizeof(*begin));

	if (!begin) {
		lost_event();
		return 1;
	}
	begin->kind = OOMPROF_BEGIN;
	begin->process = w->process;
	begin->key = *key;
	begin->killed_ns = killed_ns;
	begin->time_ns = bpf_ktime_get_ns();
	begin->bias = bias;
	begin->head = w->address;
	bpf_get_current_comm(begin->comm, sizeof(begin->comm));
	read_runtime(begin, bias, binary);
	control.ringbuf_submit(begin, FORCE_WAKEUP);
	return 0;
}

/* Make the state of a victim; 1: another thread was quicker, or there is no room. */
static inline int make_state(struct walk *w, u64 bias, struct oomprof_binary *binary, u64 killed_ns)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct walk_state *fresh = &w->fresh;
	struct mm_struct *mm = RD(task->mm);

	fresh->id = w->id;
	fresh->work = WALKER;
	fresh->heads = 0;
#ifdef HAVE_BPF_LOOP
	if (binary->buckhash)
		bpf_probe_read_user(&fresh->heads, 8, (void *)(bias + binary->buckhash));
#endif
	fresh->arrived = 1;
	fresh->threads = threads_of(task);
	fresh->killed_ns = w->killed_ns = killed_ns;
	fresh->swapped = w->swapped = mm_pages(mm, MM_SWAPENTS) != 0;
	fresh->records_size = binary->records_size;
	return walks.insert(&w->process, fresh);
}

/* The first thread of a victim. 1: it walks. */
static inline int walk_first(struct walk *w, struct task_struct *task,
			     struct oomprof_process *process, int others)
{
	u64 *killed_ns = killed.lookup(process), head = 0, bias, time_ns;
	struct oomprof_place *place = place_of(process);
	struct oomprof_binary *binary;
	struct walk_state *state;
	struct oomprof_key key;
	int unreadable;

	if (!killed_ns || runtime_key_of(task, process, &key))
		return 0;
	binary = binaries.lookup(&key);
	if (!binary || !binary->mbuckets)
		return 0;
	bias = place ? place->bias : bias_of(task, binary->entry);
	unreadable = bpf_probe_read_user(&head, 8, (void *)(bias + binary->mbuckets));
	/* A page can be out of reach for a moment only: while it is moved, say. Then another thread
	 * tries. */
	if (unreadable && others > 0) {
		*killed_ns |= KILLED_UNREADABLE;
		return 0;
	}
	walk_prepare(w, process, binary->records_size);
	w->first = w->from_head = 1;
	w->address = head;
	time_ns = *killed_ns & ~KILLED_UNREADABLE;
	if (make_state(w, bias, binary, time_ns))
		return 0;
	state = walks.lookup(process);
	if (!state || tell_begin(w, bias, &key, binary, time_ns)) {
		walks.delete(process); /* the next thread tries again */
		return 0;
	}
	state->begun = 1;
	count_goroutines(w, bias, binary);
	if (unreadable) {
		w->unreadable = 1;
		list_broken(w);
	}
	return 1;
}

/* In the victim. OTHERS: threads of it that come here later. */
static inline int walk_victim(void *ctx, struct task_struct *task, int others)
{
	struct oomprof_process process;
	struct walk_state *state;
	struct walk *w;
	int zero = 0, walks_now = 0;

	process_of(task, &process);
	if (!killed.lookup(&process))
		return 0;
	w = walk.lookup(&zero);
	/* Where a walk can be preempted, another one may come upon its memory. */
	if (!w || w->busy)
		return 0;
	w->busy = 1;
	state = walks.lookup(&process);
	if (!state) {
		walks_now = walk_first(w, task, &process, others);
		state = walks_now ? NULL : walks.lookup(&process);
	}
	if (state)
		walks_now = walk_join(w, &process, state);
	if (walks_now)
		walk_on(ctx, w);
	w->busy = 0;
	return 0;
}

#ifndef WALK_AT_EXIT
BPF_PROG(raw_tp__signal_deliver, int sig)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct signal_struct *signal = RD(task->signal);

	return sig == SIGKILL ? walk_victim(ctx, task, RD(signal->live.counter) - 1) : 0;
}
#endif

static inline int last_has_gone(struct task_struct *task)
{
	struct oomprof_process process;
	struct walk_state *state;
	struct oomprof_exit *gone;
	u64 *killed_ns;

	forget_place(task);
	process_of(task, &process);
	killed_ns = killed.lookup(&process);
	if (!killed_ns)
		return 0;
	state = walks.lookup(&process);
	gone = control.ringbuf_reserve(sizeof(*gone));
	if (!gone) {
		lost_event();
		return 0;
	}
	gone->kind = OOMPROF_EXIT;
	gone->process = process;
	gone->begun = state != NULL;
	gone->unreadable = *killed_ns >> 63;
	gone->walkers = state ? state->work : 0;
	gone->pending = state ? state->work >> 32 : 0;
	control.ringbuf_submit(gone, FORCE_WAKEUP);
	return 0;
}

BPF_PROG(raw_tp__sched_process_exit, struct task_struct *task)
{
	struct signal_struct *signal = RD(task->signal);
	int others = RD(signal->live.counter);

#ifdef WALK_AT_EXIT
	walk_victim(ctx, task, others);
#endif
	return others ? 0 : last_has_gone(task);
}
