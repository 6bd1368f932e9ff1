/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "banks.h"
#include "frames.h"
#include "random.h"
#include "snapshot_add.h"
#include "worker/worker.h"

#include <pthread.h>
#include <rte_rcu_qsbr.h>
#include <sched.h>
#include <stdlib.h>

/*
 * Workers as threads of this test, without an EAL: banks are switched under full traffic, and what is folded must be
 * what was counted, frame for frame.
 */

#define WORKERS	       2
#define SWITCHES       300
#define REGION_ENTRIES 1024

struct fixture {
	struct rte_rcu_qsbr *qsbr;
	struct nt_worker *worker[WORKERS];
	_Atomic bool stop;
};

static void *zeroed(size_t bytes)
{
	size_t rounded = (bytes + 63) / 64 * 64;
	void *memory = aligned_alloc(64, rounded);

	assert_non_null(memory);
	memset(memory, 0, rounded);
	return memory;
}

static void set_up_with(struct fixture *f, const struct nt_tally_options tables[static WORKERS])
{
	f->qsbr = zeroed(rte_rcu_qsbr_get_memsize(WORKERS));
	rte_rcu_qsbr_init(f->qsbr, WORKERS);
	atomic_init(&f->stop, false);
	for (uint32_t i = 0; i < WORKERS; i++) {
		const struct nt_worker_options options = {.qsbr = f->qsbr, .id = i, .tables = tables[i]};

		f->worker[i] = nt_worker_init(zeroed(nt_worker_memsize(&options)), &options);
	}
}

static void set_up(struct fixture *f)
{
	struct nt_tally_options tables[WORKERS];

	for (uint32_t i = 0; i < WORKERS; i++)
		tables[i] = small_tables(REGION_ENTRIES);
	set_up_with(f, tables);
}

static void tear_down(struct fixture *f)
{
	for (uint32_t i = 0; i < WORKERS; i++)
		free(f->worker[i]);
	free(f->qsbr);
}

struct thread {
	pthread_t id;
	struct fixture *fixture;
	struct nt_worker *worker;
	uint64_t sent;
};

/* As it is done behind a device. */
static void take_pieces(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, uint32_t piece)
{
	for (uint32_t at = 0; at < n; at += piece)
		nt_worker_take(w, &frames[at], n - at < piece ? n - at : piece, NT_LINK_ETHERNET);
}

static void *count_until_stopped(void *argument)
{
	struct thread *t = argument;
	struct nt_frame frames[NT_BURST];

	for (uint32_t i = 0; i < NT_BURST; i++)
		frames[i] =
		    i % 2 ? whole_frame(tcp4_frame, sizeof(tcp4_frame)) : whole_frame(udp4_frame, sizeof(udp4_frame));
	nt_worker_join(t->worker);
	for (uint32_t turn = 0; !atomic_load_explicit(&t->fixture->stop, memory_order_relaxed); turn++) {
		uint32_t n = turn % (NT_BURST + 1);

		if (n) {
			take_pieces(t->worker, frames, n, turn % 11 + 1);
			nt_worker_count(t->worker);
			t->sent += n;
		} else {
			nt_worker_pause(t->worker);
			sched_yield();
			nt_worker_resume(t->worker);
			nt_worker_idle(t->worker);
		}
	}
	nt_worker_leave(t->worker);
	return NULL;
}

/* Adds what the banks hold to *s. */
static void switch_and_fold(struct fixture *f, struct nt_snapshot *s)
{
	struct nt_tally *bank[WORKERS];
	struct nt_snapshot folded;
	uint64_t token;

	for (uint32_t i = 0; i < WORKERS; i++)
		nt_worker_switch(f->worker[i]);
	token = rte_rcu_qsbr_start(f->qsbr);
	while (!rte_rcu_qsbr_check(f->qsbr, token, false))
		sched_yield();
	for (uint32_t i = 0; i < WORKERS; i++)
		bank[i] = nt_worker_retired(f->worker[i]);
	assert_int_equal(fold_banks(bank, WORKERS, &folded), 0);
	assert_int_equal(snapshot_add(s, &folded), 0);
	nt_snapshot_fini(&folded);
	for (uint32_t i = 0; i < WORKERS; i++)
		nt_tally_clear(bank[i]);
}

/* Until every worker has counted something since its frame count was `before`. */
static void wait_for_traffic(const struct fixture *f, uint64_t before[WORKERS])
{
	for (uint32_t i = 0; i < WORKERS; i++) {
		while (nt_worker_frames(f->worker[i]) == before[i])
			sched_yield();
		before[i] = nt_worker_frames(f->worker[i]);
	}
}

