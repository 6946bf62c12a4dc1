/*
 * A straight line by least squares, with what is known of its error: intervals of 90 % by Student's
 * t. Readings of a running program are not independent of one another: where neighbours lie to the
 * same side of the line (the residuals' first autocorrelation), the slope's interval is made as
 * much wider as if there were fewer of them.
 */
#pragma once

#include <stddef.h>

struct least_squares {
	size_t n;
	double slope, mean_x, mean_y;
	double slope_interval; /* half of it; INFINITY below three readings */
	double noise;	       /* standard deviation around the line; 0 below three readings */
	double residual_sum;   /* of the squares */
	double rounding;       /* below this, residual_sum is of rounding only */
	double x_sum;	       /* of the squares of x - mean_x */
	double widening;       /* of the interval, for what neighbours have in common; 1: nothing */
};

/* N is 1 or more. With all X the same: a level line. */
struct least_squares least_squares(const double *x, const double *y, size_t n);

double least_squares_at(const struct least_squares *l, double x);

/* How far from the line, to each side, a further reading at X may lie. */
double least_squares_reading_interval(const struct least_squares *l, double x);

/* The t that 5 % lie above; INFINITY for none. */
double student_t_95(size_t degrees_of_freedom);
