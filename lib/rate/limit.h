/*
 * What memory grows into: the limits of the memory cgroups and the machine's own memory, how much
 * of each is used, how that grows, and when it would be used up at the present trend.
 *
 * It is always the growth of all that the limit holds for, not of one process: of a cgroup with all
 * below it, of the machine. Used is what cannot be taken back without swapping:
 *
 *  - page cache of files does not count, as the kernel drops it before it kills (tmpfs does count);
 *  - swap counts on both sides: what lies there is used, and what may still go there is room, as
 * far as the cgroup may swap and the machine has swap left;
 *  - memory.high kills nobody, it slows down: it is told beside the limit.
 *
 * Of the machine: MemTotal + SwapTotal, and of these not used MemAvailable + SwapFree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/json_writer.h"
#include "proc/cgroup_memory.h"
#include "proc/meminfo.h"
#include "rate/alert_state.h"
#include "rate/trend.h"

struct limit {
	char *path;	      /* of the cgroup; NULL: the machine */
	uint64_t limit_bytes; /* 0: none, it has only a high mark */
	uint64_t used_bytes;
	uint64_t high_bytes; /* memory.high and the swap that is used; 0: none */
	struct trend trend;  /* of used_bytes */
	struct trend_line line;
	/* INFINITY: not at this trend, or there is no trend yet. */
	struct trend_time time;	    /* until the limit */
	double high_seconds;	    /* until the high mark */
	enum trend_confidence sure; /* of the time */
	struct alert_state alert;
	bool is_watched; /* the caller's: alarms are wanted */
	uint64_t round;	 /* in which it was read */
};

struct limits;

/* CGROUPS must outlive it; its version may be 0: then there is the machine only. 0 or -errno. */
int limits_open(const struct cgroup_memory *cgroups, struct limits **ret);
void limits_close(struct limits *l);
#define _cleanup_limits_ _cleanup_(limits_closep)
void limits_closep(struct limits **l);

/*
 * A round of readings: begin with the machine's memory (time of CLOCK_MONOTONIC), add the cgroup of
 * each process or row, by its path below the mount point, which reads it and all above it once;
 * end, which forgets what was not added.
 */
void limits_begin(struct limits *l, uint64_t now_ns, const struct meminfo *machine);
/* 0; -ENOENT: it is not visible from here; or another -errno. */
int limits_add(struct limits *l, const char *path);
void limits_end(struct limits *l);

/*
 * The limit that what runs in the cgroup PATH would reach first; if none grows the one with the
 * least room. One that has jumped just now, and would be reached first if that went on, comes
 * before others though no time can be told yet. PATH may be NULL (not known): the machine's. Valid
 * until the next round ends. Never NULL.
 */
const struct limit *limits_first(const struct limits *l, const char *path);

/* The memory.high that would be reached first, likewise; NULL: there is none. */
const struct limit *limits_first_high(const struct limits *l, const char *path);

/* All of them: [0] is the machine; then cgroups, also those that have no limit (limit_bytes 0). */
size_t limits_count(const struct limits *l);
struct limit *limits_at(struct limits *l, size_t i);

uint64_t limit_room(const struct limit *l); /* bytes */

/* "machine", "memcg /shop"; made harmless. */
void limit_name(const struct limit *l, struct strbuf *out);

/*
 * limit: "machine" or "memcg"; limit_cgroup, limit_bytes, limit_used_bytes, limit_room_bytes,
 * limit_growth_bytes_per_second, limit_seconds with _earliest and _latest (null: not at this
 * trend), limit_confidence, limit_shape.
 */
void limit_write_json(const struct limit *l, struct json_writer *w);

/* high_cgroup, high_bytes, high_seconds: of limits_first_high(). */
void limit_write_high_json(const struct limit *limit, struct json_writer *w);
