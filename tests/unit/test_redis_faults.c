/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "redis/client.h"
#include "redis_fixture.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START INT64_C(1664575200) /* 2022-09-30 22:00 UTC */

/* Every interval is in Redis exactly once, whatever happens on the way. */

static struct nt_put_counters counters(const struct fixture *f)
{
	struct nt_put_counters c;

	nt_put_read_counters(f->put, &c);
	return c;
}

static void push_many(struct fixture *f, int from, int to, uint32_t entries)
{
	for (int i = from; i < to; i++)
		fixture_push(f, &(struct sample){.start_s = START + 60 * i,
						 .entries = entries,
						 .keys = 3000,
						 .seed = (uint64_t)i,
						 .events = (uint32_t)i % 3});
}

static void lost_replies_count_once(void **state)
{
	struct fixture *f = *state;
	struct redis_proxy *proxy = redis_proxy_start(&f->server, &f->options.url);

	nt_log_set_sink(NULL); /* it would be said each time */
	fixture_new_writer(f);
	push_many(f, 0, 150, 300);
	redis_proxy_lose(proxy, 7);
	fixture_publish(f);
	nt_log_set_sink(nt_log_stderr);
	assert_true(redis_proxy_lost(proxy) > 50);
	fixture_check(f);
	assert_int_equal(counters(f).published, 150);
	assert_int_equal(counters(f).repeated, 0);
	redis_proxy_stop(proxy);
}

/* A request that was only delayed arrives after it was sent again, and after others. */
static void late_requests_do_nothing(void **state)
{
	struct fixture *f = *state;
	const struct nt_redis_client_options options = {.url = f->options.url, .timeout_ms = 5000};
	struct nt_redis_client *client = nt_redis_client_new(&options);
	struct nt_request request = {0};

	assert_non_null(client);
	assert_int_equal(nt_redis_client_connect(client), 0);
	for (int round = 0; round < 3; round++) {
		static const char *const answer[] = {"ok", "done", "fenced"};

		nt_plan_begin(&f->options.sensor, &request);
		nt_request_text(&request, "h");
		nt_request_number(&request, 1);
		nt_request_number(&request, (int64_t)nt_request_key(&request, NT_REDIS_HASH, "nt:{s}:m:0:totals"));
		nt_request_number(&request, 60);
		nt_request_number(&request, 1000);
		nt_request_number(&request, 1);
		nt_request_text(&request, "frames");
		nt_request_number(&request, 5);
		assert_int_equal(nt_redis_client_script(client, "", "x:1:1", &request), 0);
		assert_string_equal(nt_redis_client_answer(client, 0), answer[round]);
		if (round == 1)
			freeReplyObject(redis_server_do(&f->server, "SET nt:{s}:cursor x:1:2"));
	}
	assert_string_equal(nt_redis_client_answer(client, 1), "x:1:2");
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:m:0:totals frames"), 5);
	nt_request_fini(&request);
	nt_redis_client_free(client);
}

struct killer {
	pid_t pid;
	useconds_t after_us;
};

static void *kill_later(void *argument)
{
	const struct killer *k = argument;

	usleep(k->after_us);
	kill(k->pid, SIGKILL);
	return NULL;
}

/* kill -9 in the middle of a script, again and again, with every write on disk before it is acknowledged. */
static void a_killed_server_goes_on(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 8; round++) {
		struct killer k = {.pid = f->server.pid, .after_us = (useconds_t)(3000 + 7919 * round % 40000)};
		pthread_t thread;
		int rc = 1;

		push_many(f, 15 * round, 15 * (round + 1), 400);
		assert_int_equal(pthread_create(&thread, NULL, kill_later, &k), 0);
		while (rc > 0)
			rc = nt_put_step(f->put);
		pthread_join(thread, NULL);
		redis_server_kill(&f->server);
		redis_server_restart(&f->server);
	}
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(counters(f).published, 120);
	assert_int_equal(counters(f).gap_intervals, 0);
}

static void tear_last_transaction(const struct fixture *f, off_t bytes)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/appendonlydir/appendonly.aof.1.incr.aof", f->server.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - bytes), 0);
}

/* Redis 7.0 executes what a kill left of a transaction together with the next one, at its second start. */
static void a_torn_transaction_counts_once(void **state)
{
	struct fixture *f = *state;

	nt_log_set_sink(NULL);
	for (int round = 0; round < 12; round++) {
		push_many(f, round, round + 1, round % 3 ? 20 : 300);
		fixture_publish(f);
		redis_server_kill(&f->server);
		tear_last_transaction(f, 20 + 337 * round);
		redis_server_restart(&f->server);
		if (round % 4 == 3) { /* late data for a closed hour: trimming is torn too */
			fixture_push(f, &(struct sample){.start_s = START - 3600, .entries = 500, .seed = 1});
			fixture_push(f, &(struct sample){.start_s = START + 3600 * round, .entries = 500, .seed = 2});
		}
	}
	fixture_publish(f);
	redis_server_kill(&f->server);
	redis_server_restart(&f->server);
	fixture_check(f);
	assert_true(counters(f).repeated > 0);
	nt_log_set_sink(nt_log_stderr);
}

