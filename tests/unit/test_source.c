/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "tally_memory.h"

/* The tables of sources and pairs, and the set of sketches, against lists that are searched from end to end. */

#define KNOWN_MAX 4000

struct known {
	struct nt_key128 address;
	bool v6;
	uint32_t line;
};

static struct known known[KNOWN_MAX];
static uint32_t n_known;

static struct known *find_known(struct nt_key128 address, bool v6)
{
	for (uint32_t i = 0; i < n_known; i++)
		if (known[i].address.high == address.high && known[i].address.low == address.low && known[i].v6 == v6)
			return &known[i];
	return NULL;
}

/* Addresses that resemble one another: the same numbers as IPv4 and IPv6, equal low or high halves, neighbours. */
static struct nt_key128 some_address(uint32_t variety, bool *v6)
{
	uint64_t number = next_random() % variety;

	*v6 = next_random() % 2;
	if (!*v6)
		return (struct nt_key128){.low = number};
	switch (next_random() % 3) {
	case 0:
		return (struct nt_key128){.low = number};
	case 1:
		return (struct nt_key128){.high = number, .low = 1};
	default:
		return (struct nt_key128){.high = number << 40, .low = number << 32};
	}
}

/* Looks up random addresses and compares with the list; returns how many found no place. */
static uint64_t look_up(struct nt_sources *t, uint32_t limit, uint32_t variety, uint32_t times)
{
	uint64_t overflow = 0;

	for (uint32_t i = 0; i < times; i++) {
		bool v6;
		struct nt_key128 address = some_address(variety, &v6);
		struct known *k = find_known(address, v6);
		uint64_t hash = nt_source_hash(address, v6);
		uint32_t home = nt_source_home(t, hash);
		uint32_t line = nt_sources_find(t, address, v6, home, home, nt_source_tag(t, hash));

		if (k) {
			assert_int_equal(line, k->line);
		} else if (n_known == limit) {
			assert_int_equal(line, NT_SOURCE_NONE);
			overflow++;
		} else {
			assert_int_equal(line, n_known + 1);
			known[n_known++] = (struct known){.address = address, .v6 = v6, .line = line};
		}
	}
	return overflow;
}

/* Many places at once against one by one, from every home and for every tag that is there and one that is not. */
static void places_at_once_find_what_single_ones_find(void **state)
{
	static const uint32_t limits[] = {1, 7, 8, 40, 96, 700};
	uint32_t found = 0;

	(void)state;
	random_state = 21;
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		struct nt_tally *tally = new_tally(&(struct nt_tally_options){.source_entries = limits[l]});
		struct nt_sources *t = &tally->sources;
		uint32_t tags[5];

		for (uint32_t i = 0; i < 5; i++)
			tags[i] = ~t->mask & (UINT32_C(0x91234567) * (i + 1));
		while (t->n < t->limit) { /* in runs longer than four, on either side of the end */
			uint32_t at =
			    next_random() % 4 ? (t->mask - 7 + t->n) & t->mask : (uint32_t)next_random() & t->mask;

			if (!t->index[at])
				nt_sources_make(t, at, tags[next_random() % 4], (struct nt_key128){.low = at}, false);
		}
		for (uint32_t at = 0; at <= t->mask; at += NT_SOURCE_GROUP)
			for (uint32_t i = 0; i < 5; i++) {
				uint32_t place = nt_sources_seek(t, at, tags[i]);

				assert_int_equal(place, nt_sources_seek_plain(t, at, tags[i]));
				assert_true(!t->index[place] || (t->index[place] & ~t->mask) == tags[i]);
				found += t->index[place] != 0;
			}
		free(tally);
	}
	assert_true(found > 100);
}

