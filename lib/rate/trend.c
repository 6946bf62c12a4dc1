#include "rate/trend.h"

#include "base/macro.h"
#include "rate/curve.h"
#include "rate/least_squares.h"

#define STEEP_FALL 0.3			/* of the range of all readings: then it has fallen back */
#define FALL_READINGS 3			/* within so many */
#define FALL_MEMORY (4 * TREND_SAMPLES) /* readings */
#define STILL 0.05			/* of the largest jump: then it stands still */
#define BREAK_F 6.0	  /* F of two lines against one; 5 % of pure noise with the best break */
#define BREAK_SLOPES 0.2  /* and the slopes differ by so much */
#define BREAK_LEAST 4	  /* readings on each side */
#define CURVE_AS_GOOD 1.5 /* times the residual variance of two lines: then it is a curve */
#define AHEAD 16	  /* times what has grown so far: so far a curve is followed */
#define NEWEST 2	  /* so many that disagree with those before: it may have changed */
#define NEWEST_BEFORE 12  /* as many as these are compared with, at most */

void trend_reset(struct trend *t)
{
	t->first = t->count = 0;
}

static size_t nth(const struct trend *t, size_t i)
{
	return (t->first + i) % TREND_SAMPLES;
}

static void remember_fall(struct trend *t, double value)
{
	t->peak = t->count ? MAX(t->peak, value) : value;
	if (!t->count || ++t->readings_since_fall > FALL_MEMORY) {
		t->deepest_fall = 0;
		t->peak = value;
	}
	t->deepest_fall = MAX(t->deepest_fall, t->peak - value);
	if (t->peak - value >= t->deepest_fall / 2)
		t->readings_since_fall = 0;
}

void trend_add(struct trend *t, uint64_t time_ns, double value)
{
	if (!isfinite(value))
		return;
	if (t->count) {
		size_t last = nth(t, t->count - 1);

		if (time_ns == t->time_ns[last]) {
			t->value[last] = value;
			return;
		}
		if (time_ns < t->time_ns[last])
			trend_reset(t);
	}
	if (t->count == TREND_SAMPLES) {
		t->first = nth(t, 1);
		t->count--;
	}
	t->time_ns[nth(t, t->count)] = time_ns;
	t->value[nth(t, t->count)] = value;
	remember_fall(t, value);
	t->count++;
}

/* In order; seconds before the last reading. */
struct series {
	double x[TREND_SAMPLES], y[TREND_SAMPLES];
	size_t n;
};

/* Of the reading I: 0 or less. */
static double seconds_before_last(const struct trend *t, size_t i)
{
	return -(double)(t->time_ns[nth(t, t->count - 1)] - t->time_ns[nth(t, i)]) / 1e9;
}

static void unroll(const struct trend *t, struct series *s)
{
	s->n = t->count;
	for (size_t i = 0; i < s->n; i++) {
		s->x[i] = seconds_before_last(t, i);
		s->y[i] = t->value[nth(t, i)];
	}
}

static double range_of(const double *y, size_t n)
{
	double least = y[0], most = y[0];

	for (size_t i = 1; i < n; i++) {
		least = MIN(least, y[i]);
		most = MAX(most, y[i]);
	}
	return most - least;
}

/* How often it fell steeply after it had risen. */
static size_t count_falls(const double *y, size_t n)
{
	double least_fall = STEEP_FALL * range_of(y, n), low = y[0], top = y[0];
	size_t falls = 0, top_at = 0;

	for (size_t i = 1; i < n; i++) {
		if (y[i] >= top || i - top_at > FALL_READINGS) {
			top = y[i];
			top_at = i;
		}
		if (top - y[i] >= least_fall && top - low >= least_fall && least_fall > 0) {
			falls++;
			low = top = y[i];
			top_at = i;
		}
		low = MIN(low, y[i]);
	}
	return falls;
}

/* Does it stand still most of the time, and jump, all jumps the same way? Their number, or 0. */
static size_t count_steps(const double *y, size_t n)
{
	double most = 0;
	size_t still = 0, up = 0, down = 0;

	for (size_t i = 1; i < n; i++)
		most = MAX(most, fabs(y[i] - y[i - 1]));
	for (size_t i = 1; i < n; i++) {
		double d = y[i] - y[i - 1];

		if (fabs(d) <= STILL * most)
			still++;
		else if (d > 0)
			up++;
		else
			down++;
	}
	return n > 2 && still * 2 >= n - 1 && (!up || !down) ? up + down : 0;
}

/* Is the newer line, from X on, another one: its slope, or is it far below? (It was given back.) */
static bool is_another(const struct least_squares *older, const struct least_squares *newer,
		       double x, double range)
{
	return fabs(newer->slope - older->slope) >=
		       BREAK_SLOPES * MAX(fabs(newer->slope), fabs(older->slope)) ||
	       least_squares_at(older, x) - least_squares_at(newer, x) > STEEP_FALL * range;
}

