/*
 * odd KIND MEBIBYTES: touch that much memory and wait for ever, as an odd process:
 *   mixed       some of it shared, some locked
 *   leaderless  the first thread has exited
 *   vfork       a child of vfork() does it
 *   shared      a process that shares the memory, but is no thread, waits beside it
 *   title       it has written a title over its arguments, and beyond
 *   nameless    without any arguments
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

extern char **environ;

static char *touch(size_t mib, int flags)
{
	char *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < mib * MIB; i += 4096)
		p[i] = 1;
	return p;
}

static void *eat(void *mib)
{
	touch((size_t)mib, MAP_PRIVATE);
	for (;;)
		pause();
	return NULL;
}

static int wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static void share(void)
{
	static char stack[65536];

	if (clone(wait_for_ever, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
		_exit(1);
}

/* All of what was given, arguments and environment, lies in one piece. */
static void write_title(char *argv[], const char *title)
{
	size_t size = strlen(title) + 1;

	memset(argv[0], 'x', environ[0] - argv[0]); /* no NUL at the end of the arguments */
	memcpy(argv[0], title, size);
}

static void leave_leader(size_t mib)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, eat, (void *)mib))
		_exit(1);
	syscall(SYS_exit, 0);
}

static void run_nameless(const char *mib)
{
	char *environment[] = {strdup(mib), NULL}, *none[] = {NULL};

	/* Since Linux 5.18 it has one argument then, an empty one. */
	execve("/proc/self/exe", none, environment);
	_exit(1);
}

int main(int argc, char *argv[])
{
	volatile size_t mib = strtoul(argc > 2 ? argv[2] : environ[0] ? environ[0] : "", NULL, 10);
	const char *kind = argc > 2 ? argv[1] : "";

	if (!mib)
		return 2;
	if (!strcmp(kind, "mixed")) {
		touch(3, MAP_SHARED);
		/* Not mlock(): the address sanitizer makes nothing of that. */
		if (syscall(SYS_mlock, touch(1, MAP_PRIVATE), MIB))
			perror("odd: mlock");
	} else if (!strcmp(kind, "leaderless")) {
		leave_leader(mib);
	} else if (!strcmp(kind, "vfork")) {
		if (vfork() > 0)
			wait_for_ever(NULL);
	} else if (!strcmp(kind, "shared")) {
		share();
	} else if (!strcmp(kind, "title")) {
		write_title(argv, "odd: a title that is longer than the arguments were, by far");
	} else if (!strcmp(kind, "nameless")) {
		run_nameless(argv[2]);
	}
	eat((void *)mib);
	return 0;
}
