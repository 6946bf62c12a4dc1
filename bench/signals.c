/*
 * signals [SIGNALS [PROCESSES]]: what a signal costs that a process sends to itself and handles,
 * and what a child costs that executes a program which ends at once. Prints "NANOSECONDS
 * NANOSECONDS": the CPU time of one signal and of one child, so that it counts for little what else
 * runs.
 *
 * signals -p PID: the BPF programs that this process holds, by the kernel's own account (sysctl
 * kernel.bpf_stats_enabled): lines of "NAME RUNS NANOSECONDS", of one run.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t children_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return 1000 * ((uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
		       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
}

static uint64_t signals(uint64_t n)
{
	uint64_t start;
	pid_t self = getpid();

	signal(SIGUSR1, handle);
	start = cpu_ns();
	for (uint64_t i = 0; i < n; i++)
		kill(self, SIGUSR1);
	return (cpu_ns() - start) / n;
}

/* Executes this very program, which then ends at once. */
static uint64_t processes(uint64_t n)
{
	uint64_t start = cpu_ns() + children_ns();

	for (uint64_t i = 0; i < n; i++) {
		pid_t child = vfork();

		if (child == 0) {
			execl("/proc/self/exe", "signals", "end", (char *)NULL);
			_exit(1);
		}
		if (child < 0 || waitpid(child, NULL, 0) < 0)
			return 0;
	}
	return (cpu_ns() + children_ns() - start) / n;
}

/* A link's description in fdinfo: of a program on a raw tracepoint it names the tracepoint. */
static void print_program(const char *link)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	const char *id = strstr(link, "\nprog_id:"), *name = strstr(link, "\ntp_name:");
	int fd = id ? bpf_prog_get_fd_by_id((uint32_t)strtoul(id + 9, NULL, 10)) : -1;

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.run_cnt) {
		name = name ? name + strspn(name + 9, "\t ") + 9 : info.name;
		printf("%.*s %" PRIu64 " %" PRIu64 "\n", (int)strcspn(name, "\n"), name,
		       (uint64_t)info.run_cnt, (uint64_t)(info.run_time_ns / info.run_cnt));
	}
	close(fd);
}

static int programs_of(const char *pid)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct dirent *entry;
	char path[64 + 256];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%s", pid, entry->d_name);
		strbuf_reset(&text);
		if (file_read(path, 1 << 16, &text) < 0)
			continue;
		if (strstr(strbuf_text(&text), "link_id:"))
			print_program(strbuf_text(&text));
	}
	if (!dir)
		return 1;
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t n_signals = 200000, n_processes = 1000, signal_ns;

	if (argc == 2 && strcmp(argv[1], "end") == 0)
		return 0;
	if (argc == 3 && strcmp(argv[1], "-p") == 0)
		return programs_of(argv[2]);
	if ((argc > 1 && parse_number(argv[1], 1, 100000000, &n_signals) < 0) ||
	    (argc > 2 && parse_number(argv[2], 1, 1000000, &n_processes) < 0) || argc > 3)
		return 2;
	signal_ns = signals(n_signals);
	if ((uint64_t)handled != n_signals)
		return 1;
	printf("%ju %ju\n", (uintmax_t)signal_ns, (uintmax_t)processes(n_processes));
	return 0;
}
