/* oomrank's probe for real: what the kernel says of each process, against /proc. */
#include "live/bpf_test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"
#include "rank/counting.h"
#include "rank/ranking.h"

EMBEDDED_TEXT(oomrank);

static struct tracer *tracer;

static int start(void **state)
{
	struct tracer_config config = {
		.name = "test", .text = oomrank_text, .lines = oomrank_lines, .keep_btf = true};

	if (bpf_test_setup(state) < 0)
		return -1;
	if (tracer_new(&config, &tracer) < 0)
		return -1;
	if (tracer_start(tracer) < 0) {
		printf("# %s\n", tracer_error(tracer));
		return -1;
	}
	return 0;
}

static int end(void **state)
{
	tracer_close(tracer);
	return bpf_test_teardown(state);
}

/* What the probe tells now. The caller frees it. */
static struct oomrank_task *read_probe(size_t *ret_n)
{
	_cleanup_close_ int fd = tracer_iterate(tracer, "iter__task");
	struct strbuf bytes = {0};

	assert_true(fd >= 0);
	assert_int_equal(file_read_fd(fd, 1 << 28, &bytes), 0);
	assert_int_equal(bytes.length % sizeof(struct oomrank_task), 0);
	*ret_n = bytes.length / sizeof(struct oomrank_task);
	assert_true(*ret_n > 1);
	return (void *)strbuf_steal(&bytes);
}

/* The record of one process; the test fails without it. */
static struct oomrank_task task_of(pid_t pid)
{
	size_t n;
	_cleanup_free_ struct oomrank_task *tasks = read_probe(&n);

	for (size_t i = 0; i < n; i++)
		if (tasks[i].pid == (uint32_t)pid)
			return tasks[i];
	fail_msg("the probe does not tell of process %d", (int)pid);
	return tasks[0];
}

/* A child that sleeps. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void wait_for(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void own(void **state)
{
	struct oomrank_task task = task_of(getpid());
	char comm[sizeof(task.comm)] = "";

	(void)state;
	prctl(PR_GET_NAME, comm);
	assert_string_equal(task.comm, comm);
	assert_int_equal(task.parent_pid, getppid());
	assert_int_equal(task.uid, getuid());
	assert_int_equal(task.threads, 1);
	assert_int_equal(task.flags, 0);
	assert_true(task.mm);
	assert_true(task.anon_pages && task.file_pages && task.pgtables_bytes);
	assert_int_equal(task.policy_mode, -1);
	assert_true(task.memory_nodes & 1);
}

static void each_once(void **state)
{
	size_t n = 0, inits = 0, kernel_threads = 0;
	_cleanup_free_ struct oomrank_task *tasks = read_probe(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		inits += tasks[i].flags & OOMRANK_INIT ? 1 : 0;
		assert_int_equal(tasks[i].pid == 1, !!(tasks[i].flags & OOMRANK_INIT));
		if (tasks[i].flags & OOMRANK_KERNEL_THREAD) {
			kernel_threads++;
			assert_int_equal(tasks[i].mm, 0);
		}
		if (tasks[i].flags & OOMRANK_THREAD)
			continue;
		for (size_t j = 0; j < i; j++)
			assert_true(tasks[i].pid != tasks[j].pid ||
				    tasks[j].flags & OOMRANK_THREAD);
	}
	/* Some machines show process 1 to no iterator: then the snapshot has it from /proc. */
	assert_true(inits <= 1);
	assert_true(kernel_threads);
}

/* One of tasks[] has that address. */
static bool has_task(const struct oomrank_task *tasks, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (tasks[i].task == address)
			return true;
	return false;
}

/* A process that has just begun is the last in the lists, behind one that is told of. */
static void places(void **state)
{
	pid_t pid = sleeper();
	size_t n = 0, mine = 0, youngest = 0;

	(void)state;
	_cleanup_free_ struct oomrank_task *tasks = read_probe(&n);
	wait_for(pid);
	for (size_t i = 0; i < n; i++) {
		if (tasks[i].pid == (uint32_t)getpid())
			mine = i;
		if (tasks[i].pid == (uint32_t)pid)
			youngest = i;
		assert_true(tasks[i].task && tasks[i].css_set && tasks[i].cgroup_before);
	}
	assert_true(mine && youngest);
	assert_int_equal(tasks[youngest].css_set, tasks[mine].css_set);
	assert_true(has_task(tasks, n, tasks[youngest].task_before));
	assert_true(has_task(tasks, n, tasks[youngest].cgroup_before));
}

