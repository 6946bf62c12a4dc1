/*
 * measure [-r READY] [-x LAST] [-s MS] -- COMMAND...: what it costs to start a tracing program. It
 * runs on a terminal of its own, so that it flushes its lines, until one of them begins with READY:
 * it is attached; or with LAST: that is as far as it gets here. One line to stdout:
 *
 *   how wall_us cpu_us peak_kb rss_kb pss_kb anon_kb kernel_kb
 *
 * how: ready, last, unattached (it said READY but holds no attached program), died, timeout. Memory
 * is read MS milliseconds after READY, or at once at LAST, the process stopped. Exit status 1, and
 * what the program said on stderr, unless it is ready or last.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/parse.h"
#include "proc/clock.h"

#define TIMEOUT_NS 30000000000ull
#define MOST_BYTES (1 << 20)

struct figures {
	const char *how;
	uint64_t wall_ns, cpu_ns;
	uint64_t rss_kb, pss_kb, anon_kb, kernel_kb;
	bool attached;
};

struct run {
	const char *ready, *last;
	pid_t pid;
	int terminal, counter;
	uint64_t start_ns;
	struct strbuf output;
};

/* CPU time of the process and of all its descendants, from its exec on, in nanoseconds. */
static int cpu_counter(pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The child waits for a byte: until then its counter is not there. */
static int start(char **command, struct run *run)
{
	int gate[2];

	if (pipe2(gate, O_CLOEXEC) < 0)
		return -errno;
	run->pid = forkpty(&run->terminal, NULL, NULL, NULL);
	if (run->pid < 0)
		return -errno;
	if (run->pid == 0) {
		char byte;

		signal(SIGINT, SIG_DFL);
		if (read(gate[0], &byte, 1) == 1)
			execvp(command[0], command);
		dprintf(STDOUT_FILENO, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	run->counter = cpu_counter(run->pid);
	if (run->counter < 0)
		fprintf(stderr, "measure: no CPU counter: %s\n", strerror(errno));
	run->start_ns = clock_monotonic_ns();
	if (write(gate[1], "", 1) != 1)
		return -errno;
	close(gate[0]);
	close(gate[1]);
	return 0;
}

static bool has_line(const char *text, const char *beginning)
{
	const char *at = text;

	while (beginning && (at = strstr(at, beginning))) {
		if (at == text || at[-1] == '\n' || at[-1] == '\r')
			return true;
		at++;
	}
	return false;
}

/* Read its terminal until one of the two lines is there. */
static const char *watch(struct run *run)
{
	uint64_t end_ns = run->start_ns + TIMEOUT_NS;
	struct pollfd terminal = {.fd = run->terminal, .events = POLLIN};
	char bytes[4096];
	ssize_t n;

	while (clock_monotonic_ns() < end_ns) {
		if (poll(&terminal, 1, 1000) <= 0)
			continue;
		n = read(run->terminal, bytes, sizeof(bytes));
		if (n <= 0) /* EIO: nobody has the other side open */
			return "died";
		strbuf_append(&run->output, bytes, (size_t)n);
		if (has_line(strbuf_text(&run->output), run->ready))
			return "ready";
		if (has_line(strbuf_text(&run->output), run->last))
			return "last";
	}
	return "timeout";
}

/* The number after KEY at the beginning of a line; 0 if there is none. */
static uint64_t number_after(const char *text, const char *key)
{
	const char *at = text;

	while ((at = strstr(at, key))) {
		if (at == text || at[-1] == '\n')
			return strtoull(at + strlen(key), NULL, 10);
		at++;
	}
	return 0;
}

static void read_memory(pid_t pid, struct figures *f)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (file_read(path, MOST_BYTES, &text) < 0)
		return;
	f->rss_kb = number_after(strbuf_text(&text), "Rss:");
	f->pss_kb = number_after(strbuf_text(&text), "Pss:");
	f->anon_kb = number_after(strbuf_text(&text), "Anonymous:");
}

/* Perf rings are the kernel's pages mapped into the process, and not counted as its RSS. */
static uint64_t perf_rings_kb(pid_t pid)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t from, to, bytes = 0;
	char path[64], *line, *rest;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	if (file_read(path, MOST_BYTES, &text) < 0 || !text.data)
		return 0;
	for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, "[perf_event]") &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2)
			bytes += to - from;
	return bytes / 1024;
}