/* From every home: every place once, those of its group first, then those of its line. */
static void places_follow_each_other_line_by_line(void **state)
{
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.source_entries = 60});
	const struct nt_sources *t = &tally->sources;

	(void)state;
	for (uint32_t home = 0; home <= t->mask; home += NT_SOURCE_GROUP) {
		uint32_t line = home / NT_SOURCE_LINE_PLACES, lines = (t->mask + 1) / NT_SOURCE_LINE_PLACES, at = home;
		bool seen[256] = {0};

		assert_true(t->mask < 256);
		for (uint32_t i = 0; i <= t->mask; i++, at = nt_source_next(t, home, at)) {
			assert_int_equal(at / NT_SOURCE_LINE_PLACES, (line + i / NT_SOURCE_LINE_PLACES) % lines);
			assert_true(i >= NT_SOURCE_GROUP || at == home + i);
			assert_false(seen[at]);
			seen[at] = true;
		}
		assert_int_equal(at, home);
	}
	free(tally);
}

static void check_lines(const struct nt_sources *t)
{
	assert_int_equal(t->n, n_known);
	for (uint32_t i = 0; i < n_known; i++) {
		const struct nt_source_line *line = &t->line[known[i].line];

		assert_int_equal(nt_source_address(t, known[i].line).high, known[i].address.high);
		assert_int_equal(nt_source_address(t, known[i].line).low, known[i].address.low);
		assert_int_equal(line->traits, known[i].v6 ? NT_SOURCE_V6 : 0);
	}
}

static void check_all_zero(const void *memory, size_t bytes)
{
	const uint8_t *byte = memory;

	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(byte[i], 0);
}

static void table_equals_list(uint32_t limit, uint32_t variety)
{
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.source_entries = limit});
	struct nt_sources *t = &tally->sources;

	for (uint32_t round = 0; round < 3; round++) {
		uint64_t overflow;

		n_known = 0;
		overflow = look_up(t, limit, variety, 4 * variety);
		assert_int_equal(overflow != 0, n_known == limit);
		check_lines(t);
		nt_sources_clear(t);
		check_all_zero(&t->line[1], t->limit * sizeof(t->line[0]));
		assert_int_equal(t->line[NT_SOURCE_NONE].key, NT_SOURCE_NOBODY);
		check_all_zero(t->index, (t->mask + 1) * sizeof(t->index[0]));
		assert_int_equal(t->n, 0);
		assert_int_equal(t->overflow, 0);
	}
	free(tally);
}

static void sources_are_told_apart(void **state)
{
	(void)state;
	random_state = 11;
	table_equals_list(KNOWN_MAX, 2500); /* with room */
	table_equals_list(1000, 2500);	    /* full */
	table_equals_list(16, 300);
	table_equals_list(1, 20);
	table_equals_list(0, 20);
}

/* A line is a cache line, and the table begins with one. */
static void lines_are_cache_lines(void **state)
{
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.source_entries = 100, .victim_entries = 100});

	(void)state;
	assert_int_equal(sizeof(struct nt_source_line), 64);
	assert_int_equal((uintptr_t)tally->sources.line % 64, 0);
	assert_int_equal((uintptr_t)tally->replies.line % 64, 0);
	free(tally);
}

static void slots_are_at_most_three_quarters_full(void **state)
{
	(void)state;
	for (uint32_t entries = 1; entries < 100000; entries = entries * 3 + 1) {
		struct nt_tally *t = new_tally(&(struct nt_tally_options){
		    .source_entries = entries, .pair_entries = entries, .victim_entries = entries});
		const uint32_t masks[] = {t->sources.mask, t->pairs.mask * NT_PAIR_GROUP + NT_PAIR_GROUP - 1,
					  t->replies.mask};

		for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
			assert_int_equal(masks[i] & (masks[i] + 1), 0);
			assert_true((uint64_t)entries * 4 <= (uint64_t)(masks[i] + 1) * 3);
		}
		free(t);
	}
}

#define SOURCES 40u
#define PORTS	60u

#define SETS 3u /* of signatures */

