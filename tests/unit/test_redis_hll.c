/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/hll.h"
#include "redis_server.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Our HyperLogLogs against those that a server makes of the same addresses. */

enum { REGISTERS = 16384 };

static int set_up(void **state)
{
	struct redis_server *server = calloc(1, sizeof(*server));

	assert_non_null(server);
	redis_server_start(server);
	*state = server;
	return 0;
}

static int tear_down(void **state)
{
	redis_server_stop(*state);
	free(*state);
	return 0;
}

/* MurmurHash64A (Austin Appleby) with Redis' seed, for 4 or 16 bytes. */
static uint64_t murmur(const uint8_t *bytes, size_t length)
{
	const uint64_t m = UINT64_C(0xc6a4a7935bd1e995);
	uint64_t h = UINT64_C(0xadc83b19) ^ length * m, k;
	size_t i = 0;

	for (; i + 8 <= length; i += 8) {
		memcpy(&k, bytes + i, 8); /* little-endian, as the server reads it */
		k *= m;
		k ^= k >> 47;
		h = (h ^ k * m) * m;
	}
	if (i < length) {
		for (k = 0; i < length; i++)
			k |= (uint64_t)bytes[i] << i % 8 * 8;
		h = (h ^ k) * m;
	}
	h = (h ^ h >> 47) * m;
	return h ^ h >> 47;
}

struct sets {
	uint8_t rank[REGISTERS];
	uint32_t registers[REGISTERS];
	struct nt_sketch sketch;
};

static void add(struct sets *s, const uint8_t *address, size_t length)
{
	uint64_t hash = murmur(address, length);
	uint8_t rank = (uint8_t)(1 + __builtin_ctzll(hash >> 14 | UINT64_C(1) << 50));

	if (s->rank[hash & (REGISTERS - 1)] < rank)
		s->rank[hash & (REGISTERS - 1)] = rank;
}

static void finish(struct sets *s)
{
	s->sketch = (struct nt_sketch){.registers = s->registers};
	for (uint32_t i = 0; i < REGISTERS; i++)
		if (s->rank[i])
			s->registers[s->sketch.n++] = i << 8 | s->rank[i];
}

/* Addresses number from..to, every third of them IPv6, into our sketch and into a key of the server. */
static void fill(struct sets *s, struct redis_server *server, const char *key, uint32_t from, uint32_t to)
{
	*s = (struct sets){0};
	for (uint32_t i = from; i < to; i++) {
		uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8};
		size_t length = i % 3 ? 4 : 16;

		for (size_t b = 0; b < 4; b++)
			address[length - 4 + b] = (uint8_t)(i * 2654435761u >> (24 - 8 * b));
		add(s, address, length);
		redisAppendCommand(server->link, "PFADD %s %b", key, address, length);
	}
	for (uint32_t i = from; i < to; i++) {
		void *reply;

		assert_int_equal(redisGetReply(server->link, &reply), REDIS_OK);
		freeReplyObject(reply);
	}
	finish(s);
}

static void the_server_counts_the_same(void **state)
{
	static const uint32_t sizes[] = {0, 1, 2, 20, 300, 900, 1500, 3000, 20000, 200000};
	struct redis_server *server = *state;
	struct sets *s = calloc(1, sizeof(*s));
	uint8_t packed[NT_REDIS_HLL_BYTES];

	assert_non_null(s);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t length;

		fill(s, server, "theirs", 0, sizes[i]);
		length = nt_redis_hll_pack(&s->sketch, packed);
		assert_true(length <= sizeof(packed));
		freeReplyObject(redis_server_do(server, "SET ours %b", packed, length));
		assert_int_equal(redis_server_number(server, "PFCOUNT ours"),
				 redis_server_number(server, "PFCOUNT theirs"));
		/* Uniting adds nothing, whichever way round. */
		freeReplyObject(redis_server_do(server, "PFMERGE theirs ours"));
		assert_int_equal(redis_server_number(server, "PFCOUNT ours"),
				 redis_server_number(server, "PFCOUNT theirs"));
		freeReplyObject(redis_server_do(server, "DEL ours theirs"));
	}
	free(s);
}

static void dense_and_sparse_are_the_server_s(void **state)
{
	struct redis_server *server = *state;
	struct sets *s = calloc(1, sizeof(*s));
	uint8_t packed[NT_REDIS_HLL_BYTES];
	size_t length;
	redisReply *reply;

	assert_non_null(s);
	fill(s, server, "dense", 0, 50000);
	length = nt_redis_hll_pack(&s->sketch, packed);
	reply = redis_server_do(server, "GET dense");
	assert_int_equal(reply->len, length);
	assert_int_equal(length, NT_REDIS_HLL_BYTES);
	assert_memory_equal(reply->str, packed, 8);
	assert_memory_equal(reply->str + 16, packed + 16, length - 16);
	assert_int_equal(packed[15], 0x80);
	freeReplyObject(reply);
	/* Runs of registers aside, which the server joins as they come, the sparse form is one. */
	fill(s, server, "sparse", 0, 100);
	length = nt_redis_hll_pack(&s->sketch, packed);
	reply = redis_server_do(server, "GET sparse");
	assert_int_equal(packed[4], 1);
	assert_int_equal(reply->len, length);
	assert_memory_equal(reply->str + 16, packed + 16, length - 16);
	assert_true(length < 400);
	freeReplyObject(reply);
	free(s);
}

/* Sparse up to the server's own limit, and values that it has no bits for go dense. */
static void large_values_go_dense(void **state)
{
	uint32_t one[] = {5u << 8 | 32}, high[] = {5u << 8 | 33}, runs[10];
	struct nt_sketch sketch = {.n = 1, .registers = one};
	struct redis_server *server = *state;
	uint8_t packed[NT_REDIS_HLL_BYTES];

	assert_int_equal(nt_redis_hll_pack(&sketch, packed), 16 + 1 + 1 + 2);
	sketch.registers = high;
	assert_int_equal(nt_redis_hll_pack(&sketch, packed), NT_REDIS_HLL_BYTES);
	/* The first ten registers and the last: no empty ones before, none behind. */
	for (uint32_t i = 0; i < 10; i++)
		runs[i] = (i < 9 ? i : REGISTERS - 1) << 8 | 2;
	sketch = (struct nt_sketch){.n = 10, .registers = runs};
	assert_int_equal(nt_redis_hll_pack(&sketch, packed), 16 + 3 + 2 + 1);
	freeReplyObject(redis_server_do(server, "SET runs %b", packed, (size_t)22));
	assert_int_equal(redis_server_number(server, "PFCOUNT runs"), 10);
}

/* Two sensors, or 24 hours: the union counts what all of them saw. */
static void unions_are_within_two_percent(void **state)
{
	struct redis_server *server = *state;
	struct sets *s = calloc(1, sizeof(*s));
	uint8_t packed[NT_REDIS_HLL_BYTES];
	int64_t counted;

	assert_non_null(s);
	for (uint32_t k = 0; k < 4; k++) {
		fill(s, server, "all", 20000 * k, 20000 * k + 30000);
		freeReplyObject(
		    redis_server_do(server, "SET part:%u %b", k, packed, nt_redis_hll_pack(&s->sketch, packed)));
	}
	counted = redis_server_number(server, "PFCOUNT part:0 part:1 part:2 part:3");
	assert_int_equal(counted, redis_server_number(server, "PFCOUNT all"));
	assert_in_range(counted, 90000 * 0.967, 90000 * 1.033);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_server_counts_the_same, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(dense_and_sparse_are_the_server_s, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(large_values_go_dense, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(unions_are_within_two_percent, set_up, tear_down),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
