/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "spool/queue.h"
#include "spool/spool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static void push(struct nt_spool *s, int64_t start_s)
{
	struct nt_snapshot snapshot;

	nt_snapshot_init(&snapshot);
	snapshot.start_s = start_s;
	for (uint64_t key = 0; key < 10; key++)
		assert_int_equal(nt_counts_append(&snapshot.table[NT_TABLE_REGION], key, 1), 0);
	assert_int_equal(nt_spool_push(s, &snapshot), 0);
	assert_null(snapshot.table[NT_TABLE_REGION].entry); /* moved */
}

static struct nt_spool *spool_of(size_t snapshots, uint32_t keep_applied_s)
{
	const struct nt_spool_options options = {
	    .sinks = NT_SINK_BIT(NT_SINK_REDIS), .memory_snapshots = snapshots, .keep_applied_s = keep_applied_s};
	struct nt_spool *s = nt_spool_open(&options);

	assert_non_null(s);
	return s;
}

/* Start of the snapshot of that number; -1: it is not held. */
static int64_t start_of(struct nt_spool *s, uint64_t sequence)
{
	const struct nt_snapshot *snapshot;
	int64_t start_s;

	if (nt_spool_get(s, sequence, &snapshot))
		return -1;
	start_s = snapshot->start_s;
	nt_spool_release(s, snapshot);
	return start_s;
}

static void snapshots_come_back_by_number(void **state)
{
	struct nt_spool *s = spool_of(100, 600), *other = spool_of(100, 600);

	(void)state;
	assert_int_equal(strlen(nt_spool_id(s)), NT_SPOOL_ID - 1);
	assert_string_not_equal(nt_spool_id(s), nt_spool_id(other));
	assert_int_equal(nt_spool_next(s, 1), 0);
	for (int64_t i = 1; i <= 50; i++)
		push(s, i);
	for (int64_t i = 1; i <= 50; i++) {
		assert_int_equal(nt_spool_next(s, (uint64_t)i), i);
		assert_int_equal(start_of(s, (uint64_t)i), i);
	}
	assert_int_equal(start_of(s, 0), -1);
	assert_int_equal(start_of(s, 51), -1);
	assert_int_equal(nt_spool_next(s, 51), 0);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 50);
	assert_int_equal(nt_spool_end(s), 51);
	nt_spool_free(s);
	nt_spool_free(other);
}

static void the_oldest_applied_goes_first(void **state)
{
	struct nt_spool *s = spool_of(4, 600);
	const struct nt_snapshot *second;

	(void)state;
	for (int64_t i = 1; i <= 4; i++)
		push(s, i);
	nt_spool_set_applied(s, NT_SINK_REDIS, 3);
	assert_int_equal(nt_spool_get(s, 2, &second), 0);
	push(s, 5);
	assert_int_equal(start_of(s, 1), -1);
	assert_int_equal(start_of(s, 2), 2);
	push(s, 6);
	assert_int_equal(start_of(s, 2), -1);
	assert_int_equal(second->start_s, 2); /* a reference stays good */
	nt_spool_release(s, second);
	assert_int_equal(nt_spool_dropped(s, 1, 100), 0);
	push(s, 7); /* 3 was never applied */
	assert_int_equal(nt_spool_next(s, 1), 4);
	assert_int_equal(nt_spool_dropped(s, 1, 100), 1);
	assert_int_equal(nt_spool_dropped(s, 4, 100), 0);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 4);
	nt_spool_free(s);
}

static void applied_can_be_taken_back(void **state)
{
	struct nt_spool *s = spool_of(4, 600);

	(void)state;
	for (int64_t i = 1; i <= 4; i++)
		push(s, i);
	nt_spool_set_applied(s, NT_SINK_REDIS, 5);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 0);
	nt_spool_set_applied(s, NT_SINK_REDIS, 2);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 3);
	push(s, 5); /* room is 1's */
	assert_int_equal(nt_spool_dropped(s, 1, 100), 0);
	push(s, 6);
	assert_int_equal(nt_spool_dropped(s, 1, 100), 1);
	nt_spool_set_applied(s, NT_SINK_REDIS, 1); /* further back than what is held */
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 4);
	nt_spool_free(s);
}

