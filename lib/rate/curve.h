/*
 * Growth that speeds up or slows down: how fast it is changes by the same share in each second, as
 * where memory doubles, or comes to rest. A reading is then a + rate * curve_x(bend, x), with x in
 * seconds, 0 at the last reading: a straight line again, through other x. A bend of 0.07 doubles
 * the rate in ten seconds; below 0 it slows down; 0 is a line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

double curve_x(double bend, double x);

/* Seconds until it has grown by BYTES from RATE (above 0) on; INFINITY: it comes to rest before. */
double curve_reaches(double bend, double rate, double bytes);
/* The same if the rate goes on changing as much in each second as it does now. */
double curve_reaches_steadily(double bend, double rate, double bytes);

struct curve {
	double bend, low, high; /* and its 95 % interval, for which the fit is no worse */
	double residual_sum;	/* of the squares */
};

/*
 * Do N readings bend, beyond their noise and whatever the last two say? (Two may be a jump.) False:
 * a line will do.
 */
bool curve_fit(const double *x, const double *y, size_t n, struct curve *ret);
