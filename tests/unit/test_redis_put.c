/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* 2022-09-30 22:00 UTC: two hours before a day and a quarter end. */
#define EVENING INT64_C(1664575200)
#define HOUR_S	3600

/* What Redis holds when nothing goes wrong. */

static void text_is(struct fixture *f, const char *command, const char *expected)
{
	redisReply *reply = redis_server_do(&f->server, command);

	assert_int_equal(reply->type, REDIS_REPLY_STRING);
	assert_string_equal(reply->str, expected);
	freeReplyObject(reply);
}

static void numbers_are_exact(void **state)
{
	struct fixture *f = *state;
	char cursor[64];

	for (int i = 0; i < 240; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i,
						 .entries = 20,
						 .keys = 100,
						 .seed = (uint64_t)i,
						 .partial = i == 0,
						 .missed_unknown = i == 7});
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(redis_server_number(&f->server, "SISMEMBER nt:sensors s"), 1);
	assert_int_equal(redis_server_number(&f->server, "XLEN nt:{s}:live"), 240);
	text_is(f, "HGET nt:{s}:info schema", "needletail/1");
	text_is(f, "HGET nt:{s}:info version", "1.2.3");
	text_is(f, "HGET nt:{s}:info group", "domestic");
	text_is(f, "HGET nt:{s}:info addresses", "65536");
	text_is(f, "HGET nt:{s}:info interval", "60");
	text_is(f, "HGET nt:{s}:info day_offset_h", "0");
	text_is(f, "HGET nt:{s}:info started", "1000");
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info last"), EVENING + 239 * 60);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:info geo_build"), 0);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:info gap_intervals"), 0);
	snprintf(cursor, sizeof(cursor), "%s:241:0", nt_spool_id(f->spool));
	text_is(f, "GET nt:{s}:cursor", cursor);
}

static void live_has_its_fields_in_order(void **state)
{
	static const char *const name[] = {"frames",
					   "bytes",
					   "tcp",
					   "udp",
					   "icmp",
					   "other",
					   "sources",
					   "backscatter_packets",
					   "backscatter_sources",
					   "malformed",
					   "truncated",
					   "missed",
					   "no_mbuf",
					   "errors",
					   "unexplained"};
	struct fixture *f = *state;
	struct nt_snapshot s;
	redisReply *reply, *field;
	char id[40];

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 400});
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 4, .missed_unknown = true});
	fixture_publish(f);
	sample_make(&s, &(struct sample){.start_s = EVENING, .entries = 400});
	reply = redis_server_do(&f->server, "XRANGE nt:{s}:live - +");
	assert_int_equal(reply->elements, 2);
	snprintf(id, sizeof(id), "%" PRId64 "-0", EVENING * 1000);
	assert_string_equal(reply->element[0]->element[0]->str, id);
	field = reply->element[0]->element[1];
	assert_int_equal(field->elements, 30);
	for (size_t i = 0; i < 15; i++)
		assert_string_equal(field->element[2 * i]->str, name[i]);
	assert_int_equal(strtoull(field->element[1]->str, NULL, 10), s.frames);
	assert_int_equal(strtoull(field->element[5]->str, NULL, 10), nt_snapshot_proto(&s, 6));
	assert_int_equal(strtoull(field->element[9]->str, NULL, 10),
			 nt_snapshot_proto(&s, 1) + nt_snapshot_proto(&s, 58));
	assert_int_equal(strtoull(field->element[13]->str, NULL, 10), s.n_sources);
	assert_int_equal(strtoull(field->element[17]->str, NULL, 10), s.n_backscatter);
	assert_int_equal(reply->element[1]->element[1]->elements, 28); /* missed is not known */
	freeReplyObject(reply);
	nt_snapshot_fini(&s);
}

static void time_zero_has_an_entry(void **state)
{
	struct fixture *f = *state;
	redisReply *reply;

	fixture_push(f, &(struct sample){.start_s = 0, .entries = 4});
	fixture_push(f, &(struct sample){.start_s = 60, .entries = 4});
	fixture_publish(f);
	fixture_check(f);
	reply = redis_server_do(&f->server, "XRANGE nt:{s}:live - +");
	assert_int_equal(reply->elements, 2);
	assert_string_equal(reply->element[0]->element[0]->str, "0-1");
	freeReplyObject(reply);
}

