/*
 * storm KILLS AT-ONCE MILLISECONDS CGROUP...: kills in memory cgroups (directories), one victim in
 * each at a time, AT-ONCE of them running, MILLISECONDS between two starts (0: as fast as it goes).
 * A victim enters its cgroup and touches memory until the kernel kills it. Prints "PID DIRECTORY"
 * of each that was killed, as they die; ends with 1 unless all were.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096
#define BLOCK (64 << 10)

static void __attribute__((noreturn)) die_in(const char *directory)
{
	char path[4200];
	FILE *f;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "storm-victim");
	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0 || fclose(f) != 0)
		_exit(1);
	for (size_t total = 0; total < (size_t)1 << 30; total += BLOCK) {
		char *p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (p == MAP_FAILED)
			_exit(2);
		for (size_t i = 0; i < BLOCK; i += 4096)
			p[i] = 1;
	}
	_exit(3);
}

static pid_t running[MOST];

/* A cgroup without a victim, the next in turn; -1: there is none. */
static int free_slot(long turn, int n)
{
	for (int i = 0; i < n; i++)
		if (!running[(turn + i) % n])
			return (int)((turn + i) % n);
	return -1;
}

static pid_t start(const char *directory, long gap_ns)
{
	static struct timespec next;
	pid_t pid;

	if (gap_ns && !next.tv_sec)
		clock_gettime(CLOCK_MONOTONIC, &next);
	if (gap_ns)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	next.tv_nsec += gap_ns;
	next.tv_sec += next.tv_nsec / 1000000000;
	next.tv_nsec %= 1000000000;
	pid = fork();
	if (pid == 0)
		die_in(directory);
	return pid;
}

/* Is it ours, and killed? */
static int ends(pid_t pid, int status, char *directories[], int n)
{
	for (int i = 0; i < n; i++)
		if (running[i] == pid) {
			running[i] = 0;
			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
				return 0;
			printf("%d %s\n", (int)pid, directories[i]);
			return 1;
		}
	return 0;
}

int main(int argc, char *argv[])
{
	long kills, most, gap, started = 0, killed = 0, ended = 0;
	int n = argc - 4;

	if (n < 1 || n > MOST)
		return 2;
	kills = atol(argv[1]);
	most = atol(argv[2]);
	gap = atol(argv[3]) * 1000000;
	while (ended < kills) {
		int status, more = started < kills && started - ended < most;
		int slot = more ? free_slot(started, n) : -1;
		pid_t pid;

		if (slot >= 0) {
			running[slot] = start(argv[4 + slot], gap);
			if (running[slot] < 0)
				return 1;
			started++;
		}
		pid = waitpid(-1, &status, slot >= 0 ? WNOHANG : 0);
		if (pid <= 0)
			continue;
		ended++;
		killed += ends(pid, status, argv + 4, n);
	}
	fflush(stdout);
	return killed != kills;
}
