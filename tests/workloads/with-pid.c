/* with-pid PID COMMAND...: run the command under that PID, which must be free, and wait for it. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	pid_t pid, child, wanted = argc > 2 ? atoi(argv[1]) : 0;
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
	int status, tries = 10000;

	if (wanted <= 0)
		return 2;
	do
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	while (pid < 0 && errno == EEXIST && tries-- > 0 && usleep(1000) == 0);
	if (pid == 0) {
		execv(argv[2], argv + 2);
		_exit(127);
	}
	child = pid < 0 ? -1 : waitpid(pid, &status, 0);
	if (child < 0) {
		fprintf(stderr, "with-pid: %s\n", strerror(errno));
		return 1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
