/*
 * The story of a kill, besides its event: what else was true, who died with it, and how its end
 * went. Programs on events of every process do one comparison, or look one number up, before they
 * leave.
 */

#define SIGKILL 9
#define SENT_BY_KERNEL 1    /* SEND_SIG_PRIV, include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */
#define STORY_PAGE 4096
#define STORY_DEPTH 64
#define STORY_NAME 256 /* NAME_MAX and the NUL */

/* The compiler leaves out comparisons that it knows the result of; the verifier needs them. */
#define OPAQUE(x) asm volatile("" : "+r"(x))

/* The domain's memory cgroup, to look at it again later: if it still is the same. */
struct story_domain {
	u64 memcg, inode;
};

/* A victim or member that has not exited yet. */
struct story {
	struct story_domain domain;
	u64 start_ns; /* of the process: a PID is used again */
	u64 mm;
	u32 pid;
	u32 told; /* steps, as bits */
};

/* The kill that a thread is at. */
struct story_kill {
	struct story_domain domain;
	u64 mm;	 /* of the one that __oom_kill_process() has in hand */
	u64 pid; /* of the one that was chosen */
};

struct story_names {
	char names[OOMKILL_PATH_SIZE + STORY_NAME];
};

/* By PID, and by TID if it was another thread that was marked: the OOM reaper knows no other. */
BPF_TABLE("lru_hash", u32, struct story, stories, 4096);
/* By address space: whose it is. */
BPF_TABLE("lru_hash", u64, struct story, story_mms, 4096);
/* By trigger thread. */
BPF_TABLE("lru_hash", u32, struct story_kill, story_kills, 256);
/* Room to read a path. One is enough, as the OOM killer works at one kill at a time. */
BPF_ARRAY(story_names, struct story_names, 1);

static inline struct cgroup *memory_cgroup(struct task_struct *task)
{
	struct css_set *cgroups = RD(task->cgroups);
	struct cgroup_subsys_state *css = RD(cgroups->subsys[memory_cgrp_id]);

	return css ? RD(css->cgroup) : NULL;
}

/* Renamed in Linux 6.15 (include/linux/kernfs.h). */
static inline struct kernfs_node *parent_node(struct kernfs_node *node)
{
#ifdef HAVE_kernfs_node____parent
	return (struct kernfs_node *)RD(node->__parent);
#else
	return RD(node->parent);
#endif
}

/* On the way up from a cgroup; what was read lies in story_names. */
struct path_walk {
	struct kernfs_node *node; /* NULL: that was the root */
	u64 size;
};

/* One name. 1: that was all, or no more fits. */
static inline int path_step(struct path_walk *walk)
{
	struct kernfs_node *node = walk->node;
	int zero = 0, length;
	struct story_names *room = story_names.lookup(&zero);
	u64 size = walk->size;

	/* So that the compiler does not make "is not the end" of it: the verifier cannot. */
	OPAQUE(size);
	if (!node || !room || size >= OOMKILL_PATH_SIZE)
		return 1;
	length = bpf_probe_read_kernel_str(room->names + size, STORY_NAME, RD(node->name));
	if (length <= 0 || size + length > OOMKILL_PATH_SIZE)
		return 1;
	walk->size = size + length;
	walk->node = parent_node(node);
	return 0;
}

#ifdef HAVE_BPF_LOOP
OOMTOOLS_CALLBACK(10)
{
	return path_step(loop.context);
}
#endif

OOMTOOLS_CALLBACK(8)
{
	struct cgroup *cgroup = (void *)loop.index;
	struct oomkill_path *path = loop.context;
	struct path_walk walk = {.node = cgroup ? RD(cgroup->kn) : NULL};
	int zero = 0;
	struct story_names *room = story_names.lookup(&zero);

	path->size = path->whole = 0;
	if (!room)
		return 0;
#ifdef HAVE_BPF_LOOP
	/* The verifier goes through a loop step by step, and here that was most of all it did. */
	bpf_loop(STORY_DEPTH, OOMTOOLS_CALLBACK_REF(10), &walk, 0);
#else
#pragma clang loop unroll(disable)
	for (int i = 0; i < STORY_DEPTH; i++)
		if (path_step(&walk))
			break;
#endif
	path->size = walk.size;
	path->whole = walk.size && !walk.node;
	bpf_probe_read_kernel(path->names, sizeof(path->names), room->names);
	return 0;
}

