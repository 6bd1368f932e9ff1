/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "report/analyse/cross.h"
#include "report/analyse/share.h"
#include "report/analyse/shift.h"
#include "report/analyse/spike.h"
#include "report/analyse/stat.h"
#include "report/analyse/trend.h"
#include "report/analyse/whole.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUARTER 92
#define HISTORY 276

/* Evenly distributed around 0, at most `most` away. */
static double noise(double most)
{
	return most * (2 * (double)(next_random() >> 11) / (double)(UINT64_C(1) << 53) - 1);
}

static size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

static void gap(double *value, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		value[i] = NAN;
}

/* ---- medians ---- */

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void medians_leave_gaps_out(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		double value[50], known[50], expected;
		size_t n = next_random() % 50, m = 0;

		for (size_t i = 0; i < n; i++) {
			value[i] = next_random() % 4 ? noise(100) : NAN;
			if (!isnan(value[i]))
				known[m++] = value[i];
		}
		qsort(known, m, sizeof(known[0]), ascending);
		assert_int_equal(nt_stat_known(value, n), m);
		if (!m) {
			assert_true(isnan(nt_stat_median(value, n)));
			continue;
		}
		expected = (known[(m - 1) / 2] + known[m / 2]) / 2;
		assert_true(fabs(nt_stat_median(value, n) - expected) < 1e-9);
	}
}

static void smoothing_leaves_steps_and_gaps(void **state)
{
	double value[30], smooth[30];

	(void)state;
	for (size_t i = 0; i < 30; i++)
		value[i] = i < 17 ? 10 : 20;
	value[5] = 1000;
	value[25] = NAN;
	nt_stat_smooth(value, 30, 3, smooth);
	for (size_t i = 0; i < 30; i++) {
		if (i == 25)
			assert_true(isnan(smooth[i]));
		else
			assert_true(smooth[i] == (i < 17 ? 10 : 20));
	}
}

/* ---- words ---- */

static void make(double *value, double (*at)(size_t day), double spread)
{
	for (size_t i = 0; i < QUARTER; i++) {
		double exact = at(i);

		value[i] = exact + noise(spread * exact);
	}
}

static double level(size_t day)
{
	return 5000 + 0 * (double)day;
}

static double rising(size_t day)
{
	return 5000 + 60 * (double)day;
}

static double falling(size_t day)
{
	return 10000 - 60 * (double)day;
}

static double slowly_rising(size_t day)
{
	return 5000 + 8 * (double)day;
}

static double slowly_falling(size_t day)
{
	return 6000 - 8 * (double)day;
}

static double hardly_rising(size_t day)
{
	return 277 + 13.0 / 91 * (double)day;
}

static double waves(size_t day)
{
	return 5000 + 2500 * sin((double)day / 92 * 6 * 3.14159265);
}

static double surges(size_t day)
{
	return day % 30 == 10 ? 20000 : 5000;
}

static double surges_on_a_rise(size_t day)
{
	return rising(day) + (day % 30 == 10 ? 20000 : 0);
}

static void words_fit_what_was_planted(void **state)
{
	static const struct {
		double (*at)(size_t day);
		double spread;
		enum nt_trend trend;
	} row[] = {
	    {level, 0, NT_TREND_FLAT},
	    {level, 0.1, NT_TREND_FLAT},
	    {rising, 0.05, NT_TREND_RISE},
	    {rising, 0.2, NT_TREND_RISE},
	    {falling, 0.1, NT_TREND_FALL},
	    {slowly_rising, 0.02, NT_TREND_SLIGHT_RISE},
	    {slowly_falling, 0.02, NT_TREND_SLIGHT_FALL},
	    {waves, 0.05, NT_TREND_UP_AND_DOWN},
	    {surges, 0.1, NT_TREND_SURGES},
	    {surges_on_a_rise, 0.05, NT_TREND_SURGES_ON_RISE},
	};
	double value[QUARTER];
	size_t wrong = 0;

	(void)state;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			make(value, row[i].at, row[i].spread);
			wrong += nt_trend(value, QUARTER).trend != row[i].trend;
			gap(value, 40, 47);
			wrong += nt_trend(value, QUARTER).trend != row[i].trend;
		}
	assert_true(wrong <= 4); /* of 400 */
}

