/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "redis/plan.h"
#include "redis_samples.h"
#include "snapshot/pack.h"
#include "snapshot_add.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Everything that a snapshot can hold, with numbers of all sizes. */
static void make(struct nt_snapshot *s, uint64_t seed)
{
	random_state = seed;
	sample_make(s, &(struct sample){.start_s = (int64_t)next_random() >> (seed % 64),
					.entries = (uint32_t)(seed % 200),
					.seed = seed,
					.events = (uint32_t)(seed % 4),
					.partial = seed & 1,
					.missed_unknown = seed & 2});
	nt_snapshot_strip(s);
	s->frames = next_random() >> (seed % 64);
	s->cut[seed % NT_TABLES] = next_random() >> (seed % 60);
	s->unique.estimated = seed & 4;
	s->reduced = seed & 8;
	s->late = seed & 16 ? UINT64_MAX : 0;
	s->loss.unexplained = next_random();
}

static void round_trip(const struct nt_snapshot *s)
{
	struct nt_snapshot back;
	size_t length, again_length;
	uint8_t *bytes, *again;

	assert_int_equal(nt_snapshot_pack(s, &bytes, &length), 0);
	assert_int_equal(nt_snapshot_unpack(&back, bytes, length), 0);
	assert_true(nt_snapshot_equal(s, &back));
	assert_int_equal(nt_snapshot_pack(&back, &again, &again_length), 0);
	assert_int_equal(again_length, length);
	assert_memory_equal(again, bytes, length);
	nt_snapshot_fini(&back);
	free(again);
	free(bytes);
}

static void a_snapshot_comes_back_equal(void **state)
{
	struct nt_snapshot s;

	(void)state;
	nt_snapshot_init(&s);
	round_trip(&s);
	for (uint64_t seed = 1; seed <= 300; seed++) {
		make(&s, seed);
		round_trip(&s);
		nt_snapshot_reduce(&s);
		round_trip(&s);
		nt_snapshot_fini(&s);
	}
}

static void texts_equal(const struct nt_texts *a, const struct nt_texts *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->used, b->used);
	assert_memory_equal(a->bytes, b->bytes, a->used);
}

/* Chunks that Redis has half of are gone on with after a restart: they must be cut alike. */
static void a_plan_comes_out_alike(void **state)
{
	const struct nt_sensor sensor = {
	    .name = "s", .group = "", .version = "1", .interval_s = 60, .limits = sample_limits};
	const struct nt_plan_first first = {.newest = true};
	struct nt_request request = {0}, back_request = {0};
	struct nt_plan plan, back_plan;
	struct nt_snapshot s, back;
	uint8_t *bytes;
	size_t length;

	(void)state;
	sample_make(&s, &(struct sample){.start_s = 1664575800, .entries = 3000, .seed = 5, .events = 3});
	assert_int_equal(nt_snapshot_pack(&s, &bytes, &length), 0);
	assert_int_equal(nt_snapshot_unpack(&back, bytes, length), 0);
	assert_int_equal(nt_plan_init(&plan, &sensor, &s), 0);
	assert_int_equal(nt_plan_init(&back_plan, &sensor, &back), 0);
	assert_int_equal(plan.chunks, back_plan.chunks);
	assert_true(plan.chunks > 5);
	for (uint32_t i = 0; i < plan.chunks; i++) {
		nt_plan_encode(&plan, i, &first, &request);
		nt_plan_encode(&back_plan, i, &first, &back_request);
		texts_equal(&request.key, &back_request.key);
		texts_equal(&request.arg, &back_request.arg);
	}
	nt_request_fini(&request);
	nt_request_fini(&back_request);
	nt_plan_fini(&plan);
	nt_plan_fini(&back_plan);
	nt_snapshot_fini(&s);
	nt_snapshot_fini(&back);
	free(bytes);
}

static void check_refused(const uint8_t *bytes, size_t length)
{
	struct nt_snapshot s;
	uint8_t *exact = malloc(length ? length : 1); /* so that a sanitizer sees a read behind the end */

	assert_non_null(exact);
	memcpy(exact, bytes, length);
	assert_int_equal(nt_snapshot_unpack(&s, exact, length), -EBADMSG);
	assert_null(s.source);
	free(exact);
}

/* What an older version left in the spool: nothing stands behind the events. */
static void the_first_version_is_read(void **state)
{
	struct nt_snapshot s, back;
	uint8_t *bytes;
	size_t length;

	(void)state;
	make(&s, 11);
	s.geo_build_s = 0;
	for (size_t i = 0; i < s.n_sketches; i++)
		s.sketch[i].n_hosts = 0;
	assert_true(s.n_sketches);
	assert_int_equal(nt_snapshot_pack(&s, &bytes, &length), 0);
	length -= s.n_sketches + 1;
	nt_snapshot_pack_seal(bytes, length);
	check_refused(bytes, length);
	bytes[4] = 1;
	assert_int_equal(nt_snapshot_unpack(&back, bytes, length), 0);
	assert_true(nt_snapshot_equal(&s, &back));
	nt_snapshot_fini(&back);
	bytes[4] = 3;
	check_refused(bytes, length);
	bytes[4] = 0;
	check_refused(bytes, length);
	nt_snapshot_fini(&s);
	free(bytes);
}