static inline void read_path(struct oomkill_path *path, struct cgroup *cgroup)
{
	OOMTOOLS_CALL(8, cgroup, path);
}

static inline void read_victim(struct oomkill_detail *d, struct task_struct *victim)
{
	struct task_struct *leader = RD(victim->group_leader), *parent = RD(leader->real_parent);
	struct signal_struct *signal = RD(victim->signal);
	struct mm_struct *mm = RD(victim->mm);
	u64 peak = RD(mm->hiwater_rss), rss;
	struct mm_pages pages;

	d->victim_pid = RD(victim->tgid);
	d->victim_start_ns = RD(leader->start_boottime);
	read_pages_counted(mm, &pages);
	rss = pages.anon + pages.file + pages.shmem;
	d->victim_peak_rss_pages = mm ? peak > rss ? peak : rss : OOMKILL_UNKNOWN;
	d->victim_locked_pages = mm ? RD(mm->locked_vm) : OOMKILL_UNKNOWN;
	d->victim_threads = RD(signal->nr_threads);
	d->victim_parent_pid = RD(parent->tgid);
	bpf_probe_read_kernel_str(d->victim_parent_comm, sizeof(d->victim_parent_comm),
				  parent->comm);
	d->namespace_init_pid = namespace_init(victim);
	read_path(&d->victim_path, memory_cgroup(victim));
}

static inline void read_trigger(struct oomkill_detail *d)
{
	struct task_struct *trigger = (void *)bpf_get_current_task();
	struct task_struct *leader = RD(trigger->group_leader);
	struct signal_struct *signal = RD(trigger->signal);
	struct cred *cred = (struct cred *)RD(trigger->real_cred);
	struct mm_struct *mm = RD(trigger->mm);
	struct cgroup *cgroup = memory_cgroup(trigger);
	struct mm_pages pages;

	read_pages_counted(mm, &pages);
	d->trigger_uid = RD(cred->uid.val);
	d->trigger_oom_score_adj = RD(signal->oom_score_adj);
	d->trigger_start_ns = RD(leader->start_boottime);
	d->trigger_rss_pages = mm ? pages.anon + pages.file + pages.shmem : OOMKILL_UNKNOWN;
	d->trigger_swap_pages = mm ? pages.swap : OOMKILL_UNKNOWN;
	d->trigger_memcg_id = cgroup ? cgroup_inode(cgroup) : 0;
	read_path(&d->trigger_path, cgroup);
}

/* The hierarchy of cgroup v2 is the one with the number 0 (cgroup_init(), kernel/cgroup/cgroup.c).
 */
static inline u32 cgroup_version(struct cgroup *cgroup)
{
	struct cgroup_root *root = cgroup ? RD(cgroup->root) : NULL;

	return !root ? 0 : RD(root->hierarchy_id) ? 1 : 2;
}

/*
 * What mem_cgroup_print_oom_meminfo() logs. Since Linux 6.15 or so cgroup v2 counts no failures of
 * its own: those are events.
 */
static inline u64 memcg_failcnt(struct mem_cgroup *memcg)
{
#ifdef HAVE_page_counter__track_failcnt
	if (!RD(memcg->memory.track_failcnt))
		return RD(memcg->memory_events[MEMCG_MAX].counter);
#endif
#ifdef HAVE_page_counter__failcnt
	return RD(memcg->memory.failcnt);
#else
	return RD(memcg->memory_events[MEMCG_MAX].counter);
#endif
}

