#include "rate/curve.h"

#include <math.h>

#include "base/macro.h"
#include "rate/least_squares.h"

#define READINGS_MOST 64
#define READINGS_LEAST 8
#define NEWEST 2	   /* readings that do not decide whether it bends at all */
#define WITHOUT_NEWEST 0.8 /* of what a line leaves: without those the curve leaves less, too */
#define AT_MOST 0.99	   /* of what it may bend: it is a jump */
#define BENDS_F 12.0	   /* F of a curve against a line: some 0.3 % of pure noise */
#define BENDS_LEAST 0.2	   /* and the rate changes by so much from the first reading to the last */
#define INTERVAL_F 4.3	   /* 95 % of F with 1 and 20 degrees of freedom */
#define HALVINGS 30

double curve_x(double bend, double x)
{
	return bend == 0 ? x : expm1(bend * x) / bend;
}

double curve_reaches(double bend, double rate, double bytes)
{
	double straight = bytes / rate;

	if (bend == 0)
		return straight;
	return bend * straight > -1 ? log1p(bend * straight) / bend : INFINITY;
}

double curve_reaches_steadily(double bend, double rate, double bytes)
{
	double straight = bytes / rate, more = bend * straight;

	/* bytes = rate t + bend rate t^2 / 2, solved so that small bends lose no digits */
	return more > -0.5 ? 2 * straight / (1 + sqrt(1 + 2 * more)) : INFINITY;
}

static struct least_squares through(double bend, const double *x, const double *y, size_t n)
{
	double bent[READINGS_MOST];

	for (size_t i = 0; i < n; i++)
		bent[i] = curve_x(bend, x[i]);
	return least_squares(bent, y, n);
}

static double residual(double bend, const double *x, const double *y, size_t n)
{
	return through(bend, x, y, n).residual_sum;
}

/* The best one between two bends. */
static double refine(double from, double to, const double *x, const double *y, size_t n)
{
	for (int i = 0; i < HALVINGS; i++) {
		double third = (to - from) / 3;

		if (residual(from + third, x, y, n) < residual(to - third, x, y, n))
			to -= third;
		else
			from += third;
	}
	return (from + to) / 2;
}

/* From the best bend on outwards: up to where the fit is as bad as MOST. */
static double edge(double best, double outside, double most, const double *x, const double *y,
		   size_t n)
{
	if (residual(outside, x, y, n) <= most)
		return outside;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (best + outside) / 2;

		if (residual(middle, x, y, n) <= most)
			best = middle;
		else
			outside = middle;
	}
	return best;
}

/* How far a bend may go: no faster than e-fold from reading to reading, which is a jump. */
static double most_bend(const double *x, size_t n)
{
	return (double)(n - 1) / (x[n - 1] - x[0]);
}

static double best_bend(const double *x, const double *y, size_t n)
{
	const double most = most_bend(x, n);
	double sign = residual(most / 32, x, y, n) < residual(-most / 32, x, y, n) ? 1 : -1;
	double best = most / 32, least = INFINITY;

	for (double bend = most / 64; bend <= most; bend *= 1.5) {
		double r = residual(sign * bend, x, y, n);

		if (r < least) {
			least = r;
			best = bend;
		}
	}
	return refine(sign * best / 1.5, sign * MIN(best * 1.5, most), x, y, n);
}

static bool bends(const struct least_squares *line, const struct least_squares *curve, double bend,
		  double span)
{
	double rest = MAX(curve->residual_sum, curve->rounding) * curve->widening * curve->widening;

	return curve->n >= READINGS_LEAST && fabs(bend) * span >= BENDS_LEAST &&
	       line->residual_sum > line->rounding &&
	       (line->residual_sum - curve->residual_sum) * (double)(curve->n - 3) >=
		       BENDS_F * rest;
}

bool curve_fit(const double *x, const double *y, size_t n, struct curve *ret)
{
	struct least_squares line, curve;
	double bend, rest;

	if (n < READINGS_LEAST || n > READINGS_MOST || !(x[n - 1] > x[0]))
		return false;
	bend = best_bend(x, y, n);
	if (bend > AT_MOST * most_bend(x, n))
		return false;
	line = through(0, x, y, n);
	curve = through(bend, x, y, n);
	if (!bends(&line, &curve, bend, x[n - 1] - x[0]))
		return false;
	if (residual(bend, x, y, n - NEWEST) > WITHOUT_NEWEST * residual(0, x, y, n - NEWEST))
		return false;
	rest = MAX(curve.residual_sum, curve.rounding);
	rest *= 1 + INTERVAL_F * curve.widening * curve.widening / (double)(n - 3);
	*ret = (struct curve){.bend = bend,
			      .low = edge(bend, -most_bend(x, n), rest, x, y, n),
			      .high = edge(bend, most_bend(x, n), rest, x, y, n),
			      .residual_sum = curve.residual_sum};
	return true;
}
