/*
 * When to raise an alarm about a time that goes up and down: once when it falls below a bound;
 * again when it has halved since, or has been well over the bound for a while. Never for a time
 * that wavers around the bound.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rate/trend.h"

struct alert_state {
	bool raised;
	unsigned int count;	/* alarms since it was last over */
	double told_seconds;	/* the time at the last alarm */
	unsigned int below;	/* readings in a row */
	uint64_t over_since_ns; /* 0: it is not over */
};

/*
 * A reading: SECONDS are left (INFINITY: no end in sight), and how sure that is. Is it an alarm for
 * those who want to know WITHIN so many seconds? What is hardly sure is to be seen twice first, if
 * there is time.
 */
bool alert_due(struct alert_state *s, double within, double seconds, enum trend_confidence sure,
	       uint64_t now_ns);