static inline void read_domain_swap(struct oomkill_detail *d, struct mem_cgroup *memcg)
{
	/* In a union with memsw, which is cgroup v1's. */
#ifdef HAVE_mem_cgroup__swap
	d->memcg_swap_usage_pages = RD(memcg->swap.usage.counter);
	d->memcg_swap_max_pages = RD(memcg->swap.max);
	/* Memory and swap together are more than memory, unless nobody counts (swapaccount=0). */
	if (d->memcg_version == 1 && d->memcg_swap_usage_pages < d->memcg_usage_pages)
		d->memcg_swap_usage_pages = d->memcg_swap_max_pages = OOMKILL_UNKNOWN;
#endif
}

static inline void read_domain(struct oomkill_detail *d, struct task_struct *victim,
			       struct oom_control *oc, bool dying)
{
	struct mem_cgroup *memcg = oc ? oc->memcg : NULL;
	struct task_struct *trigger = (void *)bpf_get_current_task();
	struct cgroup *cgroup = memcg ? RD(memcg->css.cgroup) : NULL;

	d->memcg_version = cgroup_version(cgroup ? cgroup : memory_cgroup(victim));
	d->nodes = 0;
	if (oc && oc->constraint == OOMKILL_MEMPOLICY)
		d->nodes = RD(oc->nodemask->bits[0]);
	else if (oc && oc->constraint == OOMKILL_CPUSET)
		d->nodes = RD(trigger->mems_allowed.bits[0]);
	d->memcg_usage_pages = d->memcg_failcnt = d->memcg_swap_usage_pages =
		d->memcg_swap_max_pages = d->memcg_oom_events = d->memcg_oom_kill_events =
			OOMKILL_UNKNOWN;
	read_path(&d->domain_path, cgroup);
	if (!memcg)
		return;
	d->memcg_usage_pages = RD(memcg->memory.usage.counter);
	d->memcg_failcnt = memcg_failcnt(memcg);
	read_domain_swap(d, memcg);
	d->memcg_oom_events = RD(memcg->memory_events[MEMCG_OOM].counter);
	d->memcg_oom_kill_events = RD(memcg->memory_events[MEMCG_OOM_KILL].counter);
	/* Where the signal told of the kill, it is counted already: in v1 only where the victim is.
	 */
#ifdef PROBE_MARK_VICTIM
	if (!dying && (d->memcg_version == 2 || cgroup == memory_cgroup(victim)))
		d->memcg_oom_kill_events--;
#endif
}

static inline int tell_detail(struct task_struct *victim, struct oom_control *oc, u32 flags,
			      u64 time_ns)
{
	struct oomkill_detail *d = events.ringbuf_reserve(sizeof(*d));

	if (!d) {
		lost.atomic_increment(OOMKILL_LOST_STORY);
		return 0;
	}
	d->kind = OOMKILL_DETAIL;
	d->time_ns = time_ns;
	read_victim(d, victim);
	read_domain(d, victim, oc, flags & OOMKILL_WAS_DYING);
	read_trigger(d);
	events.ringbuf_submit(d, 0);
	return 0;
}

static inline u64 domain_usage(struct story_domain *domain)
{
	struct mem_cgroup *memcg = (void *)domain->memcg;
	struct cgroup *cgroup = memcg ? RD(memcg->css.cgroup) : NULL;

	return cgroup && cgroup_inode(cgroup) == domain->inode ? RD(memcg->memory.usage.counter)
							       : OOMKILL_UNKNOWN;
}

struct step_told {
	struct mm_struct *mm; /* NULL: it has gone */
	struct story_domain *domain;
	u32 pid;
};

