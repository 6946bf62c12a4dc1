/*
 * chain [-s]: a known chain of calls, main, outer, middle, and at its end innermost, which takes
 * memory for ever. -s: take 32 MiB, stop (SIGSTOP) there, and when continued just wait.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef CHAIN_STEP
#define CHAIN_STEP innermost
#endif
#define PAGE 4096
#define HELD ((size_t)32 << 20)

__attribute__((noinline)) int CHAIN_STEP(int wait, volatile char *from);
__attribute__((noinline)) int middle(int wait, volatile char *from);
__attribute__((noinline)) int outer(int wait, volatile char *from);

#ifndef CHAIN_NO_STEP
/* The page is touched here, not in the C library. */
int CHAIN_STEP(int wait, volatile char *from)
{
	int n = 0;

	for (size_t i = 0; !wait || i < HELD; i += PAGE, n++)
		from[i] = 1;
	raise(SIGSTOP);
	for (;;)
		pause();
	return n;
}
#endif

#ifndef CHAIN_STEP_ONLY
int middle(int wait, volatile char *from)
{
	volatile char room[1234];

	room[wait] = 1;
	return CHAIN_STEP(wait, from) + room[wait];
}

int outer(int wait, volatile char *from)
{
	return middle(wait, from) * 3 + 1;
}

int main(int argc, char *argv[])
{
	void *p = mmap(NULL, (size_t)1 << 34, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)argv;
	return p == MAP_FAILED ? 1 : outer(argc > 1, p) + 1;
}
#endif