static void flipped_bits_and_lost_ends_are_found(void **state)
{
	struct nt_snapshot s;
	uint8_t *bytes;
	size_t length;

	(void)state;
	make(&s, 23);
	assert_int_equal(nt_snapshot_pack(&s, &bytes, &length), 0);
	for (size_t cut = 0; cut < length; cut++)
		check_refused(bytes, cut);
	for (size_t bit = 0; bit < 8 * length; bit += bit < 8 * NT_PACK_HEADER ? 1 : 7) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check_refused(bytes, length);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	nt_snapshot_fini(&s);
	free(bytes);
}

/* Behind a right hash there may be anything too: it is refused, or what it says packs again. */
static void what_passes_the_hash_is_checked_too(void **state)
{
	uint32_t refused = 0, cut_accepted = 0;
	struct nt_snapshot s, back;
	uint8_t *bytes, *exact;
	size_t length;

	(void)state;
	make(&s, 9);
	assert_int_equal(nt_snapshot_pack(&s, &bytes, &length), 0);
	nt_snapshot_fini(&s);
	exact = malloc(length);
	assert_non_null(exact);
	for (size_t cut = NT_PACK_HEADER; cut < length; cut++) {
		uint8_t *shorter = malloc(cut);

		memcpy(shorter, bytes, cut);
		nt_snapshot_pack_seal(shorter, cut);
		if (!nt_snapshot_unpack(&back, shorter, cut))
			cut_accepted++;
		nt_snapshot_fini(&back);
		free(shorter);
	}
	assert_int_equal(cut_accepted, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(exact, bytes, length);
		for (uint32_t k = 0; k <= i % 3; k++)
			exact[NT_PACK_HEADER + next_random() % (length - NT_PACK_HEADER)] = (uint8_t)next_random();
		nt_snapshot_pack_seal(exact, length);
		if (nt_snapshot_unpack(&back, exact, length)) {
			refused++;
			continue;
		}
		round_trip(&back);
		nt_snapshot_fini(&back);
	}
	assert_in_range(refused, 1000, 19999);
	free(exact);
	free(bytes);
}

/* ---- reducing ---- */

static uint64_t total_and_cut(const struct nt_snapshot *s, enum nt_table t)
{
	return nt_counts_total(&s->table[t]) + s->cut[t];
}

static void reducing_keeps_every_total(void **state)
{
	struct nt_snapshot s, full;
	uint64_t before[NT_BACKSCATTERS], after[NT_BACKSCATTERS];

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct sample sample = {.start_s = 60, .entries = 500, .seed = seed, .events = 2};

		sample_make(&s, &sample);
		sample_make(&full, &sample);
		nt_snapshot_reduce(&s);
		nt_snapshot_reduce(&s); /* a second time changes nothing */
		assert_true(s.reduced);
		for (enum nt_table t = 0; t < NT_TABLES; t++)
			assert_int_equal(total_and_cut(&s, t), nt_counts_total(&full.table[t]));
		assert_int_equal(s.table[NT_TABLE_TCP_PORT].n, 0);
		assert_int_equal(s.table[NT_TABLE_REGION].n, full.table[NT_TABLE_REGION].n);
		assert_int_equal(nt_snapshot_imbalance(&s), nt_snapshot_imbalance(&full));
		nt_snapshot_backscatter(&s, after);
		nt_snapshot_backscatter(&full, before);
		assert_memory_equal(before, after, sizeof(before));
		assert_int_equal(s.unique.sources, full.unique.sources);
		assert_int_equal(s.unique.backscatter, full.unique.backscatter);
		assert_int_equal(s.n_sources + s.n_backscatter + s.n_sketches, 0);
		assert_int_equal(s.n_events, full.n_events);
		assert_int_equal(s.n_orgs, full.n_orgs);
		assert_int_equal(s.n_signatures, full.n_signatures);
		for (size_t i = 0; i < s.n_signatures; i++) {
			assert_int_equal(s.signature[i].packets, full.signature[i].packets);
			assert_int_equal(s.signature[i].sources, full.signature[i].sources);
			assert_int_equal(s.signature[i].port_packets.n, 0);
		}
		assert_true(nt_snapshot_bytes(&s) < nt_snapshot_bytes(&full) / 3);
		assert_int_equal(snapshot_add(&full, &s), 0);
		assert_true(full.reduced);
		assert_int_equal(full.cut[NT_TABLE_ASN], s.cut[NT_TABLE_ASN]);
		nt_snapshot_fini(&s);
		nt_snapshot_fini(&full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_snapshot_comes_back_equal),
	    cmocka_unit_test(a_plan_comes_out_alike),
	    cmocka_unit_test(the_first_version_is_read),
	    cmocka_unit_test(flipped_bits_and_lost_ends_are_found),
	    cmocka_unit_test(what_passes_the_hash_is_checked_too),
	    cmocka_unit_test(reducing_keeps_every_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
