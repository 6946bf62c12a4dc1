#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

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
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* Those that cannot be changed, or are the C library's own, say so and are left. */
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
