/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "redis/bounds.h"
#include "redis/cursor.h"
#include "redis_fixture.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The program ends and begins again, with the spool on disk: whatever Redis did meanwhile, every interval is in it
 * once, or is published as a gap. */

#define START 1664575800

enum { ENTRIES = 300 };

static char directory[64];

static int set_up(void **state)
{
	struct fixture *f;
	static char path[96];

	fixture_set_up(state);
	f = *state;
	snprintf(directory, sizeof(directory), "/tmp/needletail-restart-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/spool.db", directory);
	f->spool_options.path = path;
	f->spool_options.sensor = "s";
	fixture_new_writer(f);
	random_state = 1;
	return 0;
}

static void in_directory(const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), "cd %s && %s", directory, command);
	assert_int_equal(system(line), 0);
}

static int tear_down(void **state)
{
	int rc = fixture_tear_down(state);

	in_directory("rm -rf spool.db* crashed && rmdir $PWD");
	return rc;
}

/* What kill -9 would leave: the files as they are now, not what closing makes of them. */
static void crash(struct fixture *f)
{
	in_directory("mkdir crashed && cp spool.db* crashed");
	nt_put_free(f->put);
	nt_spool_free(f->spool);
	f->put = NULL;
	f->spool = NULL;
	in_directory("rm spool.db* && mv crashed/* . && rmdir crashed");
	fixture_new_writer(f);
}

static void restart(struct fixture *f, bool crashed)
{
	if (crashed)
		crash(f);
	else
		fixture_new_writer(f);
}

static void push_many(struct fixture *f, int from, int to)
{
	for (int i = from; i < to; i++)
		fixture_push(f, &(struct sample){.start_s = START + 60 * i,
						 .entries = ENTRIES,
						 .keys = 3000,
						 .seed = (uint64_t)i,
						 .events = (uint32_t)i % 3});
}

static void steps(struct fixture *f, uint64_t n)
{
	while (n-- > 0)
		assert_true(nt_put_step(f->put) >= 0);
}

static int64_t info(struct fixture *f, const char *field)
{
	char command[64];

	snprintf(command, sizeof(command), "HGET nt:{s}:info %s", field);
	return redis_server_number(&f->server, command);
}

/* After any number of steps, by a crash or an ordered end. */
static void a_restart_at_any_step_repeats_nothing(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 24; i++) {
		push_many(f, i, i + 1);
		steps(f, next_random() % 9);
		restart(f, i % 2);
	}
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(info(f, "gap_intervals"), 0);
	assert_int_equal(info(f, "dropped_intervals"), 0);
}

/* The engine dies, then Redis comes back from an older dump, before the engine is there again. */
static void an_older_redis_gets_the_rest_again(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 2; round++) {
		push_many(f, 10 * round, 10 * round + 10);
		steps(f, 13);
		freeReplyObject(redis_server_do(&f->server, "SAVE"));
		fixture_publish(f);
		redis_server_kill(&f->server);
		restart(f, round % 2);
		redis_server_restart(&f->server);
		fixture_publish(f);
		fixture_check(f);
	}
	assert_int_equal(info(f, "gap_intervals"), 0);
}

/* Redis lost everything while the engine was away: what is held is written, the rest is a gap. */
static void an_empty_redis_gets_what_is_held(void **state)
{
	struct fixture *f = *state;
	struct nt_snapshot lost;

	f->spool_options.keep_applied_s = 0; /* nothing applied is held */
	fixture_new_writer(f);
	for (int i = 0; i < 7; i++) { /* never reach the model */
		sample_make(&lost, &(struct sample){.start_s = START + 60 * i, .entries = 10});
		assert_int_equal(nt_spool_push(f->spool, &lost), 0);
	}
	fixture_publish(f);
	f->spool_options.keep_applied_s = 600;
	restart(f, true);
	push_many(f, 7, 12);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	restart(f, true);
	push_many(f, 12, 14);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(info(f, "gap_intervals"), 7);
	assert_int_equal(info(f, "dropped_intervals"), 0);
}

/* Somebody else's cursor says nothing of our intervals: those that are marked as applied are. */
static void a_foreign_cursor_repeats_nothing(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 5);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "SET nt:{s}:cursor 0123456789abcdef:9:0"));
	restart(f, true);
	push_many(f, 5, 8);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "DEL nt:{s}:cursor"));
	restart(f, false);
	push_many(f, 8, 10);
	fixture_publish(f);
	/* With our name, and a number that cannot be */
	freeReplyObject(
	    redis_server_do(&f->server, "SET nt:{s}:cursor %s:18446744073709551615:0", nt_spool_id(f->spool)));
	restart(f, true);
	push_many(f, 10, 12);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(info(f, "gap_intervals"), 0);
}

/* Where Redis stands: sequence and chunk. */
static struct nt_cursor redis_cursor(struct fixture *f)
{
	redisReply *r = redis_server_do(&f->server, "GET nt:{s}:cursor");
	struct nt_cursor at = {0};

	if (r->type == REDIS_REPLY_STRING)
		nt_cursor_parse(r->str, nt_spool_id(f->spool), &at);
	freeReplyObject(r);
	return at;
}