static void nothing_is_lost_over_bank_switches(void **state)
{
	struct fixture f;
	struct thread thread[WORKERS];
	struct nt_snapshot s;
	uint64_t sent = 0, before[WORKERS] = {0};

	(void)state;
	set_up(&f);
	nt_snapshot_init(&s);
	for (uint32_t i = 0; i < WORKERS; i++) {
		thread[i] = (struct thread){.fixture = &f, .worker = f.worker[i]};
		assert_int_equal(pthread_create(&thread[i].id, NULL, count_until_stopped, &thread[i]), 0);
	}
	for (uint32_t i = 0; i < SWITCHES; i++) {
		wait_for_traffic(&f, before);
		switch_and_fold(&f, &s);
		assert_int_equal(nt_snapshot_imbalance(&s), 0);
	}
	atomic_store(&f.stop, true);
	for (uint32_t i = 0; i < WORKERS; i++) {
		pthread_join(thread[i].id, NULL);
		sent += thread[i].sent;
		assert_int_equal(nt_worker_frames(f.worker[i]), thread[i].sent);
	}
	switch_and_fold(&f, &s); /* what was in the banks at the stop */
	assert_int_equal(s.frames, sent);
	assert_int_equal(nt_counts_total(&s.table[NT_TABLE_TCP_PORT]) + nt_counts_total(&s.table[NT_TABLE_UDP_PORT]),
			 sent);
	nt_snapshot_fini(&s);
	tear_down(&f);
}

/* Frames carry their time into the tables, and both banks have the signatures. */
static void a_worker_hands_time_and_signatures_on(void **state)
{
	static char place;
	struct rte_rcu_qsbr *qsbr = zeroed(rte_rcu_qsbr_get_memsize(1));
	const struct nt_worker_options options = {.qsbr = qsbr, .tables = small_tables(REGION_ENTRIES)};
	struct nt_frame frame = whole_frame(tcp4_frame, sizeof(tcp4_frame));
	struct nt_worker_options with = options;
	struct nt_worker *w = nt_worker_init(zeroed(nt_worker_memsize(&options)), &options), *other;

	(void)state;
	rte_rcu_qsbr_init(qsbr, 1);
	assert_int_equal(nt_worker_join(w), 0);
	for (int64_t s = 1662422405; s >= 1662422400; s -= 5) {
		frame.time_ns = s * 1000000000 + 999999999;
		nt_worker_burst(w, &frame, 1, NT_LINK_ETHERNET);
	}
	nt_worker_leave(w);
	assert_int_equal(w->bank[0]->sources.n, 1);
	assert_int_equal(w->bank[0]->sources.line[1].first_s, 1662422400);
	assert_int_equal(w->bank[0]->sources.line[1].last_s, 1662422405);
	with.signatures = (const struct nt_signatures *)(const void *)&place;
	other = nt_worker_init(zeroed(nt_worker_memsize(&with)), &with);
	assert_ptr_equal(other->bank[0]->signatures, with.signatures);
	assert_ptr_equal(other->bank[1]->signatures, with.signatures);
	free(other);
	free(w);
	free(qsbr);
}

/* Frames of which each is another one, and some are none. */
static void some_frames(struct nt_frame frames[static NT_BURST], uint8_t bytes[static NT_BURST][sizeof(icmp6_frame)])
{
	for (uint32_t i = 0; i < NT_BURST; i++) {
		bool tcp = i % 3;

		frames[i] = whole_frame(bytes[i], i % 7 ? sizeof(tcp4_frame) : sizeof(icmp6_frame));
		if (i % 7 == 0)
			memcpy(bytes[i], icmp6_frame, sizeof(icmp6_frame));
		else
			memcpy(bytes[i], tcp ? tcp4_frame : udp4_frame, tcp ? sizeof(tcp4_frame) : sizeof(udp4_frame));
		bytes[i][ETHERNET + 15] = (uint8_t)(i % 29); /* its source's last byte; IPv6: in the middle */
		bytes[i][ETHERNET + IPV4 + 3] = (uint8_t)(i % 31);
		bytes[i][ETHERNET] ^= i % 41 ? 0 : 0x10;
		frames[i].time_ns = (int64_t)(i / 2) * 1000000000;
	}
}

static struct nt_signatures *some_signatures(bool region)
{
	static const struct nt_signature signature[] = {
	    {.name = "syn", .match = "tcp flags S/SAFR window 8192"},
	    {.name = "low", .match = "udp dport 0-30"},
	    {.name = "nowhere", .match = "tcp not region JP"},
	};
	char why[NT_SIGNATURE_WHY];
	struct nt_signatures *s = nt_signatures_new(signature, region ? 3 : 2, why);

