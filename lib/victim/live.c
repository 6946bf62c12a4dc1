#include "victim/live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "proc/process.h"

#define MOST_BUCKETS (8u << 20)

static int fail(struct strbuf *why, int error, pid_t pid, const char *what)
{
	strbuf_printf(why, "PID %d %s", (int)pid, what);
	return error;
}

static int check_process(pid_t pid, struct process *p, struct strbuf *why)
{
	int r = process_read(pid, p);

	if (r == -ESRCH)
		return fail(why, r, pid,
			    "is not there (a PID counts in the PID namespace of this shell)");
	if (r < 0)
		return fail(why, r, pid, strerror(-r));
	if (p->state == 'Z' || p->state == 'X')
		return fail(why, -ESRCH, pid,
			    "has ended and waits for its parent: no memory is left");
	if (p->is_kernel_thread)
		return fail(why, -ENOEXEC, pid, "is a kernel thread");
	return 0;
}

/* The executable, opened and its path kept. */
static int look_into(pid_t pid, struct known_binary *b, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	_cleanup_close_ int fd = -1;
	char link[64], path[PATH_MAX];
	ssize_t n;
	int r;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		return fail(why, -EPERM, pid, "belongs to somebody else: run as root");
	if (fd < 0)
		return fail(why, -ESRCH, pid, "has ended");
	r = go_binary_open(fd, &reason, &b->binary);
	if (r < 0) {
		strbuf_printf(why, "PID %d: %s", (int)pid, strbuf_text(&reason));
		return r == -ENOENT ? -ENOEXEC : r;
	}
	n = readlink(link, path, sizeof(path) - 1);
	b->path = strndup(path, n < 0 ? 0 : (size_t)n);
	b->kind = b->binary->profiling_linked ? BINARY_READY : BINARY_OFF;
	return b->path ? 0 : -ENOMEM;
}

static int add_bucket(void *context, const struct heap_bucket *bucket)
{
	struct victim *v = context;

	return heap_profile_add(v->profile, bucket);
}

static int walk(struct victim *v, const struct go_binary *b, pid_t pid, struct strbuf *why)
{
	const struct heap_reader reader = heap_reader_process(pid);
	struct heap_walk walk = {0};
	uint64_t bias = 0, head = 0;
	uint32_t cycle = 0;
	int64_t rate = 0;
	int r = go_process_bias(pid, b, &bias);

	if (r == 0)
		r = heap_reader_get(&reader, b->mem_profile_rate + bias, &rate, sizeof(rate));
	if (r == 0)
		r = heap_reader_get(&reader, b->mbuckets + bias, &head, sizeof(head));
	if (r == 0 && b->mprof_cycle)
		r = heap_reader_get(&reader, b->mprof_cycle + bias, &cycle, sizeof(cycle));
	if (r == 0)
		r = victim_begin(v, bias, rate, cycle);
	if (r == 0)
		r = heap_walk(&reader, head, b->record_size, MOST_BUCKETS, add_bucket, v, &walk);
	if (r == 0 && walk.error == -ESRCH)
		r = -ESRCH;
	if (r == -ESRCH)
		return fail(why, r, pid, "ended while it was read");
	if (r == -EPERM)
		return fail(why, r, pid, "may not be read (ptrace permission): run as root");
	if (r < 0)
		return fail(why, r, pid, strerror(-r));
	v->buckets = (struct victim_buckets){
		.read = walk.read,
		.cut = walk.cut,
		.unreadable = walk.unreadable,
		.damaged = walk.damaged,
		.more = walk.more,
	};
	v->ended = true;
	return 0;
}

int live_read(pid_t pid, struct live *ret, struct strbuf *why)
{
	struct oomprof_process id = {.pid = (__u32)pid};
	struct live l = {0};
	struct process p;
	int r = check_process(pid, &p, why);

	if (r < 0)
		return r;
	l.victim = victim_new(&id);
	if (!l.victim)
		return fail(why, -ENOMEM, pid, strerror(ENOMEM));
	memcpy(l.victim->comm, p.comm, sizeof(l.victim->comm));
	r = look_into(pid, &l.binary, why);
	l.victim->binary = &l.binary;
	if (r == 0 && l.binary.kind == BINARY_READY)
		r = walk(l.victim, l.binary.binary, pid, why);
	if (r < 0) {
		live_free(&l);
		return r;
	}
	*ret = l;
	ret->victim->binary = &ret->binary;
	return 0;
}

void live_free(struct live *l)
{
	victim_free(l->victim);
	go_binary_close(l->binary.binary);
	free(l->binary.path);
	*l = (struct live){0};
}
