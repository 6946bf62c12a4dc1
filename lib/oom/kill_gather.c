#include "oom/kill_gather.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "proc/cgroup.h"
#include "proc/clock.h"
#include "oom/kill_text.h"

static const char *const domains[] = {
	[OOMKILL_WHOLE_MACHINE] = "machine",
	[OOMKILL_CPUSET] = "cpuset",
	[OOMKILL_MEMPOLICY] = "mempolicy",
	[OOMKILL_MEMCG] = "memcg",
};

static uint64_t bytes_of(uint64_t pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return pages > (UINT64_MAX - 1) / page ? KILL_UNKNOWN : pages * page;
}

/* PAGE_COUNTER_MAX (include/linux/page_counter.h), some 2^63 bytes, is no limit. */
static uint64_t limit_of(uint64_t pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return pages >= (UINT64_C(1) << 60) / page ? KILL_UNKNOWN : pages * page;
}

static uint64_t unless_zero(uint64_t n)
{
	return n ? n : KILL_UNKNOWN;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == KILL_UNKNOWN || b == KILL_UNKNOWN ? KILL_UNKNOWN : a + b;
}

/* The cgroup's path; where it has gone already, TAIL (its last component) or nothing. */
static int find_path(uint64_t id, const char *tail, size_t size, char **at)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	if (!id)
		return 0;
	if (cgroup_path(id, &path) < 0)
		return strbuf_error(&path) < 0
			       ? -ENOMEM
			       : kill_set_unless_empty(at, tail, strnlen(tail, size));
	return kill_set_unless_empty(at, path.data, path.length);
}

static int gather_process(struct kill_process *p, const struct oomkill_event *e)
{
	p->pid = e->victim_pid;
	p->tid = e->victim_tid;
	p->pid_in_namespace = unless_zero(e->victim_pid_in_namespace);
	p->uid = e->victim_uid;
	p->oom_score_adj = e->oom_score_adj;
	p->anon_bytes = bytes_of(e->anon_pages);
	p->file_bytes = bytes_of(e->file_pages);
	p->shmem_bytes = bytes_of(e->shmem_pages);
	p->rss_bytes = sum(sum(p->anon_bytes, p->file_bytes), p->shmem_bytes);
	p->swap_bytes = bytes_of(e->swap_pages);
	p->pgtables_bytes = e->pgtables_bytes;
	p->virtual_bytes = bytes_of(e->total_vm_pages);
	p->memcg_inode = unless_zero(e->victim_memcg_id);
	return kill_set_text(&p->comm, e->victim_comm, strnlen(e->victim_comm, OOMKILL_COMM_SIZE));
}

uint64_t kill_memcg_limit(const struct oomkill_event *e)
{
	if (!(e->flags & OOMKILL_HAS_CONTROL) || e->constraint != OOMKILL_MEMCG)
		return KILL_UNKNOWN;
	return limit_of(e->memcg_max_pages);
}

static int gather_control(struct kill *k, const struct oomkill_event *e)
{
	struct kill_domain *d = &k->domain;
	const char *kind = "unknown";
	int r = 0;

	if (e->flags & OOMKILL_HAS_CONTROL) {
		if (e->constraint < ARRAY_SIZE(domains))
			kind = domains[e->constraint];
		d->pages = e->totalpages;
		d->bytes = bytes_of(e->totalpages);
		d->memcg_inode = unless_zero(e->memcg_id);
		d->memcg_limit_bytes = kill_memcg_limit(e);
		k->points = e->points;
		k->gfp_mask = e->gfp_mask;
		k->order = e->order;
		r = find_path(e->memcg_id, e->memcg_name, sizeof(e->memcg_name), &d->memcg_path);
	}
	return r < 0 ? r : kill_set_text(&d->kind, kind, strlen(kind));
}

int kill_gather_gfp(struct kill *k, const struct flag_names *names)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int r;

	if (!names || k->gfp_mask == KILL_UNKNOWN)
		return 0;
	r = flag_names_text(names, k->gfp_mask, &text);
	return r < 0 ? r : kill_set_unless_empty(&k->gfp_flags, text.data, text.length);
}