	assert_non_null(s);
	return s;
}

/* A burst is the same in pieces of whatever size, whose bytes are the caller's again when they were taken. */
static void a_burst_in_pieces(uint32_t piece, const struct nt_signatures *signatures)
{
	static uint8_t bytes[NT_BURST][sizeof(icmp6_frame)];
	struct nt_frame frames[NT_BURST];
	struct fixture f;
	struct nt_snapshot whole, pieces;

	set_up(&f);
	some_frames(frames, bytes);
	for (uint32_t i = 0; i < WORKERS; i++) {
		f.worker[i]->bank[0]->signatures = signatures;
		assert_int_equal(nt_worker_join(f.worker[i]), 0);
	}
	nt_worker_burst(f.worker[0], frames, NT_BURST, NT_LINK_ETHERNET);
	for (uint32_t at = 0; at < NT_BURST; at += piece) {
		uint32_t n = NT_BURST - at < piece ? NT_BURST - at : piece;

		nt_worker_take(f.worker[1], &frames[at], n, NT_LINK_ETHERNET);
		memset(bytes[at], 0xff, n * sizeof(bytes[0]));
		memset(&frames[at], 0xff, n * sizeof(frames[0]));
	}
	nt_worker_count(f.worker[1]);
	assert_int_equal(nt_worker_frames(f.worker[1]), NT_BURST);
	assert_int_equal(fold_banks(&f.worker[0]->bank[0], 1, &whole), 0);
	assert_int_equal(fold_banks(&f.worker[1]->bank[0], 1, &pieces), 0);
	assert_int_equal(whole.frames, NT_BURST);
	for (uint32_t i = 0; i < nt_signatures_n(signatures); i++)
		assert_true(whole.signature[i].packets > 10);
	assert_true(nt_snapshot_equal(&whole, &pieces));
	nt_snapshot_fini(&whole);
	nt_snapshot_fini(&pieces);
	for (uint32_t i = 0; i < WORKERS; i++)
		nt_worker_leave(f.worker[i]);
	tear_down(&f);
}

static void a_burst_may_come_in_pieces(void **state)
{
	(void)state;
	for (uint32_t region = 0; region < 2; region++) {
		struct nt_signatures *signatures = some_signatures(region);

		for (uint32_t piece = 1; piece <= NT_BURST; piece += piece < 10 ? 1 : 59)
			a_burst_in_pieces(piece, signatures);
		nt_signatures_free(signatures);
	}
}

/* Frames of as many sources and ports as `variety` says, of both protocols. */
static void random_frames(struct nt_frame frames[static NT_BURST], uint8_t bytes[static NT_BURST][sizeof(icmp6_frame)],
			  uint32_t variety)
{
	for (uint32_t i = 0; i < NT_BURST; i++) {
		uint32_t source = (uint32_t)(next_random() % variety),
			 port = (uint32_t)(next_random() % (variety / 20));
		bool v6 = source % 8 == 0;

		frames[i] = whole_frame(bytes[i], v6 ? sizeof(icmp6_frame) : sizeof(tcp4_frame));
		memcpy(bytes[i], v6 ? icmp6_frame : tcp4_frame, frames[i].cap_len);
		memcpy(&bytes[i][ETHERNET + (v6 ? 20 : 13)], (uint8_t[]){(uint8_t)(source >> 8), (uint8_t)source}, 2);
		if (!v6)
			memcpy(&bytes[i][ETHERNET + IPV4 + 2], (uint8_t[]){(uint8_t)(port >> 8), (uint8_t)port}, 2);
	}
}

