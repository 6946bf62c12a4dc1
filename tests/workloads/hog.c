/*
 * hog [-n COMM] [-t THREADS] [-w] [-b NODE] MEBIBYTES: map and touch that much memory, then wait
 * for ever. -n gives it another name (bytes as \xNN), -w waits for a line on stdin first, -b takes
 * the memory of one NUMA node only.
 */
#include <linux/mempolicy.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void rename_to(const char *text)
{
	char name[16] = "";

	for (size_t n = 0; *text && n < sizeof(name) - 1; n++) {
		unsigned int byte;

		if (sscanf(text, "\\x%2x", &byte) == 1) {
			name[n] = (char)byte;
			text += 4;
		} else {
			name[n] = *text++;
		}
	}
	prctl(PR_SET_NAME, name);
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void bind_to(int node)
{
	unsigned long nodes = 1ul << node;

	/* One more than there are bits, for historical reasons: set_mempolicy(2). */
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes) + 1) < 0) {
		perror("set_mempolicy");
		exit(1);
	}
}

int main(int argc, char *argv[])
{
	int c, threads = 0, wait = 0;
	const char *name = NULL;
	long mib;

	while ((c = getopt(argc, argv, "n:t:wb:")) != -1) {
		if (c == 'n')
			name = optarg;
		else if (c == 't')
			threads = atoi(optarg);
		else if (c == 'w')
			wait = 1;
		else if (c == 'b')
			bind_to(atoi(optarg));
		else
			return 2;
	}
	mib = optind < argc ? atol(argv[optind]) : 64;
	if (name)
		rename_to(name);
	for (pthread_t t; threads > 0; threads--)
		pthread_create(&t, NULL, idle, NULL);
	if (wait && getchar() == EOF)
		return 1;
	for (long i = 0; i < mib; i++) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			return 1;
		memset(p, (int)i + 1, 1 << 20);
	}
	puts("touched");
	fflush(stdout);
	idle(NULL);
}
