/* Lines through readings: known series, and what is to be thought of them. */
#include "unit/unit.h"

#include "rate/curve.h"
#include "rate/least_squares.h"
#include "rate/trend.h"

#define SECOND 1000000000ULL
#define MIB 1048576.0

/* Evenly spread in -1 ... 1, the same on each run. */
static double noise(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(int64_t)*state / 9223372036854775808.0;
}

static void add_line(struct trend *t, size_t n, double from, double step)
{
	uint64_t start = t->count ? t->time_ns[(t->first + t->count - 1) % TREND_SAMPLES] : SECOND;

	for (size_t i = 1; i <= n; i++)
		trend_add(t, start + i * SECOND, from + (double)i * step);
}

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%g is not %g", value, expected);
}

/* An exact line is known from the third reading on, and trusted when there are more. */
static void line(void **state)
{
	static const enum trend_confidence expected[] = {TREND_NONE,   TREND_NONE,   TREND_NONE,
							 TREND_LOW,    TREND_LOW,    TREND_MEDIUM,
							 TREND_MEDIUM, TREND_MEDIUM, TREND_HIGH};
	struct trend t = {0};

	(void)state;
	for (size_t n = 0; n < 100; n++) {
		struct trend_line l = trend_fit(&t);

		assert_int_equal(l.confidence, expected[MIN(n, ARRAY_SIZE(expected) - 1)]);
		assert_int_equal(l.samples, MIN(n, (size_t)TREND_SAMPLES));
		assert_int_equal(l.shape, TREND_LINE);
		if (n > 1) {
			near(l.per_second, 3 * MIB, 1);
			near(l.now, 100 * MIB + 3 * MIB * (double)n, 1);
		}
		if (n > 2) {
			near(l.low, 3 * MIB, 1);
			near(l.high, 3 * MIB, 1);
			near(l.noise, 0, 1);
			near(l.span_seconds, (double)MIN(n, (size_t)TREND_SAMPLES) - 1, 1e-9);
		}
		add_line(&t, 1, 100 * MIB + 3 * MIB * (double)n, 3 * MIB);
	}
}

/* 90 of 100 noisy lines have their true slope in the interval; nearly all are trusted. */
static void noisy(void **state)
{
	size_t covered = 0, high = 0;
	uint64_t seed = 1;

	(void)state;
	for (size_t k = 0; k < 1000; k++) {
		struct trend t = {0};
		struct trend_line l;

		for (size_t i = 0; i < 24; i++)
			trend_add(&t, i * SECOND, 1e8 + 1e6 * (double)i + 1e6 * noise(&seed));
		l = trend_fit(&t);
		covered += l.low <= 1e6 && 1e6 <= l.high;
		high += l.confidence == TREND_HIGH;
	}
	near((double)covered, 900, 40);
	assert_true(high > 900);
}

static void noise_alone(void **state)
{
	size_t found[TREND_HIGH + 1] = {0};
	uint64_t seed = 1;

	(void)state;
	for (size_t k = 0; k < 1000; k++) {
		struct trend t = {0};

		for (size_t i = 0; i < 24; i++)
			trend_add(&t, i * SECOND, 1e8 + 1e6 * noise(&seed));
		found[trend_fit(&t).confidence]++;
	}
	assert_true(found[TREND_NONE] > 850);
	assert_true(found[TREND_MEDIUM] < 10);
	assert_int_equal(found[TREND_HIGH], 0);
}

static void flat_and_shrinking(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	add_line(&t, 20, 4096 * 77, 0);
	l = trend_fit(&t);
	assert_true(l.per_second == 0);
	assert_int_equal(l.confidence, TREND_NONE);
	assert_true(isinf(trend_reaches(&l, 1e12).seconds));
	trend_reset(&t);
	assert_int_equal(trend_fit(&t).samples, 0);
	add_line(&t, 20, 200 * MIB, -MIB);
	l = trend_fit(&t);
	near(l.per_second, -MIB, 1);
	assert_int_equal(l.confidence, TREND_HIGH);
	assert_int_equal(l.shape, TREND_LINE);
	assert_true(isinf(trend_reaches(&l, 201 * MIB).seconds));
	assert_true(isinf(trend_reaches(&l, 201 * MIB).earliest));
	assert_true(isinf(trend_reaches(&l, 201 * MIB).latest));
}

