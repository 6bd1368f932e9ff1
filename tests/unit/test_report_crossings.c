/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/analyse/cross.h"
#include "report_lines.h"

#include <math.h>

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
	print_message("%zu crossings in 2,000 pairs that touch\n", found);
	assert_true(found <= 80);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(crossings_have_a_day_and_a_mover),
	    TEST(both_may_move),
	    TEST(lines_that_run_together_do_not_cross),
	    TEST(lines_that_touch_hardly_ever_cross),
	    TEST(a_short_order_is_one_if_it_is_clear),
	    TEST(slow_crossings_are_found),
	    TEST(a_gap_hides_no_crossing),
	    TEST(ranks_change_when_lines_pass_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
