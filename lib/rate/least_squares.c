#include "rate/least_squares.h"

#include <math.h>

#include "base/macro.h"

#define ROUNDING 1e-12		 /* of the largest value */
#define MOST_AUTOCORRELATION 0.9 /* the interval is 4.4 times as wide */

double student_t_95(size_t degrees_of_freedom)
{
	static const double t[] = {INFINITY, 6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895,
				   1.860,    1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
				   1.746,    1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714,
				   1.711,    1.708, 1.706, 1.703, 1.701, 1.699, 1.697};

	return degrees_of_freedom < ARRAY_SIZE(t) ? t[degrees_of_freedom] : 1.697;
}

double least_squares_at(const struct least_squares *l, double x)
{
	return l->mean_y + l->slope * (x - l->mean_x);
}

double least_squares_reading_interval(const struct least_squares *l, double x)
{
	double dx = x - l->mean_x, least = sqrt(l->rounding);

	if (l->n < 3)
		return INFINITY;
	return MAX(least,
		   student_t_95(l->n - 2) * l->noise *
			   sqrt(1 + 1 / (double)l->n + (l->x_sum > 0 ? dx * dx / l->x_sum : 0)));
}

/* How much wider the interval is, for what neighbours have in common. */
static double widening(const struct least_squares *l, const double *x, const double *y)
{
	double sum = 0, r;

	if (l->residual_sum <= l->rounding)
		return 1;
	for (size_t i = 1; i < l->n; i++)
		sum += (y[i] - least_squares_at(l, x[i])) *
		       (y[i - 1] - least_squares_at(l, x[i - 1]));
	r = MIN(MAX(sum / l->residual_sum, 0), MOST_AUTOCORRELATION);
	return sqrt((1 + r) / (1 - r));
}

struct least_squares least_squares(const double *x, const double *y, size_t n)
{
	struct least_squares l = {.n = n, .slope_interval = INFINITY};
	double xy = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		l.mean_x += x[i] / (double)n;
		l.mean_y += y[i] / (double)n;
		largest = MAX(largest, fabs(y[i]));
	}
	for (size_t i = 0; i < n; i++) {
		l.x_sum += (x[i] - l.mean_x) * (x[i] - l.mean_x);
		xy += (x[i] - l.mean_x) * (y[i] - l.mean_y);
	}
	l.rounding = (double)n * (largest * ROUNDING) * (largest * ROUNDING);
	if (l.x_sum > 0)
		l.slope = xy / l.x_sum;
	if (l.slope * l.slope * l.x_sum <= l.rounding)
		l.slope = 0;
	for (size_t i = 0; i < n; i++) {
		double off = y[i] - least_squares_at(&l, x[i]);

		l.residual_sum += off * off;
	}
	l.widening = widening(&l, x, y);
	if (n > 2 && l.x_sum > 0) {
		l.noise = sqrt(l.residual_sum / (double)(n - 2));
		l.slope_interval = student_t_95(n - 2) * l.noise / sqrt(l.x_sum) * l.widening;
	}
	return l;
}