static void an_entry_waits_for_all_sinks(void **state)
{
	const struct nt_spool_options options = {.sinks = NT_SINK_BIT(NT_SINK_LINES) | NT_SINK_BIT(NT_SINK_REDIS),
						 .memory_snapshots = 3};
	struct nt_spool *s = nt_spool_open(&options);
	char note[8];

	(void)state;
	assert_non_null(s);
	for (int64_t i = 1; i <= 3; i++)
		push(s, i);
	assert_int_equal(nt_spool_set_applied_note(s, NT_SINK_LINES, 4, "abcd", 4), 0);
	assert_int_equal(nt_spool_set_applied_note(s, NT_SINK_LINES, 3, note, NT_SPOOL_NOTE + 1), -EINVAL);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_LINES), 0);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 3);
	assert_int_equal(nt_spool_applied(s, NT_SINK_LINES), 4);
	assert_int_equal(nt_spool_applied(s, NT_SINK_REDIS), 1);
	assert_int_equal(nt_spool_note(s, NT_SINK_LINES, note, 2), 4);
	assert_memory_equal(note, "ab", 2);
	assert_int_equal(nt_spool_note(s, NT_SINK_REDIS, note, sizeof(note)), 0);
	assert_int_equal(start_of(s, 1), 1);
	nt_spool_set_applied(s, NT_SINK_REDIS, 2);
	assert_int_equal(start_of(s, 1), -1);
	assert_int_equal(nt_spool_set_applied_note(s, NT_SINK_LINES, 2, NULL, 0), 0);
	assert_int_equal(nt_spool_note(s, NT_SINK_LINES, note, sizeof(note)), 0);
	nt_spool_set_applied(s, NT_SINK_REDIS, 4);
	assert_int_equal(nt_spool_next(s, 1), 2);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_LINES), 2);
	nt_spool_free(s);
}

static void the_pinned_one_is_dropped_last(void **state)
{
	struct nt_spool *s = spool_of(3, 0);

	(void)state;
	for (int64_t i = 1; i <= 3; i++)
		push(s, i);
	nt_spool_pin(s, 1);
	push(s, 4);
	push(s, 5);
	assert_int_equal(start_of(s, 1), 1);
	assert_int_equal(nt_spool_dropped(s, 2, 4), 2);
	nt_spool_pin(s, 0);
	push(s, 6);
	assert_int_equal(nt_spool_next(s, 1), 4);
	nt_spool_free(s);
}

/* A sink may know numbers that a spool from a backup has forgotten. They must not be used again. */
static void a_number_behind_the_end_moves_it(void **state)
{
	struct nt_spool *s = spool_of(3, 600);

	(void)state;
	push(s, 1);
	nt_spool_set_applied(s, NT_SINK_REDIS, 100);
	assert_int_equal(nt_spool_end(s), 100);
	push(s, 2);
	assert_int_equal(nt_spool_next(s, 2), 100);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 1);
	assert_int_equal(nt_spool_dropped(s, 1, 100), 0);
	nt_spool_free(s);
}

static void applied_ones_leave_in_time(void **state)
{
	struct nt_spool *s = spool_of(100, 0);

	(void)state;
	push(s, 1);
	push(s, 2);
	nt_spool_set_applied(s, NT_SINK_REDIS, 2);
	assert_int_equal(start_of(s, 1), -1);
	assert_int_equal(start_of(s, 2), 2);
	assert_int_equal(nt_spool_dropped(s, 1, 100), 0);
	nt_spool_free(s);
}

static void bytes_are_bounded_too(void **state)
{
	const struct nt_spool_options options = {.sinks = NT_SINK_BIT(NT_SINK_REDIS),
						 .memory_snapshots = 1000,
						 .memory_bytes = 20000,
						 .keep_applied_s = 600};
	struct nt_spool *s = nt_spool_open(&options);
	struct nt_snapshot large;

	(void)state;
	assert_non_null(s);
	for (int64_t i = 1; i <= 100; i++)
		push(s, i);
	assert_in_range(nt_spool_waiting(s, NT_SINK_REDIS), 5, 60);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS) + nt_spool_dropped(s, 1, 101), 100);
	nt_snapshot_init(&large);
	for (uint64_t key = 0; key < 10000; key++)
		assert_int_equal(nt_counts_append(&large.table[NT_TABLE_TCP_PORT], key, 1), 0);
	assert_false(nt_spool_fits(s, &large));
	assert_int_equal(nt_spool_push(s, &large), 0); /* alone it is let in */
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 1);
	nt_spool_set_applied(s, NT_SINK_REDIS, 102);
	assert_true(nt_spool_fits(s, &large));
	nt_spool_free(s);
}

static void lost_numbers_are_dropped_ones(void **state)
{
	struct nt_spool *s = spool_of(10, 600);

	(void)state;
	push(s, 1);
	nt_spool_skip(s, 3);
	nt_spool_skip(s, 0);
	push(s, 5);
	assert_int_equal(nt_spool_next(s, 2), 5);
	assert_int_equal(nt_spool_dropped(s, 1, 5), 3);
	assert_int_equal(nt_spool_dropped(s, 3, 4), 1);
	nt_spool_discard(s, 5);
	nt_spool_discard(s, 5);
	assert_int_equal(nt_spool_next(s, 2), 0);
	assert_int_equal(nt_spool_dropped(s, 1, 6), 4);
	assert_int_equal(nt_spool_waiting(s, NT_SINK_REDIS), 1);
	nt_spool_free(s);
}

