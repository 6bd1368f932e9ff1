/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hll.h"
#include "base/mix.h"
#include "base/targets.h"
#include "random.h"
#include "redis_server.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sketches of sources against a real server, and sketches of targets against the truth. */

struct hll {
	uint8_t registers[NT_HLL_REGISTERS];
};

static void add(struct hll *h, const uint8_t *element, size_t length)
{
	uint64_t hash = nt_hll_hash(element, length);
	uint8_t rank = nt_hll_rank(hash);

	if (h->registers[nt_hll_index(hash)] < rank)
		h->registers[nt_hll_index(hash)] = rank;
}

static uint64_t estimate(const struct hll *h)
{
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {0};

	for (uint32_t i = 0; i < NT_HLL_REGISTERS; i++)
		histogram[h->registers[i]]++;
	return nt_hll_estimate(histogram);
}

/* Elements of any length up to 40 bytes: byte j of element i. The script below makes the same ones. */
static void make_element(uint8_t *bytes, uint32_t length, uint32_t i)
{
	for (uint32_t j = 0; j < length; j++)
		bytes[j] = (uint8_t)((i >> (8 * (j % 4))) + (j / 4) * 89);
}

#define SCRIPT                                                                                                         \
	"for i = ARGV[1], ARGV[2] - 1 do local e = {} for j = 0, ARGV[3] - 1 do "                                      \
	"e[#e + 1] = string.char((math.floor(i / 256 ^ (j % 4)) + math.floor(j / 4) * 89) % 256) end "                 \
	"redis.call('PFADD', KEYS[1], table.concat(e)) end return 0"

static void check_registers(struct redis_server *s, const struct hll *h)
{
	struct redisReply *r = redis_server_do(s, "GET k");
	const uint8_t *packed = (const uint8_t *)r->str + 16;

	assert_int_equal(r->len, 16 + NT_HLL_REGISTERS * 6 / 8);
	for (uint32_t i = 0; i < NT_HLL_REGISTERS; i++) {
		uint32_t bit = i * 6, word = packed[bit / 8];

		if (bit / 8 + 1 < NT_HLL_REGISTERS * 6 / 8)
			word |= (uint32_t)packed[bit / 8 + 1] << 8;
		assert_int_equal(word >> bit % 8 & 63, h->registers[i]);
	}
	freeReplyObject(r);
}

static void equals_the_server(struct redis_server *s, uint32_t length)
{
	static const uint32_t sizes[] = {1, 2, 17, 300, 3000, 20000, 60000, 200000};
	static struct hll h;
	uint8_t element[40];
	uint32_t done = 0;

	memset(&h, 0, sizeof(h));
	freeReplyObject(redis_server_do(s, "DEL k"));
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		freeReplyObject(redis_server_do(s, "EVAL %s 1 k %u %u %u", SCRIPT, done, sizes[n], length));
		for (; done < sizes[n]; done++) {
			make_element(element, length, done);
			add(&h, element, length);
		}
		assert_int_equal(estimate(&h), redis_server_number(s, "PFCOUNT k"));
	}
	check_registers(s, &h);
}

static void hash_and_estimate_are_those_of_redis(void **state)
{
	struct redis_server s = {0};

	(void)state;
	if (!redis_server_installed())
		skip();
	redis_server_start(&s);
	equals_the_server(&s, 4);
	equals_the_server(&s, 16);
	equals_the_server(&s, 11); /* words and a tail */
	redis_server_stop(&s);
}

/* MurmurHash64A with Redis' seed, computed by another program from its definition. */
static void hash_has_known_values(void **state)
{
	static const uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	static const uint8_t v4[4] = {192, 0, 2, 1};

	(void)state;
	assert_int_equal(nt_hll_hash("", 0), UINT64_C(0xd8dfea6585bc9732));
	assert_int_equal(nt_hll_hash(v4, 4), UINT64_C(0x169041df10ca4c0b));
	assert_int_equal(nt_hll_hash(bytes, 16), UINT64_C(0x9a2d088863621685));
}

static void estimate_holds_for_any_number(void **state)
{
	static struct hll h;
	uint32_t empty[NT_HLL_RANK_MAX + 1] = {NT_HLL_REGISTERS};
	uint64_t n = 0;

	(void)state;
	assert_int_equal(nt_hll_estimate(empty), 0);
	memset(&h, 0, sizeof(h));
	random_state = 7;
	for (uint64_t until = 1; until <= 4000000; until *= 4) {
		for (; n < until; n++) {
			uint64_t element = next_random();

			add(&h, (const uint8_t *)&element, sizeof(element));
		}
		assert_in_range(estimate(&h) * 1000, n * 967, n * 1033 + 999);
	}
}

