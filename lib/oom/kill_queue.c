#include "oom/kill_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf-src/oomkill.h"
#include "bpf-src/oomkill_stack.h"
#include "oom/kill_early.h"
#include "oom/kill_extras.h"
#include "oom/kill_gather.h"

#define MS 1000000ull
#define PATIENCE_NS (3000 * MS)
/* Where the kernel side does not say that all members were told: so long none came. */
#define QUIET_NS (100 * MS)
/* Where it has never told when memory was given back: so long after the last one's exit. */
#define UNTOLD_NS (1000 * MS)
/* A victim may take the signal before the kernel marks it: __oom_kill_process(), mm/oom_kill.c. */
#define SIGNAL_LEAD_NS (1000 * MS)

/* One of those that die: the victim is the first. */
struct dying {
	uint32_t pid;
	size_t mm; /* whose address space it has: its own, or that of the one at this place */
	bool signalled, exited, freed; /* address spaces are freed, in the place of their owner */
};

struct waiting {
	struct kill *kill;
	uint64_t heard_ns, last_ns; /* when its first and its last record came */
	bool all_told;
	struct dying *dying;
	size_t n_dying, dying_capacity;
};

struct kill_queue {
	struct kill_queue_config config;
	struct waiting waiting[KILL_QUEUE_MOST]; /* by the time of the kill */
	size_t n_waiting, n_members;
	struct kill_early early;
	uint64_t now_ns, late_members;
	bool tells_all, tells_freed; /* the kernel side has done so before */
};

int kill_queue_open(const struct kill_queue_config *config, struct kill_queue **ret)
{
	struct kill_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->config = *config;
	if (!q->config.patience_ns)
		q->config.patience_ns = PATIENCE_NS;
	if (!q->config.root)
		q->config.root = "";
	*ret = q;
	return 0;
}

static bool has_freed(const struct waiting *w, size_t i)
{
	return w->dying[w->dying[i].mm].freed;
}

static bool all_exited(const struct waiting *w)
{
	for (size_t i = 0; i < w->n_dying; i++)
		if (!w->dying[i].exited && !has_freed(w, i))
			return false;
	return true;
}

static bool all_freed(const struct waiting *w)
{
	for (size_t i = 0; i < w->n_dying; i++)
		if (!has_freed(w, i))
			return false;
	return true;
}

static bool is_over(const struct kill_queue *q, const struct waiting *w)
{
	return all_freed(w) || (!q->tells_freed && all_exited(w));
}

/* When it goes out if nothing more comes. */
static uint64_t due(const struct kill_queue *q, const struct waiting *w)
{
	uint64_t end = w->heard_ns + q->config.patience_ns;
	uint64_t told = w->all_told ? 0 : q->tells_all ? end : w->last_ns + QUIET_NS;
	uint64_t over = end;

	if (q->config.wait == KILL_AT_ONCE)
		return 0;
	if (q->config.wait == KILL_MEMBERS_TOLD)
		return MIN(told, end);
	if (all_freed(w))
		over = 0;
	else if (is_over(q, w))
		over = w->last_ns + UNTOLD_NS;
	return MIN(MAX(told, over), end);
}

static void waiting_clear(struct waiting *w)
{
	kill_free(w->kill);
	free(w->dying);
}

static void put_out_first(struct kill_queue *q)
{
	struct waiting first = q->waiting[0];

	first.kill->course.complete = is_over(q, &first);
	q->n_waiting--;
	q->n_members -= first.n_dying - 1;
	memmove(q->waiting, q->waiting + 1, q->n_waiting * sizeof(first));
	q->config.out(first.kill, q->config.user);
	waiting_clear(&first);
}

static void on_unwanted(void *user, const void *record)
{
	struct kill_queue *q = user;

	if (*(const uint32_t *)record == OOMKILL_MEMBER)
		q->late_members++;
}

