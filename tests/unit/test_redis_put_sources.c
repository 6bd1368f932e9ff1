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

/* 2022-09-30 22:00 UTC: two hours before a day and a quarter end. */
#define EVENING INT64_C(1664575200)
#define HOUR_S	3600

/* What Redis holds of sources, signatures and events when nothing goes wrong; see redis_model_sources.c. */

static void set_small_limits(struct fixture *f)
{
	uint32_t *members = f->options.sensor.limits.members;

	members[NT_BOUND_SIG] = 3;
	members[NT_BOUND_OPEN_SIG] = 12;
	members[NT_BOUND_D_SOURCE] = 4;
	members[NT_BOUND_D_BACKSCATTER] = 9;
	members[NT_BOUND_D_OTHER] = 10;
	members[NT_BOUND_Q] = 30;
	members[NT_BOUND_D_HLL] = 1;
	members[NT_BOUND_Q_HLL] = 2;
}

/* Cut while they grow: nothing is lost, heavy sources least of all. */
static void open_sets_are_bounded(void **state)
{
	struct fixture *f = *state;

	set_small_limits(f);
	f->options.sensor.limits.members[NT_BOUND_OPEN_SOURCE] = 8;
	f->options.sensor.limits.members[NT_BOUND_OPEN_BACKSCATTER] = 6;
	fixture_new_writer(f);
	for (int i = 0; i < 200; i++) {
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 100, .seed = (uint64_t)i});
		if (i % 50 == 49) {
			fixture_publish(f);
			fixture_check(f);
		}
	}
}

/* Tens of thousands of members in many sets take many calls to cut, and what is left are the heaviest. */
static void large_days_close(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 12; i++)
		fixture_push(f, &(struct sample){
				    .start_s = EVENING + 60 * i, .entries = 2000, .bare = false, .seed = (uint64_t)i});
	f->options.sensor.limits.members[NT_BOUND_OPEN_SOURCE] = 100000;
	f->options.sensor.limits.members[NT_BOUND_D_BACKSCATTER] = 150;
	nt_put_free(f->put);
	f->put = nt_put_new(&f->options, f->spool);
	fixture_publish(f);
	fixture_check(f);
	fixture_push(f, &(struct sample){.start_s = EVENING + 2 * HOUR_S, .entries = 1});
	fixture_publish(f);
	fixture_check(f);
}

/* Of what all regions together may have, each has its share. */
static void regions_share_what_is_open(void **state)
{
	static const char *const kind[] = {"source", "backscatter", "backscatter_port"};
	struct fixture *f = *state;
	int64_t day = EVENING - 22 * HOUR_S, regions;

	f->options.sensor.limits.members[NT_BOUND_OPEN_SOURCE] = 100;
	f->options.sensor.limits.members[NT_BOUND_OPEN_BACKSCATTER] = 3;
	f->options.sensor.limits.members[NT_BOUND_OPEN_ALL_SOURCE] = 5000;
	f->options.sensor.limits.members[NT_BOUND_OPEN_ALL_BACKSCATTER] = 50000;
	fixture_new_writer(f);
	for (int i = 0; i < 10; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 300, .seed = (uint64_t)i});
	fixture_publish(f);
	regions = redis_server_number(&f->server, "ZCARD nt:{s}:d:%" PRId64 ":region", day);
	assert_in_range(regions, 100, 2500);
	for (size_t k = 0; k < 3; k++) {
		redisReply *keys = redis_server_do(&f->server, "KEYS nt:{s}:d:%" PRId64 ":%s:*", day, kind[k]);

		assert_in_range(keys->elements, SAMPLE_REGIONS - 1, SAMPLE_REGIONS + 1);
		for (size_t i = 0; i < keys->elements; i++)
			assert_in_range(redis_server_number(&f->server, "ZCARD %s", keys->element[i]->str), 1,
					k == 1 ? 3 : 5000 / regions);
		freeReplyObject(keys);
		assert_true(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals rest.%s", day, kind[k]) >
			    0);
	}
}

/* Names of an open day's HyperLogLogs that are of ports, or of anything else. */
static size_t count_names(struct fixture *f, int64_t day, bool ports)
{
	redisReply *names = redis_server_do(&f->server, "ZRANGE nt:{s}:d:%" PRId64 ":hll_names 0 -1", day);
	size_t n = 0;

	for (size_t i = 0; i < names->elements; i++)
		n += (strstr(names->element[i]->str, ":port:") != NULL) == ports;
	freeReplyObject(names);
	return n;
}

static void publish_bounded(struct fixture *f, uint32_t bound)
{
	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	f->options.sensor.limits.members[NT_BOUND_OPEN_HLL] = bound;
	fixture_new_writer(f);
	for (int i = 0; i < 20; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 100, .seed = (uint64_t)i});
	fixture_publish(f);
}