/*
 * Where two lines are much better than one (Chow's test at the best place): the index of the first
 * reading of the newer one, and what both leave; 0: one line will do.
 */
static size_t find_break(const struct series *s, size_t from, double *ret_residual_sum)
{
	const double *x = s->x + from, *y = s->y + from;
	size_t n = s->n - from, best = 0;
	struct least_squares whole, older, newer;
	double least = INFINITY, range = range_of(y, n), f;

	if (n < 2 * BREAK_LEAST)
		return 0;
	whole = least_squares(x, y, n);
	for (size_t k = BREAK_LEAST; k + BREAK_LEAST <= n; k++) {
		older = least_squares(x, y, k);
		newer = least_squares(x + k, y + k, n - k);
		if (older.residual_sum + newer.residual_sum < least &&
		    is_another(&older, &newer, x[k], range)) {
			least = older.residual_sum + newer.residual_sum;
			best = k;
		}
	}
	if (!best)
		return 0;
	/* Two lines and a break: three parameters more than one line. */
	f = (whole.residual_sum - least) / 3 / (MAX(least, whole.rounding) / MAX(n - 5, (size_t)1));
	if (f < BREAK_F || whole.residual_sum <= whole.rounding)
		return 0;
	*ret_residual_sum = least;
	return from + best;
}

/* Do the newest few all lie to one side of what those before foretell, beyond noise? */
static bool newest_disagree(const struct series *s, size_t from)
{
	size_t start = MAX(from, s->n - MIN(s->n, (size_t)(NEWEST_BEFORE + NEWEST)));
	const double *x = s->x + start, *y = s->y + start;
	size_t n = s->n - start, above = 0, below = 0;
	struct least_squares before;

	if (n < BREAK_LEAST + NEWEST)
		return false;
	before = least_squares(x, y, n - NEWEST);
	for (size_t i = n - NEWEST; i < n; i++) {
		double off = y[i] - least_squares_at(&before, x[i]);
		double wide = least_squares_reading_interval(&before, x[i]);

		above += off > wide;
		below += off < -wide;
	}
	return above == NEWEST || below == NEWEST;
}

/* After this a curve is a line. */
static void straighten(struct series *s, double bend)
{
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = curve_x(bend, s->x[i]);
}

/* Did it jump, and stands still since? (What speeds up fast has stood still as well.) */
static bool has_jumped(const struct series *s)
{
	double last = fabs(s->y[s->n - 1] - s->y[s->n - 2]), most = 0;

	for (size_t i = 1; i < s->n; i++)
		most = MAX(most, fabs(s->y[i] - s->y[i - 1]));
	return count_steps(s->y, s->n) && last < most / 2;
}

/* Does it bend all the way, rather than at one place? */
static bool find_curve(const struct series *s, struct curve *ret)
{
	double two_lines;

	if (!curve_fit(s->x, s->y, s->n, ret) || (ret->bend > 0 && has_jumped(s)))
		return false;
	return !find_break(s, 0, &two_lines) ||
	       ret->residual_sum / (double)(s->n - 3) <=
		       CURVE_AS_GOOD * two_lines / (double)(s->n - 5);
}

static enum trend_confidence by_interval(const struct trend_line *line)
{
	double half = (line->high - line->low) / 2, slope = fabs(line->per_second);

	if (line->samples < 3 || slope == 0 || !(half < slope))
		return TREND_NONE;
	if (half <= 0.1 * slope && line->samples >= 8)
		return TREND_HIGH;
	return half <= 0.3 * slope && line->samples >= 5 ? TREND_MEDIUM : TREND_LOW;
}

/* What the readings are taken for. */
struct form {
	size_t from; /* the first one that the line goes through */
	enum trend_shape shape;
	enum trend_confidence most; /* how sure it can be */
	struct curve curve;	    /* of TREND_FASTER and TREND_SLOWER */
};

static void choose_lines(const struct series *s, struct form *f)
{
	size_t steps = count_steps(s->y, s->n), at;
	double left;

	if (steps > 1) {
		f->shape = TREND_STEPS;
		f->most = steps > 3 ? TREND_MEDIUM : TREND_LOW;
	}
	while ((at = find_break(s, f->from, &left))) {
		f->from = at;
		f->shape = TREND_CHANGED;
		f->most = s->n - at < 8 ? TREND_LOW : TREND_MEDIUM;
	}
}

/* The readings are straightened if they are on a curve. */
static struct form choose(struct series *s)
{
	size_t falls = count_falls(s->y, s->n);
	struct form f = {.most = TREND_HIGH};