static void a_server_that_restarts_empty_gets_all_again(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 40, 100);
	fixture_publish(f);
	redis_server_kill(&f->server);
	redis_server_restart(&f->server);
	assert_int_equal(redis_server_number(&f->server, "DBSIZE"), 0);
	push_many(f, 40, 80, 100);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(counters(f).published, 80);
	assert_int_equal(counters(f).repeated, 40);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info gap_intervals"), 0);
	assert_int_equal(redis_server_number(&f->server, "SISMEMBER nt:sensors s"), 1);
}

/* Emptied while we were connected: the next call is fenced off. */
static void a_flushed_server_gets_all_again(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 10, 100);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	push_many(f, 10, 12, 100);
	fixture_publish(f);
	fixture_check(f);
}

static void what_nobody_holds_any_more_is_a_gap(void **state)
{
	struct fixture *f = *state;
	struct nt_snapshot lost;

	f->spool_options.memory_snapshots = 10;
	fixture_new_writer(f);
	for (int i = 0; i < 25; i++) { /* never reach the model: they will be lost */
		sample_make(&lost, &(struct sample){.start_s = START + 60 * i, .entries = 10});
		assert_int_equal(nt_spool_push(f->spool, &lost), 0);
		fixture_publish(f);
	}
	redis_server_kill(&f->server);
	redis_server_restart(&f->server);
	/* Held are 16..25; three more push three of them out. */
	for (int i = 18; i < 25; i++) {
		sample_make(&lost, &(struct sample){.start_s = START + 60 * i, .entries = 10});
		model_add(f->model, &lost);
		nt_snapshot_fini(&lost);
	}
	push_many(f, 25, 28, 10);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info gap_intervals"), 18);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info dropped_intervals"), 0);
	assert_int_equal(counters(f).gap_intervals, 18);
	fixture_check(f);
}

/* A server that comes back from an older dump has our own cursor, further back. */
static void a_server_that_lost_its_last_writes_gets_them_again(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 30, 300);
	for (int i = 0; i < 25; i++) /* stops in the middle of a snapshot */
		assert_int_equal(nt_put_step(f->put), 1);
	freeReplyObject(redis_server_do(&f->server, "SAVE"));
	fixture_publish(f);
	redis_server_kill(&f->server);
	redis_server_restart(&f->server);
	assert_true(redis_server_number(&f->server, "DBSIZE") > 0);
	push_many(f, 30, 31, 300);
	fixture_publish(f);
	fixture_check(f);
	assert_true(counters(f).repeated > 0 && counters(f).repeated < 30);
}

/* The writer before us left a cursor; if Redis goes back to it, all of ours is written again. */
static void back_to_the_writer_before(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 5, 50);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "SAVE"));
	fixture_new_writer(f);
	push_many(f, 5, 10, 50);
	fixture_publish(f);
	redis_server_kill(&f->server);
	redis_server_restart(&f->server);
	push_many(f, 10, 11, 50);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(counters(f).repeated, 5);
}

static void drops_are_published(void **state)
{
	struct fixture *f = *state;
	struct nt_snapshot dropped;

	f->spool_options.memory_snapshots = 5;
	fixture_new_writer(f);
	push_many(f, 0, 1, 10);
	fixture_publish(f);
	redis_server_kill(&f->server);
	for (int i = 1; i < 8; i++) {
		sample_make(&dropped, &(struct sample){.start_s = START + 60 * i, .entries = 10});
		assert_int_equal(nt_spool_push(f->spool, &dropped), 0);
		assert_true(nt_put_step(f->put) < 0);
	}
	nt_spool_skip(f->spool, 2);
	/* These five fill it. All before are dropped, but the one that was begun when the server died: in its place the
	 * first of the five. */
	push_many(f, 10, 15, 10);
	redis_server_restart(&f->server);
	model_free(f->model);
	f->model = model_new("s", 0);
	sample_make(&dropped, &(struct sample){.start_s = START + 60, .entries = 10});
	model_add(f->model, &dropped);
	nt_snapshot_fini(&dropped);
	for (int i = 11; i < 15; i++) {
		sample_make(&dropped, &(struct sample){.start_s = START + 60 * i,
						       .entries = 10,
						       .keys = 3000,
						       .seed = (uint64_t)i,
						       .events = (uint32_t)i % 3});
		model_add(f->model, &dropped);
		nt_snapshot_fini(&dropped);
	}
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(counters(f).dropped_intervals, 9);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info dropped_intervals"), 9);
	/* The one that was there before is gone with the memory of the server, and so from the spool. */
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info gap_intervals"), 1);
}

