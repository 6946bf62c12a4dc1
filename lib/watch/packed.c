#include "watch/packed.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/macro.h"
#include "proc/clock.h"

#define WAITING_MOST 64
#define FIRST_NS 5000000ull /* then twice as long each time */
#define TRIES_MOST 11	    /* 5 ms to 5 s: ten seconds in all */

struct waiting {
	struct oomprof_seen seen;
	unsigned tries;
	uint64_t next_ns;
};

struct packed {
	struct packed_config config;
	int timer;
	struct waiting waiting[WAITING_MOST]; /* in the order in which they came */
	size_t count;
};

static void set_timer(struct packed *p)
{
	struct itimerspec when = {0};
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < p->count; i++)
		next = MIN(next, p->waiting[i].next_ns);
	if (p->count) {
		when.it_value.tv_sec = (time_t)(next / 1000000000);
		when.it_value.tv_nsec = (long)(next % 1000000000);
	}
	(void)timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* True: it is over, one way or the other. */
static bool try(struct packed *p, struct waiting *w)
{
	if (p->config.learn(&w->seen, p->config.user) != -EAGAIN)
		return true;
	w->next_ns = clock_monotonic_ns() + (FIRST_NS << w->tries);
	if (++w->tries < TRIES_MOST)
		return false;
	p->config.give_up(&w->seen, p->config.user);
	return true;
}

static void drop(struct packed *p, size_t i)
{
	p->count--;
	memmove(&p->waiting[i], &p->waiting[i + 1], (p->count - i) * sizeof(p->waiting[0]));
}

static void on_timer(void *user)
{
	struct packed *p = user;
	uint64_t times, now = clock_monotonic_ns();

	if (read(p->timer, &times, sizeof(times)) != sizeof(times))
		return;
	for (size_t i = 0; i < p->count;)
		if (p->waiting[i].next_ns <= now && try(p, &p->waiting[i]))
			drop(p, i);
		else
			i++;
	set_timer(p);
}

void packed_add(struct packed *p, const struct oomprof_seen *seen)
{
	struct waiting w = {.seen = *seen};

	if (try(p, &w))
		return;
	if (p->count == WAITING_MOST)
		drop(p, 0);
	p->waiting[p->count++] = w;
	set_timer(p);
}

int packed_open(const struct packed_config *config, struct packed **ret)
{
	struct packed *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->config = *config;
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r = p->timer < 0 ? -errno : loop_add(config->loop, p->timer, on_timer, p);
	if (r < 0) {
		packed_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

void packed_close(struct packed *p)
{
	if (!p)
		return;
	if (p->timer >= 0)
		close(p->timer);
	free(p);
}