static void ends_of_the_fitted_line(void **state)
{
	double value[QUARTER];
	struct nt_trend_found found;

	(void)state;
	make(value, rising, 0);
	value[50] = 1e6; /* one day of a flood does not count */
	found = nt_trend(value, QUARTER);
	assert_true(fabs(found.first - 5000) < 50);
	assert_true(fabs(found.last - rising(QUARTER - 1)) < 50);
}

static void slight_directions_are_found(void **state)
{
	double value[QUARTER];
	size_t said = 0;

	(void)state;
	for (int round = 0; round < 200; round++) {
		make(value, hardly_rising, 0.03);
		said += nt_trend(value, QUARTER).trend == NT_TREND_SLIGHT_RISE;
	}
	assert_true(said >= 194);
}

/* Slow waves are no steady rise, even if their straight line rises. */
static void slight_is_steady(void **state)
{
	double value[QUARTER];

	(void)state;
	for (size_t i = 0; i < QUARTER; i++)
		value[i] = 1000 * (1 + 0.08 * sin((double)i / 92 * 4 * 3.14159265)) + noise(5);
	assert_int_equal(nt_trend(value, QUARTER).trend, NT_TREND_UP_AND_DOWN);
}

/* Of a level and noise a direction is hardly ever said. */
static void chance_is_no_direction(void **state)
{
	double value[QUARTER], sd[] = {0.005, 0.017, 0.03, 0.06, 0.1};
	size_t said = 0, rounds = 400;

	(void)state;
	for (size_t s = 0; s < sizeof(sd) / sizeof(sd[0]); s++)
		for (size_t round = 0; round < rounds; round++) {
			enum nt_trend trend;

			for (size_t i = 0; i < QUARTER; i++)
				value[i] = 283 * (1 + sd[s] * (noise(1) + noise(1) + noise(1)));
			trend = nt_trend(value, QUARTER).trend;
			said += trend != NT_TREND_FLAT && trend != NT_TREND_UP_AND_DOWN;
		}
	assert_true(said < sizeof(sd) / sizeof(sd[0]) * rounds / 100);
}

/* The line is known for its first weeks alone: it is not drawn on to the end. */
static void ends_are_those_of_what_is_known(void **state)
{
	struct nt_trend_found found;
	double value[QUARTER];

	(void)state;
	make(value, rising, 0);
	gap(value, 0, 10);
	gap(value, 50, QUARTER);
	found = nt_trend(value, QUARTER);
	assert_int_equal(found.trend, NT_TREND_RISE);
	assert_true(fabs(found.first - rising(10)) < 1);
	assert_true(fabs(found.last - rising(49)) < 1);
}

static void too_few_days_say_nothing(void **state)
{
	double value[QUARTER];

	(void)state;
	make(value, rising, 0);
	gap(value, 13, QUARTER);
	assert_int_equal(nt_trend(value, QUARTER).trend, NT_TREND_UNKNOWN);
	assert_int_equal(nt_trend(value, 0).trend, NT_TREND_UNKNOWN);
	gap(value, 0, QUARTER);
	assert_int_equal(nt_trend(value, QUARTER).trend, NT_TREND_UNKNOWN);
}

static void nothing_at_all_is_flat(void **state)
{
	double value[QUARTER] = {0};

	(void)state;
	assert_int_equal(nt_trend(value, QUARTER).trend, NT_TREND_FLAT);
}

/* ---- shifts ---- */

static void steps_are_found_where_they_are(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (int round = 0; round < 40; round++) {
		size_t at = 20 + next_random() % (HISTORY - 40);
		double before = 1000, after = round % 2 ? 2000 : 400;

		for (size_t i = 0; i < HISTORY; i++)
			value[i] = (i < at ? before : after) * (1 + noise(0.15));
		value[(at + 100) % HISTORY] = 50000;
		assert_int_equal(nt_shifts(value, HISTORY, shift), 1);
		assert_int_equal(shift[0].kind, NT_SHIFT_STEP);
		assert_true(apart(shift[0].at, at) <= 1);
		assert_true(fabs(shift[0].before - before) < 0.1 * before);
		assert_true(fabs(shift[0].after - after) < 0.1 * after);
	}
}