/* Tables that begin small say what those say that have their size from the start; `full`: both fill up. */
static void grow_beside(uint32_t first_slots, uint32_t variety, bool full)
{
	static uint8_t bytes[NT_BURST][sizeof(icmp6_frame)];
	struct nt_tally_options tables[WORKERS] = {small_tables(70000), small_tables(70000)};
	struct nt_frame frames[NT_BURST];
	struct nt_snapshot s[WORKERS];
	struct fixture f;

	tables[0].source_entries = tables[1].source_entries = 3000;
	tables[1].first_slots = first_slots;
	set_up_with(&f, tables);
	for (uint32_t i = 0; i < WORKERS; i++)
		assert_int_equal(nt_worker_join(f.worker[i]), 0);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t burst = 0; burst < 200; burst++) {
			uint32_t n = 1 + burst * 7 % NT_BURST;

			random_frames(frames, bytes, variety);
			for (uint32_t i = 0; i < WORKERS; i++)
				nt_worker_burst(f.worker[i], frames, n, NT_LINK_ETHERNET);
		}
		for (uint32_t i = 0; i < WORKERS; i++)
			assert_int_equal(fold_banks(&f.worker[i]->bank[0], 1, &s[i]), 0);
		assert_int_equal(f.worker[0]->bank[0]->pairs.n_touched, f.worker[1]->bank[0]->pairs.n_touched);
		for (uint32_t i = 0; i < WORKERS; i++)
			nt_tally_clear(f.worker[i]->bank[0]);
		assert_int_equal(s[0].overflow[NT_OVERFLOW_SOURCES] > 0, full);
		assert_true(nt_snapshot_equal(&s[0], &s[1]));
		for (uint32_t i = 0; i < WORKERS; i++)
			nt_snapshot_fini(&s[i]);
	}
	assert_true(f.worker[1]->bank[0]->sources.mask >= 2 * (full ? 3000 : 900)); /* and has grown where it had to */
	assert_true(f.worker[1]->bank[0]->pairs.limit > (full ? 700u : 9000u));
	for (uint32_t i = 0; i < WORKERS; i++)
		nt_worker_leave(f.worker[i]);
	tear_down(&f);
}

static void tables_that_grow_count_alike(void **state)
{
	static const uint32_t first_slots[] = {16, 64, 1024, 4096, 1 << 17};

	(void)state;
	random_state = 31;
	for (uint32_t i = 0; i < sizeof(first_slots) / sizeof(*first_slots); i++) {
		grow_beside(first_slots[i], 900, false);
		grow_beside(first_slots[i], 60000, true);
	}
}

/* Banks that are switched in the middle of a burst have it as a whole, and the next burst goes into the other one. */
static void a_burst_goes_into_one_bank(void **state)
{
	const struct nt_frame frame = whole_frame(tcp4_frame, sizeof(tcp4_frame));
	struct fixture f;
	struct nt_worker *w;
	uint64_t token;

	(void)state;
	set_up(&f);
	w = f.worker[0];
	assert_int_equal(nt_worker_join(w), 0);
	nt_worker_take(w, &frame, 1, NT_LINK_ETHERNET);
	nt_worker_switch(w);
	token = rte_rcu_qsbr_start(f.qsbr);
	nt_worker_take(w, &frame, 1, NT_LINK_ETHERNET);
	assert_int_equal(rte_rcu_qsbr_check(f.qsbr, token, false), 0);
	nt_worker_count(w);
	assert_int_equal(rte_rcu_qsbr_check(f.qsbr, token, false), 1);
	nt_worker_burst(w, &frame, 1, NT_LINK_ETHERNET);
	nt_worker_leave(w);
	assert_int_equal(nt_worker_retired(w)->frames, 2);
	assert_int_equal(nt_worker_retired(w)->sources.line[1].packets, 2);
	assert_int_equal(w->bank[1]->frames, 1);
	assert_int_equal(w->bank[1]->sources.line[1].packets, 1);
	tear_down(&f);
}

static void a_switch_does_not_wait_for_workers_that_rest(void **state)
{
	struct fixture f;
	struct nt_snapshot s;
	const struct nt_frame frame = whole_frame(tcp4_frame, sizeof(tcp4_frame));

	(void)state;
	set_up(&f);
	nt_snapshot_init(&s);
	for (uint32_t i = 0; i < WORKERS; i++) {
		assert_int_equal(nt_worker_join(f.worker[i]), 0);
		nt_worker_burst(f.worker[i], &frame, 1, NT_LINK_ETHERNET);
		nt_worker_pause(f.worker[i]);
	}
	switch_and_fold(&f, &s); /* would hang otherwise */
	assert_int_equal(s.frames, WORKERS);
	for (uint32_t i = 0; i < WORKERS; i++) {
		nt_worker_resume(f.worker[i]);
		nt_worker_burst(f.worker[i], &frame, 1, NT_LINK_ETHERNET);
		nt_worker_leave(f.worker[i]);
	}
	switch_and_fold(&f, &s);
	assert_int_equal(s.frames, 2 * WORKERS);
	nt_snapshot_fini(&s);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_lost_over_bank_switches),
	    cmocka_unit_test(a_worker_hands_time_and_signatures_on),
	    cmocka_unit_test(a_burst_may_come_in_pieces),
	    cmocka_unit_test(tables_that_grow_count_alike),
	    cmocka_unit_test(a_burst_goes_into_one_bank),
	    cmocka_unit_test(a_switch_does_not_wait_for_workers_that_rest),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