/* Random pairs, counted and in a dense array: those that find a place. */
static void count_pairs(struct nt_pairs *t, uint32_t *packets, uint32_t limit)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t line = 1 + (uint32_t)(next_random() % SOURCES), port = (uint32_t)(next_random() % PORTS);
		uint32_t matched = (uint32_t)(next_random() % SETS), at = ((line - 1) * PORTS + port) * SETS + matched;
		struct nt_source_pair pair = {line, nt_port_key(port % 2, (uint16_t)(port / 2)), matched, 1};
		uint32_t home = nt_pairs_home(t, pair.line, pair.port);
		bool place = packets[at] || n < limit;

		assert_int_equal(nt_pairs_count(t, &pair, home), place);
		n += place && !packets[at];
		packets[at] += place;
		assert_int_equal(nt_pair_seek(&t->group[home], &pair), nt_pair_seek_plain(&t->group[home], &pair));
	}
}

static void check_pairs(const struct nt_pairs *t, const uint32_t *packets)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SOURCES * PORTS * SETS; i++)
		n += packets[i] != 0;
	assert_int_equal(t->n_touched, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct nt_source_pair pair = nt_pairs_at(t, i);
		uint32_t port = (pair.port & 0xffff) * 2 + (pair.port >> 16);

		assert_true(pair.line - 1 < SOURCES && pair.matched < SETS);
		assert_int_equal(pair.packets, packets[((pair.line - 1) * PORTS + port) * SETS + pair.matched]);
	}
}

/* Pairs of a few ports, burst after burst; many wait again, as more than half of all slots are in use. */
static void pairs_wait_for_room(void **state)
{
	enum { BURSTS = 200, OF_BURST = 300, FEW_PORTS = 19, LIMIT = 3000 };
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.pair_entries = LIMIT});
	uint32_t packets[SOURCES * PORTS * SETS] = {0}, again = 0;

	(void)state;
	random_state = 13;
	for (uint32_t burst = 0; burst < BURSTS; burst++) {
		for (uint32_t i = 0; i < OF_BURST; i++) {
			uint32_t line = 1 + (uint32_t)(next_random() % SOURCES);
			uint32_t port = (uint32_t)(next_random() % FEW_PORTS), some = 1 + (uint32_t)(next_random() % 3);
			uint32_t matched = (uint32_t)(next_random() % SETS);

			nt_waiting_add(&t->waiting, &t->pairs, line, nt_port_key(port % 2, (uint16_t)(port / 2)),
				       matched, some);
			packets[((line - 1) * PORTS + port) * SETS + matched] += some;
		}
		nt_waiting_count(t);
		again += t->waiting.n;
	}
	assert_true(again > BURSTS);
	nt_waiting_finish(t);
	assert_int_equal(t->waiting.n, 0);
	assert_int_equal(t->pairs.n_touched, SOURCES * FEW_PORTS * SETS);
	check_pairs(&t->pairs, packets);
	free(t);
}

static void pairs_are_counted(void **state)
{
	static const uint32_t limits[] = {0, 1, 16, 1000, SOURCES * PORTS * SETS};

	(void)state;
	random_state = 12;
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		struct nt_tally *tally = new_tally(&(struct nt_tally_options){.pair_entries = limits[l]});

		for (uint32_t round = 0; round < 2; round++) {
			uint32_t packets[SOURCES * PORTS * SETS] = {0};

			count_pairs(&tally->pairs, packets, limits[l]);
			check_pairs(&tally->pairs, packets);
			nt_pairs_clear(&tally->pairs);
			check_all_zero(tally->pairs.group, (tally->pairs.mask + 1) * sizeof(tally->pairs.group[0]));
		}
		free(tally);
	}
}

#define NAMES 300u

/* Names of all kinds, ports by far the most, as they come. */
static uint32_t some_name(void)
{
	uint32_t number = (uint32_t)(next_random() % NAMES);

	switch (number % 16) {
	case 0:
		return nt_sketch_key(NT_SKETCH_SOURCES, 0);
	case 1:
		return nt_sketch_key(NT_SKETCH_BACKSCATTER, 0);
	case 2:
		return nt_sketch_key(NT_SKETCH_SIGNATURE, number % 3 << 17);
	case 3:
		return nt_sketch_key(NT_SKETCH_REGION, number);
	default:
		return nt_sketch_key(NT_SKETCH_PORT, number);
	}
}