/* Jumps, with rests between: the average is known, but it is never sure. */
static void steps(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		trend_add(&t, i * SECOND, 1e8 + 50e6 * (double)(i / 5));
	l = trend_fit(&t);
	assert_int_equal(l.shape, TREND_STEPS);
	near(l.per_second, 10e6, 1e6);
	assert_in_range(l.confidence, TREND_LOW, TREND_MEDIUM);
	/* One jump is no trend: it stands still now. */
	trend_reset(&t);
	add_line(&t, 10, 1e8, 0);
	add_line(&t, 10, 2e8, 0);
	l = trend_fit(&t);
	assert_int_equal(l.confidence, TREND_NONE);
	near(l.per_second, 0, 1);
}

/* However often, wherever it is looked at: what has fallen back is not told as sure. */
static void sawtooth(void **state)
{
	(void)state;
	for (size_t period = 3; period <= 80; period++)
		for (size_t phase = 0; phase < period; phase++) {
			struct trend t = {0};
			uint64_t seed = period;
			bool fell = false;

			for (size_t i = 0; i < 2 * period; i++) {
				double at = (double)((i + phase) % period);
				struct trend_line l;

				fell = fell || (i && at == 0 && i > period / 3 + 1);
				trend_add(&t, i * SECOND, 1e8 + 1e6 * at + 1e4 * noise(&seed));
				l = trend_fit(&t);
				if (!fell || l.per_second < 0)
					continue;
				if (l.confidence == TREND_HIGH)
					fail_msg("period %zu, phase %zu, reading %zu", period,
						 phase, i);
			}
		}
}

/* A leak below the collector's teeth is found, slowly. */
static void leak_with_teeth(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		trend_add(&t, i * SECOND, 1e8 + 1e6 * (double)i + 4e6 * (double)(i % 4));
	l = trend_fit(&t);
	near(l.per_second, 1e6, 3e5);
	assert_in_range(l.confidence, TREND_LOW, TREND_MEDIUM);
	assert_true(l.low > 0);
}

/* It is a peak that reaches the limit, not the line through the middle: better early than late. */
static void peaks_reach(void **state)
{
	(void)state;
	for (size_t n = 32; n < 40; n++) {
		struct trend t = {0};
		struct trend_line l;
		size_t full = n;

		for (size_t i = 0; i < n; i++)
			trend_add(&t, i * SECOND, 1e6 * (double)(100 + i + 16 * (i % 4)));
		while (100 + full + 16 * (full % 4) < 200)
			full++;
		l = trend_fit(&t);
		assert_int_equal(l.shape, TREND_FALLS_BACK);
		near(trend_reaches(&l, 2e8).seconds / (double)(full - (n - 1)), 0.7, 0.4);
	}
}

static void changed(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	add_line(&t, 16, 1e8, 1e6);
	add_line(&t, 4, 116e6, 10e6);
	l = trend_fit(&t);
	assert_int_equal(l.shape, TREND_CHANGED);
	near(l.per_second, 10e6, 1e5);
	assert_int_equal(l.confidence, TREND_LOW);
	add_line(&t, 8, 156e6, 10e6);
	l = trend_fit(&t);
	near(l.per_second, 10e6, 1e5);
	assert_int_equal(l.confidence, TREND_MEDIUM);
	assert_in_range(l.samples, 11, 13);
	add_line(&t, 40, 236e6, 10e6);
	assert_int_equal(trend_fit(&t).confidence, TREND_HIGH);
	/* It has just stopped: too early to say so, but no longer sure. */
	add_line(&t, 3, 636e6, 0);
	assert_in_range(trend_fit(&t).confidence, TREND_NONE, TREND_LOW);
	add_line(&t, 3, 636e6, 0);
	l = trend_fit(&t);
	near(l.per_second, 0, 1);
	assert_int_equal(l.confidence, TREND_NONE);
}