int kill_gather_event(struct kill *k, const struct oomkill_event *e)
{
	int r;

	k->time_ns = clock_realtime_at(e->time_ns);
	k->kernel_time_ns = e->time_ns;
	k->was_dying = e->flags & OOMKILL_WAS_DYING;
	k->trigger.pid = e->trigger_pid;
	k->trigger.tid = e->trigger_tid;
	r = kill_set_text(&k->trigger.comm, e->trigger_comm,
			  strnlen(e->trigger_comm, OOMKILL_COMM_SIZE));
	if (r == 0)
		r = gather_process(&k->victim, e);
	if (r == 0)
		r = gather_control(k, e);
	return r < 0 ? r : find_path(e->victim_memcg_id, "", 0, &k->victim.memcg_path);
}

int kill_gather_member(struct kill *k, const struct oomkill_event *e)
{
	const char *why = e->flags & OOMKILL_SHARES_MM ? "shares memory" : "memory.oom.group";
	struct kill_member *m = kill_add_member(k);
	int r;

	if (!m)
		return -ENOMEM;
	r = gather_process(&m->process, e);
	if (r == 0)
		r = kill_set_text(&m->why, why, strlen(why));
	/* Most are in the victim's cgroup, and there may be many: what is known is not read again.
	 */
	if (r == 0 && m->process.memcg_inode == k->victim.memcg_inode)
		r = kill_copy_cgroup(&m->process, &k->victim);
	else if (r == 0)
		r = find_path(e->victim_memcg_id, "", 0, &m->process.memcg_path);
	return r;
}

/* NAMES of a path, the innermost first, made a path; without a beginning if that is not known. */
static int join(const struct oomkill_path *p, char **at)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	const char *end = p->names + MIN((size_t)p->size, sizeof(p->names));
	const char *part = end;

	/* What is not closed was cut off. */
	while (part > p->names && part[-1])
		part--;
	if (p->whole)
		strbuf_putc(&path, '/');
	while (part > p->names) {
		const char *close = --part;

		while (part > p->names && part[-1])
			part--;
		if (part == close)
			continue;
		if (path.length && path.data[path.length - 1] != '/')
			strbuf_putc(&path, '/');
		strbuf_append(&path, part, (size_t)(close - part));
	}
	return strbuf_error(&path) < 0 ? -ENOMEM
				       : kill_set_unless_empty(at, path.data, path.length);
}

/* A path that was found in the file system stays: it is what the user sees there. 1: this one is
 * taken. */
static int better_path(const struct oomkill_path *p, uint64_t id, char **at)
{
	int r = 0;

	if (!*at)
		r = find_path(id == OOMKILL_UNKNOWN ? 0 : id, "", 0, at);
	if (r < 0 || (*at && **at == '/') || !p->size)
		return r;
	r = join(p, at);
	return r < 0 ? r : 1;
}

/* NUMA nodes as cpuset.mems words them: "0-1,4". */
static int gather_nodes(uint64_t nodes, char **at)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (nodes == OOMKILL_UNKNOWN)
		return 0;
	for (int first = 0; first < 64; first++) {
		int last = first;

		if (!(nodes >> first & 1))
			continue;
		while (last < 63 && nodes >> (last + 1) & 1)
			last++;
		strbuf_printf(&text, "%s%d", text.length ? "," : "", first);
		if (last > first)
			strbuf_printf(&text, "-%d", last);
		first = last;
	}
	return strbuf_error(&text) < 0 ? -ENOMEM
				       : kill_set_unless_empty(at, text.data, text.length);
}

static uint64_t age(uint64_t now, uint64_t start_ns)
{
	return !start_ns || start_ns == OOMKILL_UNKNOWN ? KILL_UNKNOWN
	       : start_ns > now				? 0
							: now - start_ns;
}

static int gather_victim_detail(struct kill_process *v, uint64_t now,
				const struct oomkill_detail *d)
{
	v->age_ns = age(now, d->victim_start_ns);
	v->peak_rss_bytes = bytes_of(d->victim_peak_rss_pages);
	v->locked_bytes = bytes_of(d->victim_locked_pages);
	v->threads = unless_zero(d->victim_threads);
	v->parent_pid = d->victim_parent_pid;
	return kill_set_unless_empty(&v->parent_comm, d->victim_parent_comm,
				     strnlen(d->victim_parent_comm, OOMKILL_COMM_SIZE));
}

