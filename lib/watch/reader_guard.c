#include "watch/reader_guard.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include "app/self_protect.h"
#include "base/macro.h"

#define MOST 4
#define GRACE_NS 300000 /* for the reader to begin */

struct reader_guard {
	pthread_t thread, reader;
	cpu_set_t all, readers, ours;
	struct pollfd fds[MOST + 1]; /* the last: it is to end */
	size_t count;
	atomic_uint alive;
};

/* Is something there still, and nothing was read meanwhile? */
static bool is_stuck(struct reader_guard *g)
{
	unsigned int before = atomic_load_explicit(&g->alive, memory_order_relaxed);

	nanosleep(&(struct timespec){.tv_nsec = GRACE_NS}, NULL);
	return poll(g->fds, g->count, 0) > 0 &&
	       atomic_load_explicit(&g->alive, memory_order_relaxed) == before;
}

/* It waits on a CPU that it does not get: change places with it. */
static void change_places(struct reader_guard *g)
{
	cpu_set_t theirs = g->readers;

	g->readers = g->ours;
	g->ours = theirs;
	(void)pthread_setaffinity_np(g->reader, sizeof(g->readers), &g->readers);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(g->ours), &g->ours);
}

static void *guard(void *data)
{
	struct reader_guard *g = data;
	struct pollfd *stop = &g->fds[g->count];

	(void)pthread_setaffinity_np(pthread_self(), sizeof(g->ours), &g->ours);
	self_protect_priority(READER_PRIORITY);
	while (!stop->revents)
		if (poll(g->fds, g->count + 1, -1) > 0 && !stop->revents && is_stuck(g))
			change_places(g);
	return NULL;
}

/* Every other CPU to each. */
static void halve(struct reader_guard *g)
{
	bool odd = false;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &g->all))
			continue;
		CPU_SET(cpu, odd ? &g->ours : &g->readers);
		odd = !odd;
	}
}

int reader_guard_open(const int *fds, size_t n, struct reader_guard **ret)
{
	struct reader_guard *g = calloc(1, sizeof(*g));
	int error;

	if (!g)
		return -ENOMEM;
	*ret = NULL;
	/* With more CPUs than a cpu_set_t has, it is a rare coincidence anyway. */
	if (n > MOST || sched_getaffinity(0, sizeof(g->all), &g->all) < 0 ||
	    CPU_COUNT(&g->all) < 2) {
		free(g);
		return 0;
	}
	for (; g->count < n; g->count++)
		g->fds[g->count] = (struct pollfd){.fd = fds[g->count], .events = POLLIN};
	g->fds[n] = (struct pollfd){.fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN};
	g->reader = pthread_self();
	halve(g);
	error = g->fds[n].fd < 0 ? errno : pthread_create(&g->thread, NULL, guard, g);
	if (error) {
		if (g->fds[n].fd >= 0)
			close(g->fds[n].fd);
		free(g);
		return -error;
	}
	(void)sched_setaffinity(0, sizeof(g->readers), &g->readers);
	*ret = g;
	return 0;
}

void reader_guard_alive(struct reader_guard *g)
{
	if (g)
		atomic_fetch_add_explicit(&g->alive, 1, memory_order_relaxed);
}

void reader_guard_close(struct reader_guard *g)
{
	if (!g)
		return;
	(void)eventfd_write(g->fds[g->count].fd, 1);
	pthread_join(g->thread, NULL);
	(void)sched_setaffinity(0, sizeof(g->all), &g->all);
	close(g->fds[g->count].fd);
	free(g);
}