OOMTOOLS_CALLBACK(7)
{
	struct step_told *told = loop.context;
	struct mm_struct *mm = told->mm;
	struct oomkill_step *step = events.ringbuf_reserve(sizeof(*step));
	struct mm_pages pages;

	if (!step) {
		lost.atomic_increment(OOMKILL_LOST_STORY);
		return 0;
	}
	step->kind = OOMKILL_STEP;
	step->step = loop.index;
	step->pid = told->pid;
	step->pad = 0;
	step->time_ns = bpf_ktime_get_ns();
	step->anon_pages = step->file_pages = step->shmem_pages = step->swap_pages =
		step->pgtables_bytes = OOMKILL_UNKNOWN;
	/*
	 * Not a call that then does nothing: where the verifier knows that there is no mm, the
	 * callback of a loop of no steps is dead code to it, which it removes, and the reference to
	 * it is not (Linux 6.12 to 7.2 at least: "verifier bug. No program starts at insn").
	 */
	if (mm) {
		read_pages_exactly(mm, &pages);
		step->anon_pages = pages.anon;
		step->file_pages = pages.file;
		step->shmem_pages = pages.shmem;
		step->swap_pages = pages.swap;
		step->pgtables_bytes = RD(mm->pgtables_bytes.counter);
	}
	step->memcg_usage_pages = domain_usage(told->domain);
	events.ringbuf_submit(step, 0);
	return 0;
}

static inline void tell_step(u32 name, u32 pid, struct mm_struct *mm, struct story_domain *domain)
{
	struct step_told told = {mm, domain, pid};

	OOMTOOLS_CALL(7, name, &told);
}

static inline u64 start_of(struct task_struct *task)
{
	struct task_struct *leader = RD(task->group_leader);

	return RD(leader->start_boottime);
}

/* That of a process which was told of; NULL: it was not, or that was another with the same PID. */
static inline struct story *story_of(struct task_struct *task, u32 pid)
{
	struct story *story = stories.lookup(&pid);

	return story && story->start_ns == start_of(task) ? story : NULL;
}

/* From now on its end is followed. */
static inline void follow(struct task_struct *victim, struct story_kill *kill)
{
	u64 mm = (u64)RD(victim->mm);
	u32 tid = RD(victim->pid);
	struct story story = {.domain = kill->domain,
			      .start_ns = start_of(victim),
			      .mm = mm,
			      .pid = RD(victim->tgid)};

	stories.update(&story.pid, &story);
	if (tid != story.pid)
		stories.update(&tid, &story);
	if (mm)
		story_mms.insert(&mm, &story);
}

struct story_told {
	void *ctx;
	struct task_struct *victim;
	struct oom_control *oc;
	struct story_kill *kill;
};

/* Called, as it is long and there are two places to call it from. */
OOMTOOLS_CALLBACK(6)
{
	u32 flags = loop.index;
	struct story_told *t = loop.context;
	u64 time_ns = tell_event(t->ctx, t->victim, t->oc, flags);

	if (!time_ns)
		return 0;
	follow(t->victim, t->kill);
	return tell_detail(t->victim, t->oc, flags, time_ns);
}

static inline int story_tell(void *ctx, struct task_struct *victim, struct oom_control *oc,
			     u32 flags, struct story_kill *kill)
{
	struct story_told told = {ctx, victim, oc, kill};

	return OOMTOOLS_CALL(6, flags, &told);
}

/* A kill begins. */
static inline void story_begins(struct task_struct *victim, struct oom_control *oc,
				struct story_kill *kill)
{
	u32 trigger = bpf_get_current_pid_tgid();
	struct cgroup *cgroup;

	__builtin_memset(kill, 0, sizeof(*kill));
	kill->mm = (u64)RD(victim->mm);
	kill->pid = RD(victim->tgid);
	if (oc && oc->memcg) {
		cgroup = RD(oc->memcg->css.cgroup);
		kill->domain.memcg = (u64)oc->memcg;
		kill->domain.inode = cgroup_inode(cgroup);
	}
	story_kills.update(&trigger, kill);
}

/*
 * The trigger sends SIGKILL to VICTIM: to the chosen, to all that share its memory, and with
 * memory.oom.group the same for each process of the cgroup, the chosen among them
 * (oom_kill_process(), mm/oom_kill.c). What VICTIM is, as flags of its event; 0: not a member, or
 * one that was told of.
 */
