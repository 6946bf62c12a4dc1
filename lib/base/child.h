/*
 * What a child does between fork and exec, so that it is a process like any other: what protects
 * the tool and what its loop needs is not for it. Safe after vfork(): nothing but system calls.
 */
#pragma once

/* An oom_score_adj below 0 becomes 0. 0 or -errno. */
int child_unprotect(void);

/* No signal is blocked, ignored or caught. */
void child_default_signals(void);
