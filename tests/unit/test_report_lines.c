/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/analyse/share.h"
#include "report/analyse/shift.h"
#include "report/analyse/stat.h"
#include "report/analyse/trend.h"
#include "report_lines.h"

#include <math.h>
#include <stdlib.h>

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
	    TEST(shares_are_of_the_region_and_of_all_others),
	    TEST(slight_directions_are_found),
	    TEST(slight_is_steady),
	    TEST(chance_is_no_direction),
	    TEST(ends_are_those_of_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