/* Told so many seconds before it is full: the best guess, and within its bounds. */
static void expect_told(const struct trend *t, double limit, double left, double share)
{
	struct trend_line l = trend_fit(t);
	struct trend_time told = trend_reaches(&l, limit);

	if (l.shape != TREND_FASTER || !(fabs(told.seconds - left) <= share * left) ||
	    told.earliest > left * 1.03 || told.latest < left * 0.97)
		fail_msg("%g s before: %g (%g to %g), %s", left, told.seconds, told.earliest,
			 told.latest, trend_shape_name(l.shape));
	assert_in_range(trend_reaches_confidence(&l, &told), TREND_LOW, TREND_MEDIUM);
}

/* What doubles in so many seconds is full long before a line says so. */
static void doubling(void **state)
{
	static const double periods[] = {2, 5, 10, 20, 30};
	const double limit = 4096 * MIB;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(periods); k++) {
		struct trend t = {0};
		uint64_t seed = k;
		double full = periods[k] * log2((4096 - 300) / 4.0);

		for (size_t i = 0; (double)i < full - 1; i++) {
			double now = (300 + 4 * pow(2, (double)i / periods[k])) * MIB;

			trend_add(&t, i * SECOND, now + 0.1 * MIB * noise(&seed));
			if (now > 900 * MIB)
				expect_told(&t, limit, full - (double)i, 0.1);
		}
	}
}

/* As much more in each second: no later than it is, though it may be told too soon. */
static void steadily_faster(void **state)
{
	struct trend t = {0};
	const double full = sqrt(2048 / 0.25);

	(void)state;
	for (size_t i = 0; (double)i < full - 1; i++) {
		double left = full - (double)i;
		struct trend_line l;
		double told;

		trend_add(&t, i * SECOND, 0.25 * (double)(i * i) * MIB);
		l = trend_fit(&t);
		told = trend_reaches(&l, 2048 * MIB).seconds;
		if (i < 12)
			continue;
		assert_int_equal(l.shape, TREND_FASTER);
		assert_true(trend_reaches(&l, 2048 * MIB).earliest < left);
		/* Far beyond what has grown so far nobody knows: then it is a line. */
		if (i < 22) {
			assert_true(told > left);
			continue;
		}
		if (told > 1.02 * left || told < left / 4)
			fail_msg("%g s before: %g", left, told);
	}
	assert_true(curve_reaches_steadily(0, 10, 50) == 5);
	near(curve_reaches_steadily(0.5, 10, 30), 2, 1e-9); /* 20 + 5 * 4 / 2 */
	assert_true(isinf(curve_reaches_steadily(-0.5, 10, 101)));
}

/* It may come to rest before the limit, or not: as fast as now at the soonest. */
static void slowing(void **state)
{
	struct trend t = {0};
	double before = 0;

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		struct trend_line l;
		struct trend_time told;

		trend_add(&t, i * SECOND, 1000 * MIB * (1 - exp(-(double)i / 20)));
		l = trend_fit(&t);
		told = trend_reaches(&l, 1500 * MIB);
		if (i < 12)
			continue;
		assert_int_equal(l.shape, TREND_SLOWER);
		assert_true(told.seconds > before && isinf(told.latest));
		near(l.per_second, 50 * MIB * exp(-(double)i / 20), 0.1 * MIB);
		assert_int_equal(trend_reaches_confidence(&l, &told), TREND_LOW);
		before = told.seconds;
		/* A limit that it does reach, slowly. */
		told = trend_reaches(&l, 980 * MIB);
		near(told.latest, 20 * log(50) - (double)i, 2);
	}
}

/* A line with noise is seldom taken for a curve, one jump and the beginning of growth never. */
static void no_curve(void **state)
{
	size_t curves = 0;
	uint64_t seed = 7;
	struct trend t;

	(void)state;
	for (size_t k = 0; k < 1000; k++) {
		enum trend_shape shape;

		t = (struct trend){0};
		for (size_t i = 0; i < 8 + k % 40; i++)
			trend_add(&t, i * SECOND, 1e8 + 1e6 * (double)i + 1e6 * noise(&seed));
		shape = trend_fit(&t).shape;
		curves += shape == TREND_FASTER || shape == TREND_SLOWER;
	}
	assert_in_range(curves, 0, 10);
	for (size_t still = 6; still < 32; still++) {
		t = (struct trend){0};
		for (size_t i = 0; i < still + 6; i++) {
			trend_add(&t, i * SECOND,
				  1e8 + 1e5 * noise(&seed) + (i < still ? 0 : 300e6));
			assert_int_not_equal(trend_fit(&t).shape, TREND_FASTER);
		}
		t = (struct trend){0};
		for (size_t i = 0; i < still + 8; i++) {
			double grown = i < still ? 0 : 8e6 * (double)(i - still + 1);
			struct trend_line l;

			trend_add(&t, i * SECOND, 1e8 + 1e5 * noise(&seed) + grown);
			l = trend_fit(&t);
			/* For a moment it looks so. */
			if (i > still + 5 || l.shape == TREND_FASTER)
				near(trend_reaches(&l, 1e9).seconds, (9e8 - grown) / 8e6,
				     i > still + 5 ? 10 : 110);
		}
	}
}