static void a_step_without_noise_has_its_day(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (size_t at = 11; at <= HISTORY - 10; at++) {
		for (size_t i = 0; i < HISTORY; i++)
			value[i] = i < at ? 92 : 140;
		value[at / 2] = NAN;
		assert_int_equal(nt_shifts(value, HISTORY, shift), 1);
		assert_int_equal(shift[0].at, at);
	}
}

static void ramps_are_dated_from_their_beginning(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (int round = 0; round < 20; round++) {
		size_t at = 60 + next_random() % 140;

		for (size_t i = 0; i < HISTORY; i++)
			value[i] = (1000 + (i < at ? 0 : 20 * (double)(i - at + 1))) * (1 + noise(0.05));
		assert_int_equal(nt_shifts(value, HISTORY, shift), 1);
		assert_int_equal(shift[0].kind, NT_SHIFT_RAMP);
		assert_true(apart(shift[0].at, at) <= 10);
		assert_true(shift[0].after > 2 * shift[0].before);
	}
}

static void steps_come_in_order_of_time(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (size_t i = 0; i < HISTORY; i++)
		value[i] = (i < 80 ? 100 : i < 150 ? 300 : i < 220 ? 900 : 200) * (1 + noise(0.1));
	gap(value, 100, 110);
	assert_int_equal(nt_shifts(value, HISTORY, shift), 3);
	assert_true(apart(shift[0].at, 80) <= 1);
	assert_true(apart(shift[1].at, 150) <= 1);
	assert_true(apart(shift[2].at, 220) <= 1);
}

/* Up and back again after some weeks: a median of all would not see it. */
static void a_plateau_has_two_ends(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (int round = 0; round < 20; round++) {
		size_t at = 20 + next_random() % 150, end = at + 20 + next_random() % 60;

		for (size_t i = 0; i < HISTORY; i++)
			value[i] = (i >= at && i < end ? 300 : 100) * (1 + noise(0.2));
		assert_int_equal(nt_shifts(value, HISTORY, shift), 2);
		assert_true(apart(shift[0].at, at) <= 1);
		assert_true(apart(shift[1].at, end) <= 1);
	}
}

/* Where a line is noisier than elsewhere: on a high level, or for some weeks. Counted over many lines. */
static void noise_has_hardly_ever_a_shift(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];
	size_t missed = 0, chance = 0;

	(void)state;
	for (int round = 0; round < 150; round++) {
		size_t at = 20 + next_random() % 150, end = at + 20 + next_random() % 60, n;

		for (size_t i = 0; i < HISTORY; i++)
			value[i] = (i >= at && i < end ? 300 : 100) * (1 + noise(0.2));
		n = nt_shifts(value, HISTORY, shift);
		missed += n < 2;
		chance += n > 2;
		for (size_t i = 0; i < HISTORY; i++)
			value[i] = 1000 * (1 + (i < 200 ? 0.03 : 0.25) * (noise(1) + noise(1) + noise(1)));
		chance += nt_shifts(value, HISTORY, shift) > 0;
	}
	assert_int_equal(missed, 0);
	assert_true(chance <= 6); /* of 300 */
}

static void chance_is_no_shift(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	for (int round = 0; round < 60; round++) {
		for (size_t i = 0; i < HISTORY; i++)
			value[i] = 1000 * (1 + noise(0.5));
		assert_int_equal(nt_shifts(value, HISTORY, shift), 0);
	}
	gap(value, 0, HISTORY);
	assert_int_equal(nt_shifts(value, HISTORY, shift), 0);
	assert_int_equal(nt_shifts(value, 0, shift), 0);
}

static void a_line_that_begins_late_has_no_shift_there(void **state)
{
	struct nt_shift shift[NT_SHIFTS_MAX];
	double value[HISTORY];

	(void)state;
	gap(value, 0, 200);
	for (size_t i = 200; i < HISTORY; i++)
		value[i] = 1000 * (1 + noise(0.1));
	assert_int_equal(nt_shifts(value, HISTORY, shift), 0);
}

/* ---- crossings ---- */

