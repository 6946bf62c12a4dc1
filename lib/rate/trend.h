/*
 * A line through the last readings of a number that grows or shrinks: how fast, how sure, and when
 * it reaches a limit if it goes on so. Pure arithmetic.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREND_SAMPLES 32 /* the last so many */

struct trend {
	uint64_t time_ns[TREND_SAMPLES]; /* a circle */
	double value[TREND_SAMPLES];
	size_t first, count;
};

/* Times must grow; a reading at the same time as the last one takes its place. */
void trend_add(struct trend *t, uint64_t time_ns, double value);
/* After a break (the process has execed, the limit was changed). */
void trend_reset(struct trend *t);

/* How far the line can be trusted. */
enum trend_confidence {
	TREND_NONE,   /* too few readings, or it does not grow beyond its own noise */
	TREND_LOW,    /* it grows, but unsteadily: within a factor of about 2 */
	TREND_MEDIUM, /* within about 30 % */
	TREND_HIGH,   /* within about 10 %, and for long enough */
};

struct trend_line {
	double per_second; /* slope */
	double low, high;  /* its 90 % interval; INFINITY where there are too few */
	double now;	   /* the line's value at the last reading */
	size_t samples;
	double span_seconds; /* of the readings */
	enum trend_confidence confidence;
};

struct trend_line trend_fit(const struct trend *t);

/*
 * Seconds until the line reaches LIMIT, from the last reading on: the best guess, and the earliest
 * and latest by its interval. INFINITY: never. 0: it is there.
 */
struct trend_time {
	double seconds, earliest, latest;
};
struct trend_time trend_reaches(const struct trend_line *line, double limit);

const char *trend_confidence_name(enum trend_confidence c); /* "none", "low", "medium", "high" */
