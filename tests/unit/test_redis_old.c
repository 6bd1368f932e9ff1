/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Buckets that have become old and are cut once more; what they must hold then, the model knows. */

/* 2022-09-27 22:00 UTC: three days before a quarter ends. */
#define EVENING INT64_C(1664316000)
#define HOUR_S	3600
#define DAY_S	86400

static void set_limits(struct fixture *f)
{
	static const uint32_t members[NT_BOUNDS] = {
	    [NT_BOUND_M] = 5,
	    [NT_BOUND_H] = 8,
	    [NT_BOUND_D_PORT] = 20,
	    [NT_BOUND_D_REGION_PORT] = 15,
	    [NT_BOUND_D_OTHER] = 10,
	    [NT_BOUND_Q] = 30,
	    [NT_BOUND_SIG] = 3,
	    [NT_BOUND_OPEN_SIG] = 12,
	    [NT_BOUND_D_SOURCE] = 4,
	    [NT_BOUND_D_BACKSCATTER] = 9,
	    [NT_BOUND_OPEN_SOURCE] = 1000,
	    [NT_BOUND_OPEN_BACKSCATTER] = 1000,
	    [NT_BOUND_D_HLL] = 2,
	    [NT_BOUND_Q_HLL] = 2,
	    [NT_BOUND_OLD_H] = 3,
	    [NT_BOUND_OLD_D] = 4,
	    [NT_BOUND_OLD_D_REGION_PORT] = 5,
	    [NT_BOUND_OLD_Q] = 6,
	    [NT_BOUND_OLD_SIG] = 2,
	    [NT_BOUND_OLD_SOURCE] = 3,
	    [NT_BOUND_OLD_ALL_SOURCE] = 11,
	    [NT_BOUND_OLD_BACKSCATTER] = 3,
	    [NT_BOUND_OLD_BACKSCATTER_PORT] = 2,
	    [NT_BOUND_OLD_D_HLL] = 1,
	    [NT_BOUND_OLD_Q_HLL] = 1,
	    [NT_BOUND_OLD_UNIQUE] = 21,
	};
	struct nt_redis_limits *limits = &f->options.sensor.limits;

	memcpy(limits->members, members, sizeof(members));
	limits->old_s[NT_BUCKET_H] = 3 * HOUR_S;
	limits->old_s[NT_BUCKET_D] = 2 * DAY_S;
	limits->old_s[NT_BUCKET_Q] = 1;
	fixture_new_writer(f);
}

static void push_hours(struct fixture *f, int from, int to)
{
	for (int i = from; i < to; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S * i, .entries = 60, .seed = (uint64_t)i});
}

static void each_hour_and_day_becomes_old(void **state)
{
	struct fixture *f = *state;

	set_limits(f);
	for (int i = 0; i < 76; i += 4) {
		push_hours(f, i, i + 4);
		fixture_publish(f);
		fixture_check(f);
	}
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING), 3);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:d:%" PRId64 ":port", EVENING - 22 * HOUR_S), 4);
	assert_int_equal(redis_server_number(&f->server, "HLEN nt:{s}:d:%" PRId64 ":unique", EVENING - 22 * HOUR_S),
			 21);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:d:%" PRId64 ":port", EVENING + 26 * HOUR_S), 20);
}

static void start_over(struct fixture *f)
{
	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	model_free(f->model);
	f->model = model_new("s", 0);
	fixture_new_writer(f);
}

/* Old days of many sources, cut in one call or in several. */
static void regions_share_what_an_old_day_has(void **state)
{
	static const uint32_t all[] = {1, 13, 500, 1003, 1400, 100000};
	struct fixture *f = *state;

	set_limits(f);
	f->options.sensor.limits.members[NT_BOUND_D_SOURCE] = 0;
	f->options.sensor.limits.members[NT_BOUND_OPEN_SOURCE] = 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		f->options.sensor.limits.members[NT_BOUND_OLD_SOURCE] = i % 2 ? 400 : 0;
		f->options.sensor.limits.members[NT_BOUND_OLD_ALL_SOURCE] = all[i];
		start_over(f);
		for (int day = 0; day < 5; day++)
			fixture_push(f, &(struct sample){
					    .start_s = EVENING + day * DAY_S, .entries = day ? 10 : 1200, .seed = i});
		fixture_publish(f);
		fixture_check(f);
	}
}

