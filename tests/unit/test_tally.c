/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "banks.h"
#include "frames.h"
#include "needletail/schema.h"
#include "tally/slots.h"
#include "tally/tally.h"

#include <stdlib.h>

static struct nt_tally *make_tally(uint32_t entries)
{
	const struct nt_tally_options options = small_tables(entries);
	size_t bytes = (nt_tally_memsize(&options) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);

	assert_non_null(memory);
	memset(memory, 0, bytes);
	return nt_tally_init(memory, &options);
}

/* Everybody's region. */
static uint16_t region = NT_REGION_UNKNOWN;

void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	(void)l;
	(void)addresses;
	for (uint32_t i = 0; i < n; i++)
		regions[i] = region;
}

void nt_locate_v6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	(void)addresses;
	nt_locate_v4(l, NULL, regions, n);
}

/* Counts `n` frames as a worker does, in bursts. */
static void count_frames(struct nt_tally *t, const struct nt_frame *frames, uint32_t n)
{
	static struct nt_burst burst;

	for (uint32_t at = 0; at < n; at += burst.n) {
		uint32_t next = n - at < NT_BURST ? n - at : NT_BURST;

		burst.n = 0;
		nt_tally_arrival(t, frames + at, next);
		nt_burst_decode(&burst, frames + at, next, NT_LINK_ETHERNET);
		for (uint32_t i = 0; i < burst.n; i++)
			burst.packet[i].region = region;
		nt_tally_ask(t, &burst, 0);
		nt_tally_find(t, &burst);
		nt_tally_burst(t, &burst);
	}
}

static void fold_one(struct nt_tally *t, struct nt_snapshot *s)
{
	assert_int_equal(fold_banks(&t, 1, s), 0);
}

static void histogram_counts_every_key(void **state)
{
	static uint32_t count[65536];
	static bool used[65536 / NT_HISTOGRAM_CHUNK];
	struct nt_histogram h = {.count = count, .used = used, .size = 65536};

	(void)state;
	for (uint32_t round = 1; round <= 3; round++)
		for (uint32_t key = 0; key < 65536; key++)
			nt_histogram_count(&h, key);
	for (uint32_t key = 0; key < 65536; key++)
		assert_int_equal(h.count[key], 3);
	for (uint32_t key = 0; key < 65536; key++)
		assert_true(used[key / NT_HISTOGRAM_CHUNK]);
	nt_histogram_clear(&h);
	for (uint32_t key = 0; key < 65536; key++)
		assert_int_equal(h.count[key], 0);
	for (uint32_t key = 0; key < 65536; key++)
		assert_false(used[key / NT_HISTOGRAM_CHUNK]);
}

static void packets_stand_in_every_table(void **state)
{
	struct nt_tally *t = make_tally(1024);
	const struct nt_frame frames[] = {
	    whole_frame(tcp4_frame, sizeof(tcp4_frame)),
	    whole_frame(udp4_frame, sizeof(udp4_frame)),
	    whole_frame(icmp6_frame, sizeof(icmp6_frame)),
	    {.data = tcp4_frame, .cap_len = 5, .wire_len = 5},
	    {.data = tcp4_frame, .cap_len = 40, .wire_len = sizeof(tcp4_frame)},
	};
	struct nt_snapshot s;
	uint32_t jp = nt_region_index("JP", 2);

	(void)state;
	region = (uint16_t)jp;
	count_frames(t, frames, 5);
	fold_one(t, &s);
	assert_int_equal(s.frames, 5);
	assert_int_equal(s.bytes, 2 * sizeof(tcp4_frame) + sizeof(udp4_frame) + sizeof(icmp6_frame) + 5);
	assert_int_equal(s.class_frames[NT_CLASS_IPV4], 3);
	assert_int_equal(s.class_frames[NT_CLASS_OTHER], 1);
	assert_int_equal(s.malformed[NT_REASON_ETH], 1);
	assert_int_equal(s.truncated[NT_REASON_TCP_HEADER], 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_TCP_PORT], 445), 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_TCP_WINDOW], 8192), 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_UDP_PORT], 53), 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_ICMP6], 128 << 8), 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_REGION], jp), 4);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_REGION_PORT], nt_region_port_key(jp, false, 445)), 1);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_REGION_PORT], nt_region_port_key(jp, true, 53)), 1);
	assert_int_equal(nt_snapshot_imbalance(&s), 0);
	nt_snapshot_fini(&s);
	free(t);
}

static void a_cleared_bank_is_empty(void **state)
{
	struct nt_tally *t = make_tally(1024), *fresh = make_tally(1024);
	const struct nt_frame frame = whole_frame(tcp4_frame, sizeof(tcp4_frame));
	struct nt_snapshot a, b;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		count_frames(t, &frame, 1);
	nt_tally_clear(t);
	count_frames(t, &frame, 1);
	count_frames(fresh, &frame, 1);
	fold_one(t, &a);
	fold_one(fresh, &b);
	assert_true(nt_snapshot_equal(&a, &b));
	nt_snapshot_fini(&a);
	nt_snapshot_fini(&b);
	free(t);
	free(fresh);
}

