/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/analyse/spike.h"
#include "report/analyse/whole.h"
#include "report_lines.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(steps_are_compared_with_steps_like_them),
	    TEST(captures_with_few_frames_have_usual_days),
	    TEST(short_periods_have_usual_days),
	    TEST(spikes_are_days_far_above),
	    TEST(a_spike_is_widened_over_its_course),
	    TEST(the_course_of_a_spike_has_ends),
	    TEST(little_is_no_spike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