/* Names that stand alone stay, each kind has its share, and the rest goes by size. */
static void each_kind_of_numbers_has_its_share(void **state)
{
	static const uint32_t bound[] = {3, 5, 6, 9, 12, 21, 33, 44, 45, 46};
	struct fixture *f = *state;

	set_limits(f);
	for (size_t i = 0; i < sizeof(bound) / sizeof(bound[0]); i++) {
		f->options.sensor.limits.members[NT_BOUND_OLD_UNIQUE] = bound[i];
		start_over(f);
		for (int day = 0; day < 5; day++)
			fixture_push(f, &(struct sample){.start_s = EVENING + day * DAY_S,
							 .entries = 40,
							 .seed = 10 * i + (uint64_t)day});
		fixture_publish(f);
		fixture_check(f);
	}
}

static void a_pause_makes_many_old(void **state)
{
	struct fixture *f = *state;

	set_limits(f);
	push_hours(f, 0, 30);
	fixture_publish(f);
	fixture_check(f);
	push_hours(f, 24 * 100, 24 * 100 + 2); /* in the next quarter but one */
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:q:1656633600:port"), 6);
	assert_in_range(redis_server_number(&f->server, "ZCARD nt:{s}:q:1656633600:hll_names"), 20, 40);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:d:%" PRId64 ":totals", EVENING + 50 * DAY_S),
			 0);
}

static void what_comes_late_to_an_old_bucket_is_cut_like_it(void **state)
{
	struct fixture *f = *state;

	set_limits(f);
	push_hours(f, 0, 6);
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 60, .seed = 100});
	push_hours(f, 6, 8);
	fixture_finish(f);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING), 3);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:h:%" PRId64 ":totals reopened", EVENING), 1);
	fixture_check(f);
}

/* A writer that starts anew finds what is due; cutting twice does no harm. */
static void restarts_lose_none(void **state)
{
	struct fixture *f = *state;

	set_limits(f);
	for (int i = 0; i < 60; i += 3) {
		push_hours(f, i, i + 3);
		fixture_finish(f);
		fixture_new_writer(f);
	}
	fixture_check(f);
}

/* How long it lives was decided when the bucket was last written to. */
static void lifetimes_stay(void **state)
{
	struct fixture *f = *state;
	int64_t day = EVENING - 22 * HOUR_S;
	redisReply *keys;

	set_limits(f);
	push_hours(f, 0, 40);
	fixture_publish(f);
	keys = redis_server_do(&f->server, "KEYS nt:{s}:d:%" PRId64 ":*", day);
	for (size_t i = 0; i < keys->elements; i++)
		assert_int_equal(redis_server_number(&f->server, "EXPIRE %s 777", keys->element[i]->str), 1);
	freeReplyObject(keys);
	push_hours(f, 40, 76);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:d:%" PRId64 ":port", day), 4);
	keys = redis_server_do(&f->server, "KEYS nt:{s}:d:%" PRId64 ":*", day);
	assert_true(keys->elements > 20);
	for (size_t i = 0; i < keys->elements; i++)
		assert_in_range(redis_server_number(&f->server, "TTL %s", keys->element[i]->str), 700, 777);
	freeReplyObject(keys);
}

/* A bucket that has outlived itself does not come back in part. */
static void what_is_gone_stays_gone(void **state)
{
	struct fixture *f = *state;
	int64_t day = EVENING - 22 * HOUR_S;
	redisReply *keys;

	set_limits(f);
	push_hours(f, 0, 40);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "DEL nt:{s}:d:%" PRId64 ":totals", day), 1);
	keys = redis_server_do(&f->server, "KEYS nt:{s}:d:%" PRId64 ":*", day);
	push_hours(f, 40, 76);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:d:%" PRId64 ":totals", day), 0);
	assert_true(keys->elements > 20);
	freeReplyObject(keys);
}

static void nothing_becomes_old_unless_wanted(void **state)
{
	struct fixture *f = *state;

	set_limits(f);
	memset(f->options.sensor.limits.old_s, 0, sizeof(f->options.sensor.limits.old_s));
	fixture_new_writer(f);
	push_hours(f, 0, 80);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING), 8);
	fixture_check(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_hour_and_day_becomes_old),
	    TEST(regions_share_what_an_old_day_has),
	    TEST(each_kind_of_numbers_has_its_share),
	    TEST(a_pause_makes_many_old),
	    TEST(what_comes_late_to_an_old_bucket_is_cut_like_it),
	    TEST(restarts_lose_none),
	    TEST(lifetimes_stay),
	    TEST(what_is_gone_stays_gone),
	    TEST(nothing_becomes_old_unless_wanted),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