void kill_queue_advance(struct kill_queue *q, uint64_t now_ns)
{
	q->now_ns = now_ns;
	while (q->n_waiting && due(q, &q->waiting[0]) <= now_ns)
		put_out_first(q);
	if (now_ns > PATIENCE_NS)
		kill_early_drop(&q->early, now_ns - PATIENCE_NS, on_unwanted, q);
}

uint64_t kill_queue_due_ns(const struct kill_queue *q)
{
	return q->n_waiting ? due(q, &q->waiting[0]) : UINT64_MAX;
}

static int add_dying(struct waiting *w, const struct oomkill_event *e)
{
	size_t mm = w->n_dying;

	if (array_reserve(&w->dying, &w->dying_capacity, w->n_dying, 1, sizeof(*w->dying)) < 0)
		return -ENOMEM;
	/* Those that share it are told of behind the one they share it with. */
	if (e->flags & OOMKILL_SHARES_MM && mm)
		mm = w->dying[mm - 1].mm;
	w->dying[w->n_dying++] = (struct dying){
		.pid = e->victim_pid,
		.mm = mm,
		.freed = e->anon_pages == OOMKILL_UNKNOWN, /* it had none any more */
	};
	return 0;
}

/* The place of a kill at that time: behind all that were before it or at the same instant. */
static size_t place_of(const struct kill_queue *q, uint64_t time_ns)
{
	size_t i = q->n_waiting;

	while (i && q->waiting[i - 1].kill->kernel_time_ns > time_ns)
		i--;
	return i;
}

/* The last kill up to that time of which ASKED is true; NULL: none. */
static struct waiting *find(struct kill_queue *q, uint64_t time_ns,
			    bool (*asked)(const struct waiting *w, const void *of), const void *of)
{
	for (size_t i = place_of(q, time_ns); i--;)
		if (asked(&q->waiting[i], of))
			return &q->waiting[i];
	return NULL;
}

static bool is_by_trigger(const struct waiting *w, const void *tid)
{
	return w->kill->trigger.tid == *(const uint32_t *)tid;
}

static bool is_any(const struct waiting *w, const void *of)
{
	return w && !of;
}

static struct dying *dying_of(const struct waiting *w, uint32_t pid)
{
	for (size_t i = 0; i < w->n_dying; i++)
		if (w->dying[i].pid == pid)
			return &w->dying[i];
	return NULL;
}

static bool has_dying(const struct waiting *w, const void *pid)
{
	return dying_of(w, *(const uint32_t *)pid);
}

static int gather(const struct kill_queue *q, struct kill *k, const struct oomkill_event *e)
{
	int r = kill_gather_event(k, e);

	if (r == 0)
		r = kill_gather_machine(k, q->config.root);
	if (r == 0 && q->config.wait != KILL_AT_ONCE)
		r = kill_gather_containers(k, q->config.root);
	if (r == 0)
		r = kill_gather_gfp(k, q->config.gfp_names);
	if (r == 0 && q->config.wait == KILL_OVER)
		r = kill_gather_command_lines(k);
	return r;
}

static int on_chosen(struct kill_queue *q, const struct oomkill_event *e,
		     const struct named_values *extras)
{
	struct waiting w = {.kill = kill_new(), .heard_ns = q->now_ns, .last_ns = q->now_ns};
	int r = w.kill ? gather(q, w.kill, e) : -ENOMEM;
	size_t at;

	if (r == 0 && extras)
		r = kill_extras_add(&w.kill->extras, extras);
	if (r == 0)
		r = add_dying(&w, e);
	if (r < 0) {
		waiting_clear(&w);
		return r;
	}
	if (q->n_waiting == KILL_QUEUE_MOST)
		put_out_first(q);
	at = place_of(q, e->time_ns);
	memmove(q->waiting + at + 1, q->waiting + at, (q->n_waiting - at) * sizeof(w));
	q->waiting[at] = w;
	q->n_waiting++;
	return 1;
}

