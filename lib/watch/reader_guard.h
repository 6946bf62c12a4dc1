/*
 * Sees to it that the thread that drains the rings gets a CPU while a victim is walked. A thread is
 * woken on the CPU where it ran last; if that is held by the walk, it would run only when the walk
 * is over. So a second thread waits for the same events on other CPUs, and if it sees that nothing
 * is read it changes places with the first one.
 */
#pragma once

#include <stddef.h>

/* Of both threads: before the one that looks into executables (see self_protect()). */
#define READER_PRIORITY 2

struct reader_guard;

/*
 * For the calling thread, which reads what makes one of the (at most 4) descriptors readable and
 * calls reader_guard_alive() while it does. From now on it is confined to one half of the CPUs it
 * may use. 0 or -errno; with only one CPU nothing is done and RET is NULL.
 */
int reader_guard_open(const int *fds, size_t n, struct reader_guard **ret);

/* Something was read. Costs next to nothing; NULL is fine. */
void reader_guard_alive(struct reader_guard *guard);

/* Ends the thread, and frees the calling one from its confinement. NULL is fine. */
void reader_guard_close(struct reader_guard *guard);
