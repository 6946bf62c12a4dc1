#include "alloc/go_programs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/process_scan.h"
#include "base/array.h"
#include "proc/clock.h"

#define BINARIES_MOST \
	512 /* each is an open file; more than that at once are opened for each program */
#define BINARIES_KEPT 128	     /* of programs that do not run now */
#define COMM_LENGTH 15		     /* TASK_COMM_LEN of the kernel, less the NUL */
#define LOOK_EVERY_NS 10000000000ull /* where starts are told: for libraries and what was lost */

#define COPY_LEAST_NS 500000000ull /* a child that lives longer without exec is a program */

struct go_programs {
	struct go_selection selection;
	bool want_heaps, told, look_again;
	struct known_binaries *known;
	const struct go_program_source *source;
	struct go_program_reader reader;
	struct cgroup_memory cgroup;
	struct process_scan scan;
	uint64_t refreshed_ns, scanned_ns; /* 0: not yet */

	struct go_program **all; /* by PID */
	size_t count, size;
	struct go_program *held; /* NULL: none */
	bool held_left;		 /* it is not among them any more */
	struct go_program **shown;
	size_t shown_size;
};

int go_programs_new(const struct go_selection *selection, bool want_heaps, struct go_programs **ret)
{
	struct go_programs *g = calloc(1, sizeof(*g));
	int r = g ? 0 : -ENOMEM;

	if (r == 0)
		r = known_binaries_new(BINARIES_MOST, &g->known);
	if (r == 0)
		r = memory_blocks_new(&g->reader.blocks);
	if (r == 0)
		r = cgroup_memory_open("", &g->cgroup);
	if (r == -ENOENT)
		r = 0; /* without cgroups there are no limits of theirs */
	if (r < 0) {
		go_programs_free(g);
		return r;
	}
	g->reader.cgroup = &g->cgroup;
	g->selection = *selection;
	g->want_heaps = want_heaps;
	*ret = g;
	return 0;
}

void go_programs_free(struct go_programs *g)
{
	if (!g)
		return;
	go_programs_hold(g, NULL);
	for (size_t i = 0; i < g->count; i++)
		go_program_free(g->all[i]);
	free(g->all);
	free(g->shown);
	process_scan_free(&g->scan);
	cgroup_memory_close(&g->cgroup);
	memory_blocks_free(g->reader.blocks);
	known_binaries_free(g->known);
	free(g);
}

static bool before_pid(const void *element, const void *key)
{
	return (*(struct go_program *const *)element)->process.pid < *(const pid_t *)key;
}

/* Where PID is among them, or would be. */
static size_t place_of(const struct go_programs *g, pid_t pid)
{
	return array_place(g->all, g->count, sizeof(struct go_program *), before_pid, &pid);
}

static struct go_program *find(const struct go_programs *g, pid_t pid)
{
	size_t i = place_of(g, pid);

	return i < g->count && g->all[i]->process.pid == pid ? g->all[i] : NULL;
}

static void mark_exited(struct go_program *p)
{
	p->state = GO_PROGRAM_EXITED;
	p->before = p->now;
	p->now = (struct go_program_numbers){0, -1, -1, -1, -1, 0};
}

/* P is none of them any more. */
static void let_go(struct go_programs *g, struct go_program *p)
{
	if (p != g->held) {
		go_program_free(p);
		return;
	}
	g->held_left = true;
	go_program_detach(p);
	if (p->state != GO_PROGRAM_EXITED)
		mark_exited(p);
}

void go_programs_hold(struct go_programs *g, struct go_program *p)
{
	if (g->held_left)
		go_program_free(g->held);
	g->held = p;
	g->held_left = false;
}

static void drop(struct go_programs *g, size_t i)
{
	let_go(g, g->all[i]);
	g->count--;
	memmove(&g->all[i], &g->all[i + 1], (g->count - i) * sizeof(struct go_program *));
}

static bool is_selected(struct go_programs *g, struct go_program *p)
{
	const struct go_selection *s = &g->selection;

	if (s->comm && strncmp(p->process.comm, s->comm, COMM_LENGTH))
		return false;
	if (!s->cgroup)
		return true;
	return go_program_find_cgroup(p, &g->cgroup) == 0 &&
	       cgroup_is_below(p->cgroup_path, s->cgroup);
}

/* What a program that has just begun has done before: nothing. */
static void begin_at(struct go_program *p, uint64_t time_ns)
{
	p->now = (struct go_program_numbers){.time_ns = time_ns};
}

