/*
 * In which order the OOM killer looks at processes: of two with as many points it takes the later.
 * The probe tells of each task which one stands before it in the kernel's lists; here the lists are
 * put together again. They may change while they are read: what does not fit on anything begins a
 * piece of its own, and pieces follow each other by age.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rank/machine_internal.h"

#define PROCS_MOST (16u << 20) /* bytes of a cgroup.procs: 2 million PIDs */

/* A member of a list. */
struct link {
	uint64_t self, before; /* names; 0: not known */
	uint64_t age;	       /* of pieces: the lower one comes first */
	size_t next;	       /* SIZE_MAX: none */
	bool follows;	       /* some other one, whose next it is */
	size_t place;	       /* found: 0, 1, ... */
	uint32_t list;	       /* found: OOMRANK_FIRST_*, of the first of its piece */
};

static int by_self(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a, *y = *(struct link *const *)b;

	return x->self < y->self ? -1 : x->self > y->self;
}

static int by_age(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a, *y = *(struct link *const *)b;

	if (x->age != y->age)
		return x->age < y->age ? -1 : 1;
	return x < y ? -1 : x > y;
}

static struct link *find(struct link **sorted, size_t n, uint64_t self)
{
	const struct link key = {.self = self}, *address = &key;
	struct link **found = bsearch(&address, sorted, n, sizeof(*sorted), by_self);

	return found && self ? *found : NULL;
}

/* The piece that begins with it; one that was seen before ends it: then it bites its tail. */
static size_t walk(struct link *links, struct link *first, size_t place)
{
	const bool is_late =
		first->before == OOMRANK_FIRST_MOVING || first->before == OOMRANK_FIRST_DYING;
	const uint32_t list = is_late ? (uint32_t)first->before : OOMRANK_FIRST_TASK;

	for (struct link *l = first; l->place == SIZE_MAX; l = &links[l->next]) {
		l->place = place++;
		l->list = list;
		if (l->next == SIZE_MAX)
			break;
	}
	return place;
}

/* Place and list of all. */
static int arrange(struct link *links, size_t n)
{
	_cleanup_free_ struct link **sorted = calloc(n + 1, sizeof(*sorted));
	size_t place = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		links[i].next = links[i].place = SIZE_MAX;
		links[i].follows = false;
		sorted[i] = &links[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_self);
	for (size_t i = 0; i < n; i++) {
		struct link *before = find(sorted, n, links[i].before);

		if (!before || before->next != SIZE_MAX)
			continue;
		before->next = i;
		links[i].follows = true;
	}
	qsort(sorted, n, sizeof(*sorted), by_age);
	for (size_t i = 0; i < n; i++)
		if (!sorted[i]->follows)
			place = walk(links, sorted[i], place);
	/* What is left goes round in circles. */
	for (size_t i = 0; i < n; i++)
		place = walk(links, sorted[i], place);
	return 0;
}

/* As for_each_process() has them. They stand by age before. */
static int order_all(struct machine *m)
{
	_cleanup_free_ struct link *links = calloc(m->n_processes + 1, sizeof(*links));
	_cleanup_free_ struct machine_process *ordered =
		calloc(m->n_processes + 1, sizeof(*ordered));
	int r = links && ordered ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < m->n_processes; i++) {
		const struct oomrank_task *t = &m->processes[i].task;

		links[i] = (struct link){.self = t->task, .before = t->task_before, .age = i};
	}
	if (r == 0)
		r = arrange(links, m->n_processes);
	if (r < 0)
		return r;
	for (size_t i = 0; i < m->n_processes; i++)
		ordered[links[i].place] = m->processes[i];
	memcpy(m->processes, ordered, m->n_processes * sizeof(*ordered));
	return 0;
}

/* A task and what is to be found of it. */
struct member {
	const struct oomrank_task *task;
	uint32_t *order; /* NULL: of a thread */
	size_t set;	 /* place of its css_set */
	struct link place;
};