static inline u32 story_goes_on(struct task_struct *victim, struct story_kill *kill)
{
	u32 trigger = bpf_get_current_pid_tgid(), pid = RD(victim->tgid), flags;
	struct story_kill *known = story_kills.lookup(&trigger);
	u64 mm = (u64)RD(victim->mm);

	if (!known)
		return 0;
	flags = mm && mm == known->mm ? OOMKILL_SHARES_MM : OOMKILL_GROUP_MEMBER;
	known->mm = mm;
	*kill = *known;
	return story_of(victim, pid) ? 0 : flags;
}

#ifdef PROBE_MARK_VICTIM
/*
 * The signal comes before the mark, and the victim may take it before that, so it is the signal by
 * which a kill is known.
 */
static inline int story_signal(void *ctx, struct task_struct *task)
{
	struct task_struct *victim = oom_thread_with_mm(task);
	u32 pid = RD(task->tgid), flags = 0;
	struct oom_control *oc = NULL;
	struct oom_search search;
	struct story_kill kill;
	int found = oom_find_control(ctx, task, &search);

	if (found < 0)
		return 0;
	if (!found && !story_of(task, pid)) {
		oc = &search.oc;
		story_begins(victim, oc, &kill);
	} else {
		flags = story_goes_on(victim, &kill);
		if (!flags)
			return 0;
	}
	return story_tell(ctx, victim, oc, flags, &kill);
}

/* Marked without a signal: it was dying anyway, and is let use the memory reserves. */
BPF_PROG(tp_btf__mark_victim, struct task_struct *victim)
{
	u32 trigger = bpf_get_current_pid_tgid(), pid = RD(victim->tgid);
	struct story_kill *known = story_kills.lookup(&trigger);
	struct oom_control *oc;
	struct oom_search search;
	struct story_kill kill;

	/* Told of at the signal; or there was no room, then it was counted. */
	if (story_of(victim, pid) || (known && known->pid == pid))
		return 0;
	oc = oom_find_control(ctx, victim, &search) ? NULL : &search.oc;
	story_begins(victim, oc, &kill);
	return story_tell(ctx, victim, oc, OOMKILL_WAS_DYING, &kill);
}
#else
static inline int story_signal(void *ctx, struct task_struct *task)
{
	struct task_struct *victim = oom_thread_with_mm(task);
	struct story_kill kill;
	u32 flags = story_goes_on(victim, &kill);

	return flags ? story_tell(ctx, victim, NULL, flags, &kill) : 0;
}

static inline int story_chosen(void *ctx, struct oom_control *oc)
{
	struct task_struct *victim = oom_thread_with_mm(oc->chosen);
	struct signal_struct *signal = RD(victim->signal);
	bool dying = RD(signal->flags) & SIGNAL_GROUP_EXIT;
	struct story_kill kill;

	story_begins(victim, oc, &kill);
	return story_tell(ctx, victim, oc, dying ? OOMKILL_WAS_DYING : 0, &kill);
}

static inline int story_done(void)
{
	u32 trigger = bpf_get_current_pid_tgid();
	struct story_kill *kill = story_kills.lookup(&trigger);

	if (kill)
		tell_step(OOMKILL_STEP_DONE, kill->pid, NULL, &kill->domain);
	story_kills.delete(&trigger);
	return 0;
}
#endif

BPF_PROG(raw_tp__signal_generate, int sig, void *info, struct task_struct *task)
{
	if (sig != SIGKILL || (u64)info != SENT_BY_KERNEL)
		return 0;
	return story_signal(ctx, task);
}

/* SIZE bytes of the caller's memory, or as many as are in its first page. What was copied. */
static inline u32 read_pages(void *to, u64 address, u32 size)
{
	u64 first = STORY_PAGE - (address & (STORY_PAGE - 1));

	if (!bpf_probe_read_user(to, size, (void *)address))
		return size;
	if (first >= size)
		return 0;
	OPAQUE(first);
	if (first >= OOMKILL_ARGUMENTS_SIZE || bpf_probe_read_user(to, first, (void *)address))
		return 0;
	return first;
}

/*
 * As get_mm_cmdline() (fs/proc/base.c): if the arguments do not end in a NUL, a title was written
 * over them, and goes on in the environment behind.
 */
