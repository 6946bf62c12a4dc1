#include "go/go_rate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "go/heap_buckets.h"
#include "proc/process_maps.h"

#define OLDEST_MINOR 18
#define PART 4096	 /* bytes of code compared at a place */
#define BREAKPOINT 0xcc	 /* of a debugger or a uprobe */
#define BREAKPOINTS 4	 /* so many are let pass in a part */
#define MOST_BUCKETS 256 /* looked at: each has a checksum */
/*
 * Goroutines ever there once the package runtime is initialised, with cgo or without: the main one,
 * that which forces collections, and the two that runtime.main waits for in gcenable()
 * (runtime/proc.go, runtime/mgc.go; with cgo there is one more, for threads made by C). By then the
 * runtime has set MemProfileRate: Go 1.19 in the initialisation of that package, Go 1.21 and later
 * before there is any goroutine, in schedinit().
 */
#define GOROUTINES_AT_START 4
#define GOROUTINES_SANE ((uint64_t)1 << 30)

struct go_rate {
	pid_t pid;
	bool in_library;
	int memory; /* /proc/PID/mem: stays with the address space that it was opened on */
	uint64_t rate, mbuckets, allglen; /* addresses in it */
	uint32_t record_size;
};

static int fail(struct strbuf *why, int error, const char *text)
{
	strbuf_puts(why, text);
	return error;
}

/* As heap_reader wants it. An address space whose last process has ended reads as empty. */
static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t n)
{
	const struct go_rate *r = context;
	ssize_t got = address > INT64_MAX ? 0 : pread(r->memory, buffer, n, (off_t)address);

	if (got < 0)
		return errno == EIO ? -EFAULT : -errno;
	return got == 0 && n ? -ESRCH : got;
}

static int get(const struct go_rate *r, uint64_t address, void *buffer, size_t n)
{
	const struct heap_reader reader = {.read = read_memory, .context = (void *)r};

	return heap_reader_get(&reader, address, buffer, n);
}

static int check_layout(const struct go_binary *b, struct strbuf *why)
{
	if (!b->sure) {
		if (b->minor < OLDEST_MINOR || b->minor > GO_NEWEST_MINOR)
			strbuf_printf(why, "its Go version (%s) is not one of 1.%d to 1.%d",
				      *b->version ? b->version : "unknown", OLDEST_MINOR,
				      GO_NEWEST_MINOR);
		else
			strbuf_printf(why, "where its runtime's variables are is not sure%s",
				      b->contradicted ? ": symbols or version, and code, tell "
							"different things"
						      : "");
		return -EBADMSG;
	}
	if (!b->mem_profile_rate || !b->mbuckets || !b->allglen ||
	    b->mem_profile_rate == b->mbuckets || b->mem_profile_rate == b->allglen)
		return fail(why, -EBADMSG, "not all of the runtime's variables were found in it");
	return 0;
}

static int check_executable(pid_t pid, const struct go_binary *b, struct strbuf *why)
{
	int r = go_process_runs(pid, b);

	if (r < 0)
		return fail(why, r == -EPERM ? r : -ESRCH, strerror(r == -EPERM ? EACCES : -r));
	return r ? 0 : fail(why, -ESRCH, "it runs another executable by now");
}

/* Breakpoints aside, is the code at OFFSET of the text segment that of the file? */
static int compare_part(const struct go_rate *r, const struct go_binary *b, uint64_t bias,
			uint64_t offset, struct strbuf *why)
{
	uint8_t file[PART], memory[PART];
	size_t n = MIN(b->text.file_size - offset, (uint64_t)PART), different = 0;
	int e = get(r, b->text.address + bias + offset, memory, n);

	if (e < 0)
		return fail(why, e == -EFAULT ? -EBADMSG : e, "its code cannot be read");
	if (pread(b->fd, file, n, (off_t)(b->text.offset + offset)) != (ssize_t)n)
		return fail(why, -EBADMSG, "its executable cannot be read");
	for (size_t i = 0; i < n; i++) {
		if (file[i] == memory[i])
			continue;
		if (memory[i] != BREAKPOINT || ++different > BREAKPOINTS)
			return fail(why, -EBADMSG, "its code is not that of its executable");
	}
	return 0;
}

/*
 * Beginning and end: in the last part is the program's own package, so that no two programs are
 * alike. Proves the load bias, too.
 */
static int compare_code(const struct go_rate *r, const struct go_binary *b, uint64_t bias,
			struct strbuf *why)
{
	uint64_t size = b->text.file_size;
	int e = compare_part(r, b, bias, 0, why);

	return e < 0 || size <= PART ? e : compare_part(r, b, bias, size - PART, why);
}

static int open_memory(pid_t pid, struct strbuf *why)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return fail(why, -EPERM,
			    "its memory may not be written (ptrace permission): run as root with "
			    "CAP_SYS_PTRACE");
	return fail(why, errno == ENOENT ? -ESRCH : -errno, strerror(errno));
}