static void gather_memcg_detail(struct kill_domain *m, const struct oomkill_detail *d)
{
	m->memcg_version = unless_zero(d->memcg_version);
	m->memcg_usage_bytes = bytes_of(d->memcg_usage_pages);
	m->memcg_failcnt = d->memcg_failcnt;
	m->memcg_swap_usage_bytes = bytes_of(d->memcg_swap_usage_pages);
	m->memcg_swap_limit_bytes = limit_of(d->memcg_swap_max_pages);
	m->memcg_oom_events = d->memcg_oom_events;
	m->memcg_oom_kill_events = d->memcg_oom_kill_events;
}

int kill_gather_detail(struct kill *k, const char *root, const struct oomkill_detail *d)
{
	struct kill_process *t = &k->trigger;
	uint64_t now = clock_boottime_at(d->time_ns);
	int r = gather_victim_detail(&k->victim, now, d), domain = 0, victim = 0;

	t->uid = d->trigger_uid;
	t->oom_score_adj = d->trigger_oom_score_adj;
	t->age_ns = age(now, d->trigger_start_ns);
	t->rss_bytes = bytes_of(d->trigger_rss_pages);
	t->swap_bytes = bytes_of(d->trigger_swap_pages);
	t->memcg_inode = unless_zero(d->trigger_memcg_id);
	gather_memcg_detail(&k->domain, d);
	if (r == 0)
		r = gather_nodes(d->nodes, &k->domain.nodes);
	if (r == 0)
		r = better_path(&d->trigger_path, d->trigger_memcg_id, &t->memcg_path);
	if (r >= 0)
		r = domain = better_path(&d->domain_path, 0, &k->domain.memcg_path);
	if (r >= 0)
		r = victim = better_path(&d->victim_path, 0, &k->victim.memcg_path);
	/* The files of containers were read already, for the paths that were known. */
	return r < 0 ? r : domain || victim ? kill_gather_containers(k, root) : 0;
}

int kill_gather_member_detail(struct kill_process *p, const struct kill *k,
			      const struct oomkill_detail *d)
{
	int r = gather_victim_detail(p, clock_boottime_at(d->time_ns), d);

	if (r == 0 && p->memcg_inode != k->victim.memcg_inode)
		r = better_path(&d->victim_path, 0, &p->memcg_path);
	return MIN(r, 0);
}

int kill_gather_arguments(struct kill_process *p, const struct oomkill_arguments *a)
{
	size_t size = MIN((size_t)a->size, sizeof(a->text));

	return size ? kill_set_command_line(p, a->text, size, a->whole_size > size) : 0;
}

/* How much less it is than it was; both may be unknown. What is gone holds nothing. */
static uint64_t less_now(const struct kill_process *was, const struct oomkill_step *s, bool gone)
{
	uint64_t before = sum(was->rss_bytes, was->pgtables_bytes);
	uint64_t now = sum(sum(bytes_of(s->anon_pages), bytes_of(s->file_pages)),
			   sum(bytes_of(s->shmem_pages), s->pgtables_bytes));

	if (now == KILL_UNKNOWN && gone)
		now = 0;
	if (before == KILL_UNKNOWN || now == KILL_UNKNOWN)
		return KILL_UNKNOWN;
	return before > now ? before - now : 0;
}

void kill_gather_step(struct kill *k, const struct oomkill_step *s)
{
	struct kill_course *c = &k->course;
	uint64_t after = s->time_ns > k->kernel_time_ns ? s->time_ns - k->kernel_time_ns : 0;

	switch (s->step) {
	case OOMKILL_STEP_SIGNALLED:
		c->signalled_ns = MIN(c->signalled_ns, after);
		break;
	case OOMKILL_STEP_REAPED:
		c->reaped_ns = after;
		c->reaped_bytes = less_now(&k->victim, s, false);
		break;
	case OOMKILL_STEP_EXITED:
		c->exited_ns = after;
		break;
	case OOMKILL_STEP_FREED:
		c->freed_ns = after;
		c->freed_bytes = less_now(&k->victim, s, true);
		c->memcg_usage_bytes = bytes_of(s->memcg_usage_pages);
		break;
	default:
		break;
	}
}
