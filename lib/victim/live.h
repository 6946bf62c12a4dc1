/* The heap profile of a living process, read from outside: no signal, no pause, no BPF. */
#pragma once

#include <sys/types.h>

#include "base/strbuf.h"
#include "victim/victim.h"

/*
 * A victim with all buckets of the process, ready for victim_finish(), and the entry of its
 * executable, which the caller owns beside it (live_free()). On failure 0 buckets are kept and WHY
 * says what is wrong and what to do: -ESRCH no such process or it ended meanwhile, -EPERM, -ENOEXEC
 * not a Go program, -ENODATA no profile in it, -ENOMEM.
 */
struct live {
	struct victim *victim;
	struct known_binary binary;
};

int live_read(pid_t pid, struct live *ret, struct strbuf *why);
void live_free(struct live *l);