/* Adds the elements that stand one by one to what the registers of their names should hold. */
static void unite(const struct nt_sketches *t, uint8_t (*found)[NT_HLL_REGISTERS])
{
	for (uint32_t i = 0; i < t->n; i++) {
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(t->key[i], t->key[j]);
		memcpy(found[t->key[i] % 8191], t->registers[i], NT_HLL_REGISTERS);
	}
	for (uint32_t i = 0; i < t->n_sparse; i++) {
		uint64_t element = t->sparse[t->sparse_touched[i]];
		uint8_t *at = &found[nt_sparse_key(element) % 8191][nt_sparse_index(element)];

		*at = *at < nt_sparse_rank(element) ? nt_sparse_rank(element) : *at;
	}
}

static void expect_element(uint8_t (*expected)[NT_HLL_REGISTERS], uint32_t key, uint64_t hash)
{
	uint8_t *at = &expected[key % 8191][nt_hll_index(hash)];

	*at = *at < nt_hll_rank(hash) ? nt_hll_rank(hash) : *at;
}

/*
 * Every name must hold all of its elements but those counted as lost, of which the first such time one by region is in
 * its total; 8191 tells the few names apart.
 */
static void sketches_hold_their_elements(void **state)
{
	static uint8_t expected[8191][NT_HLL_REGISTERS], found[8191][NT_HLL_REGISTERS];
	static const uint32_t limits[] = {1, 16, 64, 512};

	(void)state;
	random_state = 13;
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		struct nt_tally *tally = new_tally(&(struct nt_tally_options){.sketches = limits[l]});
		struct nt_sketches *t = &tally->sketches;

		memset(expected, 0, sizeof(expected));
		memset(found, 0, sizeof(found));
		nt_sketches_add(t, nt_sketch_key(NT_SKETCH_SOURCES, 0), 0);
		expected[0][0] = NT_HLL_RANK_MAX;
		for (uint32_t i = 0; i < 30000; i++) {
			uint32_t key = some_name();
			uint64_t hash = next_random(), lost = t->overflow;

			nt_sketches_add(t, key, hash);
			lost = t->overflow - lost;
			if (lost == 1 && nt_sketch_is_regional(key))
				expect_element(expected, nt_sketch_total(key), hash);
			else if (!lost)
				expect_element(expected, key, hash);
		}
		assert_int_equal(t->key[0], nt_sketch_key(NT_SKETCH_SOURCES, 0));
		assert_true(limits[l] >= 64 ? !t->overflow : t->overflow > 0);
		unite(t, found);
		assert_memory_equal(found, expected, sizeof(expected));
		nt_sketches_clear(t);
		check_all_zero(t->line, (t->mask + 1) * sizeof(t->line[0]));
		check_all_zero(t->of_region, NT_REGIONS * sizeof(t->of_region[0]));
		check_all_zero(t->of_port, NT_SKETCH_PORTS * sizeof(t->of_port[0]));
		check_all_zero(t->registers, limits[l] * sizeof(t->registers[0]));
		check_all_zero(t->sparse, (t->sparse_mask + 1) * sizeof(t->sparse[0]));
		check_all_zero(t->waiting, NT_SKETCH_COUNTERS * sizeof(t->waiting[0]));
		assert_int_equal(t->n + t->n_sparse + t->overflow, 0);
		free(tally);
	}
}

static void add_many(struct nt_sketches *t, uint32_t key, uint32_t n)
{
	while (n--)
		nt_sketches_add(t, key, next_random());
}

