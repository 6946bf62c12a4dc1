/*
 * A line through the last readings of a number that grows or shrinks, or a curve if it speeds up or
 * slows down: how fast, how sure, and when it reaches a limit if it goes on so. Pure arithmetic.
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
	/* Of readings that are forgotten, too: how far it once fell from a peak. */
	double peak, deepest_fall;
	size_t readings_since_fall;
};

/*
 * A reading at the same time as the last one takes its place; one before it (the clock was set
 * back) begins anew. What is not a number is passed over.
 */
void trend_add(struct trend *t, uint64_t time_ns, double value);
/* After a break (the process has execed, the limit was changed). */
void trend_reset(struct trend *t);

/* How far the line can be trusted, up or down. */
enum trend_confidence {
	TREND_NONE,   /* too few readings, or it does not move beyond its own noise */
	TREND_LOW,    /* it moves, but unsteadily: within a factor of about 2 */
	TREND_MEDIUM, /* within about 30 % */
	TREND_HIGH,   /* within about 10 %, and for long enough */
};

/* What the readings look like, besides a line with noise: then it is less sure. */
enum trend_shape {
	TREND_LINE,
	TREND_CHANGED, /* its slope has changed: the line is that of the newer readings */
	TREND_STEPS,   /* it stands still most of the time and jumps: never "high" */
	/* It falls back again and again, as memory does whose garbage is collected: never "high".
	 */
	TREND_FALLS_BACK,
	TREND_FASTER, /* it speeds up all the time, as what doubles does: see curve.h */
	TREND_SLOWER, /* it slows down all the time, and may come to rest */
};

struct trend_line {
	double per_second; /* slope; of a curve at the last reading */
	/* Its 90 % interval (Student's t, wider where neighbours' noise is alike); INFINITY where
	   there are too few. */
	double low, high;
	double now;   /* the line's value at the last reading */
	double last;  /* that reading itself */
	double noise; /* of one reading around the line: standard deviation */
	/* How far readings rise above the line where it falls back again and again: it is a peak
	   that reaches a limit. Else 0. */
	double above;
	/* TREND_FASTER, TREND_SLOWER: how it bends, between what and what; else 0. */
	double bend, bend_low, bend_high;
	double grown; /* range of the readings that it goes through */
	/* Between the last two readings, if the last one is the highest of all; else 0. Something
	   that has only begun, and is no trend yet. */
	double newest_per_second;
	size_t samples;
	double span_seconds; /* of the readings that the line goes through */
	enum trend_shape shape;
	enum trend_confidence confidence;
};

struct trend_line trend_fit(const struct trend *t);

/*
 * Seconds until the line reaches LIMIT, from the last reading on: the best guess, and the earliest
 * and latest by its interval (the earliest also by its noise). INFINITY: never. 0: it
 * is there, the last reading, too. What speeds up is taken to go on so, at the latest with as much
 * more in each second as now; but where the limit is still far beyond what has grown so far, only
 * the earliest is by the curve, and the others as if it went on as fast as now. What slows down is
 * taken to go on as fast as now, at the latest to slow down further.
 */
struct trend_time {
	double seconds, earliest, latest;
};
struct trend_time trend_reaches(const struct trend_line *line, double limit);

/*
 * How far that time can be trusted: less than the line if it is far beyond what was watched (ten
 * seconds of growth say little about tomorrow), or where a curve leads is as uncertain as that.
 */
enum trend_confidence trend_reaches_confidence(const struct trend_line *line,
					       const struct trend_time *time);

const char *trend_confidence_name(enum trend_confidence c); /* "none", "low", "medium", "high" */
const char *trend_shape_name(enum trend_shape s); /* "line", "changed", "steps", "falls-back",
						    "faster", "slower" */