static void live_is_bounded(void **state)
{
	struct fixture *f = *state;

	f->options.sensor.limits.live_entries = 100;
	fixture_new_writer(f);
	for (int i = 0; i < 400; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 1});
	fixture_publish(f);
	assert_in_range(redis_server_number(&f->server, "XLEN nt:{s}:live"), 100, 250); /* whole nodes are cut */
}

static void now_is_the_newest_interval(void **state)
{
	struct fixture *f = *state;
	char command[128];
	redisReply *now, *bucket;

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 300, .seed = 1});
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 300, .seed = 2});
	fixture_push(f,
		     &(struct sample){.start_s = EVENING - 60, .entries = 300, .seed = 3}); /* late: leaves it alone */
	fixture_publish(f);
	snprintf(command, sizeof(command), "ZRANGE nt:{s}:m:%" PRId64 ":port 0 19 REV WITHSCORES", EVENING + 60);
	now = redis_server_do(&f->server, "ZRANGE nt:{s}:now:port 0 -1 REV WITHSCORES");
	bucket = redis_server_do(&f->server, command);
	assert_int_equal(now->elements, 40);
	assert_int_equal(bucket->elements, 40);
	for (size_t i = 0; i < 40; i++)
		assert_string_equal(now->element[i]->str, bucket->element[i]->str);
	freeReplyObject(now);
	freeReplyObject(bucket);
	for (enum nt_redis_key key = NT_RKEY_NOW_PORT; key <= NT_RKEY_NOW_ICMP; key++)
		assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:%s", nt_redis_key_row[key].name), 20);
	/* An interval without packets empties it. */
	fixture_push(f, &(struct sample){.start_s = EVENING + 120, .entries = 0});
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:now:port"), 0);
}

/* Chunks, bounds, closing. */

enum { LONG_US = 20000 };

/* Script calls of the server so far that took longer than that, and the longest. */
static size_t count_long_calls(struct fixture *f, int64_t *longest_us)
{
	redisReply *log = redis_server_do(&f->server, "SLOWLOG GET -1");
	size_t n = 0;

	*longest_us = 0;
	for (size_t i = 0; i < log->elements; i++) {
		int64_t us = log->element[i]->element[2]->integer;

		if (strcmp(log->element[i]->element[3]->element[0]->str, "EVALSHA") != 0)
			continue;
		n += us > LONG_US;
		*longest_us = us > *longest_us ? us : *longest_us;
	}
	freeReplyObject(log);
	return n;
}

static void large_intervals_do_not_stall_the_server(void **state)
{
	struct fixture *f = *state;
	struct nt_put_counters c;
	int64_t longest_us;
	size_t n;

	freeReplyObject(redis_server_do(&f->server, "CONFIG SET slowlog-log-slower-than 1000 slowlog-max-len 10000"));
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 100000, .seed = 1});
	fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S, .entries = 100000, .seed = 2});
	fixture_push(f, &(struct sample){.start_s = EVENING + 2 * HOUR_S, .entries = 10}); /* closes it all */
	fixture_publish(f);
	fixture_check(f);
	nt_put_read_counters(f->put, &c);
	n = count_long_calls(f, &longest_us);
	print_message("%zu of %" PRIu64 " script calls took more than %d us, the longest %" PRId64 " us\n", n, c.calls,
		      LONG_US, longest_us);
	/* How long a call takes is the machine's affair, usually below 10 ms; that there are many of bounded size is
	 * ours. */
	assert_true(c.calls >= 2 * 100000 / NT_PLAN_WRITES);
}

static void set_small_limits(struct fixture *f)
{
	static const uint32_t members[NT_BOUNDS] = {
	    [NT_BOUND_M] = 5,
	    [NT_BOUND_H] = 8,
	    [NT_BOUND_D_PORT] = 20,
	    [NT_BOUND_D_REGION_PORT] = 15,
	    [NT_BOUND_D_OTHER] = 10,
	    [NT_BOUND_Q] = 30,
	    [NT_BOUND_OPEN_REGION_PORT] = 40,
	    [NT_BOUND_SIG] = 3,
	    [NT_BOUND_OPEN_SIG] = 12,
	    [NT_BOUND_D_SOURCE] = 4,
	    [NT_BOUND_D_BACKSCATTER] = 9,
	    [NT_BOUND_OPEN_SOURCE] = 1000,
	    [NT_BOUND_OPEN_BACKSCATTER] = 1000,
	    [NT_BOUND_D_HLL] = 1,
	    [NT_BOUND_Q_HLL] = 1,
	};

	memcpy(f->options.sensor.limits.members, members, sizeof(members));
	fixture_new_writer(f);
}

