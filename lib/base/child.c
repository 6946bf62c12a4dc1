#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "base/macro.h"

int child_unprotect(void)
{
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char sign;

	if (fd < 0)
		return -errno;
	if (pread(fd, &sign, 1, 0) != 1 || sign != '-')
		return 0;
	return write(fd, "0", 1) == 1 ? 0 : -errno;
}

void child_default_signals(void)
{
	/* The kernel's struct sigaction, whatever its members' order: SIG_DFL and all else is 0.
	 * The C library would not let us change 32 and 33, which it has for itself. */
	const uint64_t usual[8] = {0};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)syscall(SYS_rt_sigaction, i, usual, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