/* Takes P over. FROM_NS: when it began, if that was since the last refresh; else 0. */
static int insert(struct go_programs *g, struct go_program *p, uint64_t from_ns)
{
	size_t at = place_of(g, p->process.pid);
	int r;

	while (at < g->count && g->all[at]->process.pid == p->process.pid)
		drop(g, at); /* what had this PID before */
	r = array_reserve(&g->all, &g->size, g->count, 1, sizeof(struct go_program *));
	if (r < 0) {
		go_program_free(p);
		return r;
	}
	memmove(&g->all[at + 1], &g->all[at], (g->count - at) * sizeof(struct go_program *));
	g->all[at] = p;
	g->count++;
	if (from_ns)
		begin_at(p, from_ns);
	p->want_heap = g->want_heaps;
	p->source = g->source;
	p->selected = is_selected(g, p);
	return 0;
}

/*
 * Has it been forked off another of them, and runs what that one runs? Most that do are about to
 * run something else. Its memory, and so its numbers, are a copy, or still the other's.
 */
static bool is_copy(const struct go_programs *g, const struct go_program *p)
{
	const struct go_program *parent = find(g, p->process.parent);

	return parent && parent->process.stack_start &&
	       parent->process.stack_start == p->process.stack_start &&
	       parent->device == p->device && parent->inode == p->inode;
}

/* 1: it is a Go program, and one of ours now; -EAGAIN: not yet; or as go_program_open(). */
static int look_into(struct go_programs *g, pid_t pid, uint64_t exec_ns)
{
	struct go_program *p;
	int r = go_program_open(pid, g->known, NULL, &p);
	bool copy, just_now;

	if (r < 0)
		return r;
	copy = !exec_ns && is_copy(g, p);
	if (copy && clock_monotonic_ns() - p->started_ns < COPY_LEAST_NS) {
		go_program_free(p);
		return -EAGAIN;
	}
	if (exec_ns)
		p->started_ns = exec_ns;
	just_now = !copy && g->refreshed_ns && p->started_ns >= g->refreshed_ns;
	r = insert(g, p, just_now ? p->started_ns : 0);
	return r < 0 ? r : 1;
}

int go_programs_add(struct go_programs *g, pid_t pid, struct strbuf *why)
{
	struct go_program *p;
	int r = go_program_open(pid, g->known, why, &p);

	return r < 0 ? r : insert(g, p, 0);
}

static bool is_named(const uint64_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == (uint64_t)pid)
			return true;
	return false;
}

static void free_all(struct go_program **programs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		go_program_free(programs[i]);
	free(programs);
}

/* Those of the PIDs that are not watched yet, for the caller to insert and to free the array. */
static int open_named(struct go_programs *g, const uint64_t *pids, size_t n, struct strbuf *why,
		      struct go_program ***ret, size_t *ret_n)
{
	struct go_program **fresh = calloc(n + 1, sizeof(struct go_program *));
	size_t count = 0;
	int r = fresh ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct go_program *here = find(g, (pid_t)pids[i]);

		if ((here && here->state != GO_PROGRAM_EXITED) || is_named(pids, i, (pid_t)pids[i]))
			continue;
		r = go_program_open((pid_t)pids[i], g->known, why, &fresh[count]);
		count += r == 0;
	}
	if (r < 0) {
		free_all(fresh, count);
		return r;
	}
	*ret = fresh;
	*ret_n = count;
	return 0;
}

int go_programs_select(struct go_programs *g, const struct go_selection *selection,
		       const uint64_t *pids, size_t n, struct strbuf *why)
{
	struct go_program **fresh = NULL;
	size_t n_fresh = 0;
	int r = selection->by_pid ? open_named(g, pids, n, why, &fresh, &n_fresh) : 0;

	if (r < 0)
		return r;
	g->selection = *selection;
	for (size_t i = g->count; selection->by_pid && i-- > 0;)
		if (!is_named(pids, n, g->all[i]->process.pid))
			drop(g, i);
	for (size_t i = 0; i < n_fresh; i++) {
		int one = insert(g, fresh[i], 0);

		r = r < 0 ? r : one;
	}
	free(fresh);
	for (size_t i = 0; i < g->count; i++)
		g->all[i]->selected = is_selected(g, g->all[i]);
	g->look_again = true;
	return r;
}

void go_programs_want_heaps(struct go_programs *g, bool want)
{
	g->want_heaps = want;
	for (size_t i = 0; i < g->count; i++)
		g->all[i]->want_heap = want;
}

void go_programs_set_source(struct go_programs *g, const struct go_program_source *source)
{
	g->source = source;
	for (size_t i = 0; i < g->count; i++)
		g->all[i]->source = source;
}

void go_programs_are_told(struct go_programs *g, bool told)
{
	g->told = told;
}