/* A SYN to each of `n` ports. */
static void count_ports(struct nt_tally *t, uint32_t n)
{
	uint8_t bytes[sizeof(tcp4_frame)] = {0};
	const struct nt_frame frame = whole_frame(bytes, sizeof(bytes));

	memcpy(bytes, tcp4_frame, sizeof(bytes));
	for (uint32_t port = 0; port < n; port++) {
		bytes[ETHERNET + IPV4 + 2] = (uint8_t)(port >> 8);
		bytes[ETHERNET + IPV4 + 3] = (uint8_t)port;
		count_frames(t, &frame, 1);
	}
}

static void a_full_region_port_table_counts_what_it_lost(void **state)
{
	enum { PAIRS = 1 + 2 * 1024 }; /* the source's own, and others: see small_tables() */
	struct nt_tally *t = make_tally(1024);
	struct nt_snapshot s;
	uint64_t lost;

	(void)state;
	count_ports(t, 5000);
	count_ports(t, 5000);
	fold_one(t, &s);
	assert_int_equal(s.table[NT_TABLE_REGION_PORT].n, PAIRS + 1024);
	lost = s.overflow[NT_OVERFLOW_REGION_PORT];
	assert_in_range(lost, 2 * (5000 - PAIRS - 1024), 2 * (5000 - PAIRS - 1024) + 1); /* the own pair may change */
	assert_int_equal(nt_counts_total(&s.table[NT_TABLE_REGION_PORT]) + lost, 10000);
	assert_int_equal(nt_counts_total(&s.table[NT_TABLE_TCP_PORT]), 10000); /* no total is wrong because of it */
	assert_int_equal(nt_snapshot_imbalance(&s), 0);
	nt_snapshot_fini(&s);
	nt_tally_clear(t);
	count_ports(t, PAIRS + 1024);
	fold_one(t, &s);
	assert_int_equal(s.overflow[NT_OVERFLOW_REGION_PORT], 0);
	nt_snapshot_fini(&s);
	free(t);
}

static void any_spread_over_banks_folds_alike(void **state)
{
	struct nt_tally *one = make_tally(70000), *some[3] = {make_tally(70000), make_tally(70000), make_tally(70000)};
	struct nt_snapshot a, b;

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		count_ports(one, 20000 * round + 10);
		count_ports(some[round], 20000 * round + 10);
	}
	fold_one(one, &a);
	assert_int_equal(fold_banks(some, 3, &b), 0);
	assert_true(nt_snapshot_equal(&a, &b));
	nt_snapshot_fini(&a);
	nt_snapshot_fini(&b);
	free(one);
	for (uint32_t i = 0; i < 3; i++)
		free(some[i]);
}

/* SYN-ACKs, each of another source, from another port and to another one. */
static void count_replies(struct nt_tally *t, uint8_t n)
{
	uint8_t bytes[sizeof(tcp4_frame)];
	const struct nt_frame frame = whole_frame(bytes, sizeof(bytes));

	memcpy(bytes, tcp4_frame, sizeof(bytes));
	bytes[ETHERNET + IPV4 + 13] = 0x12;
	for (uint8_t i = 0; i < n; i++) {
		bytes[ETHERNET + 15] = bytes[ETHERNET + IPV4 + 1] = bytes[ETHERNET + IPV4 + 3] = i;
		count_frames(t, &frame, 1);
	}
}

/* Nothing of what has a line and a pair is written into the tables of what has none. */
static void settling_touches_no_table_of_packets_without_a_pair(void **state)
{
	struct nt_tally *t = make_tally(1024);
	struct nt_snapshot s;

	(void)state;
	count_replies(t, 40);
	fold_one(t, &s);
	assert_int_equal(s.table[NT_TABLE_REGION_PORT].n, 40);
	assert_int_equal(s.backscatter_port.n, 40);
	assert_int_equal(nt_snapshot_imbalance(&s), 0);
	assert_int_equal(t->region_port.n_touched, 0);
	assert_int_equal(t->matches.n_touched, 0);
	nt_snapshot_fini(&s);
	free(t);
}

static void slots_stay_below_three_quarters(void **state)
{
	(void)state;
	for (uint32_t entries = 1; entries < 100000; entries = entries * 3 + 1) {
		uint32_t slots = nt_slots_for(entries);

		assert_int_equal(slots & (slots - 1), 0);
		assert_true((uint64_t)entries * 4 <= (uint64_t)slots * 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(histogram_counts_every_key),
	    cmocka_unit_test(packets_stand_in_every_table),
	    cmocka_unit_test(a_cleared_bank_is_empty),
	    cmocka_unit_test(a_full_region_port_table_counts_what_it_lost),
	    cmocka_unit_test(any_spread_over_banks_folds_alike),
	    cmocka_unit_test(settling_touches_no_table_of_packets_without_a_pair),
	    cmocka_unit_test(slots_stay_below_three_quarters),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