static void what_is_cut_stays_in_rest(void **state)
{
	struct fixture *f = *state;

	set_small_limits(f);
	for (int i = 0; i < 300; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 30, .seed = (uint64_t)i});
	fixture_publish(f);
	fixture_check(f);
}

static void a_trimmed_set_is_compact(void **state)
{
	struct fixture *f = *state;
	char command[128];

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 3000});
	fixture_publish(f);
	snprintf(command, sizeof(command), "OBJECT ENCODING nt:{s}:h:%" PRId64 ":port", EVENING);
	text_is(f, command, "skiplist");
	fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S, .entries = 3});
	fixture_publish(f);
	text_is(f, command, "listpack");
	assert_true(redis_server_number(&f->server, "EXPIRETIME nt:{s}:h:%" PRId64 ":port", EVENING) > 0);
	fixture_check(f);
}

/* A writer that starts later closes what an earlier one left open. */
static void buckets_close_over_restarts(void **state)
{
	struct fixture *f = *state;

	set_small_limits(f);
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 50});
	fixture_finish(f);
	assert_true(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING) > 20);
	fixture_new_writer(f);
	fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S, .entries = 50});
	fixture_finish(f);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING), 8);
	fixture_check(f);
}

static void closed_buckets_take_late_data(void **state)
{
	struct fixture *f = *state;

	set_small_limits(f);
	for (int i = 0; i < 5; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S * i, .entries = 50, .seed = (uint64_t)i});
	for (int i = 1; i < 8; i++) /* the first hour, the day and the quarter before */
		fixture_push(f, &(struct sample){.start_s = EVENING + 60 * i, .entries = 50, .seed = (uint64_t)i + 10});
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:h:%" PRId64 ":totals reopened", EVENING), 7);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info reopened.h"), EVENING);
	assert_true(redis_server_number(&f->server, "ZCARD nt:{s}:h:%" PRId64 ":port", EVENING) > 8);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info last"), EVENING + HOUR_S * 4);
	fixture_finish(f);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:info reopened.h"), 0);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:info reopened.q"), 0);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info live_skipped"), 7);
	assert_int_equal(redis_server_number(&f->server, "XLEN nt:{s}:live"), 5);
	fixture_check(f);
}

/* The writer that wrote to a closed bucket is gone; the next one trims it. */
static void reopened_buckets_are_trimmed_by_the_next_writer(void **state)
{
	struct fixture *f = *state;

	set_small_limits(f);
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 50, .seed = 1});
	fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S, .entries = 50, .seed = 2});
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 50, .seed = 3});
	fixture_publish(f);
	fixture_new_writer(f);
	fixture_push(f, &(struct sample){.start_s = EVENING + HOUR_S + 60, .entries = 50, .seed = 4});
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "HEXISTS nt:{s}:info reopened.h"), 0);
	fixture_check(f);
}

static void an_interval_twice_is_added(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 200, .seed = (uint64_t)i});
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:m:%" PRId64 ":totals intervals", EVENING), 2);
	assert_int_equal(redis_server_number(&f->server, "ZCARD nt:{s}:m:%" PRId64 ":port", EVENING), 128);
	fixture_check(f);
}

