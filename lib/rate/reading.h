/*
 * How much memory each process has at one moment: from the probe's iterator, or from /proc.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf-src/memrate.h"

enum rate_kind { RATE_ANON, RATE_FILE, RATE_SHMEM, RATE_SWAP, RATE_KINDS };

struct rate_process {
	pid_t pid;
	uint64_t start_ns; /* CLOCK_BOOTTIME; from /proc in whole clock ticks */
	char comm[MEMRATE_COMM_SIZE + 1];
	bool is_kernel_thread;
	bool is_exact;	 /* its sizes are, as they were told */
	bool is_sharing; /* its memory is that of a process before it, counted there */
	uint64_t mm;	 /* 0: none, or not known (from /proc) */
	uint64_t cgroup_id;
	char *cgroup; /* its path, from /proc, owned; NULL: by its id, or not known */
	int64_t bytes[RATE_KINDS];
	int64_t told[RATE_KINDS]; /* the same as they were told at first */
	uint64_t minor_faults, major_faults;
	uint64_t cpu_ns; /* of CPU time; 0 from /proc */
};

struct rate_reading {
	uint64_t time_ns;	   /* CLOCK_BOOTTIME */
	struct rate_process *list; /* by PID */
	size_t n, capacity;
};

/* N records of the iterator, in any order. 0 or -ENOMEM. */
int rate_reading_from_records(const struct memrate_task *records, size_t n, uint64_t page_bytes,
			      struct rate_reading *ret);

/* All processes below ROOT/proc ("" for the machine's own). 0 or -errno. */
int rate_reading_from_proc(const char *root, struct rate_reading *ret);

/*
 * The sizes as /proc/PID/status has them, which are exact since Linux 6.16, in place of P's. 0,
 * -ESRCH or -errno: then they stay.
 */
int rate_process_read_sizes(const char *root, struct rate_process *p);

/* Has nothing moved in P since Q, the same process earlier, as far as they were told? */
bool rate_process_is_still(const struct rate_process *p, const struct rate_process *q);

/* The same process in another reading, or NULL. */
const struct rate_process *rate_reading_find(const struct rate_reading *r, pid_t pid,
					     uint64_t start_ns);

void rate_reading_clear(struct rate_reading *r);
