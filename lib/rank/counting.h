/*
 * By which of its counters does this kernel compare processes? Since Linux 6.2 each CPU keeps some
 * pages of a process to itself. oom_badness() left them out, until that was mended (Linux 7.0), in
 * stable kernels, too. No version tells: it is tried.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf-src/oomrank.h"

/* The numbers of process PID now: without what the CPUs keep, or with it (EXACTLY). 0 or -errno. */
typedef int (*counting_read)(bool exactly, pid_t pid, struct oomrank_task *ret, void *user);

/*
 * A child that grows page by page is watched: at which of the two numbers does its oom_score, which
 * is made of oom_badness(), go up? TOTAL_PAGES: the machine's, as domain_of_machine() has them.
 * Takes some milliseconds. 0; -EAGAIN: it could not be told; or another -errno.
 */
int counting_find(counting_read read, void *user, uint64_t total_pages, bool *ret_exact);