static int by_set(const void *a, const void *b)
{
	const struct oomrank_task *x = ((const struct member *)a)->task;
	const struct oomrank_task *y = ((const struct member *)b)->task;

	if (x->css_set != y->css_set)
		return x->css_set < y->css_set ? -1 : 1;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* The places of the css_sets. MEMBERS are sorted by them, the oldest first. */
static int place_sets(struct member *members, size_t n)
{
	_cleanup_free_ struct link *sets = calloc(n + 1, sizeof(*sets));
	size_t n_sets = 0;
	int r;

	if (!sets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oomrank_task *t = members[i].task;

		if (!i || t->css_set != members[i - 1].task->css_set)
			sets[n_sets++] = (struct link){.self = t->css_set,
						       .before = t->css_set_before,
						       .age = t->start_ns};
		members[i].set = n_sets - 1;
	}
	r = arrange(sets, n_sets);
	for (size_t i = 0; r == 0 && i < n; i++)
		members[i].set = sets[members[i].set].place;
	return r;
}

/* The places of tasks in their sets' lists. */
static int place_tasks(struct member *members, size_t n)
{
	_cleanup_free_ struct link *tasks = calloc(n + 1, sizeof(*tasks));
	int r;

	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oomrank_task *t = members[i].task;

		tasks[i] = (struct link){
			.self = t->task, .before = t->cgroup_before, .age = t->start_ns};
	}
	r = arrange(tasks, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		members[i].place = tasks[i];
	return r;
}

static int is_later(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	if (x->place.list != y->place.list)
		return x->place.list < y->place.list ? -1 : 1;
	return x->place.place < y->place.place ? -1 : x->place.place > y->place.place;
}

/* As css_task_iter_next() comes to them. */
static int order_in_cgroups(struct machine *m, const struct oomrank_task *records, size_t n_records)
{
	const size_t most = m->n_processes + n_records;
	_cleanup_free_ struct member *members = calloc(most + 1, sizeof(*members));
	size_t n = 0;
	int r;

	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_processes; i++)
		members[n++] = (struct member){.task = &m->processes[i].task,
					       .order = &m->processes[i].cgroup_order};
	for (size_t i = 0; i < n_records; i++)
		if (records[i].flags & OOMRANK_THREAD)
			members[n++] = (struct member){.task = &records[i]};
	qsort(members, n, sizeof(*members), by_set);
	r = place_sets(members, n);
	if (r == 0)
		r = place_tasks(members, n);
	if (r < 0)
		return r;
	qsort(members, n, sizeof(*members), is_later);
	for (size_t i = 0; i < n; i++)
		if (members[i].order)
			*members[i].order = (uint32_t)i;
	return 0;
}

int machine_order(struct machine *m, const struct oomrank_task *records, size_t n)
{
	int r;

	machine_sort(m);
	r = order_all(m);
	return r < 0 ? r : order_in_cgroups(m, records, n);
}

/* ---- from files ---- */

/* Those that the file names come first, in its order; the others stay by age behind them. */
static void take_procs(struct machine_process *const *sorted, size_t n, uint32_t cgroup,
		       const char *text)
{
	uint32_t place = 0;
	char *end;

	for (;; text = end) {
		unsigned long pid = strtoul(text, &end, 10);
		struct machine_process *p;

		if (end == text)
			break;
		p = machine_of_pid(sorted, n, pid);
		if (p && p->cgroup == cgroup)
			p->cgroup_order = place++;
	}
}

int machine_order_by_files(struct machine_reader *r)
{
	struct machine *m = r->m;
	_cleanup_free_ struct machine_process **sorted = machine_by_pid(m);
	_cleanup_free_ uint32_t *n_in = calloc(m->n_cgroups + 1, sizeof(*n_in));

	if (!sorted || !n_in)
		return -ENOMEM;
	/* v1's are sorted by PID (pidlist_array_load(), kernel/cgroup/cgroup-v1.c). */
	if (m->cgroup_version != 2)
		return 0;
	for (size_t i = 0; i < m->n_processes; i++) {
		m->processes[i].cgroup_order = (uint32_t)(m->n_processes + i);
		if (m->processes[i].cgroup != MACHINE_NONE)
			n_in[m->processes[i].cgroup]++;
	}
	for (uint32_t i = 0; i < m->n_cgroups; i++)
		if (n_in[i] > 1 && machine_read_text(r, PROCS_MOST, "%s%s/cgroup.procs",
						     r->mount_point, m->cgroups[i].path) == 0)
			take_procs(sorted, m->n_processes, i, strbuf_text(&r->text));
	return 0;
}
