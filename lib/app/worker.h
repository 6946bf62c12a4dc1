/*
 * A second thread that does long jobs one after the other, so that the loop can go on draining
 * rings meanwhile. Signals are blocked in it if they are in the thread that opens it.
 */
#pragma once

#include <stddef.h>

struct worker;

/*
 * DO_JOB gets each job and owns it. Jobs that wait are linked through a pointer in each, LINK bytes
 * from its start, so that handing one over takes no memory. 0 or -errno.
 */
int worker_open(void (*do_job)(void *job, void *user), void *user, size_t link,
		struct worker **ret);

void worker_push(struct worker *worker, void *job);

/* Wait until every job is done, then end the thread. NULL is fine. */
void worker_close(struct worker *worker);