	if (falls > 1) {
		f.shape = TREND_FALLS_BACK;
		f.most = falls > 2 ? TREND_MEDIUM : TREND_LOW;
		return f;
	}
	if (find_curve(s, &f.curve)) {
		f.shape = f.curve.bend > 0 ? TREND_FASTER : TREND_SLOWER;
		f.most = TREND_MEDIUM;
		straighten(s, f.curve.bend);
	} else {
		choose_lines(s, &f);
	}
	/* It fell once: whether it will fall again, nobody knows. */
	if (falls || newest_disagree(s, f.from))
		f.most = TREND_LOW;
	return f;
}

static double highest_above(const struct least_squares *l, const double *x, const double *y)
{
	double most = 0;

	for (size_t i = 0; i < l->n; i++)
		most = MAX(most, y[i] - least_squares_at(l, x[i]));
	return most;
}

static double newest_per_second(const struct series *s)
{
	const size_t last = s->n - 1;

	for (size_t i = 0; i < last; i++)
		if (s->y[i] >= s->y[last])
			return 0;
	return last ? (s->y[last] - s->y[last - 1]) / (s->x[last] - s->x[last - 1]) : 0;
}

struct trend_line trend_fit(const struct trend *t)
{
	struct trend_line line = {.low = -INFINITY, .high = INFINITY};
	struct least_squares fit;
	struct series s;
	struct form form;

	unroll(t, &s);
	if (!s.n)
		return line;
	line.last = s.y[s.n - 1];
	line.newest_per_second = newest_per_second(&s);
	form = choose(&s);
	fit = least_squares(s.x + form.from, s.y + form.from, s.n - form.from);
	line.shape = form.shape;
	line.per_second = fit.slope;
	line.low = fit.slope - fit.slope_interval;
	line.high = fit.slope + fit.slope_interval;
	line.now = least_squares_at(&fit, 0);
	line.noise = fit.noise;
	if (line.shape == TREND_FALLS_BACK)
		line.above = highest_above(&fit, s.x, s.y);
	line.bend = form.curve.bend;
	line.bend_low = form.curve.low;
	line.bend_high = form.curve.high;
	line.grown = range_of(s.y + form.from, fit.n);
	line.samples = fit.n;
	line.span_seconds = -seconds_before_last(t, form.from);
	/* It fell far, before what is still known: it may do so once more. */
	if (fit.slope > 0 && t->deepest_fall > STEEP_FALL * range_of(s.y, s.n))
		form.most = MIN(form.most, TREND_MEDIUM);
	line.confidence = MIN(by_interval(&line), form.most);
	return line;
}

struct trend_time trend_reaches(const struct trend_line *line, double limit)
{
	const bool faster = line->shape == TREND_FASTER, slower = line->shape == TREND_SLOWER;
	struct trend_time t = {INFINITY, INFINITY, INFINITY};
	double left = limit - line->now - line->above, bend;

	if (!line->samples)
		return t;
	/* The line may be there before the readings are. */
	if (left <= 0)
		left = limit - line->last;
	if (left <= 0)
		return (struct trend_time){0, 0, 0};
	bend = faster && left <= AHEAD * line->grown ? line->bend : 0;
	if (line->per_second > 0)
		t.seconds = curve_reaches(bend, line->per_second, left);
	if (line->high > 0)
		t.earliest = isinf(line->high)
				     ? 0
				     : curve_reaches(faster ? line->bend_high : 0, line->high,
						     MAX(left - line->noise, 0));
	if (line->low > 0)
		t.latest = bend > 0 ? curve_reaches_steadily(line->bend_low, line->low, left)
				    : curve_reaches(slower ? line->bend_low : 0, line->low, left);
	return t;
}

enum trend_confidence trend_reaches_confidence(const struct trend_line *line,
					       const struct trend_time *time)
{
	const bool curve = line->shape == TREND_FASTER || line->shape == TREND_SLOWER;
	const double seconds = time->seconds, span = line->span_seconds;
	enum trend_confidence most = TREND_HIGH;

	if (seconds > 1000 * span)
		most = TREND_NONE;
	else if (seconds > 100 * span)
		most = TREND_LOW;
	else if (seconds > 10 * span)
		most = TREND_MEDIUM;
	if (curve && !(seconds <= span && time->latest - time->earliest <= 0.6 * seconds))
		most = MIN(most, TREND_LOW);
	return MIN(line->confidence, most);
}

const char *trend_confidence_name(enum trend_confidence c)
{
	static const char *const names[] = {"none", "low", "medium", "high"};

	return (size_t)c < ARRAY_SIZE(names) ? names[c] : "none";
}

const char *trend_shape_name(enum trend_shape s)
{
	static const char *const names[] = {"line",	  "changed", "steps",
					    "falls-back", "faster",  "slower"};

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "line";
}
