/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static void number_is_read_whole(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(nt_parse_u64("0", 0, 10, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(nt_parse_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(nt_parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(nt_parse_u64("99999999999999999999999", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(nt_parse_u64("11", 0, 10, &v), -ERANGE);
	assert_int_equal(nt_parse_u64("1", 2, 10, &v), -ERANGE);
	assert_true(v == UINT64_MAX); /* untouched by failures */
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1.0", "1e3", "abc", "1a", "\xff"};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nt_parse_u64(bad[i], 0, UINT64_MAX, &v), -EINVAL);
}

static void names(void **state)
{
	char longest[NT_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[NT_NAME_MAX] = '\0';
	assert_true(nt_name_valid(longest));
	longest[NT_NAME_MAX] = 'a';
	longest[NT_NAME_MAX + 1] = '\0';
	assert_false(nt_name_valid(longest));
	assert_true(nt_name_valid("tokyo-1"));
	assert_true(nt_name_valid("A.b_C-9"));
	assert_false(nt_name_valid(""));
	assert_false(nt_name_valid("a b"));
	assert_false(nt_name_valid("a}b"));
	assert_false(nt_name_valid("caf\xc3\xa9"));
	assert_false(nt_name_valid("a\n"));
}

static void nearest_name(void **state)
{
	static const char *const known[] = {"interval", "sensor", "workers"};

	(void)state;
	assert_string_equal(nt_nearest_name("intervall", known, 3), "interval");
	assert_string_equal(nt_nearest_name("sensr", known, 3), "sensor");
	assert_string_equal(nt_nearest_name("wrokers", known, 3), "workers");
	assert_null(nt_nearest_name("colour", known, 3));
	assert_null(nt_nearest_name("", known, 0));
}

static void interval_start_is_aligned(void **state)
{
	(void)state;
	assert_int_equal(nt_interval_start(0, 60), 0);
	assert_int_equal(nt_interval_start(59, 60), 0);
	assert_int_equal(nt_interval_start(60, 60), 60);
	assert_int_equal(nt_interval_start(1662422459, 60), 1662422400);
	assert_int_equal(nt_interval_start(-1, 60), -60);
	assert_int_equal(nt_interval_start(-60, 60), -60);
}

static void times_compare(void **state)
{
	const struct nt_time a = {.s = 5, .ns = 9}, b = {.s = 5, .ns = 10}, c = {.s = 6, .ns = 0};

	(void)state;
	assert_true(nt_time_compare(a, b) < 0);
	assert_true(nt_time_compare(c, b) > 0);
	assert_int_equal(nt_time_compare(a, a), 0);
}

static char said[2048];

static void remember(enum nt_log_level level, const char *line)
{
	(void)level;
	strncpy(said, line, sizeof(said) - 1);
}

static void log_lines_cannot_be_forged(void **state)
{
	(void)state;
	nt_log_set_sink(remember);
	nt_error("file %s", "a\nneedletail: b\x1b[2J\x7f\t");
	assert_string_equal(said, "file a?needletail: b?[2J??");
	nt_log_set_sink(NULL);
	nt_error("to nobody");
	nt_log_set_sink(nt_log_stderr);
}

static void times_are_nanoseconds_or_the_nearest(void **state)
{
	(void)state;
	assert_true(nt_time_ns((struct nt_time){.s = 1, .ns = 5}) == 1000000005);
	assert_true(nt_time_ns((struct nt_time){.s = -1, .ns = 999999999}) == -1);
	assert_true(nt_time_ns((struct nt_time){.s = INT64_MAX, .ns = 1}) == INT64_MAX);
	assert_true(nt_time_ns((struct nt_time){.s = 9223372036, .ns = 854775807}) == INT64_MAX);
	assert_true(nt_time_ns((struct nt_time){.s = INT64_MIN, .ns = 1}) == INT64_MIN);
	assert_true(nt_seconds_of_ns(1999999999) == 1);
	assert_true(nt_seconds_of_ns(0) == 0);
	assert_true(nt_seconds_of_ns(-1) == -1);
	assert_true(nt_seconds_of_ns(-1000000000) == -1);
	assert_true(nt_seconds_of_ns(-1000000001) == -2);
	assert_true(nt_seconds_of_ns(INT64_MIN) == -9223372037);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_nanoseconds_or_the_nearest),
	    cmocka_unit_test(number_is_read_whole),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(names),
	    cmocka_unit_test(nearest_name),
	    cmocka_unit_test(interval_start_is_aligned),
	    cmocka_unit_test(times_compare),
	    cmocka_unit_test(log_lines_cannot_be_forged),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