static int bias_of_executable(pid_t pid, const struct go_binary *b, struct strbuf *why,
			      uint64_t *ret)
{
	int e = check_executable(pid, b, why);

	if (e < 0)
		return e;
	e = go_process_bias(pid, b, ret);
	return e < 0 ? fail(why, e, strerror(-e)) : 0;
}

int go_rate_open(pid_t pid, const struct go_binary *binary, const uint64_t *library_bias,
		 struct strbuf *why, struct go_rate **ret)
{
	struct go_rate *r = calloc(1, sizeof(*r));
	uint64_t bias = library_bias ? *library_bias : 0;
	int e;

	if (!r)
		return fail(why, -ENOMEM, strerror(ENOMEM));
	r->memory = -1;
	e = check_layout(binary, why);
	if (e == 0) {
		r->memory = open_memory(pid, why);
		e = MIN(r->memory, 0);
	}
	/* From here on the PID may pass to another process: its code would not be the same. */
	if (e == 0 && !library_bias)
		e = bias_of_executable(pid, binary, why, &bias);
	if (e == 0)
		e = compare_code(r, binary, bias, why);
	if (e < 0) {
		go_rate_close(r);
		return e;
	}
	r->pid = pid;
	r->in_library = library_bias;
	r->rate = binary->mem_profile_rate + bias;
	r->mbuckets = binary->mbuckets + bias;
	r->allglen = binary->allglen + bias;
	r->record_size = binary->record_size;
	*ret = r;
	return 0;
}

void go_rate_close(struct go_rate *r)
{
	if (!r)
		return;
	if (r->memory >= 0)
		close(r->memory);
	free(r);
}

static int ignore_bucket(void *context, const struct heap_bucket *bucket)
{
	(void)context;
	(void)bucket;
	return 0;
}

/* Few programs have a bucket while the rate is 0; the one made before it was set is intact. */
static int check_buckets(const struct go_rate *r, struct strbuf *why)
{
	const struct heap_reader reader = {.read = read_memory, .context = (void *)r};
	struct heap_walk walk = {0};
	uint64_t head = 0;
	int e = get(r, r->mbuckets, &head, sizeof(head));

	if (e == 0)
		e = heap_walk(&reader, head, r->record_size, MOST_BUCKETS, ignore_bucket, NULL,
			      &walk);
	if (e == 0 && walk.error == -ESRCH)
		e = walk.error;
	if (e < 0)
		return fail(why, e, strerror(-e));
	if (walk.damaged || walk.unreadable)
		return fail(why, -EBADMSG, "its heap buckets make no sense");
	return 0;
}

/*
 * The dynamic loader maps the code of a library first, with some of its file where the variables
 * are to come; then these, writable.
 */
static bool has_variables(const struct go_rate *r)
{
	const uint64_t addresses[] = {r->rate, r->mbuckets, r->allglen};
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	struct process_mapping m;
	size_t found = 0;

	if (!r->in_library)
		return true;
	if (process_maps_open(r->pid, &maps) < 0)
		return false;
	while (process_maps_next(maps, &m) > 0)
		for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
			found += m.writable && addresses[i] >= m.start && addresses[i] < m.end;
	return found == ARRAY_SIZE(addresses);
}

int go_rate_settled(const struct go_rate *r, struct strbuf *why)
{
	uint64_t goroutines = 0;
	bool there = has_variables(r); /* before they are read */
	int64_t rate = 0;
	int e = get(r, r->allglen, &goroutines, sizeof(goroutines));

	if (e == -ESRCH || (there && e < 0))
		return fail(why, e, strerror(-e));
	if (!there || goroutines < GOROUTINES_AT_START)
		return 0;
	e = go_rate_get(r, &rate);
	if (e < 0)
		return fail(why, e, strerror(-e));
	if (goroutines > GOROUTINES_SANE || rate < 0)
		return fail(why, -EBADMSG, "its runtime's variables make no sense");
	e = check_buckets(r, why);
	return e < 0 ? e : 1;
}

int go_rate_get(const struct go_rate *r, int64_t *ret)
{
	return get(r, r->rate, ret, sizeof(*ret));
}

int go_rate_change(const struct go_rate *r, int64_t from, int64_t to)
{
	int64_t now = 0;
	int e = go_rate_get(r, &now);
	ssize_t n;

	if (e < 0)
		return e;
	if (now != from)
		return -EBUSY;
	/* Eight aligned bytes. Should they come one by one, a value between is as good a rate. */
	n = pwrite(r->memory, &to, sizeof(to), (off_t)r->rate);
	if (n != sizeof(to))
		return n < 0 ? -errno : n == 0 ? -ESRCH : -EIO;
	e = go_rate_get(r, &now);
	return e < 0 ? e : now == to ? 0 : -EIO;
}