/* A file that was put back from a copy has forgotten numbers that Redis knows. New intervals do not get them. */
static void an_old_copy_of_the_spool_gives_no_number_twice(void **state)
{
	struct fixture *f = *state;

	push_many(f, 0, 3);
	fixture_publish(f);
	nt_put_free(f->put);
	nt_spool_free(f->spool);
	f->put = NULL;
	f->spool = NULL;
	in_directory("cp spool.db copy.db");
	fixture_new_writer(f);
	push_many(f, 3, 6);
	while (redis_cursor(f).sequence != 5 || redis_cursor(f).chunk != 2)
		steps(f, 1);
	nt_put_free(f->put);
	nt_spool_free(f->spool);
	f->put = NULL;
	f->spool = NULL;
	in_directory("rm spool.db* && mv copy.db spool.db");
	fixture_new_writer(f);
	assert_int_equal(nt_spool_end(f->spool), 4);
	assert_int_equal(nt_put_step(f->put), 0); /* reads where Redis stands */
	assert_int_equal(nt_spool_end(f->spool), 6);
	push_many(f, 6, 9);
	fixture_publish(f);
	assert_int_equal(redis_cursor(f).sequence, 9);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:1664496000:totals intervals"), 8);
}

/* Redis is away from the first start on, over a restart: what waits still waits. */
static void what_waits_from_the_start_is_for_redis(void **state)
{
	struct fixture *f = *state;

	redis_server_kill(&f->server);
	push_many(f, 0, 3);
	assert_true(nt_put_step(f->put) < 0);
	restart(f, true);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS), 3);
	redis_server_restart(&f->server);
	push_many(f, 3, 4);
	fixture_publish(f);
	fixture_check(f);
	assert_int_equal(info(f, "gap_intervals"), 0);
}

/* ---- bounds ---- */

/* Sum over the open day's ports, which no bound cuts. */
static uint64_t published_packets(struct fixture *f)
{
	redisReply *r = redis_server_do(&f->server, "ZRANGE nt:{s}:d:1664496000:port 0 -1 WITHSCORES");
	uint64_t sum = 0;

	for (size_t i = 1; i < r->elements; i += 2)
		sum += strtoull(r->element[i]->str, NULL, 10);
	freeReplyObject(r);
	return sum;
}

static uint64_t pushed_packets(int n)
{
	uint64_t sum = 0;

	for (int i = 0; i < n; i++) {
		struct nt_snapshot s;

		sample_make(&s, &(struct sample){.start_s = START + 60 * i,
						 .entries = ENTRIES,
						 .keys = 3000,
						 .seed = (uint64_t)i,
						 .events = (uint32_t)i % 3});
		sum += nt_counts_total(&s.table[NT_TABLE_TCP_PORT]) + nt_counts_total(&s.table[NT_TABLE_UDP_PORT]);
		nt_snapshot_fini(&s);
	}
	return sum;
}

/* The configuration changes while a snapshot is half in Redis: its chunks are cut as before, the next one's not. */
static void other_bounds_do_not_cut_what_was_begun(void **state)
{
	static const uint32_t members[] = {128, 20, 0, 400, 60};
	struct fixture *f = *state;
	uint32_t restarts_within = 0;

	for (int i = 0; i < 25; i++) {
		push_many(f, i, i + 1);
		steps(f, 1 + next_random() % 7);
		f->options.sensor.limits.members[NT_BOUND_M] = members[i % 5];
		restart(f, i % 2);
		restarts_within += redis_cursor(f).chunk > 0;
	}
	fixture_publish(f);
	assert_true(restarts_within > 5);
	assert_int_equal(published_packets(f), pushed_packets(25));
}

static void bounds_are_found_again(void **state)
{
	struct fixture *f = *state;
	uint32_t members[NT_BOUNDS] = {0}, found[NT_BOUNDS];
	struct nt_bounds b, again;

	nt_bounds_read(&b, f->spool);
	assert_int_equal(b.first, 1);
	assert_int_equal(nt_bounds_find(&b, 1, found), -ENOENT);
	for (uint32_t i = 1; i <= 40; i++) {
		members[3] = i / 2;
		assert_int_equal(nt_bounds_begin(&b, f->spool, 10 * i, members), 0);
	}
	nt_bounds_read(&again, f->spool);
	assert_memory_equal(&again, &b, sizeof(b));
	for (uint32_t i = 20; i <= 40; i++) {
		assert_int_equal(nt_bounds_find(&again, 10 * i + 5, found), 0);
		assert_int_equal(found[3], i / 2);
	}
	assert_int_equal(nt_bounds_find(&again, 10, found), -ENOENT); /* forgotten */
	/* Redis fell back, and from there on all is begun anew. */
	members[3] = 99;
	assert_int_equal(nt_bounds_begin(&again, f->spool, 350, members), 0);
	assert_int_equal(nt_bounds_find(&again, 400, found), 0);
	assert_int_equal(found[3], 99);
	assert_int_equal(nt_bounds_find(&again, 349, found), 0);
	assert_int_equal(found[3], 17);
}

#define RESTART_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTART_TEST(a_restart_at_any_step_repeats_nothing),
	    RESTART_TEST(an_older_redis_gets_the_rest_again),
	    RESTART_TEST(an_empty_redis_gets_what_is_held),
	    RESTART_TEST(a_foreign_cursor_repeats_nothing),
	    RESTART_TEST(an_old_copy_of_the_spool_gives_no_number_twice),
	    RESTART_TEST(what_waits_from_the_start_is_for_redis),
	    RESTART_TEST(other_bounds_do_not_cut_what_was_begun),
	    RESTART_TEST(bounds_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
