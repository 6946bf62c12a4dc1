#include "alloc/go_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf-src/goalloctop.h"
#include "go/go_probe_point.h"

/* The functions are the same from Go 1.19 to 1.27; none of them is inlined. */
static const struct {
	enum go_probe_set set;
	const char *program, *function;
} all_probes[] = {
	[GOALLOCTOP_ON_ALLOC] = {GO_PROBE_SAMPLES, "uprobe__alloc", "runtime.setprofilebucket"},
	[GOALLOCTOP_ON_FREE] = {GO_PROBE_SAMPLES, "uprobe__free", "runtime.mProf_Free"},
	[GOALLOCTOP_ON_REFILL] = {GO_PROBE_REFILLS, "uprobe__refill", "runtime.(*mcache).refill"},
	[GOALLOCTOP_ON_LARGE] = {GO_PROBE_REFILLS, "uprobe__large", "runtime.(*mcache).allocLarge"},
	[GOALLOCTOP_ON_GC_END] = {GO_PROBE_GC_END, "uprobe__gc_end", "runtime.gcMarkTermination"},
	[GOALLOCTOP_ON_GC_BEGIN] = {GO_PROBE_GC_BEGIN, "uprobe__gc_begin",
				    "runtime.(*gcControllerState).startCycle"},
};

#define PROBES ARRAY_SIZE(all_probes)

/* An executable whose functions have been looked up. */
struct executable {
	dev_t device;
	ino_t inode;
	int64_t changed_s, changed_ns;
	struct go_probe_point points[PROBES];
};

/* What is attached to an executable, for one process or for all. */
struct attached {
	struct executable executable;
	size_t users;
	uint64_t numbers[PROBES]; /* for tracer_detach() */
	bool here[PROBES];
};

struct user {
	pid_t pid;
	struct attached *attached;
};

struct go_probes {
	struct tracer *tracer;
	unsigned int set;
	bool shared;
	struct executable *known;
	size_t known_count, known_size;
	struct user *users;
	size_t user_count, user_size;
};

int go_probes_new(struct tracer *tracer, unsigned int set, bool shared, struct go_probes **ret)
{
	struct go_probes *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->tracer = tracer;
	p->set = set;
	p->shared = shared;
	*ret = p;
	return 0;
}

void go_probes_free(struct go_probes *p)
{
	if (!p)
		return;
	while (p->user_count)
		go_probes_detach(p, p->users[0].pid);
	free(p->users);
	free(p->known);
	free(p);
}

static bool same_file(const struct executable *a, const struct executable *b)
{
	return a->device == b->device && a->inode == b->inode && a->changed_s == b->changed_s &&
	       a->changed_ns == b->changed_ns;
}

static int look_up(struct go_probes *p, const struct go_binary *binary, struct executable *e,
		   struct strbuf *why)
{
	int r;

	for (size_t i = 0; i < p->known_count; i++)
		if (same_file(&p->known[i], e)) {
			*e = p->known[i];
			return 0;
		}
	for (size_t i = 0; i < PROBES; i++)
		e->points[i].function = all_probes[i].function;
	r = go_probe_points(binary, e->points, PROBES);
	if (r >= 0)
		r = array_reserve(&p->known, &p->known_size, p->known_count, 1, sizeof(*e));
	if (r < 0) {
		strbuf_printf(why, "its function table cannot be read: %s", strerror(-r));
		return r;
	}
	p->known[p->known_count++] = *e;
	return 0;
}

static int identify(struct go_probes *p, const struct go_binary *binary, struct executable *e,
		    struct strbuf *why)
{
	struct stat st;

	/* The image of a packed program is kept in memory: no process runs that file. */
	if (fcntl(binary->fd, F_GET_SEALS) >= 0) {
		strbuf_puts(why, "a packed program, which runs from memory: no probe can be "
				 "attached there");
		return -ENOEXEC;
	}
	if (fstat(binary->fd, &st) < 0)
		return -errno;
	*e = (struct executable){.device = st.st_dev,
				 .inode = st.st_ino,
				 .changed_s = st.st_mtim.tv_sec,
				 .changed_ns = st.st_mtim.tv_nsec};
	return look_up(p, binary, e, why);
}