static int wait_in_vfork(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* Of memory that two processes share, and of one that waits in vfork() for its child. */
static void shared(void **state)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct oomrank_task mine, task;
	pid_t pid = clone(wait_in_vfork, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

	(void)state;
	assert_true(pid > 0);
	mine = task_of(getpid());
	task = task_of(pid);
	wait_for(pid);
	assert_int_equal(task.mm, mine.mm);
	assert_int_equal(task.flags, 0);
	assert_true(task.anon_pages && task.file_pages);
}

static uint32_t flags_from_proc(pid_t pid)
{
	_cleanup_machine_ struct machine *m = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};

	assert_int_equal(machine_from_proc("", &m, &why), 0);
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.pid == (uint32_t)pid)
			return m->processes[i].task.flags;
	fail_msg("/proc does not tell of process %d", (int)pid);
	return 0;
}

static void in_vfork(void **state)
{
	uint32_t from_proc;
	int fds[2];
	pid_t parent, pid;
	struct oomrank_task task;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		/* It writes its own PID as it comes to be, and then waits with its parent's memory.
		 */
		pid = syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid == 0) {
			pid = (pid_t)syscall(SYS_getpid);
			syscall(SYS_write, fds[1], &pid, sizeof(pid));
			for (;;)
				syscall(SYS_pause);
		}
		_exit(0);
	}
	assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	task = task_of(pid);
	from_proc = flags_from_proc(pid);
	kill(pid, SIGKILL);
	wait_for(parent);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(task.flags, OOMRANK_IN_VFORK);
	assert_int_equal(from_proc, OOMRANK_IN_VFORK);
	assert_int_equal(task.parent_pid, parent);
}

static void zombie(void **state)
{
	siginfo_t info;
	pid_t pid = fork();
	struct oomrank_task task;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	task = task_of(pid);
	wait_for(pid);
	assert_int_equal(task.mm, 0);
	assert_true(task.flags & OOMRANK_NO_MEMORY);
	assert_true(task.flags & OOMRANK_EXITING);
	assert_int_equal(task.anon_pages, 0);
}

static void adjusted(void **state)
{
	pid_t pid = sleeper();
	struct oomrank_task task;
	char path[64];
	ssize_t written;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	written = write(fd, "777", 3);
	close(fd);
	task = task_of(pid);
	wait_for(pid);
	assert_int_equal(written, 3);
	assert_int_equal(task.oom_score_adj, 777);
}

/* From then on the probe tells the exact numbers, or the rough ones. */
static void set_exact(bool exactly)
{
	const uint32_t zero = 0, exact = exactly;

	assert_int_equal(kernel_map_update(tracer_map_fd(tracer, "pages_exact"), &zero, &exact), 0);
}

static int read_counters(bool exactly, pid_t pid, struct oomrank_task *ret, void *user)
{
	(void)user;
	set_exact(exactly);
	*ret = task_of(pid);
	return 0;
}

/* Which counters the kernel goes by: twice the same, and it can be told where they differ. */
static void counting(void **state)
{
	struct machine *m;
	_cleanup_strbuf_ struct strbuf why = {0};
	struct domain all;
	bool exact = false, again = false;
	int r;

	(void)state;
	assert_int_equal(machine_from_proc("", &m, &why), 0);
	domain_of_machine(m, &all);
	r = counting_find(read_counters, NULL, all.total_pages, &exact);
	printf("# this kernel: %d, %s counters\n", r, exact ? "exact" : "rough");
	assert_int_equal(counting_find(read_counters, NULL, all.total_pages, &again), r);
	assert_int_equal(exact, again);
	/* Before Linux 6.2 both are the same. */
	assert_true(r == 0 || !m->doubt_pages);
	machine_free(m);
	set_exact(exact);
}

/*
 * The kernel's own arithmetic makes the same of every process. Others' memory may change between
 * the two: then again.
 */
static void scores(void **state)
{
	size_t wrong = 1, compared = 0;

	(void)state;
	for (int i = 0; i < 20 && wrong; i++) {
		_cleanup_machine_ struct machine *m = NULL;
		_cleanup_strbuf_ struct strbuf why = {0};
		_cleanup_free_ struct machine_mismatch *list = NULL;
		size_t n;
		_cleanup_free_ struct oomrank_task *tasks = read_probe(&n);

		assert_int_equal(machine_from_records(tasks, n, &m, &why), 0);
		assert_int_equal(machine_verify(m, &list, &wrong, &compared), 0);
		assert_int_equal(m->processes[0].task.pid, 1);
		assert_true(m->processes[0].task.flags & OOMRANK_INIT);
		if (wrong)
			printf("# %zu of %zu changed meanwhile\n", wrong, compared);
	}
	assert_int_equal(wrong, 0);
	assert_true(compared > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own),	    cmocka_unit_test(each_once), cmocka_unit_test(places),
		cmocka_unit_test(shared),   cmocka_unit_test(in_vfork),	 cmocka_unit_test(zombie),
		cmocka_unit_test(adjusted), cmocka_unit_test(counting),	 cmocka_unit_test(scores),
	};

	if (bpf_test_unavailable() >= 0)
		return bpf_test_unavailable();
	return cmocka_run_group_tests(tests, start, end);
}