static void a_forgotten_script_is_loaded_again(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 5, 300);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(nt_put_step(f->put), 1);
		freeReplyObject(redis_server_do(&f->server, "SCRIPT FLUSH SYNC"));
	}
	fixture_publish(f);
	fixture_check(f);
}

/* Two writers of one sensor hinder each other, and all of both is counted. All of it in one interval, because which
 * of the two is late otherwise is a matter of chance. */
static void another_writer_is_added_to(void **state)
{
	struct fixture *f = *state;
	struct nt_spool *spool = f->spool;
	struct nt_put *put = f->put;

	for (uint64_t i = 0; i < 20; i++) {
		if (i == 10) {
			f->spool = NULL;
			f->put = NULL;
			fixture_new_writer(f);
		}
		fixture_push(f, &(struct sample){.start_s = START, .entries = 300, .keys = 3000, .seed = i});
	}
	for (int rc = 1, other = 1; rc || other;) {
		if (rc)
			rc = nt_put_step(f->put);
		if (other)
			other = nt_put_step(put);
		assert_true(rc >= 0 && other >= 0);
	}
	fixture_check(f);
	nt_put_free(put);
	nt_spool_free(spool);
}

/* Not the same as a server that lost everything: the numbers are still there. */
static void a_removed_cursor_repeats_nothing(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 5, 100);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "DEL nt:{s}:cursor"));
	push_many(f, 5, 10, 100);
	fixture_publish(f);
	fixture_check(f);
}

/* The question whether the sensor has data is answered late, but before anything is written. */
static void a_repetition_is_refused_when_redis_comes_back(void **state)
{
	struct fixture *f = *state;
	bool holds = false;

	push_many(f, 0, 2, 50);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "SAVE"));
	redis_server_kill(&f->server);
	for (int i = 0; i < 2; i++) {
		fixture_new_writer(f);
		assert_true(nt_put_holds_from(f->put, START + 60 + 60 * i, &holds) < 0);
		redis_server_restart(&f->server);
		if (i == 0) {
			struct nt_snapshot again;

			sample_make(&again, &(struct sample){.start_s = START + 60, .entries = 5});
			assert_int_equal(nt_spool_push(f->spool, &again), 0);
			assert_int_equal(nt_put_step(f->put), -EALREADY);
			assert_int_equal(nt_put_step(f->put), -EALREADY);
			redis_server_kill(&f->server);
		}
	}
	push_many(f, 2, 4, 50);
	fixture_publish(f);
	fixture_check(f);
}

/* An interval that has no place in Redis' time does not stop those behind it. */
static void an_impossible_time_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct nt_snapshot bad;

	push_many(f, 0, 1, 10);
	sample_make(&bad, &(struct sample){.start_s = INT64_C(1) << 60, .entries = 5});
	assert_int_equal(nt_spool_push(f->spool, &bad), 0);
	push_many(f, 2, 3, 10);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:info dropped_intervals"), 1);
}

static unsigned int lines_said;

static void count_line(enum nt_log_level level, const char *line)
{
	(void)level;
	assert_null(strstr(line, "secret"));
	lines_said++;
}

static void an_outage_is_said_once_and_its_end_once(void **state)
{
	struct fixture *f = *state;

	nt_log_set_sink(count_line);
	lines_said = 0;
	push_many(f, 0, 2, 10);
	redis_server_kill(&f->server);
	for (int i = 0; i < 5; i++)
		assert_true(nt_put_step(f->put) < 0);
	assert_int_equal(lines_said, 1);
	redis_server_restart(&f->server);
	fixture_publish(f);
	assert_int_equal(lines_said, 2);
	nt_log_set_sink(nt_log_stderr);
}

static void passwords(void **state)
{
	struct fixture *f = *state;

	nt_log_set_sink(count_line);
	redis_server_kill(&f->server);
	f->server.password = "secret word";
	redis_server_restart(&f->server);
	push_many(f, 0, 1, 10);
	assert_int_equal(nt_put_step(f->put), -EACCES); /* none given */
	snprintf(f->options.url.password, sizeof(f->options.url.password), "secret wrong");
	fixture_new_writer(f);
	assert_int_equal(nt_put_connect(f->put), -EACCES);
	assert_null(strstr(nt_put_why(f->put), "secret"));
	snprintf(f->options.url.password, sizeof(f->options.url.password), "secret word");
	fixture_new_writer(f);
	assert_int_equal(nt_put_connect(f->put), 0);
	snprintf(f->options.url.user, sizeof(f->options.url.user), "nobody");
	fixture_new_writer(f);
	assert_int_equal(nt_put_connect(f->put), -EACCES);
	snprintf(f->options.url.user, sizeof(f->options.url.user), "default");
	fixture_new_writer(f);
	model_free(f->model);
	f->model = model_new("s", 0);
	push_many(f, 0, 1, 10);
	fixture_publish(f);
	fixture_check(f);
	nt_log_set_sink(nt_log_stderr);
}