static int on_member(struct kill_queue *q, const struct oomkill_event *e,
		     const struct named_values *extras)
{
	struct waiting *w;
	int r;

	if (q->config.wait == KILL_AT_ONCE)
		return 1;
	/* The OOM killer is at one kill at a time; if that by another, this one's was lost. */
	w = find(q, e->time_ns, is_any, NULL);
	if (!w || !is_by_trigger(w, &e->trigger_tid))
		return 0;
	/* Variants differ in whether the chosen one is told of among the members too. */
	if (has_dying(w, &e->victim_pid))
		return 1;
	r = add_dying(w, e);
	if (r == 0)
		r = kill_gather_member(w->kill, e);
	if (r == 0 && extras)
		r = kill_extras_add(&w->kill->members[w->kill->n_members - 1].extras, extras);
	w->last_ns = q->now_ns;
	q->n_members++;
	return r < 0 ? r : 1;
}

/* Of a victim or member, by its PID and the time of the record. */
static struct waiting *find_dying(struct kill_queue *q, uint32_t pid, uint64_t time_ns,
				  struct dying **ret)
{
	struct waiting *w = find(q, time_ns, has_dying, &pid);

	*ret = w ? dying_of(w, pid) : NULL;
	return w;
}

/* NULL: a member of which there was no memory to tell. */
static struct kill_process *process_of(const struct waiting *w, const struct dying *d)
{
	size_t i = (size_t)(d - w->dying);

	if (i == 0)
		return &w->kill->victim;
	return i <= w->kill->n_members ? &w->kill->members[i - 1].process : NULL;
}

static int on_detail(struct kill_queue *q, const struct oomkill_detail *d)
{
	struct dying *of;
	struct waiting *w = find_dying(q, d->victim_pid, d->time_ns, &of);
	struct kill_process *member;

	if (!w)
		return 0;
	if (of == w->dying)
		return kill_gather_detail(w->kill, q->config.root, d) < 0 ? -ENOMEM : 1;
	member = process_of(w, of);
	return member && kill_gather_member_detail(member, w->kill, d) < 0 ? -ENOMEM : 1;
}

static int on_arguments(struct kill_queue *q, const struct oomkill_arguments *a)
{
	struct dying *d;
	struct waiting *w = find_dying(q, a->pid, a->time_ns + SIGNAL_LEAD_NS, &d);
	struct kill_process *p = w ? process_of(w, d) : NULL;

	if (!w)
		return 0;
	return p && kill_gather_arguments(p, a) < 0 ? -ENOMEM : 1;
}

static void take_step(struct kill_queue *q, struct waiting *w, struct dying *d,
		      const struct oomkill_step *s)
{
	bool of_victim = d == w->dying;

	switch (s->step) {
	case OOMKILL_STEP_SIGNALLED:
		d->signalled = true;
		break;
	case OOMKILL_STEP_EXITED:
		d->exited = true;
		break;
	case OOMKILL_STEP_FREED:
		q->tells_freed = true;
		/* Whoever left it last gave it back. */
		of_victim = d->mm == 0;
		w->dying[d->mm].freed = true;
		break;
	case OOMKILL_STEP_DONE:
		q->tells_all = true;
		w->all_told = true;
		break;
	default:
		break;
	}
	if (of_victim)
		kill_gather_step(w->kill, s);
}

static int on_step(struct kill_queue *q, const struct oomkill_step *s)
{
	bool signalled = s->step == OOMKILL_STEP_SIGNALLED;
	struct dying *d;
	struct waiting *w =
		find_dying(q, s->pid, s->time_ns + (signalled ? SIGNAL_LEAD_NS : 0), &d);

	/* The same PID again: of another process, of whose kill nothing is known yet. */
	if (w && ((signalled && d->signalled) || (s->step == OOMKILL_STEP_EXITED && d->exited)))
		w = NULL;
	if (!w)
		return 0;
	take_step(q, w, d, s);
	w->last_ns = q->now_ns;
	return 1;
}