static inline void read_arguments(struct oomkill_arguments *a, struct mm_struct *mm)
{
	u64 start = RD(mm->arg_start), end = RD(mm->arg_end), most = RD(mm->env_end);
	char last = 0;
	long length;
	u32 size;

	a->whole_size = a->size = 0;
	if (start >= end)
		return;
	a->whole_size = end - start;
	size = end - start < OOMKILL_ARGUMENTS_SIZE ? end - start : OOMKILL_ARGUMENTS_SIZE;
	bpf_probe_read_user(&last, 1, (void *)(end - 1));
	if (!last) {
		a->size = read_pages(a->text, start, size);
		return;
	}
	length = bpf_probe_read_user_str(a->text, sizeof(a->text), (void *)start);
	if (length <= 0)
		return;
	a->size = length;
	a->whole_size = length < OOMKILL_ARGUMENTS_SIZE ? length
			: most > end			? most - start
							: end - start;
}

static inline void tell_arguments(u32 pid, struct mm_struct *mm)
{
	struct oomkill_arguments *a = events.ringbuf_reserve(sizeof(*a));

	if (!a) {
		lost.atomic_increment(OOMKILL_LOST_STORY);
		return;
	}
	a->kind = OOMKILL_ARGUMENTS;
	a->pid = pid;
	a->time_ns = bpf_ktime_get_ns();
	read_arguments(a, mm);
	events.ringbuf_submit(a, 0);
}

/* In each thread of a victim; the kernel holds its siglock, so one comes after the other. */
BPF_PROG(raw_tp__signal_deliver, int sig)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *task = (void *)bpf_get_current_task();
	struct story *story;
	struct mm_struct *mm;

	if (sig != SIGKILL)
		return 0;
	story = story_of(task, pid);
	mm = RD(task->mm);
	if (!story || story->told & 1 << OOMKILL_STEP_SIGNALLED || !mm)
		return 0;
	story->told |= 1 << OOMKILL_STEP_SIGNALLED;
	tell_step(OOMKILL_STEP_SIGNALLED, pid, mm, &story->domain);
	tell_arguments(pid, mm);
	return 0;
}

BPF_PROG(raw_tp__finish_task_reaping, int tid)
{
	struct story *story = stories.lookup(&tid);

	if (story)
		tell_step(OOMKILL_STEP_REAPED, story->pid, (struct mm_struct *)story->mm,
			  &story->domain);
	return 0;
}

static inline void freed(struct mm_struct *mm)
{
	u64 address = (u64)mm;
	struct story *story = story_mms.lookup(&address);

	if (!story)
		return;
	tell_step(OOMKILL_STEP_FREED, story->pid, mm, &story->domain);
	story_mms.delete(&address);
}

/* Since Linux 6.16 it comes before the thread leaves its address space, before that after it. */
BPF_PROG(raw_tp__sched_process_exit, struct task_struct *task)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct story *story = story_of(task, pid);
	struct signal_struct *signal;
	struct mm_struct *mm;

	if (!story)
		return 0;
	signal = RD(task->signal);
	/* What it has left stays its active one, until another thread runs here. */
	mm = RD(task->active_mm);
	if ((u64)mm != story->mm)
		mm = NULL;
	if (!RD(signal->live.counter) && !(story->told & 1 << OOMKILL_STEP_EXITED)) {
		story->told |= 1 << OOMKILL_STEP_EXITED;
		tell_step(OOMKILL_STEP_EXITED, pid, mm, &story->domain);
	}
#ifndef HAVE_trace_event_raw_exit_mmap
	/*
	 * Who was preempted on the way out has another active one. Should this one's memory be in
	 * use again already, it has users, and the kill is taken to be not over: better than wrong.
	 */
	mm = (struct mm_struct *)story->mm;
	if (mm && !RD(mm->mm_users.counter))
		freed(mm);
#endif
	return 0;
}

#ifdef HAVE_trace_event_raw_exit_mmap
BPF_PROG(raw_tp__exit_mmap, struct mm_struct *mm)
{
	freed(mm);
	return 0;
}
#endif