static void crossings_have_a_day_and_a_mover(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[QUARTER], b[QUARTER];

	(void)state;
	for (int round = 0; round < 30; round++) {
		size_t at = 15 + next_random() % 60;

		for (size_t i = 0; i < QUARTER; i++) {
			a[i] = 1000 * (1 + noise(0.05)); /* stays */
			b[i] = (i < at ? 1500 : 600) * (1 + noise(0.05));
		}
		assert_int_equal(nt_crossings(a, b, QUARTER, x), 1);
		assert_true(apart(x[0].at, at) <= 1);
		assert_int_equal(x[0].upper, 0);
		assert_int_equal(x[0].lower, 1);
		assert_int_equal(x[0].moved, NT_MOVED_LOWER);
		assert_int_equal(nt_crossings(b, a, QUARTER, x), 1);
		assert_int_equal(x[0].upper, 1);
		assert_int_equal(x[0].moved, NT_MOVED_LOWER);
		assert_true(fabs(x[0].lower_before - 1500) < 100 && fabs(x[0].lower_after - 600) < 100);
	}
}

static void both_may_move(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[QUARTER], b[QUARTER];

	(void)state;
	for (size_t i = 0; i < QUARTER; i++) {
		a[i] = i < 40 ? 100 : 200;
		b[i] = i < 40 ? 180 : 90;
	}
	assert_int_equal(nt_crossings(a, b, QUARTER, x), 1);
	assert_int_equal(x[0].at, 40);
	assert_int_equal(x[0].moved, NT_MOVED_BOTH);
	for (size_t i = 0; i < QUARTER; i++)
		b[i] = 150;
	assert_int_equal(nt_crossings(a, b, QUARTER, x), 1);
	assert_int_equal(x[0].moved, NT_MOVED_UPPER);
}

static void lines_that_run_together_do_not_cross(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[QUARTER], b[QUARTER];
	size_t found = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < QUARTER; i++) {
			a[i] = 1000 + noise(300);
			b[i] = 1200 + noise(300);
			if (i >= 50 && i < 54)
				b[i] = 0; /* an outage of some days */
		}
		found += nt_crossings(a, b, QUARTER, x);
	}
	assert_true(found <= 5); /* of 50 */
	assert_int_equal(nt_crossings(a, a, QUARTER, x), 0);
}

/* Nearly the same level: how far apart is in spreads of their noise. Chance hardly ever makes an order of it. */
static void lines_that_touch_hardly_ever_cross(void **state)
{
	static const double apart_by[] = {0, 0.25, 0.5, 1};
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[2 * QUARTER], b[2 * QUARTER];
	size_t found = 0, rounds = 500;

	(void)state;
	for (size_t d = 0; d < sizeof(apart_by) / sizeof(apart_by[0]); d++)
		for (size_t round = 0; round < rounds; round++) {
			for (size_t i = 0; i < 2 * QUARTER; i++) {
				a[i] = 300 + 10 * (noise(1) + noise(1) + noise(1)); /* a spread of 10 */
				b[i] = 300 + 10 * (apart_by[d] + noise(1) + noise(1) + noise(1));
			}
			found += nt_crossings(a, b, 2 * QUARTER, x);
		}
	assert_true(found <= 40); /* of 2,000 */
}

/* Twelve days above by a few packets, and back. */
static void a_short_order_is_one_if_it_is_clear(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[QUARTER], b[QUARTER];

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < QUARTER; i++) {
			a[i] = 200 + noise(3);
			b[i] = (i >= 40 && i < 52 ? 207 : 190) + noise(3);
		}
		a[20] = 100; /* one day is no order */
		assert_int_equal(nt_crossings(a, b, QUARTER, x), 2);
		assert_int_equal(x[0].at, 40);
		assert_int_equal(x[0].upper, 1);
		assert_int_equal(x[1].at, 52);
		assert_int_equal(x[1].upper, 0);
		for (size_t i = 46; i < 52; i++)
			b[i] = 190; /* six days are none */
		assert_int_equal(nt_crossings(a, b, QUARTER, x), 0);
	}
}

