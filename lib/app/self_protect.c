#include "app/self_protect.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"

/* From this size on, a block comes from the system, not from the reserve, and goes back to it. */
#define LARGE_BLOCK (1 << 20)

static int exempt_from_oom(void)
{
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_write_fd(fd, "-1000", 5);
}

void self_protect_priority(int priority)
{
	const struct sched_param param = {.sched_priority = priority};

	(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static void reserve_memory(size_t n)
{
	void *memory;

	mallopt(M_TRIM_THRESHOLD, (int)(n + LARGE_BLOCK));
	mallopt(M_MMAP_THRESHOLD, (int)(n + LARGE_BLOCK));
	memory = malloc(n);
	if (memory)
		explicit_bzero(memory, n);
	free(memory);
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
}

void self_protect(size_t reserve, struct strbuf *warnings)
{
	int r = exempt_from_oom();

	if (reserve)
		reserve_memory(reserve);
	self_protect_priority(1);
	if (r < 0)
		strbuf_printf(warnings,
			      "cannot set oom_score_adj to -1000 (%s): the OOM killer may choose "
			      "this tool; run it with CAP_SYS_RESOURCE\n",
			      strerror(-r));
	/* On fault: what was never touched is not made resident just to be locked. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		strbuf_printf(warnings,
			      "cannot lock memory (%s): the tool may be paged out when memory is "
			      "short; raise 'ulimit -l' or run it with CAP_IPC_LOCK\n",
			      strerror(errno));
}
