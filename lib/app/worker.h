/*
 * A second thread that does long jobs one after the other, so that the loop can go on draining
 * rings meanwhile. Signals are blocked in it if they are in the thread that opens it.
 */
#pragma once

struct worker;

/* DO_JOB gets each job and owns it. 0 or -errno. */
int worker_open(void (*do_job)(void *job, void *user), void *user, struct worker **ret);

/* Hand a job over. 0, or -ENOMEM: it is still the caller's. */
int worker_push(struct worker *worker, void *job);

/* Wait until every job is done, then end the thread. NULL is fine. */
void worker_close(struct worker *worker);