/* The rights that config/redis-schema.md names are enough. */
static void a_user_with_few_rights_will_do(void **state)
{
	struct fixture *f = *state;

	freeReplyObject(redis_server_do(
	    &f->server, "ACL SETUSER needletail on >secret ~nt:* +select +sadd +smembers +evalsha +script|load +type "
			"+get +set +del +exists +time +hget +hmget +hset +hdel +hlen +hgetall +zmscore +zadd +zcard "
			"+zrange +zrem +zrangestore +zunionstore +object|encoding +expireat +xadd +xinfo|stream "
			"+pfcount +pfmerge +scard +strlen +getrange +copy +rename +pttl +pexpire"));
	snprintf(f->options.url.user, sizeof(f->options.url.user), "needletail");
	snprintf(f->options.url.password, sizeof(f->options.url.password), "secret");
	f->options.sensor.limits.members[NT_BOUND_OPEN_REGION_PORT] = 50;
	fixture_new_writer(f);
	push_many(f, 0, 3, 300);
	push_many(f, 60, 63, 300);
	fixture_push(f, &(struct sample){.start_s = START, .entries = 300});
	fixture_finish(f);
	fixture_check(f);
	assert_int_equal(counters(f).failed_writes, 0);
}

static void another_database_is_selected(void **state)
{
	struct fixture *f = *state;

	f->options.url.db = 3;
	fixture_new_writer(f);
	push_many(f, 0, 1, 10);
	fixture_publish(f);
	assert_int_equal(redis_server_number(&f->server, "DBSIZE"), 0);
	freeReplyObject(redis_server_do(&f->server, "SELECT 3"));
	fixture_check(f);
	f->options.url.db = 9999;
	fixture_new_writer(f);
	assert_int_equal(nt_put_connect(f->put), -EIO);
}

/* A server that accepts and never answers costs the time-out, no more. */
static void a_hung_server_times_out(void **state)
{
	struct fixture *f = *state;

	f->options.timeout_ms = 100;
	fixture_new_writer(f);
	push_many(f, 0, 1, 10);
	kill(f->server.pid, SIGSTOP);
	assert_int_equal(nt_put_step(f->put), -ETIMEDOUT);
	kill(f->server.pid, SIGCONT);
	fixture_publish(f);
	fixture_check(f);
}

static void a_server_out_of_memory_is_waited_for(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 3, 300);
	assert_int_equal(nt_put_step(f->put), 1);
	freeReplyObject(redis_server_do(&f->server, "CONFIG SET maxmemory 1"));
	assert_int_equal(nt_put_step(f->put), -ENOSPC);
	freeReplyObject(redis_server_do(&f->server, "CONFIG SET maxmemory 0"));
	fixture_publish(f);
	fixture_check(f);
}

static void a_replica_is_not_written_to(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 2, 300);
	assert_int_equal(nt_put_step(f->put), 1);
	freeReplyObject(redis_server_do(&f->server, "REPLICAOF 127.0.0.1 1"));
	assert_int_equal(nt_put_step(f->put), -EROFS);
	freeReplyObject(redis_server_do(&f->server, "REPLICAOF NO ONE"));
	fixture_publish(f);
	fixture_check(f);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
#define DURABLE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_durable, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lost_replies_count_once),
	    TEST(late_requests_do_nothing),
	    DURABLE(a_killed_server_goes_on),
	    DURABLE(a_torn_transaction_counts_once),
	    TEST(a_server_that_restarts_empty_gets_all_again),
	    TEST(a_flushed_server_gets_all_again),
	    TEST(what_nobody_holds_any_more_is_a_gap),
	    TEST(a_server_that_lost_its_last_writes_gets_them_again),
	    TEST(back_to_the_writer_before),
	    TEST(drops_are_published),
	    TEST(a_forgotten_script_is_loaded_again),
	    TEST(another_writer_is_added_to),
	    TEST(a_removed_cursor_repeats_nothing),
	    TEST(a_repetition_is_refused_when_redis_comes_back),
	    TEST(an_impossible_time_is_passed_over),
	    TEST(an_outage_is_said_once_and_its_end_once),
	    TEST(passwords),
	    TEST(a_user_with_few_rights_will_do),
	    TEST(another_database_is_selected),
	    TEST(a_hung_server_times_out),
	    TEST(a_server_out_of_memory_is_waited_for),
	    TEST(a_replica_is_not_written_to),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
