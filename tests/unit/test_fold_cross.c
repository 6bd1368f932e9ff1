/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "banks.h"
#include "fold/cross.h"
#include "random.h"
#include "tally_memory.h"

#include <stdlib.h>

#define SIGNATURES 3
#define PACKETS	   200000u

static struct nt_snapshot new_snapshot(void)
{
	struct nt_snapshot s;

	nt_snapshot_init(&s);
	s.signature = calloc(SIGNATURES, sizeof(*s.signature));
	assert_non_null(s.signature);
	s.n_signatures = SIGNATURES;
	return s;
}

/* What one packet is to add, or several of one kind. */
static void expect(struct nt_snapshot *s, uint32_t key, uint32_t matched, uint32_t packets)
{
	bool portless = key & NT_MATCH_PORTLESS, reply = key >> NT_KIND_SHIFT == NT_KIND_BACKSCATTER_PORT;
	uint32_t region_port = key & NT_KIND_MASK;

	if (!portless)
		assert_int_equal(nt_counts_append(reply ? &s->backscatter_port : &s->table[NT_TABLE_REGION_PORT],
						  region_port, packets),
				 0);
	for (uint32_t i = 0; i < SIGNATURES; i++) {
		struct nt_signature_counts *signature = &s->signature[i];

		if (!(matched >> i & 1))
			continue;
		signature->packets += packets;
		assert_int_equal(nt_counts_append(&signature->region_packets, region_port >> 17, packets), 0);
		if (!portless)
			assert_int_equal(nt_counts_append(&signature->port_packets, region_port & 0x1ffff, packets), 0);
	}
}

static void compact(struct nt_snapshot *s)
{
	nt_counts_compact(&s->table[NT_TABLE_REGION_PORT]);
	nt_counts_compact(&s->backscatter_port);
	nt_fold_compact_signatures(s);
}

/* Fills a bank's tables, and says what they must come to; keys are `few` or nearly all different. */
static void fill(struct nt_tally *t, struct nt_snapshot *expected, uint32_t few)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint64_t r = next_random();
		uint32_t matched = r & 1 ? 0 : r >> 1 & ((1u << SIGNATURES) - 1), packets = 1 + (r >> 8) % 9;
		uint32_t key = nt_region_port_key((uint32_t)(r >> 16) % (few ? few : NT_REGIONS), r >> 15 & 1,
						  (uint16_t)((r >> 40) % (few ? few : 65536)));

		if (!matched && (r >> 12) % 8 == 0)
			key |= (uint32_t)NT_KIND_BACKSCATTER_PORT << NT_KIND_SHIFT;
		else if (matched && (r >> 12) % 8 == 0)
			key = (key >> 17) << 17 | NT_MATCH_PORTLESS;
		if (matched)
			assert_true(nt_matches_add(&t->matches, key, matched, packets));
		else
			nt_region_port_add(&t->region_port, key, packets);
		expect(expected, key, matched, packets);
	}
}

static void sums_are_of_all_packets(void **state)
{
	const struct nt_tally_options options = small_tables(2 * PACKETS);
	struct nt_fold_cross *cross = calloc(1, sizeof(*cross));

	(void)state;
	assert_non_null(cross);
	for (uint32_t few = 0; few < 90; few = 3 * few + 2) {
		struct nt_snapshot expected = new_snapshot(), s = new_snapshot();

		for (uint32_t bank = 0; bank < 2; bank++) {
			struct nt_tally *t = new_tally(&options);

			assert_non_null(t);
			fill(t, &expected, few);
			assert_int_equal(nt_fold_cross_add(cross, t, NULL, &s), 0);
			free(t);
		}
		compact(&s);
		compact(&expected);
		assert_true(nt_snapshot_equal(&s, &expected));
		nt_snapshot_fini(&s);
		nt_snapshot_fini(&expected);
	}
	free(cross);
}

/* A flood of one key needs one entry of a snapshot, not one for each of its senders. */
static void one_key_is_one_entry(void **state)
{
	const struct nt_tally_options options = small_tables(1024);
	struct nt_fold_cross *cross = calloc(1, sizeof(*cross));
	struct nt_tally *t = new_tally(&options);
	struct nt_snapshot s = new_snapshot();

	(void)state;
	assert_non_null(cross);
	assert_non_null(t);
	nt_region_port_add(&t->region_port, nt_region_port_key(7, false, 23), 5);
	assert_int_equal(nt_fold_cross_add(cross, t, NULL, &s), 0);
	for (uint32_t sender = 0; sender < 1000; sender++)
		cross->sink.add(&cross->sink, nt_region_port_key(7, false, 23), 1, 2);
	assert_int_equal(s.table[NT_TABLE_REGION_PORT].n, 1);
	nt_tally_clear(t);
	assert_int_equal(nt_fold_cross_add(cross, t, NULL, &s), 0);
	assert_int_equal(s.table[NT_TABLE_REGION_PORT].n, 2);
	assert_int_equal(s.table[NT_TABLE_REGION_PORT].entry[1].count, 2000);
	assert_int_equal(s.signature[0].packets, 2000);
	nt_snapshot_fini(&s);
	free(cross);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_are_of_all_packets),
	    cmocka_unit_test(one_key_is_one_entry),
	};

	return cmocka_run_group_tests_name("fold_cross", tests, NULL, NULL);
}