static int on_stack(struct kill_queue *q, const struct oomkill_stack *s)
{
	struct dying *d;
	struct waiting *w = s->of_trigger ? find(q, s->time_ns, is_by_trigger, &s->tid)
					  : find_dying(q, s->pid, s->time_ns + SIGNAL_LEAD_NS, &d);

	if (!w)
		return 0;
	if (!q->config.stack || (!s->of_trigger && d != w->dying))
		return 1;
	return q->config.stack(w->kill, s, q->config.user) < 0 ? -ENOMEM : 1;
}

/* 1: taken; 0: its kill is not known (yet); -EBADMSG, -ENOMEM. */
static int take(struct kill_queue *q, const void *record, size_t size,
		const struct named_values *extras)
{
	static const size_t least[] = {
		[OOMKILL_CHOSEN] = sizeof(struct oomkill_event),
		[OOMKILL_MEMBER] = sizeof(struct oomkill_event),
		[OOMKILL_DETAIL] = sizeof(struct oomkill_detail),
		[OOMKILL_ARGUMENTS] = offsetof(struct oomkill_arguments, text),
		[OOMKILL_STACK] = sizeof(struct oomkill_stack),
		[OOMKILL_STEP] = sizeof(struct oomkill_step),
	};
	const struct oomkill_arguments *a = record;
	uint32_t kind;

	if (size < sizeof(kind))
		return -EBADMSG;
	kind = *(const uint32_t *)record;
	if (kind >= ARRAY_SIZE(least) || size < least[kind])
		return -EBADMSG;
	switch (kind) {
	case OOMKILL_CHOSEN:
		return on_chosen(q, record, extras);
	case OOMKILL_MEMBER:
		return on_member(q, record, extras);
	case OOMKILL_DETAIL:
		return on_detail(q, record);
	case OOMKILL_ARGUMENTS:
		return size - least[kind] < MIN(a->size, sizeof(a->text)) ? -EBADMSG
									  : on_arguments(q, a);
	case OOMKILL_STACK:
		return on_stack(q, record);
	default:
		return on_step(q, record);
	}
}

static int take_early(void *user, const void *record, size_t size,
		      const struct named_values *extras)
{
	return take(user, record, size, extras) != 0;
}

static int feed(struct kill_queue *q, const void *record, size_t size,
		const struct named_values *extras, uint64_t now_ns)
{
	uint32_t kind;
	int r;

	q->now_ns = now_ns;
	r = take(q, record, size, extras);
	if (r < 0)
		return r;
	kind = *(const uint32_t *)record;
	if (r == 0) {
		r = kill_early_keep(&q->early, record, size, extras, now_ns);
		kill_early_drop(&q->early, 0, on_unwanted, q);
		return r;
	}
	if (kind == OOMKILL_CHOSEN || kind == OOMKILL_MEMBER) {
		size_t before;

		/* A member among them may be what others have waited for. */
		do {
			before = q->early.bytes;
			kill_early_offer(&q->early, take_early, q);
		} while (q->early.bytes < before);
		while (q->n_members > KILL_QUEUE_MEMBERS_MOST)
			put_out_first(q);
	}
	if (q->config.wait == KILL_AT_ONCE)
		kill_queue_advance(q, now_ns);
	return 0;
}

int kill_queue_feed(struct kill_queue *q, const void *record, size_t size, uint64_t now_ns)
{
	return feed(q, record, size, NULL, now_ns);
}

int kill_queue_feed_event(struct kill_queue *q, const struct oomkill_event *e,
			  const struct named_values *extras, uint64_t now_ns)
{
	return feed(q, e, sizeof(*e), extras, now_ns);
}

void kill_queue_flush(struct kill_queue *q)
{
	while (q->n_waiting)
		put_out_first(q);
	kill_early_drop(&q->early, UINT64_MAX, on_unwanted, q);
}

size_t kill_queue_waiting(const struct kill_queue *q)
{
	return q->n_waiting;
}

uint64_t kill_queue_late_members(const struct kill_queue *q)
{
	return q->late_members;
}

void kill_queue_close(struct kill_queue *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->n_waiting; i++)
		waiting_clear(&q->waiting[i]);
	kill_early_drop(&q->early, UINT64_MAX, NULL, NULL);
	free(q);
}
