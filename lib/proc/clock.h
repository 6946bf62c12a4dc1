/* Kernel time (CLOCK_MONOTONIC, as BPF's bpf_ktime_get_ns) and the time of day. */
#pragma once

#include <stdint.h>

uint64_t clock_monotonic_ns(void);
uint64_t clock_boottime_ns(void); /* what start times of processes count in */
uint64_t clock_realtime_ns(void);
uint64_t clock_thread_cpu_ns(void); /* what the calling thread has used of CPUs */

/* The time of day at a past instant of CLOCK_MONOTONIC, by the clocks' present difference. */
uint64_t clock_realtime_at(uint64_t monotonic_ns);

/* The same in CLOCK_BOOTTIME. */
uint64_t clock_boottime_at(uint64_t monotonic_ns);