/* For three weeks nobody knows who is above; before and behind, everybody does. */
static void slow_crossings_are_found(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[2 * QUARTER], b[2 * QUARTER], sum = 0;
	size_t found = 0, near = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < 2 * QUARTER; i++) {
			a[i] = 300 + noise(15);
			b[i] = 300 + ((double)i - 90) + noise(15);
		}
		if (nt_crossings(a, b, 2 * QUARTER, x) != 1)
			continue;
		near += apart(x[0].at, 90) <= 12;
		sum += (double)x[0].at;
		found++;
	}
	assert_true(found >= 95 && near >= 90);
	assert_true(fabs(sum / (double)found - 90) < 5);
}

static void a_gap_hides_no_crossing(void **state)
{
	struct nt_crossing x[NT_CROSSINGS_MAX];
	double a[QUARTER], b[QUARTER];

	(void)state;
	for (size_t i = 0; i < QUARTER; i++) {
		a[i] = i < 45 ? 1 : 3;
		b[i] = 2;
	}
	gap(a, 40, 50);
	gap(b, 60, 62);
	assert_int_equal(nt_crossings(a, b, QUARTER, x), 1);
	assert_int_equal(x[0].at, 50); /* the first day of which that is known */
	gap(a, 0, QUARTER);
	assert_int_equal(nt_crossings(a, b, QUARTER, x), 0);
	assert_int_equal(nt_crossings(a, b, 0, x), 0);
}

/* ---- ranks ---- */

static void ranks_change_when_lines_pass_each_other(void **state)
{
	struct nt_rank_change change[NT_RANK_CHANGES_MAX];
	double value[4 * QUARTER];

	(void)state;
	for (size_t i = 0; i < QUARTER; i++) {
		value[i] = 1000;
		value[QUARTER + i] = i < 30 ? 500 : 2000; /* from 2 to 1 on day 30 */
		value[2 * QUARTER + i] = 300;
		value[3 * QUARTER + i] = i < 60 ? 100 : 400; /* from 4 to 3 on day 60 */
	}
	gap(value, 10, 14);
	assert_int_equal(nt_rank_changes(value, 4, QUARTER, 2, change), 2);
	assert_int_equal(change[0].at, 30);
	assert_int_equal(change[0].line, 0);
	assert_int_equal(change[0].from, 1);
	assert_int_equal(change[0].to, 2);
	assert_int_equal(change[1].line, 1);
	assert_int_equal(change[1].to, 1);
	assert_int_equal(nt_rank_changes(value, 4, QUARTER, 3, change), 4);
	assert_int_equal(change[2].at, 60);
	assert_int_equal(change[2].line, 2);
	assert_int_equal(change[3].line, 3);
	assert_int_equal(change[3].to, 3);
	assert_int_equal(nt_rank_changes(value, 0, QUARTER, 3, change), 0);
}

/* ---- steps that can be compared ---- */

struct steps {
	double intervals[2 * QUARTER];
	double sensors[2 * QUARTER];
	bool less[2 * QUARTER];
	bool more[2 * QUARTER];
};

/* So many sensors with so many intervals each, on some days. */
static void set_steps(struct steps *s, size_t from, size_t to, double sensors, double intervals)
{
	for (size_t i = from; i < to; i++) {
		s->sensors[i] = sensors;
		s->intervals[i] = sensors * intervals;
	}
}

static void assert_marked(struct steps *s, size_t less, size_t more)
{
	size_t found_less = 0, found_more = 0;

	nt_whole_mark(s->intervals, s->sensors, 2 * QUARTER, QUARTER, s->less, s->more);
	for (size_t i = 0; i < 2 * QUARTER; i++) {
		assert_false(s->less[i] && s->more[i]);
		found_less += s->less[i];
		found_more += s->more[i];
	}
	assert_int_equal(found_less, less);
	assert_int_equal(found_more, more);
}