int go_probes_look_up(struct go_probes *p, const struct go_binary *binary, uint16_t *ret_on_jump,
		      struct strbuf *why)
{
	uint16_t on_jump = 0;
	struct executable e;
	int r = identify(p, binary, &e, why);

	if (r < 0)
		return r;
	for (size_t i = 0; i < PROBES; i++)
		if (e.points[i].on_jump)
			on_jump |= (uint16_t)(1u << i);
	*ret_on_jump = on_jump;
	return 0;
}

static void detach_all(struct go_probes *p, struct attached *a)
{
	for (size_t i = 0; i < PROBES; i++)
		if (a->here[i])
			tracer_detach(p->tracer, a->numbers[i]);
	free(a);
}

static void explain(int error, const char *function, struct strbuf *why)
{
	if (error == -EOPNOTSUPP || error == -ENOSYS)
		strbuf_puts(why, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)");
	else if (error == -EPERM || error == -EACCES)
		strbuf_puts(why, "not permitted to attach uprobes: run it as root (CAP_PERFMON, or "
				 "CAP_SYS_ADMIN)");
	else if (error == -EMFILE)
		strbuf_puts(why, "too many open files: raise 'ulimit -n'");
	else
		strbuf_printf(why, "a uprobe on %s: %s", function, strerror(-error));
}

/* PID -1: in all who run it. */
static int attach_all(struct go_probes *p, struct attached *a, int fd, pid_t pid,
		      struct strbuf *why)
{
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < PROBES && r == 0; i++) {
		const struct go_probe_point *point = &a->executable.points[i];

		if (!(p->set & all_probes[i].set))
			continue;
		if (!point->offset) {
			strbuf_printf(why, "its runtime has no function %s", point->function);
			return -ENOENT;
		}
		r = tracer_attach_uprobe(p->tracer, all_probes[i].program, path, point->offset, pid,
					 &a->numbers[i]);
		a->here[i] = r == 0;
		if (r < 0)
			explain(r, point->function, why);
	}
	return r;
}

static struct attached *find_shared(struct go_probes *p, const struct executable *e)
{
	for (size_t i = 0; p->shared && i < p->user_count; i++)
		if (same_file(&p->users[i].attached->executable, e))
			return p->users[i].attached;
	return NULL;
}

static int attach_new(struct go_probes *p, pid_t pid, const struct go_binary *binary,
		      const struct executable *e, struct strbuf *why, struct attached **ret)
{
	struct attached *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->executable = *e;
	r = attach_all(p, a, binary->fd, p->shared ? -1 : pid, why);
	if (r < 0)
		detach_all(p, a);
	else
		*ret = a;
	return r;
}

int go_probes_attach(struct go_probes *p, pid_t pid, const struct go_binary *binary,
		     struct strbuf *why)
{
	struct attached *a = NULL;
	struct executable e;
	int r = array_reserve(&p->users, &p->user_size, p->user_count, 1, sizeof(*p->users));

	if (r == 0)
		r = identify(p, binary, &e, why);
	if (r == 0)
		a = find_shared(p, &e);
	if (r == 0 && !a)
		r = attach_new(p, pid, binary, &e, why, &a);
	if (r < 0)
		return r;
	a->users++;
	p->users[p->user_count++] = (struct user){pid, a};
	return 0;
}

void go_probes_detach(struct go_probes *p, pid_t pid)
{
	for (size_t i = 0; i < p->user_count; i++)
		if (p->users[i].pid == pid) {
			struct attached *a = p->users[i].attached;

			p->users[i] = p->users[--p->user_count];
			if (!--a->users)
				detach_all(p, a);
			return;
		}
}
