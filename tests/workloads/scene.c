/*
 * scene [OPTION]...: a process as the OOM killer may find one, that stands still once it has said
 * "ready". Sizes are in pages, all of them touched.
 *   -a PAGES   anonymous
 *   -s PAGES   shared
 *   -f PAGES   of the file -F FILE, at most what it has
 *   -o PAGES   anonymous, and put out to swap
 *   -u PAGES   huge ones, which count as nobody's; none where the machine has set none aside
 *   -l         what it has of memory is locked, but for what it has put out
 *   -b NODE    the memory that it takes is of that NUMA node
 *   -j ADJ     oom_score_adj
 *   -t N       so many threads more
 *   -k KIND    vfork: its vfork child stands there, too; shared: another process shares its memory;
 *              leaderless: its first thread has exited; zombie: it has a child that has exited;
 *              fault: a thread waits for a page that userfaultfd is to bring; borrowed: a thread of
 *              the kernel works in its memory (vhost)
 * Then it does what it reads, and answers "done" or "failed":
 *   w PAGES    write them to a file in memory: its own memory does not change by that
 *   g PAGES    touch them: they are its own
 *   x          exit
 * It ends when there is nothing more to read.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <linux/vhost.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21 /* Linux 5.4 */
#endif

#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#define ROOM ((size_t)1 << 30) /* what can be touched by "g" at most */

static struct {
	size_t anon, shared, file, swap, threads, huge;
	int node; /* -1: any */
	bool locked;
	const char *path, *kind;
} options = {.kind = "plain", .node = -1};

static char page[PAGE];
static char *room;
static int memory_file;

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static char *map(size_t bytes, int flags, int fd)
{
	int protection = fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
	char *p = mmap(NULL, bytes, protection, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (p == MAP_FAILED)
		die("scene: mmap");
	/* Huge pages would come and go by themselves. */
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static char *touch(size_t pages, int flags)
{
	char *p = pages ? map(pages * PAGE, flags, -1) : NULL;

	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return p;
}

static void map_file(size_t pages)
{
	int fd = open(options.path, O_RDONLY | O_CLOEXEC);
	volatile char sum = 0;
	off_t size;
	char *p;

	if (fd < 0 || (size = lseek(fd, 0, SEEK_END)) < 0)
		die(options.path);
	pages = pages < (size_t)size / PAGE ? pages : (size_t)size / PAGE;
	p = pages ? map(pages * PAGE, MAP_PRIVATE, fd) : NULL;
	for (size_t i = 0; i < pages; i++)
		sum += p[i * PAGE];
	close(fd);
}

/* Not touched: where there are none, that would be our end. */
static void take_huge(size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
}

/* Only what is there: the room to grow into is not. */
static void lock(void)
{
	if (mlockall(MCL_CURRENT | MCL_ONFAULT) < 0)
		die("scene: mlockall");
}

static void bind_to(int node)
{
	unsigned long nodes = 1ul << node;

	/* One more than there are bits, for historical reasons: set_mempolicy(2). */
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes) + 1) < 0)
		die("scene: set_mempolicy");
}

static void put_out(size_t pages)
{
	char *p = touch(pages, MAP_PRIVATE);

	/* Where there is no swap, they stay. */
	if (p)
		madvise(p, pages * PAGE, MADV_PAGEOUT);
}

/* A page of a file in memory is charged to our cgroup and is part of nobody's. */
static int write_file(size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		if (write(memory_file, page, sizeof(page)) != (ssize_t)sizeof(page))
			return -1;
		/* So slowly that who watches can stop us after the first kill. */
		if (i % 16 == 15)
			nanosleep(&(struct timespec){0, 50000}, NULL);
	}
	return 0;
}

static int grow(size_t pages)
{
	for (size_t i = 0; i < pages && i < ROOM / PAGE; i++) {
		room[i * PAGE] = 1;
		if (i % 16 == 15)
			nanosleep(&(struct timespec){0, 50000}, NULL);
	}
	return 0;
}