static void steps_are_compared_with_steps_like_them(void **state)
{
	struct steps s = {0};

	(void)state;
	set_steps(&s, 0, 2 * QUARTER, 2, 1440);
	assert_marked(&s, 0, 0);
	set_steps(&s, QUARTER + 3, QUARTER + 9, 1, 1440);
	gap(s.intervals, QUARTER + 20, QUARTER + 22);
	s.intervals[QUARTER + 30] = 2800; /* an hour is missing */
	assert_marked(&s, 6, 0);
	/* most days are not complete, but enough are */
	set_steps(&s, 0, 2 * QUARTER, 1, 1440);
	set_steps(&s, QUARTER, QUARTER + 30, 2, 1440);
	assert_marked(&s, 2 * QUARTER - 30, 0);
	/* too few are: the others are the usual ones */
	set_steps(&s, 0, 2 * QUARTER, 1, 1440);
	set_steps(&s, QUARTER, QUARTER + 20, 2, 1440);
	assert_marked(&s, 0, 20);
	/* likewise of hours */
	set_steps(&s, 0, 2 * QUARTER, 2, 700);
	set_steps(&s, QUARTER, QUARTER + 20, 2, 1440);
	assert_marked(&s, 0, 20);
	/* a sensor that was there before the period, and one that came with it */
	set_steps(&s, 0, 2 * QUARTER, 2, 1440);
	set_steps(&s, 0, 40, 3, 1440);
	assert_marked(&s, 0, 40);
	set_steps(&s, 0, QUARTER, 1, 1440);
	assert_marked(&s, QUARTER, 0);
	/* hours that were there before the period */
	set_steps(&s, 0, QUARTER, 2, 1440);
	set_steps(&s, QUARTER, 2 * QUARTER, 2, 1000);
	assert_marked(&s, 0, QUARTER);
}

/* Of a capture with few frames no day has all intervals, and each another number of them. */
static void captures_with_few_frames_have_usual_days(void **state)
{
	static const double share[] = {0.02, 0.04, 0.08};
	struct steps s = {0};
	size_t less = 0, more = 0;

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (size_t round = 0; round < 100; round++) {
			for (size_t i = 0; i < 2 * QUARTER; i++) {
				s.sensors[i] = 1;
				s.intervals[i] = 600 * (1 + share[k] * (noise(1) + noise(1) + noise(1)));
			}
			nt_whole_mark(s.intervals, s.sensors, 2 * QUARTER, QUARTER, s.less, s.more);
			for (size_t i = 0; i < 2 * QUARTER; i++) {
				less += s.less[i];
				more += s.more[i];
			}
		}
	assert_true(less + more < (size_t)300 * 2 * QUARTER / 10);
	gap(s.intervals, 0, 2 * QUARTER);
	assert_marked(&s, 0, 0);
}

/* Of less than four weeks all days say what is usual. */
static void short_periods_have_usual_days(void **state)
{
	struct steps s = {0};

	(void)state;
	set_steps(&s, 0, 60, 2, 1440);
	s.intervals[59] = 1440;
	nt_whole_mark(s.intervals, s.sensors, 60, 59, s.less, s.more);
	for (size_t i = 0; i < 60; i++) {
		assert_true(s.less[i] == (i == 59));
		assert_false(s.more[i]);
	}
	nt_whole_mark(s.intervals, s.sensors, 0, 0, s.less, s.more);
}

/* ---- spikes ---- */

static void spikes_are_days_far_above(void **state)
{
	struct nt_spike spike[4];
	double value[QUARTER];

	(void)state;
	for (size_t i = 0; i < QUARTER; i++)
		value[i] = 10 + (double)(i % 3);
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 0);
	value[67] = 80;
	value[69] = 60;
	value[30] = 300;
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 2);
	assert_int_equal(spike[0].peak, 30);
	assert_true(spike[0].value == 300 && spike[0].usual == 11);
	assert_int_equal(spike[1].first, 67);
	assert_int_equal(spike[1].peak, 67);
	assert_int_equal(spike[1].last, 69);
	assert_int_equal(nt_spikes(value, QUARTER, spike, 1), 1);
	assert_int_equal(spike[0].peak, 30);
	value[QUARTER - 1] = 200; /* the last day, too */
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 3);
}

/* Stragglers on both sides belong to it, with two days between; noise does not; the nearest go first. */
static void a_spike_is_widened_over_its_course(void **state)
{
	double value[QUARTER];
	struct nt_spike spike;
	size_t first, last;

	(void)state;
	for (size_t i = 0; i < QUARTER; i++)
		value[i] = 10 + (double)(i % 2);
	value[40] = 90;
	value[43] = value[46] = value[50] = 20;
	value[34] = value[37] = 20;
	assert_int_equal(nt_spikes(value, QUARTER, &spike, 1), 1);
	first = 38, last = 41;
	nt_spike_widen(value, QUARTER, &spike, 30, &first, &last);
	assert_int_equal(first, 34);
	assert_int_equal(last, 46); /* three others lie before 50 */
	first = last = 40;
	nt_spike_widen(value, QUARTER, &spike, 12, &first, &last);
	assert_int_equal(first, 34);
	assert_int_equal(last, 43);
	first = 30, last = 47;
	nt_spike_widen(value, QUARTER, &spike, 16, &first, &last);
	assert_int_equal(first, 30);
	assert_int_equal(last, 47);
}