/* Of ports there is no end, and only they have to go: every other number is in `unique` when the day closes. */
static void open_sketches_are_bounded(void **state)
{
	struct fixture *f = *state;
	int64_t start = EVENING - 22 * HOUR_S;
	size_t others, ports;

	publish_bounded(f, 4096);
	others = count_names(f, start, false);
	ports = count_names(f, start, true);
	assert_true(others > 20 && ports > 3);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:d:%" PRId64 ":totals rest.hll", start), 0);
	publish_bounded(f, (uint32_t)others + 3);
	assert_int_equal(count_names(f, start, false), others);
	assert_int_equal(count_names(f, start, true), 3);
	assert_true(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals rest.hll", start) >=
		    (int64_t)ports - 3);
	publish_bounded(f, 6);
	assert_int_equal(count_names(f, start, false), others);
	assert_int_equal(count_names(f, start, true), 0);
	assert_true(redis_server_number(&f->server, "ZSCORE nt:{s}:d:%" PRId64 ":hll_names sources", start) > 150);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:d:%" PRId64 ":hll:sources", start), 1);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:scratch"), 0);
}

/* Events have increasing IDs, also those of an interval that comes late, and each is there once. */
static void events_are_told_once(void **state)
{
	struct fixture *f = *state;
	redisReply *reply;
	char id[48];

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 5, .events = 7});
	fixture_push(f, &(struct sample){.start_s = EVENING + 120, .entries = 5, .events = 2});
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 5, .events = 3});
	fixture_publish(f);
	fixture_check(f);
	reply = redis_server_do(&f->server, "XRANGE nt:{s}:events - +");
	assert_int_equal(reply->elements, 12);
	for (size_t i = 0; i < 12; i++) {
		const redisReply *field = reply->element[i]->element[1];
		static const char *const name[] = {"type", "start", "end", "region", "source", "body"};

		snprintf(id, sizeof(id), "%" PRId64 "-%zu", (EVENING + (i < 7 ? 60 : 180)) * 1000,
			 i < 7 ? i + 1 : i - 6);
		assert_string_equal(reply->element[i]->element[0]->str, id);
		assert_int_equal(field->elements, 12);
		for (size_t k = 0; k < 6; k++)
			assert_string_equal(field->element[2 * k]->str, name[k]);
	}
	assert_string_equal(reply->element[1]->element[1]->element[1]->str, "fixed_tool");
	assert_string_equal(reply->element[1]->element[1]->element[11]->str, "{\"packets\":1}");
	freeReplyObject(reply);
	/* An interval without a time of its own: 0-0 is no ID. */
	freeReplyObject(redis_server_do(&f->server, "DEL nt:{s}:events"));
	fixture_push(f, &(struct sample){.start_s = 0, .length_s = 0, .entries = 1, .events = 1});
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "XLEN nt:{s}:events"), 1);
}

/* On the day on which they were seen, however many calls their events take. */
static void scanners_are_counted_by_day(void **state)
{
	struct fixture *f = *state;
	const int64_t midnight = EVENING + 2 * HOUR_S, day_before = midnight - 24 * HOUR_S;

	/* Of 1,000 events that begin from five minutes after midnight backwards every fifth is a scanner, and every
	 * other one of them is known. */
	fixture_push(f, &(struct sample){.start_s = midnight + 600, .entries = 20, .events = 1000});
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals scanners.known", midnight),
			 30);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals scanners.others", midnight),
			 30);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals scanners.known", day_before),
			 70);
	assert_int_equal(
	    redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals scanners.others", day_before), 70);
	fixture_push(f, &(struct sample){.start_s = midnight + 1200, .entries = 20, .events = 20});
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":totals scanners.others", midnight),
			 32);
	assert_int_equal(
	    redis_server_number(&f->server, "HEXISTS nt:{s}:h:%" PRId64 ":totals scanners.others", midnight), 0);
}

/* Numbers of hours, days and a quarter united: what the server counts for all of them together. */
static void sketches_unite(void **state)
{
	struct fixture *f = *state;
	char keys[1024] = "PFCOUNT";
	int64_t day, hours;

	for (int i = 0; i < 24; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING - 22 * HOUR_S + HOUR_S * i,
						 .entries = 300,
						 .seed = (uint64_t)i});
	fixture_publish(f);
	for (int i = 0; i < 24; i++)
		snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), " nt:{s}:h:%" PRId64 ":hll:sources",
			 EVENING - 22 * HOUR_S + HOUR_S * i);
	hours = redis_server_number(&f->server, keys);
	day = redis_server_number(&f->server, "PFCOUNT nt:{s}:d:%" PRId64 ":hll:sources", EVENING - 22 * HOUR_S);
	assert_int_equal(hours, day);
	assert_in_range(day, 588, 612); /* all 600 hosts were drawn */
	fixture_check(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(open_sets_are_bounded),
	    TEST(large_days_close),
	    TEST(open_sketches_are_bounded),
	    TEST(regions_share_what_is_open),
	    TEST(events_are_told_once),
	    TEST(scanners_are_counted_by_day),
	    TEST(sketches_unite),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
