/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "report/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S INT64_C(86400)

static void quarters_are_read(void **state)
{
	static const struct {
		const char *text, *first, *last, *before;
	} row[] = {
	    {"2022Q3", "2022-07-01", "2022-09-30", "2022Q2"},
	    {"2020Q1", "2020-01-01", "2020-03-31", "2019Q4"},
	    {"2000Q4", "2000-10-01", "2000-12-31", "2000Q3"},
	    {"1970Q2", "1970-04-01", "1970-06-30", "1970Q1"},
	};
	char text[NT_DAY_TEXT];
	struct nt_period p;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(nt_period_parse(row[i].text, &p), 0);
		assert_true(p.quarter);
		assert_string_equal(p.name, row[i].text);
		nt_day_text(p.first_day, text);
		assert_string_equal(text, row[i].first);
		nt_day_text(p.last_day, text);
		assert_string_equal(text, row[i].last);
		assert_string_equal(nt_quarter_of(p.first_day).name, row[i].text);
		assert_string_equal(nt_quarter_of(p.last_day).name, row[i].text);
		assert_string_equal(nt_quarter_of(p.first_day - 1).name, row[i].before);
		p = nt_period_before(&p);
		assert_string_equal(p.name, row[i].before);
	}
}

static void what_is_no_period_is_refused(void **state)
{
	static const char *const text[] = {"",
					   "2022",
					   "2022Q0",
					   "2022Q5",
					   "2022q3",
					   "22Q3",
					   " 2022Q3",
					   "2022Q3 ",
					   "2022Q31",
					   "1969Q4",
					   "2022-07-01",
					   "2022-07-01/",
					   "/",
					   "2022-07-01/2022-06-30",
					   "2022-02-29/2022-03-01",
					   "2022-7-1/2022-8-1",
					   "2022-07-01/2022-07-0a",
					   "2022-07-01000000000000/2022-07-02",
					   "-022Q3",
					   "2022-13-01/2022-13-02"};
	struct nt_period p;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(nt_period_parse(text[i], &p), -EINVAL);
}

static void other_spans_have_one_as_long_before(void **state)
{
	struct nt_period p, before;

	(void)state;
	assert_int_equal(nt_period_parse("2022-07-01/2022-07-31", &p), 0);
	assert_false(p.quarter);
	before = nt_period_before(&p);
	assert_string_equal(before.name, "2022-05-31/2022-06-30");
	assert_int_equal(nt_period_between(5, 4, &p), -EINVAL);
	assert_int_equal(nt_period_between(5, 5, &p), 0);
	assert_string_equal(p.name, "1970-01-06/1970-01-06");
}

/* Redis has buckets of quarters: the same span, or no quarter would be read in one piece. */
static void spans_are_those_of_the_buckets(void **state)
{
	struct nt_period p;

	(void)state;
	for (int32_t offset_h = -12; offset_h <= 14; offset_h++) {
		struct nt_span span, bucket;

		nt_period_parse("2022Q3", &p);
		span = nt_period_span(&p, offset_h);
		bucket = nt_bucket_span(NT_BUCKET_Q, (struct nt_span){span.start_s, span.start_s + 1}, offset_h);
		assert_int_equal(span.start_s, bucket.start_s);
		assert_int_equal(span.end_s, bucket.end_s);
		assert_int_equal(nt_day_of(span.start_s, offset_h), p.first_day);
		assert_int_equal(nt_day_of(span.start_s - 1, offset_h), p.first_day - 1);
		assert_int_equal(nt_day_of(span.end_s - 1, offset_h), p.last_day);
	}
}

static void days_go_to_text_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		int64_t day = (int64_t)(next_random() % 100000), again;
		time_t at_s = (time_t)(day * DAY_S);
		char text[NT_DAY_TEXT], expected[32];
		struct tm tm;

		gmtime_r(&at_s, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%d", &tm);
		nt_day_text(day, text);
		assert_string_equal(text, expected);
		assert_int_equal(nt_day_parse(text, &again), 0);
		assert_int_equal(again, day);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quarters_are_read),
	    cmocka_unit_test(what_is_no_period_is_refused),
	    cmocka_unit_test(other_spans_have_one_as_long_before),
	    cmocka_unit_test(spans_are_those_of_the_buckets),
	    cmocka_unit_test(days_go_to_text_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