static void curves(void **state)
{
	double x[65], y[65];
	struct curve c;

	(void)state;
	for (size_t i = 0; i < 65; i++) {
		x[i] = (double)i - 63;
		y[i] = exp(0.05 * x[i]);
	}
	assert_true(curve_fit(x + 44, y + 44, 20, &c));
	near(c.bend, 0.05, 1e-4);
	assert_true(c.low <= c.bend && c.bend <= c.high);
	assert_true(curve_fit(x, y, 64, &c));
	assert_false(curve_fit(x, y, 65, &c)); /* more than it takes */
	assert_false(curve_fit(x, y, 7, &c));
	assert_false(curve_fit(y, x, 0, &c));
	for (size_t i = 0; i < 20; i++)
		x[i] = 0;
	assert_false(curve_fit(x, y, 20, &c));
	near(curve_x(1e-12, -10), -10, 1e-6);
	near(curve_reaches(0.1, 10, curve_x(0.1, 7) * 10), 7, 1e-9);
	assert_true(isinf(curve_reaches(-0.1, 10, 101)));
	near(curve_reaches(0, 10, 50), 5, 0);
}

static void clocks(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	trend_add(&t, 5 * SECOND, 100);
	trend_add(&t, 5 * SECOND, 200); /* instead */
	l = trend_fit(&t);
	assert_int_equal(l.samples, 1);
	near(l.now, 200, 0);
	assert_true(isinf(l.high) && isinf(l.low));
	assert_int_equal(l.confidence, TREND_NONE);
	assert_true(isinf(trend_reaches(&l, 300).seconds));
	trend_add(&t, 6 * SECOND, NAN);
	trend_add(&t, 6 * SECOND, INFINITY);
	assert_int_equal(trend_fit(&t).samples, 1);
	trend_add(&t, 6 * SECOND, 300);
	l = trend_fit(&t);
	near(l.per_second, 100, 1e-6);
	near(trend_reaches(&l, 400).seconds, 1, 1e-6);
	trend_add(&t, 2 * SECOND, 1000); /* set back */
	assert_int_equal(trend_fit(&t).samples, 1);
	/* Set on by an hour: the slope is not what it was, and nobody is sure of it. */
	trend_reset(&t);
	add_line(&t, 20, 0, 100);
	for (uint64_t i = 1; i <= 3; i++)
		trend_add(&t, (3621 + i) * SECOND, 2000 + 100 * (double)i);
	assert_in_range(trend_fit(&t).confidence, TREND_NONE, TREND_LOW);
}

/* It was given back once (a restart), and grows on as before: soon that is told, but not as sure.
 */
static void starts_anew(void **state)
{
	struct trend t = {0};
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < 48; i++) {
		double now = 4e6 * (double)(i < 24 ? i : i - 24) + 1e5 * noise(&seed);
		struct trend_line l;

		trend_add(&t, i * SECOND, 1e8 + now);
		if (i < 24 + 5)
			continue;
		l = trend_fit(&t);
		near(trend_reaches(&l, 5e8).seconds, (4e8 - now) / 4e6, 6);
		assert_int_equal(l.shape, TREND_CHANGED);
		assert_in_range(l.confidence, TREND_LOW, TREND_MEDIUM);
	}
}