/* Lifetimes count from the later of the bucket's end and now. */
static void old_captures_do_not_vanish(void **state)
{
	static const struct {
		enum nt_bucket bucket;
		int64_t lifetime_s;
	} row[] = {{NT_BUCKET_M, 2 * 86400},
		   {NT_BUCKET_H, 130 * 86400},
		   {NT_BUCKET_D, 400 * 86400},
		   {NT_BUCKET_Q, 1830 * 86400}};
	const int64_t starts[] = {INT64_C(1598486400), time(NULL) / HOUR_S * HOUR_S}; /* 2020-08-27, and now */
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++)
		fixture_push(f, &(struct sample){.start_s = starts[i], .entries = 20});
	fixture_publish(f);
	for (size_t i = 0; i < 8; i++) {
		struct nt_span span =
		    nt_bucket_span(row[i % 4].bucket, (struct nt_span){starts[i / 4], starts[i / 4] + 60}, 0);
		int64_t from = span.end_s > time(NULL) ? span.end_s : time(NULL);

		for (enum nt_redis_key key = NT_RKEY_TOTALS; key < NT_RKEY_PORT_ALL; key++) {
			char text[NT_REDIS_KEY_TEXT];
			int64_t expires;

			nt_redis_bucket_key(text, "s", row[i % 4].bucket, span.start_s, key);
			expires = redis_server_number(&f->server, "EXPIRETIME %s", text);
			assert_in_range(expires, from + row[i % 4].lifetime_s - 30, from + row[i % 4].lifetime_s);
		}
	}
	assert_int_equal(redis_server_number(&f->server, "TTL nt:{s}:cursor"), -1);
	assert_int_equal(redis_server_number(&f->server, "TTL nt:{s}:info"), -1);
	fixture_check(f);
}

/* Every key in a bucket has a lifetime, whatever its kind. */
static void no_bucket_lives_for_ever(void **state)
{
	struct fixture *f = *state;
	redisReply *keys;

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 3000});
	fixture_push(f, &(struct sample){.start_s = EVENING + 86400, .entries = 10});
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 10});
	fixture_finish(f);
	keys = redis_server_do(&f->server, "KEYS nt:{s}:[mhdq]:*");
	assert_true(keys->elements > 60);
	for (size_t i = 0; i < keys->elements; i++)
		assert_true(redis_server_number(&f->server, "TTL %s", keys->element[i]->str) > 0);
	freeReplyObject(keys);
}

static void sensors_do_not_mix(void **state)
{
	struct fixture *f = *state;
	struct nt_spool *spool = f->spool;
	struct nt_put *put = f->put;
	struct model *model = f->model;

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 100, .seed = 1});
	fixture_publish(f);
	f->spool = NULL;
	f->put = NULL;
	f->model = model_new("other", 9);
	f->options.sensor.name = "other";
	f->options.sensor.day_offset_h = 9;
	fixture_new_writer(f);
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 100, .seed = 2});
	fixture_publish(f);
	fixture_check(f);
	model_check(model, &f->server, &f->options.sensor.limits);
	assert_int_equal(redis_server_number(&f->server, "SCARD nt:sensors"), 2);
	nt_put_free(put);
	nt_spool_free(spool);
	model_free(model);
}

/* What is asked or refused before anything is written. */

static void data_that_is_there_is_found(void **state)
{
	struct fixture *f = *state;
	bool holds = true;

	assert_int_equal(nt_put_holds_from(f->put, 0, &holds), 0);
	assert_false(holds);
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 5});
	fixture_publish(f);
	fixture_new_writer(f);
	assert_int_equal(nt_put_holds_from(f->put, EVENING + 59, &holds), 0);
	assert_true(holds);
	assert_int_equal(nt_put_holds_from(f->put, EVENING + 60, &holds), 0);
	assert_false(holds);
	assert_int_equal(nt_put_holds_from(f->put, 0, &holds), 0);
	assert_true(holds);
}

static void another_day_offset_is_refused(void **state)
{
	struct fixture *f = *state;
	bool holds;

	f->options.sensor.day_offset_h = 9;
	fixture_new_writer(f);
	model_free(f->model);
	f->model = model_new("s", 9);
	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 5});
	fixture_publish(f);
	fixture_check(f);
	f->options.sensor.day_offset_h = 0;
	fixture_new_writer(f);
	assert_int_equal(nt_put_holds_from(f->put, EVENING, &holds), -EINVAL);
	assert_non_null(strstr(nt_put_why(f->put), "day_offset_h 9"));
	assert_int_equal(nt_put_step(f->put), -EINVAL);
	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	assert_int_equal(nt_put_holds_from(f->put, EVENING, &holds), 0);
}

