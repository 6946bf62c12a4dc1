/*
 * A tool that watches for OOM kills must outlive them: its memory is locked, so that nothing of it
 * has to be paged in while there is none, and the OOM killer is asked to pass it by. It must also
 * read what the kernel says of a kill before the ring is full, on a box that is busy to its limit.
 */
#pragma once

#include "base/strbuf.h"

/*
 * Lock all present and future memory, set oom_score_adj to -1000, and have the calling thread run
 * as soon as it is woken (SCHED_FIFO; without a word if that is refused). What else was refused is
 * appended to WARNINGS, one line each, with what to do about it; nothing here is fatal.
 *
 * Before that, RESERVE bytes (0, or some MiB) are taken from the system and kept on the heap, for
 * what is to be done when there is none to be had.
 */
void self_protect(size_t reserve, struct strbuf *warnings);

/* The last of these only: from 1, as above, to 99. */
void self_protect_priority(int priority);
