#include "victim/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proc/cgroup_memory.h"
#include "proc/process.h"

static int fail(struct strbuf *why, int error, pid_t pid, const char *what)
{
	strbuf_printf(why, "PID %d %s", (int)pid, what);
	return error;
}

/* Root may lack what it takes, too: in a container. */
static int not_allowed(struct strbuf *why, pid_t pid)
{
	return fail(why, -EPERM, pid,
		    geteuid() ? "may not be looked into: it is not yours, or ptrace is restricted; "
				"run as root"
			      : "may not be looked into: CAP_SYS_PTRACE is missing");
}

int live_find(pid_t pid, struct process *ret, struct strbuf *why)
{
	struct process p;
	int r = process_read(pid, &p);

	if (r == -ESRCH)
		return fail(why, r, pid,
			    "is not there (a PID counts in the PID namespace of this shell)");
	if (r < 0)
		return fail(why, r, pid, strerror(-r));
	*ret = p;
	if (!p.thread)
		return fail(why, -ENOEXEC, pid,
			    "has ended and waits for its parent: no memory is left");
	if (p.is_kernel_thread)
		return fail(why, -ENOEXEC, pid, "is a kernel thread");
	return 0;
}

int live_open_executable(pid_t pid, int *ret_fd, char **ret_path, struct strbuf *why)
{
	int r = process_open_executable(pid, ret_fd, ret_path);

	if (r == -EPERM)
		return not_allowed(why, pid);
	if (r < 0)
		return fail(why, r, pid, r == -ESRCH ? "has ended" : strerror(-r));
	return 0;
}

static int look_into(pid_t pid, struct known_binary *b, struct process_image *image,
		     struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	_cleanup_close_ int fd = -1;
	int r = live_open_executable(pid, &fd, &b->path, why);

	if (r < 0)
		return r;
	r = binary_look_into(fd, &reason, &image->binary);
	if (r == BINARY_NOT_GO)
		r = process_image_find(pid, fd, image, &reason);
	if (r < 0)
		return fail(why, r, pid, strerror(-r));
	b->kind = (enum binary_kind)r;
	b->binary = image->binary;
	if (image->path) {
		free(b->path);
		b->path = image->path;
	}
	if (b->binary)
		return 0;
	strbuf_printf(why, "PID %d: %s", (int)pid, strbuf_text(&reason));
	return -ENOEXEC;
}

int live_heap_read(pid_t pid, const struct process_image *image, struct live_heap *ret,
		   struct strbuf *why)
{
	const struct heap_reader reader = heap_reader_process(pid);
	const struct go_binary *b = image->binary;
	struct live_heap h = {.bias = image->bias};
	int r = image->place == IMAGE_LIBRARY ? 0 : go_process_bias(pid, b, &h.bias);

	if (r == 0)
		r = heap_reader_get(&reader, b->mem_profile_rate + h.bias, &h.rate, sizeof(h.rate));
	if (r == 0)
		r = heap_reader_get(&reader, b->mbuckets + h.bias, &h.head, sizeof(h.head));
	if (image->place == IMAGE_EXECUTABLE && go_process_runs(pid, b) == 0)
		return fail(why, -ESRCH, pid, "has begun to run another program: try again");
	if (r == -ESRCH)
		return fail(why, r, pid, "ended while it was read");
	if (r == -EPERM || r == -EACCES)
		return not_allowed(why, pid);
	if (r < 0)
		return fail(why, r, pid, strerror(-r));
	*ret = h;
	return 0;
}

static int add_bucket(void *context, const struct heap_bucket *bucket)
{
	struct victim *v = context;

	return heap_profile_add(v->profile, bucket);
}

/* What else the runtime knows; of a program without a profile too. */
static void read_runtime(struct victim *v, const struct go_binary *b,
			 const struct heap_reader *reader, uint64_t bias)
{
	uint64_t goroutines;

	go_runtime_read(reader, b, bias, &v->runtime_bytes, &v->cycle);
	if (go_runtime_goroutines(reader, b, bias, &goroutines) < 0)
		return;
	v->runtime_bytes.goroutines = goroutines;
	v->runtime_bytes.known |= OOMPROF_KNOWS_GOROUTINES;
}

/* It runs on while it is read: a collection may have ended meanwhile. */
static void look_again(struct victim *v, const struct go_binary *b,
		       const struct heap_reader *reader, uint64_t bias)
{
	struct oomprof_runtime after;
	uint32_t cycle;

	go_runtime_read(reader, b, bias, &after, &cycle);
	if (!(after.known & OOMPROF_KNOWS_CYCLE) || cycle >> 1 != v->cycle >> 1)
		heap_profile_forget_cycle(v->profile);
}

static int walk(struct victim *v, const struct process_image *image, pid_t pid, struct strbuf *why)
{
	const struct go_binary *b = image->binary;
	const struct heap_reader reader = heap_reader_process(pid);
	struct heap_walk walk = {0};
	struct live_heap h;
	int r = live_heap_read(pid, image, &h, why);

	if (r < 0)
		return r;
	read_runtime(v, b, &reader, h.bias);
	r = victim_begin(v, h.bias, h.rate);
	if (r == 0)
		r = heap_walk(&reader, h.head, b->record_size, LIVE_BUCKETS_MOST, add_bucket, v,
			      &walk);
	if (r == 0)
		look_again(v, b, &reader, h.bias);
	if (r == 0 && walk.error == -ESRCH)
		return fail(why, -ESRCH, pid, "ended while it was read");
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
	struct process_image image = {0};
	struct live l = {0};
	struct process p;
	int r = live_find(pid, &p, why);

	if (r < 0)
		return r;
	l.victim = victim_new(&id);
	if (!l.victim)
		return fail(why, -ENOMEM, pid, strerror(ENOMEM));
	memcpy(l.victim->comm, p.comm, sizeof(l.victim->comm));
	l.victim->address_space_bytes = p.virtual_bytes;
	l.victim->cgroup_limit_bytes = cgroup_memory_limit(pid);
	l.victim->binary = &l.binary;
	r = look_into(p.thread, &l.binary, &image, why);
	if (r == 0)
		r = walk(l.victim, &image, p.thread, why);
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