void go_programs_look_again(struct go_programs *g)
{
	g->look_again = true;
}

void go_programs_exit(struct go_programs *g, pid_t pid)
{
	struct go_program *p = find(g, pid);

	if (p && p->state != GO_PROGRAM_EXITED)
		mark_exited(p);
}

int go_programs_exec(struct go_programs *g, pid_t pid)
{
	int r = !find(g, pid) && g->selection.by_pid ? 0 : look_into(g, pid, clock_monotonic_ns());

	if (r <= 0)
		go_programs_exit(g, pid); /* what it was before, if it was one of ours */
	return r < 0 && r != -ENOEXEC && r != -ENOMEM ? 0 : r;
}

static int look_unless_known(pid_t pid, void *user)
{
	struct go_programs *g = user;
	int r = find(g, pid) ? 1 : look_into(g, pid, 0);

	if (r == -EMFILE || r == -ENFILE)
		return -EAGAIN; /* when there are descriptors again */
	return r == -ENOMEM || r == -EAGAIN ? r : MAX(r, 0);
}

static bool binary_used(const struct known_binary *b, void *user)
{
	const struct go_programs *g = user;

	for (size_t i = 0; i < g->count; i++)
		if (b->binary && g->all[i]->image.binary == b->binary)
			return true;
	return false;
}

static int scan(struct go_programs *g)
{
	uint64_t now = clock_monotonic_ns();
	bool wait = g->told && g->scanned_ns && now - g->scanned_ns < LOOK_EVERY_NS;
	int r;

	if (g->selection.by_pid || (wait && !g->look_again))
		return 0;
	r = process_scan_run(&g->scan, look_unless_known, g);
	if (r == 0) {
		g->scanned_ns = now;
		g->look_again = false;
	}
	return r;
}

/* Its number I: 1 if it is there still, perhaps as another. */
static int bring_up_to_date(struct go_programs *g, size_t i)
{
	struct go_program *p = g->all[i], *next;
	int r = go_program_look(p);

	if (r == 0) {
		r = go_program_open(p->process.pid, g->known, NULL, &next);
		if (r < 0 && r != -ENOMEM)
			r = -ESRCH; /* no Go program any more */
		if (r == 0) {
			next->started_ns = g->refreshed_ns;
			next->want_heap = p->want_heap;
			next->source = g->source;
			begin_at(next, g->refreshed_ns);
			let_go(g, p);
			g->all[i] = p = next;
			r = 1;
		}
	}
	if (r == -ESRCH) {
		mark_exited(p);
		return 0;
	}
	if (r == 1)
		p->selected = is_selected(g, p);
	return r;
}

int go_programs_refresh(struct go_programs *g)
{
	uint64_t now = clock_monotonic_ns();
	int r;

	known_binaries_trim(g->known, BINARIES_KEPT, binary_used, g);
	/* Those that are told to have ended in this interval stay for it: marked, but not yet
	 * shown. */
	for (size_t i = g->count; i-- > 0;)
		if (g->all[i]->state == GO_PROGRAM_EXITED && g->all[i]->exit_shown)
			drop(g, i);
	r = scan(g);
	for (size_t i = 0; r >= 0 && i < g->count; i++) {
		struct go_program *p = g->all[i];

		r = p->state == GO_PROGRAM_EXITED ? 0 : bring_up_to_date(g, i);
		p = g->all[i];
		if (r > 0)
			r = go_program_refresh(p, &g->reader);
		if (p->state == GO_PROGRAM_EXITED)
			p->exit_shown = true;
	}
	g->refreshed_ns = now;
	return MIN(r, 0);
}

int go_programs_read_heap(struct go_programs *g, struct go_program *p)
{
	p->want_heap = true;
	return go_program_read_heap(p, &g->reader);
}

size_t go_programs_list(struct go_programs *g, struct go_program *const **ret)
{
	size_t n = 0;

	if (array_reserve(&g->shown, &g->shown_size, 0, g->count, sizeof(struct go_program *)) < 0)
		return 0;
	for (size_t i = 0; i < g->count; i++)
		if (g->all[i]->selected)
			g->shown[n++] = g->all[i];
	*ret = g->shown;
	return n;
}

bool go_programs_is_selected(const struct go_programs *g, pid_t pid)
{
	const struct go_program *p = find(g, pid);

	return p && p->selected;
}

size_t go_programs_all(const struct go_programs *g, struct go_program *const **ret)
{
	*ret = g->all;
	return g->count;
}

const struct cgroup_memory *go_programs_cgroup(const struct go_programs *g)
{
	return &g->cgroup;
}
