#include "app/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	void *first, *last; /* under the lock, as is CLOSING */
	bool closing;
	size_t link;
	void (*do_job)(void *job, void *user);
	void *user;
};

static void **next_of(const struct worker *w, void *job)
{
	return (void **)(void *)((char *)job + w->link);
}

/* The next job, waiting for one; NULL: closing and none is left. */
static void *take(struct worker *w)
{
	void *job;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->closing)
		pthread_cond_wait(&w->more, &w->lock);
	job = w->first;
	if (job)
		w->first = *next_of(w, job);
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void *work(void *p)
{
	struct worker *w = p;
	void *job;

	while ((job = take(w)))
		w->do_job(job, w->user);
	return NULL;
}

int worker_open(void (*do_job)(void *job, void *user), void *user, size_t link, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->do_job = do_job;
	w->user = user;
	w->link = link;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	r = pthread_create(&w->thread, NULL, work, w);
	if (r) {
		pthread_cond_destroy(&w->more);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return -r;
	}
	*ret = w;
	return 0;
}

void worker_push(struct worker *worker, void *job)
{
	*next_of(worker, job) = NULL;
	pthread_mutex_lock(&worker->lock);
	if (worker->first)
		*next_of(worker, worker->last) = job;
	else
		worker->first = job;
	worker->last = job;
	pthread_cond_signal(&worker->more);
	pthread_mutex_unlock(&worker->lock);
}

void worker_close(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->closing = true;
	pthread_cond_signal(&worker->more);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->more);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}
