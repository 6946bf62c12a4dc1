/*
 * buckets COMMAND PID: the list of heap buckets of a stopped Go program, spoilt in a known way.
 *
 *	count	how many there are
 *	head	the address of the first
 *	hide	make a page in the middle of the list unreadable (mprotect, done by the process
 *itself); prints how many buckets lie on it, whole or in part
 *	list	where each begins and ends
 *	swap	swap out the pages that the older half of them lies on
 *	swapall	swap out all that the process could have written to
 *	absent	reads such a list, and prints how many of them lie on a page, whole or in part, that
 *		is not in memory; the process's memory is not touched for it
 *	circle	link a bucket in the middle to one that came before it
 *	break	link it to where there is nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "go/go_binary.h"
#include "go/heap_buckets.h"
#include "proc/process.h"
#include "proc/process_maps.h"

#define PAGE ((uint64_t)4096)
#define ALLNEXT 8 /* of a bucket: see lib/go/heap_buckets.h */
#define DEPTH 40

struct list {
	uint64_t *at, *end; /* of each bucket */
	size_t n, size;
};

static int read_list(pid_t pid, const struct go_binary *b, struct list *l)
{
	struct heap_reader reader = heap_reader_process(pid);
	uint64_t bias, at = 0, words[HEAP_BUCKET_HEADER / 8];
	int r = go_process_bias(pid, b, &bias);

	if (r == 0)
		r = heap_reader_get(&reader, b->mbuckets + bias, &at, sizeof(at));
	for (; r == 0 && at; at = words[ALLNEXT / 8]) {
		if (l->n == l->size) {
			l->size = l->size ? l->size * 2 : 1024;
			l->at = reallocarray(l->at, l->size, sizeof(*l->at));
			l->end = reallocarray(l->end, l->size, sizeof(*l->end));
			if (!l->at || !l->end)
				return -ENOMEM;
		}
		r = heap_reader_get(&reader, at, words, sizeof(words));
		l->at[l->n] = at;
		l->end[l->n++] = at + sizeof(words) + 8 * words[DEPTH / 8] +
				 HEAP_RECORDS * (uint64_t)b->record_size;
	}
	return r;
}

/* Have the process call mprotect(PAGE, 4096, PROT_NONE): it stands behind a system call. */
static int hide_page(pid_t pid, uint64_t page)
{
	struct user_regs_struct before, regs;
	int status = 0, r = 0;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
		return -errno;
	if (waitpid(pid, &status, __WALL) < 0 || ptrace(PTRACE_GETREGS, pid, NULL, &before) < 0)
		return -errno;
	regs = before;
	regs.rip -= 2;
	regs.rax = SYS_mprotect;
	regs.orig_rax = (unsigned long long)-1;
	regs.rdi = page;
	regs.rsi = PAGE;
	regs.rdx = PROT_NONE;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
		return -errno;
	/* It may report that it was stopped before, first. */
	for (int i = 0; i < 10 && !(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP); i++)
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 ||
		    waitpid(pid, &status, __WALL) < 0)
			return -errno;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0 || regs.rax != 0)
		r = -EIO;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &before) < 0 ||
	    ptrace(PTRACE_DETACH, pid, NULL, SIGSTOP) < 0)
		r = -errno;
	return r;
}

#define PAGE_PRESENT ((uint64_t)1 << 63) /* of /proc/PID/pagemap: admin-guide/mm/pagemap.rst */

static int count_absent(pid_t pid, FILE *list)
{
	_cleanup_close_ int fd = -1;
	uint64_t at, end, entry;
	size_t absent = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (fscanf(list, "%" SCNx64 " %" SCNx64, &at, &end) == 2) {
		bool here = true;

		for (uint64_t page = at / PAGE; page <= (end - 1) / PAGE; page++) {
			if (pread(fd, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) !=
			    sizeof(entry))
				return -EIO;
			here = here && entry & PAGE_PRESENT;
		}
		absent += !here;
	}
	printf("%zu\n", absent);
	return 0;
}

/* From Linux 5.10 on; what the kernel will not swap out just now stays. */
static int swap_out(pid_t pid, const struct list *l)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = l->n / 2; i < l->n; i++) {
		uint64_t page = l->at[i] & ~(PAGE - 1);
		struct iovec pages = {(void *)(uintptr_t)page,
				      (l->end[i] - page + PAGE - 1) & ~(PAGE - 1)};

		if (syscall(SYS_process_madvise, fd, &pages, 1ul, MADV_PAGEOUT, 0u) < 0)
			return -errno;
	}
	return 0;
}

static int swap_out_all(pid_t pid)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	struct process_mapping m;
	int r = fd < 0 ? -errno : process_maps_open(pid, &maps);

	while (r == 0 && process_maps_next(maps, &m) > 0) {
		struct iovec pages = {(void *)(uintptr_t)m.start, m.end - m.start};

		if (m.writable && !m.shared)
			(void)syscall(SYS_process_madvise, fd, &pages, 1ul, MADV_PAGEOUT, 0u);
	}
	return r;
}

static int hide(pid_t pid, const struct list *l)
{
	uint64_t page = l->at[l->n / 2] & ~(PAGE - 1);
	size_t on_it = 0;

	for (size_t i = 0; i < l->n; i++)
		on_it += l->at[i] < page + PAGE && l->end[i] > page;
	printf("%zu\n", on_it);
	return hide_page(pid, page);
}

static int link_to(pid_t pid, uint64_t bucket, uint64_t next)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pwrite(fd, &next, sizeof(next), (off_t)(bucket + ALLNEXT));
	close(fd);
	return n == sizeof(next) ? 0 : -EIO;
}

int main(int argc, char *argv[])
{
	_cleanup_go_binary_ struct go_binary *binary = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct list l = {0};
	pid_t pid;
	int r;

	if (argc != 3)
		return 2;
	pid = atoi(argv[2]);
	if (!strcmp(argv[1], "absent"))
		return count_absent(pid, stdin) < 0;
	r = process_open_executable(pid, &fd, &path);
	if (r == 0)
		r = go_binary_open(fd, NULL, &binary);
	if (r == 0)
		r = read_list(pid, binary, &l);
	if (r == 0 && l.n < 3)
		r = -ENODATA;
	if (r < 0)
		;
	else if (!strcmp(argv[1], "count"))
		printf("%zu\n", l.n);
	else if (!strcmp(argv[1], "list"))
		for (size_t i = 0; i < l.n; i++)
			printf("0x%" PRIx64 " 0x%" PRIx64 "\n", l.at[i], l.end[i]);
	else if (!strcmp(argv[1], "swap"))
		r = swap_out(pid, &l);
	else if (!strcmp(argv[1], "swapall"))
		r = swap_out_all(pid);
	else if (!strcmp(argv[1], "head"))
		printf("0x%" PRIx64 "\n", l.at[0]);
	else if (!strcmp(argv[1], "hide"))
		r = hide(pid, &l);
	else if (!strcmp(argv[1], "circle"))
		r = link_to(pid, l.at[l.n / 2], l.at[l.n / 3]);
	else if (!strcmp(argv[1], "break"))
		r = link_to(pid, l.at[l.n / 2], PAGE);
	else
		r = -EINVAL;
	if (r < 0)
		fprintf(stderr, "buckets: %s\n", strerror(-r));
	free(l.at);
	free(l.end);
	return r < 0;
}
