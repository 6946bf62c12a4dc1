/*
 * An alarm that memory will run out: as a line, as JSON, and as environment variables for a
 * command. When it is raised: alert_state.h.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "rate/limit.h"

#define ALERT_ENVIRONMENT_PREFIX "MEMRATE_"
#define ALERT_GROWERS 3 /* as many are told */

/* A process below that limit. */
struct alert_grower {
	pid_t pid;
	const char *comm;   /* as the kernel has it; at most 15 bytes */
	const char *cgroup; /* its path; NULL: not known */
	double bytes_per_second;
};

struct alert {
	const struct limit *limit;
	uint64_t time_ns; /* CLOCK_REALTIME */
	bool with_date;	  /* in the line */
	/* Those that grow most, the fastest first. */
	const struct alert_grower *growers;
	size_t n_growers;
};

/*
 * One line for a person, with its newline: "14:03:27 ALERT memcg /shop: full in about 23 s (18 s to
 * 31 s, confidence medium): 40.2M of 512.0M left, grows by 1.7M/s; fastest: java (12) 1.6M/s".
 */
void alert_line(const struct alert *a, struct strbuf *out);

/*
 * "event":"alert", time, alert (the how manieth in this need), what limit_write_json() tells, and
 * processes: an array of pid, comm, cgroup, growth_bytes_per_second.
 */
void alert_write_json(const struct alert *a, struct json_writer *w);

/*
 * Append "NAME=value" texts, each closed by NUL: MEMRATE_ and the JSON key in capitals where
 * limit_write_json() has one (LIMIT, LIMIT_BYTES, LIMIT_USED_BYTES, LIMIT_ROOM_BYTES,
 * LIMIT_CONFIDENCE); SECONDS, SECONDS_EARLIEST, SECONDS_LATEST in whole seconds, rounded down;
 * GROWTH_BYTES_PER_SECOND; ALERT; CGROUP; of the fastest process PID, COMM, PROCESS_CGROUP; PIDS
 * of all that are told; LINE. What is not known is not there. 0 or -ENOMEM.
 */
int alert_environment(const struct alert *a, struct strbuf *out);