/* The ends of the line, and gaps, end it. */
static void the_course_of_a_spike_has_ends(void **state)
{
	double value[QUARTER];
	struct nt_spike spike;
	size_t first = 1, last = 1;

	(void)state;
	for (size_t i = 0; i < QUARTER; i++)
		value[i] = i < 8 ? 50 : 1;
	value[1] = 80;
	gap(value, 3, 6);
	assert_int_equal(nt_spikes(value, QUARTER, &spike, 1), 1);
	nt_spike_widen(value, QUARTER, &spike, QUARTER, &first, &last);
	assert_int_equal(first, 0);
	assert_int_equal(last, 2);
	gap(value, 0, QUARTER);
	nt_spike_widen(value, QUARTER, &spike, QUARTER, &first, &last);
	assert_int_equal(last, 2);
}

static void little_is_no_spike(void **state)
{
	struct nt_spike spike[4];
	double value[QUARTER] = {0};

	(void)state;
	value[30] = 4; /* three times nothing */
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 0);
	value[30] = 5;
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 1);
	gap(value, 0, QUARTER);
	assert_int_equal(nt_spikes(value, QUARTER, spike, 4), 0);
}

/* ---- shares ---- */

static void shares_are_of_the_region_and_of_all_others(void **state)
{
	const struct nt_share_of of = {.pair = 30, .region = 40, .port = 80, .all = 240};

	(void)state;
	assert_true(nt_share_own(&of) == 0.75);
	assert_true(nt_share_others(&of) == 0.25);
	assert_true(isnan(nt_share_own(&(struct nt_share_of){.all = 5})));
	assert_true(isnan(nt_share_others(&(struct nt_share_of){.pair = 1, .region = 5, .port = 1, .all = 5})));
}

/* Each begins the sequence again: none depends on those before it. */
static int begin_sequence(void **state)
{
	(void)state;
	random_state = 1;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, begin_sequence)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(medians_leave_gaps_out),
	    TEST(smoothing_leaves_steps_and_gaps),
	    TEST(words_fit_what_was_planted),
	    TEST(ends_of_the_fitted_line),
	    TEST(too_few_days_say_nothing),
	    TEST(nothing_at_all_is_flat),
	    TEST(steps_are_found_where_they_are),
	    TEST(a_step_without_noise_has_its_day),
	    TEST(ramps_are_dated_from_their_beginning),
	    TEST(steps_come_in_order_of_time),
	    TEST(a_plateau_has_two_ends),
	    TEST(noise_has_hardly_ever_a_shift),
	    TEST(chance_is_no_shift),
	    TEST(a_line_that_begins_late_has_no_shift_there),
	    TEST(crossings_have_a_day_and_a_mover),
	    TEST(both_may_move),
	    TEST(lines_that_run_together_do_not_cross),
	    TEST(lines_that_touch_hardly_ever_cross),
	    TEST(a_short_order_is_one_if_it_is_clear),
	    TEST(slow_crossings_are_found),
	    TEST(a_gap_hides_no_crossing),
	    TEST(ranks_change_when_lines_pass_each_other),
	    TEST(steps_are_compared_with_steps_like_them),
	    TEST(captures_with_few_frames_have_usual_days),
	    TEST(short_periods_have_usual_days),
	    TEST(spikes_are_days_far_above),
	    TEST(a_spike_is_widened_over_its_course),
	    TEST(the_course_of_a_spike_has_ends),
	    TEST(little_is_no_spike),
	    TEST(shares_are_of_the_region_and_of_all_others),
	    TEST(slight_directions_are_found),
	    TEST(slight_is_steady),
	    TEST(chance_is_no_direction),
	    TEST(ends_are_those_of_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