/* However many ports come first. */
static void ports_leave_room_for_totals_and_regions(void **state)
{
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.sketches = 256});
	struct nt_sketches *t = &tally->sketches;
	uint32_t totals = 2 + NT_SIGNATURES_MAX, before;

	(void)state;
	random_state = 14;
	for (uint32_t port = 0; port < 1000; port++)
		add_many(t, nt_sketch_key(NT_SKETCH_PORT, port), 600);
	assert_int_equal(t->n, 128);
	assert_true(t->overflow);
	assert_true(t->n_sparse < t->sparse_limit);
	for (uint32_t region = 0; region < 1000; region++)
		add_many(t, nt_sketch_key(NT_SKETCH_REGION, region), 300);
	assert_int_equal(t->n, 256 - totals + 1); /* all sources: regions that find no place are in them */
	before = (uint32_t)t->overflow;
	nt_sketches_add(t, nt_sketch_key(NT_SKETCH_SOURCES, 0), 1);
	nt_sketches_add(t, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0), 1);
	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++)
		nt_sketches_add(t, nt_sketch_key(NT_SKETCH_SIGNATURE, i << 17), 1);
	assert_int_equal(t->n, 256);
	assert_int_equal(t->overflow, before);
	free(tally);
}

/* Once ports of few sources have filled the set, one of many still has registers, but for its first sources. */
static void a_large_port_comes_late(void **state)
{
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.sketches = 16});
	struct nt_sketches *t = &tally->sketches;
	uint32_t key = nt_sketch_key(NT_SKETCH_PORT, 70000), histogram[NT_HLL_RANK_MAX + 1] = {0};

	(void)state;
	random_state = 15;
	for (uint32_t port = 0; port < 60000; port++)
		nt_sketches_add(t, nt_sketch_key(NT_SKETCH_PORT, port), next_random());
	assert_true(t->overflow);
	assert_int_equal(t->n, 0);
	add_many(t, key, 20000);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->key[0], key);
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		histogram[t->registers[0][r]]++;
	assert_in_range(nt_hll_estimate(histogram), 20000 * 967 / 1000, 20000 * 1033 / 1000);
	free(tally);
}

/* A total is the union of its names by region, whether these have registers or stand in the set. */
static void totals_are_made_of_regions(void **state)
{
	static uint8_t expected[8191][NT_HLL_REGISTERS], found[8191][NT_HLL_REGISTERS];
	struct nt_tally *tally = new_tally(&(struct nt_tally_options){.sketches = 1024});
	struct nt_sketches *t = &tally->sketches;

	(void)state;
	random_state = 16;
	for (uint32_t i = 0; i < 60000; i++) {
		static const enum nt_sketch_kind kinds[] = {NT_SKETCH_REGION, NT_SKETCH_BACKSCATTER_REGION,
							    NT_SKETCH_SIGNATURE_REGION};
		enum nt_sketch_kind kind = kinds[next_random() % 3];
		uint32_t region =
		    20 + (uint32_t)__builtin_ctzll(next_random() | 1u << 11); /* % 8191 tells these apart */
		uint32_t signature = kind == NT_SKETCH_SIGNATURE_REGION ? (uint32_t)(next_random() % 7) : 0;
		uint32_t key = nt_sketch_key(kind, signature << 17 | region);
		uint64_t hash = next_random();

		nt_sketches_add(t, key, hash);
		expect_element(expected, key, hash);
		expect_element(expected, nt_sketch_key(kind - 1, signature << 17), hash);
	}
	nt_sketches_settle(t);
	assert_int_equal(t->overflow, 0);
	unite(t, found);
	assert_memory_equal(found, expected, sizeof(expected));
	free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(places_at_once_find_what_single_ones_find),
	    cmocka_unit_test(places_follow_each_other_line_by_line),
	    cmocka_unit_test(sources_are_told_apart),
	    cmocka_unit_test(lines_are_cache_lines),
	    cmocka_unit_test(slots_are_at_most_three_quarters_full),
	    cmocka_unit_test(pairs_are_counted),
	    cmocka_unit_test(pairs_wait_for_room),
	    cmocka_unit_test(sketches_hold_their_elements),
	    cmocka_unit_test(totals_are_made_of_regions),
	    cmocka_unit_test(ports_leave_room_for_totals_and_regions),
	    cmocka_unit_test(a_large_port_comes_late),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
