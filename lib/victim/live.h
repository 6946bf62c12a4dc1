/* The heap profile of a living process, read from outside: no signal, no pause, no BPF. */
#pragma once

#include <sys/types.h>

#include "base/strbuf.h"
#include "proc/process.h"
#include "victim/process_image.h"
#include "victim/victim.h"

#define LIVE_BUCKETS_MOST (8u << 20) /* of one program; more than any has: the list is a circle */

/*
 * A victim with all buckets of the process, ready for victim_finish(), and the entry of its
 * executable, which the caller owns beside it (live_free()). On failure 0 buckets are kept and WHY
 * says what is wrong and what to do: -ESRCH no such process or it ended meanwhile, -EPERM, -ENOEXEC
 * no Go program or none whose profile can be found, -ENOMEM.
 */
struct live {
	struct victim *victim;
	struct known_binary binary; /* where its Go runtime is: the executable, or a library */
};

int live_read(pid_t pid, struct live *ret, struct strbuf *why);
void live_free(struct live *l);

/*
 * The steps of it, for who wants to know less. Each returns 0, or -errno with the reason in WHY.
 * Is there a process whose memory could be read? -ESRCH no such one, -ENOEXEC a kernel thread or
 * one that has ended (RET is set then).
 */
int live_find(pid_t pid, struct process *ret, struct strbuf *why);

/* process_open_executable() with a reason. */
int live_open_executable(pid_t pid, int *ret_fd, char **ret_path, struct strbuf *why);

/* The profiler's variables now. -ESRCH, -EPERM. */
struct live_heap {
	uint64_t bias; /* what to add to link-time addresses */
	uint64_t head; /* address of the first bucket; 0 none */
	int64_t rate;
};
int live_heap_read(pid_t pid, const struct process_image *image, struct live_heap *ret,
		   struct strbuf *why);