/* As a cgroup was read that came to its memory.high: it is slowed down, and is not full yet. */
static void slowed_down(void **state)
{
	static const double values[] = {433720,	   2481024,   10869632,	 19258240,  27646848,
					36035456,  44424064,  52550528,	 61201280,  69589888,
					77978496,  86367104,  94755712,	 103144320, 111532928,
					119921536, 124930952, 128899976, 130276232, 131455880,
					132111240, 133028744, 133979016};
	struct trend t = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct trend_line l;

		trend_add(&t, i * SECOND, values[i]);
		l = trend_fit(&t);
		assert_true(trend_reaches(&l, 134217728).seconds > 0);
		if (i > 16)
			assert_in_range(l.confidence, TREND_NONE, TREND_LOW);
	}
}

/* Near the ends of what numbers can hold. */
static void huge(void **state)
{
	struct trend t = {0};
	struct trend_line l;

	(void)state;
	for (uint64_t i = 0; i < 40; i++)
		trend_add(&t, UINT64_MAX - (40 - i) * SECOND, 1e18 + 1e12 * (double)i);
	l = trend_fit(&t);
	near(l.per_second, 1e12, 1e6);
	assert_int_equal(l.confidence, TREND_HIGH);
	near(trend_reaches(&l, 1.8e19).seconds, 1.7e7, 1e5);
	trend_reset(&t);
	for (uint64_t i = 0; i < 20; i++)
		trend_add(&t, i, 1e15); /* a nanosecond apart */
	assert_int_equal(trend_fit(&t).confidence, TREND_NONE);
}

static enum trend_confidence sure_of(const struct trend_line *l, double seconds)
{
	struct trend_time t = {seconds, seconds, seconds};

	return trend_reaches_confidence(l, &t);
}

static void reaches(void **state)
{
	struct trend_line l = {.per_second = 10,
			       .low = 5,
			       .high = 20,
			       .now = 100,
			       .noise = 20,
			       .samples = 9,
			       .span_seconds = 8,
			       .confidence = TREND_HIGH};
	struct trend_time t = trend_reaches(&l, 200);

	(void)state;
	near(t.seconds, 10, 1e-9);
	near(t.earliest, 4, 1e-9);
	near(t.latest, 20, 1e-9);
	l.last = 95;
	near(trend_reaches(&l, 99).seconds, 0.4, 1e-9);
	l.last = 99;
	t = trend_reaches(&l, 99);
	assert_true(t.seconds == 0 && t.earliest == 0 && t.latest == 0);
	l.low = -1;
	assert_true(isinf(trend_reaches(&l, 200).latest));
	/* Eight seconds say little about next week. */
	assert_int_equal(sure_of(&l, 79), TREND_HIGH);
	assert_int_equal(sure_of(&l, 81), TREND_MEDIUM);
	assert_int_equal(sure_of(&l, 801), TREND_LOW);
	assert_int_equal(sure_of(&l, 8001), TREND_NONE);
	assert_int_equal(sure_of(&l, INFINITY), TREND_NONE);
	l.samples = 0;
	assert_true(isinf(trend_reaches(&l, 0).seconds));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(trend_confidence_name(TREND_NONE), "none");
	assert_string_equal(trend_confidence_name(TREND_HIGH), "high");
	assert_string_equal(trend_confidence_name((enum trend_confidence)9), "none");
	assert_string_equal(trend_shape_name(TREND_FALLS_BACK), "falls-back");
	assert_true(isinf(student_t_95(0)));
	near(student_t_95(10), 1.812, 1e-9);
	near(student_t_95(1000), 1.697, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line),
		cmocka_unit_test(noisy),
		cmocka_unit_test(noise_alone),
		cmocka_unit_test(flat_and_shrinking),
		cmocka_unit_test(steps),
		cmocka_unit_test(sawtooth),
		cmocka_unit_test(leak_with_teeth),
		cmocka_unit_test(peaks_reach),
		cmocka_unit_test(changed),
		cmocka_unit_test(starts_anew),
		cmocka_unit_test(slowed_down),
		cmocka_unit_test(doubling),
		cmocka_unit_test(steadily_faster),
		cmocka_unit_test(slowing),
		cmocka_unit_test(no_curve),
		cmocka_unit_test(curves),
		cmocka_unit_test(clocks),
		cmocka_unit_test(huge),
		cmocka_unit_test(reaches),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