static void answer(const char *text)
{
	size_t n = strlen(text);

	if (write(STDOUT_FILENO, text, n) != (ssize_t)n)
		_exit(1);
}

/* Only system calls and what has run before: nothing here is to touch a page that is not there. */
static void obey(const char *order)
{
	size_t pages = strtoul(order + 1, NULL, 10);

	if (order[0] == 'x')
		_exit(0);
	answer((order[0] == 'w' ? write_file(pages) : grow(pages)) ? "failed\n" : "done\n");
}

static void *listen_to_orders(void *unused)
{
	char order[32];
	ssize_t n;

	answer("ready\n");
	while ((n = read(STDIN_FILENO, order, sizeof(order) - 1)) > 0) {
		order[n] = 0;
		obey(order);
	}
	_exit(0);
	return unused;
}

static int stand(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return unused != NULL;
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *fault(void *at)
{
	*(volatile char *)at = 1;
	return idle(NULL);
}

/* Where it may not be used, it is a plain one. */
static void wait_for_page(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	pthread_t thread;
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return;
	range.range.start = (unsigned long)map(64 * PAGE, MAP_PRIVATE, -1);
	range.range.len = 64 * PAGE;
	if (ioctl(fd, UFFDIO_REGISTER, &range) == 0)
		pthread_create(&thread, NULL, fault, (void *)range.range.start);
}

/* Likewise. Until Linux 6.4 it is a thread of the kernel's, then one of ours. */
static void lend_memory(void)
{
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		ioctl(fd, VHOST_SET_OWNER);
}

static void become_odd(void)
{
	static char stack[65536];
	pthread_t thread;
	pid_t child;

	if (!strcmp(options.kind, "vfork")) {
		if (vfork() > 0)
			_exit(0);
	} else if (!strcmp(options.kind, "shared")) {
		if (clone(stand, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
			die("scene: clone");
	} else if (!strcmp(options.kind, "zombie")) {
		child = fork();
		if (child == 0)
			_exit(0);
		waitid(P_PID, child, &(siginfo_t){0}, WEXITED | WNOWAIT);
	} else if (!strcmp(options.kind, "leaderless")) {
		if (pthread_create(&thread, NULL, listen_to_orders, NULL))
			die("scene: thread");
		syscall(SYS_exit, 0);
	} else if (!strcmp(options.kind, "fault")) {
		wait_for_page();
	} else if (!strcmp(options.kind, "borrowed")) {
		lend_memory();
	}
}

static int set_adjustment(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("scene: oom_score_adj");
	return close(fd);
}

static int read_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "a:s:f:F:o:u:lb:j:t:k:")) != -1) {
		size_t number = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'a':
			options.anon = number;
			break;
		case 's':
			options.shared = number;
			break;
		case 'f':
			options.file = number;
			break;
		case 'F':
			options.path = optarg;
			break;
		case 'o':
			options.swap = number;
			break;
		case 'u':
			options.huge = number;
			break;
		case 'l':
			options.locked = true;
			break;
		case 'b':
			options.node = (int)number;
			break;
		case 'j':
			set_adjustment(optarg);
			break;
		case 't':
			options.threads = number;
			break;
		case 'k':
			options.kind = optarg;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	if (read_options(argc, argv))
		return 2;
	if (options.node >= 0)
		bind_to(options.node);
	/* Everything that an order needs, once, so that it is there. */
	memory_file = memfd_create("scene", MFD_CLOEXEC);
	room = map(ROOM, MAP_PRIVATE | MAP_NORESERVE, -1);
	write_file(16);
	grow(16);
	strtoul("w 1", NULL, 10);
	for (size_t i = 0; i < options.threads; i++)
		pthread_create(&thread, NULL, idle, NULL);
	touch(options.anon, MAP_PRIVATE);
	touch(options.shared, MAP_SHARED);
	if (options.path)
		map_file(options.file);
	take_huge(options.huge);
	if (options.locked)
		lock();
	put_out(options.swap);
	become_odd();
	listen_to_orders(NULL);
	return 0;
}