/* Each outage leaves a run of dropped numbers. */
static void many_outages_are_remembered(void **state)
{
	struct nt_spool *s = spool_of(2, 600);

	(void)state;
	for (uint64_t outage = 0; outage < 60; outage++) {
		for (int i = 0; i < 5; i++)
			push(s, 0);
		nt_spool_set_applied(s, NT_SINK_REDIS, nt_spool_end(s));
	}
	assert_int_equal(nt_spool_dropped(s, 1, nt_spool_end(s)), 60 * 3);
	assert_int_equal(nt_spool_dropped(s, 1, 6), 3);
	nt_spool_free(s);
}

static void offer(struct nt_queue *q, int64_t start_s, int expected)
{
	struct nt_snapshot s;

	nt_snapshot_init(&s);
	s.start_s = start_s;
	assert_int_equal(nt_counts_append(&s.table[NT_TABLE_REGION], 1, 1), 0);
	assert_int_equal(nt_queue_offer(q, &s), expected);
	assert_null(s.table[NT_TABLE_REGION].entry);
}

static void take(struct nt_queue *q, int64_t start_s, uint64_t expected_lost)
{
	struct nt_snapshot s;
	uint64_t lost;

	assert_int_equal(nt_queue_take(q, 0, &s, &lost), 0);
	assert_int_equal(s.start_s, start_s);
	assert_int_equal(lost, expected_lost);
	nt_snapshot_fini(&s);
}

static void a_full_queue_loses_and_says_where(void **state)
{
	struct nt_queue *q = nt_queue_new(2);
	struct nt_snapshot s;
	uint64_t lost;

	(void)state;
	assert_int_equal(nt_queue_take(q, 0, &s, &lost), -ETIMEDOUT);
	offer(q, 1, 0);
	offer(q, 2, 0);
	offer(q, 3, -ENOSPC);
	offer(q, 4, -ENOSPC);
	take(q, 1, 0);
	offer(q, 5, 0);
	take(q, 2, 0);
	take(q, 5, 2);
	nt_queue_note_lost(q, 7);
	offer(q, 6, 0);
	offer(q, 7, 0);
	offer(q, 8, -ENOSPC);
	nt_queue_close(q);
	take(q, 6, 7);
	take(q, 7, 0);
	assert_int_equal(nt_queue_take(q, NT_QUEUE_FOREVER, &s, &lost), -EPIPE);
	assert_int_equal(lost, 1);
	assert_int_equal(nt_queue_take(q, NT_QUEUE_FOREVER, &s, &lost), -EPIPE);
	assert_int_equal(lost, 0);
	assert_int_equal(nt_queue_lost(q), 10);
	nt_queue_free(q);
}

static void waiting_has_an_end(void **state)
{
	struct nt_queue *q = nt_queue_new(1);
	uint64_t begin_ns = nt_clock_monotonic_ns();

	(void)state;
	assert_int_equal(nt_queue_wait(q, begin_ns + 20000000), -ETIMEDOUT);
	assert_true(nt_clock_monotonic_ns() - begin_ns >= 20000000);
	assert_int_equal(nt_queue_wait_closed(q, nt_clock_monotonic_ns() + 1000000), -ETIMEDOUT);
	offer(q, 1, 0);
	assert_int_equal(nt_queue_wait(q, NT_QUEUE_FOREVER), 0);
	nt_queue_close(q);
	assert_int_equal(nt_queue_wait_closed(q, 0), 0);
	nt_queue_free(q); /* with something in it */
}

enum { PASSED = 2000 };

static void *put_all(void *argument)
{
	struct nt_snapshot s;

	for (int64_t i = 0; i < PASSED; i++) {
		nt_snapshot_init(&s);
		s.start_s = i;
		nt_queue_put(argument, &s);
	}
	nt_queue_close(argument);
	return NULL;
}

static void a_writer_that_waits_loses_nothing(void **state)
{
	struct nt_queue *q = nt_queue_new(3);
	struct nt_snapshot s;
	pthread_t writer;
	int64_t n = 0;
	uint64_t lost;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, put_all, q), 0);
	while (!nt_queue_take(q, NT_QUEUE_FOREVER, &s, &lost)) {
		assert_int_equal(s.start_s, n++);
		assert_int_equal(lost, 0);
		nt_snapshot_fini(&s);
	}
	pthread_join(writer, NULL);
	assert_int_equal(n, PASSED);
	nt_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(snapshots_come_back_by_number),	 cmocka_unit_test(the_oldest_applied_goes_first),
	    cmocka_unit_test(applied_can_be_taken_back),	 cmocka_unit_test(an_entry_waits_for_all_sinks),
	    cmocka_unit_test(the_pinned_one_is_dropped_last),	 cmocka_unit_test(a_number_behind_the_end_moves_it),
	    cmocka_unit_test(applied_ones_leave_in_time),	 cmocka_unit_test(bytes_are_bounded_too),
	    cmocka_unit_test(lost_numbers_are_dropped_ones),	 cmocka_unit_test(many_outages_are_remembered),
	    cmocka_unit_test(a_full_queue_loses_and_says_where), cmocka_unit_test(waiting_has_an_end),
	    cmocka_unit_test(a_writer_that_waits_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
