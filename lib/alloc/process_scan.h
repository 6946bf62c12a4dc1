/*
 * Which processes of /proc have to be looked into: those that are new, run another executable than
 * the last time, or may have loaded something since. The looking is the caller's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_scan {
	struct seen_process *seen; /* by pid */
	size_t count;
};

/*
 * LOOK at each process that is due; it returns 1: it is known to the caller, who is to be asked
 * each time whether it still is; 0: it is of no interest now; -EAGAIN: that cannot be told yet; or
 * another -errno, which ends it. 0 or -errno.
 */
int process_scan_run(struct process_scan *scan, int (*look)(pid_t pid, void *user), void *user);

void process_scan_free(struct process_scan *scan);
