#include "proc/clock.h"

#include <time.h>

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return now(CLOCK_MONOTONIC);
}

uint64_t clock_boottime_ns(void)
{
	return now(CLOCK_BOOTTIME);
}

uint64_t clock_realtime_ns(void)
{
	return now(CLOCK_REALTIME);
}

uint64_t clock_thread_cpu_ns(void)
{
	return now(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_realtime_at(uint64_t monotonic_ns)
{
	return clock_realtime_ns() - (clock_monotonic_ns() - monotonic_ns);
}

uint64_t clock_boottime_at(uint64_t monotonic_ns)
{
	return clock_boottime_ns() - (clock_monotonic_ns() - monotonic_ns);
}
