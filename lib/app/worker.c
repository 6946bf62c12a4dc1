#include "app/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct job {
	struct job *next;
	void *data;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **last; /* under the lock, as is CLOSING */
	bool closing;
	void (*do_job)(void *job, void *user);
	void *user;
};

/* The next job, waiting for one; NULL: closing and none is left. */
static struct job *take(struct worker *w)
{
	struct job *j;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->closing)
		pthread_cond_wait(&w->more, &w->lock);
	j = w->first;
	if (j) {
		w->first = j->next;
		if (!w->first)
			w->last = &w->first;
	}
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void *work(void *p)
{
	struct worker *w = p;
	struct job *j;

	while ((j = take(w))) {
		w->do_job(j->data, w->user);
		free(j);
	}
	return NULL;
}

int worker_open(void (*do_job)(void *job, void *user), void *user, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->do_job = do_job;
	w->user = user;
	w->last = &w->first;
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

int worker_push(struct worker *worker, void *data)
{
	struct job *j = malloc(sizeof(*j));

	if (!j)
		return -ENOMEM;
	*j = (struct job){NULL, data};
	pthread_mutex_lock(&worker->lock);
	*worker->last = j;
	worker->last = &j->next;
	pthread_cond_signal(&worker->more);
	pthread_mutex_unlock(&worker->lock);
	return 0;
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