static void rank_and_index_take_all_bits(void **state)
{
	(void)state;
	assert_int_equal(nt_hll_rank(0), NT_HLL_RANK_MAX);
	assert_int_equal(nt_hll_rank(UINT64_MAX), 1);
	assert_int_equal(nt_hll_rank(UINT64_C(1) << 63), 50);
	assert_int_equal(nt_hll_rank(UINT64_C(1) << NT_HLL_INDEX_BITS), 1);
	assert_int_equal(nt_hll_index(UINT64_MAX), NT_HLL_REGISTERS - 1);
}

/* Mean of estimates over `truth`, and their standard deviation, in percent; of targets `step` apart. */
static void targets_are_estimated(uint32_t words, uint32_t truth, uint32_t step, uint32_t allowed_error)
{
	double sum = 0, squares = 0, mean, deviation;
	const uint32_t rounds = 400;

	for (uint32_t round = 0; round < rounds; round++) {
		uint64_t sketch[4] = {0};
		uint32_t first = (uint32_t)next_random();
		double ratio;

		for (uint32_t i = 0; i < truth; i++)
			for (uint32_t again = 0; again < 2; again++)
				nt_targets_add(sketch, words, nt_targets_hash4(first + i * step));
		ratio = (double)nt_targets_estimate(sketch, words) / truth;
		sum += ratio;
		squares += ratio * ratio;
	}
	mean = sum / rounds;
	deviation = squares / rounds - mean * mean;
	assert_in_range((uint64_t)(mean * 100), 94, 106);
	assert_true(deviation * 1e4 < (double)allowed_error * allowed_error);
}

static void targets_are_estimated_within_their_error(void **state)
{
	static const uint32_t step[] = {1, 2, 256, 65536, 2654435761u}; /* sweeps, and as good as at random */
	uint64_t empty[4] = {0};

	(void)state;
	random_state = 3;
	assert_int_equal(nt_targets_estimate(empty, 1), 0);
	for (size_t s = 0; s < sizeof(step) / sizeof(step[0]); s++)
		for (uint32_t truth = 10; truth <= 20000; truth *= 5) {
			targets_are_estimated(1, truth, step[s],
					      32); /* 26 % in theory, and below 80 the switch of methods */
			targets_are_estimated(2, truth, step[s], 24);
			targets_are_estimated(4, truth, step[s], 17); /* 13 % */
		}
}

/* Two halves of the targets, merged, are the sketch of all of them. */
static void targets_merge(void **state)
{
	(void)state;
	for (uint32_t words = 1; words <= 4; words *= 2) {
		uint64_t all[4] = {0}, half[2][4] = {{0}};

		for (uint32_t i = 0; i < 500; i++) {
			uint64_t hash = next_random();

			nt_targets_add(all, words, hash);
			nt_targets_add(half[i % 2], words, hash);
		}
		nt_targets_merge(half[0], half[1], words);
		assert_memory_equal(all, half[0], words * sizeof(all[0]));
	}
}

/* All registers of a word at once, against one after the other. */
static void the_greater_register_stays(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t a = next_random(), b = next_random(), expected = 0;

		for (uint32_t shift = 0; shift < 64; shift += 4) {
			uint64_t x = a >> shift & 15, y = b >> shift & 15;

			expected |= (x > y ? x : y) << shift;
		}
		nt_targets_merge(&a, &b, 1);
		assert_int_equal(a, expected);
	}
}

/* The packet path's own version for IPv4. */
static void four_bytes_hash_alike(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t element = (uint32_t)next_random();

		assert_int_equal(nt_hll_hash4(element), nt_hll_hash(&element, sizeof(element)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_bytes_hash_alike),
	    cmocka_unit_test(hash_has_known_values),
	    cmocka_unit_test(rank_and_index_take_all_bits),
	    cmocka_unit_test(estimate_holds_for_any_number),
	    cmocka_unit_test(hash_and_estimate_are_those_of_redis),
	    cmocka_unit_test(targets_are_estimated_within_their_error),
	    cmocka_unit_test(targets_merge),
	    cmocka_unit_test(the_greater_register_stays),
	};

	return cmocka_run_group_tests_name("hll", tests, NULL, NULL);
}
