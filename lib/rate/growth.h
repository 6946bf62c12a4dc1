/*
 * How fast processes, cgroups and containers grow: the difference of two readings, and what was
 * counted of allocations in between. A reading is a row's present; growth is in bytes a second.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/named_value.h"
#include "base/strbuf.h"
#include "rate/reading.h"
#include "rate/trend.h"

enum rate_by { RATE_BY_PROCESS, RATE_BY_CGROUP, RATE_BY_CONTAINER };

/* What the probe has counted of a process in SECONDS of the interval, which stand for all of it. */
struct rate_count {
	struct memrate_key key;
	struct memrate_count count;
	double *more; /* of the text's further members, as many as there are; or NULL; owned */
};

struct rate_counts {
	struct rate_count *list; /* in any order; growth_update() sorts it */
	size_t n, capacity;
	size_t n_more;	/* of `more` of each */
	double seconds; /* 0: nothing was counted */
	bool has_pages, has_slab;
};

void rate_counts_clear(struct rate_counts *c);

/* Which limit the row meets first if all goes on so; the tool puts it in. */
struct rate_limit {
	char *name;	      /* the cgroup's path, "" for the machine; NULL: not known; owned */
	uint64_t limit_bytes; /* of the machine: its memory */
	uint64_t used_bytes;
	double growth; /* bytes a second */
	struct trend_time until;
	enum trend_confidence confidence; /* TREND_NONE: no time can be told */
};

/* Numbers that are not known are NAN. Rates are for a second. */
struct rate_row {
	pid_t pid; /* 0: of a group */
	char comm[MEMRATE_COMM_SIZE + 1];
	bool is_new;	     /* it began within the interval */
	uint64_t processes;  /* in it */
	const char *cgroup;  /* path; of a container the first process's; NULL: not known */
	char *own_cgroup;    /* what cgroup points to, if the row has it for itself; owned */
	char *container;     /* its id; NULL: none; owned */
	const char *runtime; /* of the container; or NULL */
	int64_t bytes[RATE_KINDS];
	double growth[RATE_KINDS];
	double faults, major_faults;
	/* Has it allocated where that was counted; or some of it run, but not there? Only the
	   second: the following are not known. */
	bool is_seen, is_missed;
	double page_bytes, freed_bytes; /* pages */
	double slab_bytes, slab_allocs, slab_frees;
	double *more; /* owned */
	struct rate_limit limit;
};

void rate_row_clear(struct rate_row *row);

/* Without swap, and its growth. */
int64_t rate_row_resident(const struct rate_row *row);
double rate_row_growth(const struct rate_row *row);

/* Which processes have rows, or are counted in those of their groups. */
struct growth_filter {
	const uint64_t *pids; /* NULL: any */
	size_t n_pids;
	const char *comm, *cgroup; /* NULL: any; the cgroup's path, or those below it */
};

struct growth;

int growth_new(uint64_t page_bytes, struct growth **ret);
void growth_free(struct growth *g);

/* The next reading, whose contents are taken over; COUNTS may be NULL: none were had. 0 or
 * -errno. */
int growth_update(struct growth *g, struct rate_reading *reading, struct rate_counts *counts);

/* Is the last reading the first? Then growth is unknown. */
bool growth_is_first(const struct growth *g);
double growth_seconds(const struct growth *g); /* between the last two */

/* Of the last reading, what was it for a process? NULL: there was none of it. */
const struct rate_process *growth_before(const struct growth *g, pid_t pid, uint64_t start_ns);

/*
 * The path of each cgroup that has processes of which FILTER is true (NULL: any), some perhaps more
 * than once. A return of VISIT that is not 0 ends it and is returned.
 */
int growth_each_cgroup(struct growth *g, const struct growth_filter *filter,
		       int (*visit)(const char *path, void *user), void *user);

/* Make rows of the last two readings. Valid until the next growth_update() or growth_rows(). */
int growth_rows(struct growth *g, enum rate_by by, const struct growth_filter *filter,
		struct rate_row **ret, size_t *ret_n);