static bool is_attached(pid_t pid, int fd, const char *fdinfo)
{
	uint32_t length = 0, program, type;
	__u64 offset, address;

	return number_after(fdinfo, "link_id:") ||
	       bpf_task_fd_query(pid, fd, 0, NULL, &length, &program, &type, &offset, &address) ==
		       0;
}

/* Memory of the maps and programs that it holds, each counted once, and whether one is attached. */
static void read_kernel_side(pid_t pid, struct figures *f)
{
	uint64_t seen[256], id, bytes = 0;
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t n_seen = 0, i;
	struct dirent *entry;
	char path[64 + 256];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		strbuf_reset(&text);
		if (entry->d_name[0] == '.' || file_read(path, MOST_BYTES, &text) < 0)
			continue;
		if (is_attached(pid, atoi(entry->d_name), strbuf_text(&text)))
			f->attached = true;
		if (!strstr(strbuf_text(&text), "memlock:"))
			continue;
		id = number_after(strbuf_text(&text), "map_id:") << 1;
		if (!id)
			id = number_after(strbuf_text(&text), "prog_id:") << 1 | 1;
		for (i = 0; i < n_seen && seen[i] != id; i++)
			;
		if (i < n_seen || n_seen == ARRAY_SIZE(seen))
			continue;
		seen[n_seen++] = id;
		bytes += number_after(strbuf_text(&text), "memlock:");
	}
	if (dir)
		closedir(dir);
	f->kernel_kb = bytes / 1024 + perf_rings_kb(pid);
}

/* Ask it to end, make it end, and collect it. Its terminal is drained, or it could not end. */
static void finish(struct run *run, struct rusage *ret)
{
	uint64_t kill_ns = clock_monotonic_ns() + 3000000000ull;
	struct pollfd terminal = {.fd = run->terminal, .events = POLLIN};
	char bytes[4096];

	kill(run->pid, SIGCONT);
	kill(run->pid, SIGINT);
	while (wait4(run->pid, NULL, WNOHANG, ret) == 0) {
		if (poll(&terminal, 1, 10) > 0 && read(run->terminal, bytes, sizeof(bytes)) <= 0)
			usleep(1000);
		if (clock_monotonic_ns() > kill_ns)
			kill(run->pid, SIGKILL);
	}
}

static void measure(struct run *run, uint64_t settle_ms, struct figures *f)
{
	f->how = watch(run);
	f->wall_ns = clock_monotonic_ns() - run->start_ns;
	if (strcmp(f->how, "last") == 0)
		kill(run->pid, SIGSTOP);
	if (read(run->counter, &f->cpu_ns, sizeof(f->cpu_ns)) != sizeof(f->cpu_ns))
		f->cpu_ns = 0;
	if (strcmp(f->how, "ready") == 0)
		usleep((useconds_t)settle_ms * 1000);
	read_memory(run->pid, f);
	read_kernel_side(run->pid, f);
	if (strcmp(f->how, "ready") == 0 && !f->attached)
		f->how = "unattached";
}

int main(int argc, char **argv)
{
	struct run run = {.terminal = -1, .counter = -1};
	struct figures f = {0};
	struct rusage usage = {0};
	uint64_t settle_ms = 300;
	int option, r = 0;

	while ((option = getopt(argc, argv, "+r:x:s:")) != -1) {
		if (option == 'r')
			run.ready = optarg;
		else if (option == 'x')
			run.last = optarg;
		else if (option != 's' || parse_number(optarg, 0, 60000, &settle_ms) < 0)
			return 2;
	}
	if (optind == argc)
		return 2;
	r = start(argv + optind, &run);
	if (r < 0) {
		fprintf(stderr, "measure: %s\n", strerror(-r));
		return 1;
	}
	measure(&run, settle_ms, &f);
	finish(&run, &usage);
	printf("%s %" PRIu64 " %" PRIu64 " %ld %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	       f.how, f.wall_ns / 1000, f.cpu_ns / 1000, usage.ru_maxrss, f.rss_kb, f.pss_kb,
	       f.anon_kb, f.kernel_kb);
	strbuf_putc(&run.output, '\n');
	if (strcmp(f.how, "ready") == 0 || strcmp(f.how, "last") == 0)
		r = 0;
	else
		r = fprintf(stderr, "measure: %s: %s\n%s", argv[optind], f.how,
			    strbuf_text(&run.output));
	strbuf_free(&run.output);
	return r != 0;
}
