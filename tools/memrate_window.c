/*
 * When memrate counts allocations. The least that can be attached to them costs several per cent of
 * a page fault, however few it looks at; so it is attached for a short while only: the share of the
 * time is the share of the cost. Each window lies at random in its period, or a program that does
 * the same once a second would always or never be seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "app/message.h"
#include "bpf/kernel_map.h"
#include "proc/clock.h"
#include "tools/memrate.h"

#define PERIOD_LEAST 250000000ull /* ns: attaching and detaching takes about 3 ms of a CPU */
#define PERIOD_MOST 1000000000ull
#define WINDOW_LEAST 1000000ull

static uint64_t period(const struct memrate *m)
{
	return MIN(MAX(m->interval_ns, PERIOD_LEAST), PERIOD_MOST);
}

static uint64_t length(const struct memrate *m)
{
	return MAX(period(m) / m->probe.one_in, WINDOW_LEAST);
}

static int set_gate(const struct memrate *m, uint64_t open)
{
	const uint32_t index = MEMRATE_OPEN;

	return kernel_map_update(tracer_map_fd(m->probe.tracer, "gate"), &index, &open);
}

static int open_gate(struct memrate *m)
{
	struct memrate_probe *p = &m->probe;
	int r = p->is_attached ? 0 : tracer_resume(p->tracer);

	p->is_attached = r == 0;
	if (r == 0)
		r = set_gate(m, 1);
	if (r == 0) {
		p->is_open = true;
		p->opened_ns = clock_monotonic_ns();
		p->windows++;
		return 0;
	}
	message_warning("allocations are not counted: %s", tracer_error(p->tracer));
	tracer_pause(p->tracer);
	p->is_attached = false;
	p->has_pages = p->has_slab = false;
	return 0;
}

void memrate_window_close(struct memrate *m)
{
	struct memrate_probe *p = &m->probe;

	if (!p->is_open)
		return;
	p->counted_ns += clock_monotonic_ns() - p->opened_ns;
	p->is_open = false;
	(void)set_gate(m, 0);
	if (p->one_in == 1)
		return;
	tracer_pause(p->tracer);
	p->is_attached = false;
}

static void on_close(void *user)
{
	memrate_window_close(user);
}

static void on_open(void *user)
{
	struct memrate *m = user;

	if (m->probe.is_open || open_gate(m) < 0 || !m->probe.is_open)
		return;
	(void)loop_add_timer(m->loop, length(m), 0, on_close, m);
}

static void on_period(void *user)
{
	struct memrate *m = user;
	uint64_t random = 0, room = period(m) - MIN(2 * length(m), period(m) - 1);

	if (!m->probe.has_pages && !m->probe.has_slab)
		return;
	(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
	(void)loop_add_timer(m->loop, 1 + random % room, 0, on_open, m);
}

static bool counts(const struct memrate *m)
{
	return m->probe.tracer && m->probe.value_size && (m->probe.has_pages || m->probe.has_slab);
}

int memrate_window_start(struct memrate *m)
{
	if (!counts(m))
		return 0;
	if (m->probe.one_in == 1)
		return open_gate(m);
	return loop_add_timer(m->loop, 1, period(m), on_period, m);
}

int memrate_window_restart(struct memrate *m)
{
	if (!counts(m) || m->probe.one_in == 1)
		return 0;
	return loop_change_timer(m->loop, on_period, m, 1, period(m));
}

int memrate_window_reopen(struct memrate *m)
{
	return counts(m) && m->probe.one_in == 1 && !m->probe.is_open ? open_gate(m) : 0;
}