static void a_key_of_another_type_stops_everything(void **state)
{
	static const enum nt_redis_key keys[] = {NT_RKEY_CURSOR, NT_RKEY_INFO, NT_RKEY_LIVE, NT_RKEY_NOW_ICMP};
	struct fixture *f = *state;
	char text[NT_REDIS_KEY_TEXT];

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 5, .bare = true});
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) + 1; i++) {
		if (i < sizeof(keys) / sizeof(keys[0]))
			nt_redis_key(text, "s", keys[i]);
		else
			nt_redis_bucket_key(text, "s", NT_BUCKET_D, EVENING - 22 * HOUR_S, NT_RKEY_REGION_PORT);
		freeReplyObject(redis_server_do(&f->server, "RPUSH %s x", text));
		assert_int_equal(nt_put_step(f->put), -EEXIST);
		assert_non_null(strstr(nt_put_why(f->put), text));
		freeReplyObject(redis_server_do(&f->server, "DEL %s nt:sensors", text));
		assert_int_equal(redis_server_number(&f->server, "DBSIZE"), 0);
	}
	fixture_publish(f);
	fixture_check(f);
}

/* A number that somebody replaced by a text is lost; all others are right, and the loss is counted. */
static void a_spoilt_number_costs_that_number(void **state)
{
	struct fixture *f = *state;
	struct nt_put_counters c;

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 50, .seed = 1});
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "HSET nt:{s}:h:%lld:totals frames spoilt", (long long)EVENING));
	fixture_push(f, &(struct sample){.start_s = EVENING + 60, .entries = 50, .seed = 2});
	fixture_publish(f);
	nt_put_read_counters(f->put, &c);
	assert_int_equal(c.failed_writes, 1);
	assert_int_equal(c.published, 2);
	freeReplyObject(redis_server_do(&f->server, "HSET nt:{s}:h:%lld:totals frames %llu", (long long)EVENING,
					(unsigned long long)f->model->bucket[1].sum.frames));
	fixture_check(f);
}

/* A quarter of bytes outgrows what Lua's numbers can tell apart. */
static void sums_are_exact_beyond_2_to_53(void **state)
{
	static const int64_t before[] = {INT64_C(9007199254740993), INT64_C(999999999999999),
					 INT64_C(9223372036850000000), INT64_C(1000000000000000001),
					 INT64_C(9007199254740991)};
	struct fixture *f = *state;

	fixture_push(f, &(struct sample){.start_s = EVENING, .entries = 5});
	fixture_publish(f);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		const struct sample sample = {.start_s = EVENING + 60 * ((int64_t)i + 1), .entries = 50, .seed = i};
		struct nt_snapshot s;

		freeReplyObject(redis_server_do(&f->server, "HSET nt:{s}:h:%lld:totals bytes %lld", (long long)EVENING,
						(long long)before[i]));
		sample_make(&s, &sample);
		fixture_push(f, &sample);
		fixture_publish(f);
		assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:h:%lld:totals bytes", (long long)EVENING),
				 before[i] + (int64_t)s.bytes);
		nt_snapshot_fini(&s);
	}
}

static void bad_names_are_refused(void **state)
{
	static const char *const name[] = {"", "a b", "a}", "a:b", "a\n", "\xc3\xa9"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		f->options.sensor.name = name[i];
		assert_null(nt_put_new(&f->options, f->spool));
		assert_int_equal(errno, EINVAL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(numbers_are_exact),
	    TEST(live_has_its_fields_in_order),
	    TEST(time_zero_has_an_entry),
	    TEST(live_is_bounded),
	    TEST(now_is_the_newest_interval),
	    TEST(large_intervals_do_not_stall_the_server),
	    TEST(what_is_cut_stays_in_rest),
	    TEST(a_trimmed_set_is_compact),
	    TEST(buckets_close_over_restarts),
	    TEST(closed_buckets_take_late_data),
	    TEST(reopened_buckets_are_trimmed_by_the_next_writer),
	    TEST(an_interval_twice_is_added),
	    TEST(old_captures_do_not_vanish),
	    TEST(no_bucket_lives_for_ever),
	    TEST(sensors_do_not_mix),
	    TEST(data_that_is_there_is_found),
	    TEST(another_day_offset_is_refused),
	    TEST(a_key_of_another_type_stops_everything),
	    TEST(a_spoilt_number_costs_that_number),
	    TEST(sums_are_exact_beyond_2_to_53),
	    TEST(bad_names_are_refused),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
