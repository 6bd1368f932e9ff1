/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hll.h"
#include "needletail/schema.h"
#include "random.h"
#include "redis/hll.h"
#include "redis_fixture.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * HyperLogLogs of a bucket that is closed: which of them stay, what they weigh, and that the sparse form in which they
 * are written anew counts, unites and grows as what was there before.
 */

#define DAY   INT64_C(1664409600) /* 2022-09-29 00:00 UTC */
#define DAY_S 86400

enum {
	DENSE = NT_REDIS_HLL_BYTES,
	SPARSE_HOSTS = 3950, /* up to there they are written in sparse form */
	KEY_PLACES = 64	     /* what MEMORY USAGE leaves out of a key: its places in two tables */
};

/* What a HyperLogLog must hold. */
struct grown {
	uint32_t key;
	char name[NT_SKETCH_TEXT];
	uint8_t rank[NT_HLL_REGISTERS];
};

struct telescope {
	struct grown *grown;
	size_t n;
};

static struct telescope telescope_new(size_t n)
{
	struct telescope t = {.grown = calloc(n, sizeof(*t.grown)), .n = n};

	assert_non_null(t.grown);
	for (size_t i = 0; i < n; i++)
		t.grown[i].key =
		    nt_sketch_key(i % 5 ? NT_SKETCH_PORT : NT_SKETCH_REGION, (uint32_t)(i % 5 ? i : i / 5));
	return t;
}

static uint64_t count(const uint8_t *rank)
{
	return nt_redis_hll_count(rank);
}

/* So many more hosts. Returns the part's registers, and adds them to what there is. */
static void grow(struct grown *g, uint32_t hosts, struct nt_sketch *part)
{
	uint8_t rank[NT_HLL_REGISTERS] = {0};

	for (uint32_t i = 0; i < hosts; i++) {
		uint64_t hash = next_random();
		uint8_t *at = &rank[nt_hll_index(hash)];

		*at = *at < nt_hll_rank(hash) ? nt_hll_rank(hash) : *at;
	}
	part->key = g->key;
	part->registers = calloc(NT_HLL_REGISTERS, sizeof(*part->registers));
	assert_non_null(part->registers);
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++) {
		if (rank[r])
			part->registers[part->n++] = r << 8 | rank[r];
		g->rank[r] = g->rank[r] < rank[r] ? rank[r] : g->rank[r];
	}
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sketch *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* An interval in which each has so many hosts more. */
static void push(struct fixture *f, struct telescope *t, int64_t start_s, const uint32_t *hosts)
{
	struct nt_snapshot s;

	sample_make(&s, &(struct sample){.start_s = start_s, .entries = 3, .bare = true});
	s.sketch = calloc(t->n + 1, sizeof(*s.sketch));
	assert_non_null(s.sketch);
	for (size_t i = 0; i < t->n; i++) {
		nt_sketch_text(&s, t->grown[i].key, t->grown[i].name);
		if (hosts[i])
			grow(&t->grown[i], hosts[i], &s.sketch[s.n_sketches++]);
	}
	qsort(s.sketch, s.n_sketches, sizeof(*s.sketch), by_key);
	assert_int_equal(nt_spool_push(f->spool, &s), 0);
}

static void push_nothing(struct fixture *f, int64_t start_s)
{
	struct telescope none = {0};

	push(f, &none, start_s, NULL);
}

/* From 1 to `most`, as many of each order of magnitude. */
static uint32_t some_hosts(uint32_t most)
{
	uint32_t limit = most;

	while (limit > 4 && next_random() & 1)
		limit /= 2;
	return 1 + (uint32_t)(next_random() % limit);
}

static uint32_t *hosts_of(size_t n, uint32_t most)
{
	uint32_t *hosts = calloc(n, sizeof(*hosts));

	assert_non_null(hosts);
	for (size_t i = 0; i < n; i++)
		hosts[i] = some_hosts(most);
	return hosts;
}

static void begin(struct fixture *f, uint32_t bound, uint32_t old)
{
	uint32_t *members = f->options.sensor.limits.members;

	freeReplyObject(redis_server_do(&f->server, "FLUSHALL"));
	members[NT_BOUND_D_HLL] = members[NT_BOUND_Q_HLL] = bound;
	members[NT_BOUND_OLD_D_HLL] = members[NT_BOUND_OLD_Q_HLL] = old;
	f->options.sensor.limits.old_s[NT_BUCKET_D] = old ? 2 * DAY_S : 0;
	fixture_new_writer(f);
}

static int64_t stay(struct fixture *f)
{
	return redis_server_number(&f->server, "ZCARD nt:{s}:d:%" PRId64 ":hll_names", DAY);
}

/* ---- what it takes ---- */

static int64_t weigh(struct fixture *f)
{
	static const char *const script =
	    "local bytes = redis.call('MEMORY', 'USAGE', KEYS[1] .. '_names', 'SAMPLES', 0)\n"
	    "for _, key in ipairs(redis.call('KEYS', KEYS[1] .. ':*')) do\n"
	    "	bytes = bytes + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) + tonumber(ARGV[1])\n"
	    "end\n"
	    "return bytes";
	char key[64];

	snprintf(key, sizeof(key), "nt:{s}:d:%" PRId64 ":hll", DAY);
	return redis_server_number(&f->server, "EVAL %s 1 %s %d", script, key, KEY_PLACES);
}

/* One day of dense ones alone. Returns what one of them weighs. */
static int64_t weigh_dense(struct fixture *f, uint32_t bound)
{
	struct telescope t = telescope_new(3 * bound);
	uint32_t *hosts = hosts_of(t.n, 1);

	begin(f, bound, 0);
	for (size_t i = 0; i < t.n; i++)
		hosts[i] = 9000 + 100 * (uint32_t)(i % (2 * bound));
	push(f, &t, DAY, hosts);
	push_nothing(f, DAY + DAY_S);
	fixture_publish(f);
	free(hosts);
	free(t.grown);
	assert_int_equal(stay(f), bound);
	return weigh(f) / bound;
}

/* Where all of them are dense, as many stay as the bound says. */
static void of_dense_ones_the_bound_stays(void **state)
{
	struct fixture *f = *state;

	for (uint32_t bound = 1; bound <= 61; bound += 15) {
		int64_t bytes = weigh_dense(f, bound);

		print_message("%u dense ones: %" PRId64 " bytes each\n", bound, bytes);
		assert_in_range(bytes, 14500, 14900);
	}
}

/* Whatever there is, it weighs no more than so many dense ones. */
static void no_mix_weighs_more(void **state)
{
	static const uint32_t most[] = {4, 40, 150, 300, 700, 2000, 4100, 20000};
	struct fixture *f = *state;
	int64_t dense = weigh_dense(f, 16);

	for (int i = 0; i < 24; i++) {
		uint32_t bound = 1 + (uint32_t)(next_random() % 20);
		struct telescope t = telescope_new(20 + next_random() % 600);
		uint32_t *first = hosts_of(t.n, most[i % 8]), *second = hosts_of(t.n, most[i % 8]);
		int64_t room = bound * dense, bytes;

		begin(f, bound, 0);
		push(f, &t, DAY, first);
		push(f, &t, DAY + 60, second);
		push_nothing(f, DAY + DAY_S);
		fixture_publish(f);
		bytes = weigh(f);
		print_message("%zu of up to %u hosts, room for %u: %" PRId64 " stay, %" PRId64 " %% of it\n", t.n,
			      2 * most[i % 8], bound, stay(f), 100 * bytes / room);
		assert_true(bytes <= room + room / 100); /* some names are longer than others */
		if (stay(f) < (int64_t)t.n)
			assert_true(bytes >= room / 2);
		free(first);
		free(second);
		free(t.grown);
	}
}

/* With the default configuration. */
static void a_small_telescope_keeps_all(void **state)
{
	struct telescope t = telescope_new(200);
	uint32_t *hosts = hosts_of(t.n, 1);
	struct fixture *f = *state;

	begin(f, 48, 8);
	for (size_t i = 0; i < t.n; i++)
		hosts[i] = 1 + (uint32_t)(i % 40);
	push(f, &t, DAY, hosts);
	push_nothing(f, DAY + DAY_S);
	fixture_publish(f);
	assert_int_equal(stay(f), t.n);
	push_nothing(f, DAY + 5 * DAY_S);
	fixture_publish(f);
	assert_int_equal(stay(f), t.n);
	free(hosts);
	free(t.grown);
}

/* ---- what is in it ---- */

/* The string of a HyperLogLog; its length. */
static size_t fetch(struct fixture *f, const struct grown *g, uint8_t out[static DENSE])
{
	redisReply *reply = redis_server_do(&f->server, "GET nt:{s}:d:%" PRId64 ":hll:%s", DAY, g->name);
	size_t length = reply->type == REDIS_REPLY_STRING ? reply->len : 0;

	assert_true(length <= DENSE);
	if (length)
		memcpy(out, reply->str, length);
	freeReplyObject(reply);
	return length;
}

/* What the server counts of bytes as they are, the number that was counted before left out. */
static uint64_t count_anew(struct fixture *f, uint8_t *string, size_t length)
{
	string[15] = 0x80;
	freeReplyObject(redis_server_do(&f->server, "SET anew %b", string, length));
	return (uint64_t)redis_server_number(&f->server, "PFCOUNT anew");
}

static void check_form(const struct grown *g, const uint8_t *string, size_t length)
{
	uint64_t hosts = count(g->rank), long_runs = hosts + 1 < 252 ? hosts + 1 : 252;

	assert_int_equal(string[4], hosts <= SPARSE_HOSTS);
	if (hosts > SPARSE_HOSTS)
		assert_int_equal(length, DENSE);
	else if (length > 16 + 2 * hosts + 1 + long_runs)
		fail_msg("%s: %zu bytes of %" PRIu64 " hosts", g->name, length, hosts);
}

static void check_one(struct fixture *f, const struct grown *g)
{
	uint8_t rank[NT_HLL_REGISTERS] = {0}, string[DENSE];
	size_t length = fetch(f, g, string);
	uint64_t hosts = count(g->rank);

	assert_int_equal(redis_server_number(&f->server, "PFCOUNT nt:{s}:d:%" PRId64 ":hll:%s", DAY, g->name), hosts);
	assert_int_equal(redis_server_number(&f->server, "ZSCORE nt:{s}:d:%" PRId64 ":hll_names %s", DAY, g->name),
			 hosts);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":unique %s", DAY, g->name), hosts);
	assert_in_range(redis_server_number(&f->server, "TTL nt:{s}:d:%" PRId64 ":hll:%s", DAY, g->name), DAY_S,
			INT32_MAX);
	check_form(g, string, length);
	assert_int_equal(nt_redis_hll_unite(string, length, rank), 0);
	assert_memory_equal(rank, g->rank, sizeof(rank));
	assert_int_equal(count_anew(f, string, length), hosts);
}

/* Its union with another, and what it is when the server itself adds to it. */
static void check_use(struct fixture *f, const struct grown *a, const struct grown *b)
{
	uint8_t rank[NT_HLL_REGISTERS];
	uint64_t element = next_random(), hash = nt_hll_hash(&element, sizeof(element));
	char keys[2][NT_REDIS_KEY_TEXT];

	nt_redis_part_key(keys[0], "s", NT_BUCKET_D, DAY, NT_RKEY_HLL, a->name);
	nt_redis_part_key(keys[1], "s", NT_BUCKET_D, DAY, NT_RKEY_HLL, b->name);
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		rank[r] = a->rank[r] < b->rank[r] ? b->rank[r] : a->rank[r];
	assert_int_equal(redis_server_number(&f->server, "PFCOUNT %s %s", keys[0], keys[1]), count(rank));
	freeReplyObject(redis_server_do(&f->server, "DEL merged"));
	freeReplyObject(redis_server_do(&f->server, "PFMERGE merged %s %s", keys[0], keys[1]));
	assert_int_equal(redis_server_number(&f->server, "PFCOUNT merged"), count(rank));
	freeReplyObject(redis_server_do(&f->server, "COPY %s merged REPLACE", keys[0]));
	freeReplyObject(redis_server_do(&f->server, "PFMERGE merged %s", keys[1]));
	assert_int_equal(redis_server_number(&f->server, "PFCOUNT merged"), count(rank));
	freeReplyObject(redis_server_do(&f->server, "COPY %s merged REPLACE", keys[0]));
	freeReplyObject(redis_server_do(&f->server, "PFADD merged %b", &element, sizeof(element)));
	memcpy(rank, a->rank, sizeof(rank));
	if (rank[nt_hll_index(hash)] < nt_hll_rank(hash))
		rank[nt_hll_index(hash)] = nt_hll_rank(hash);
	assert_int_equal(redis_server_number(&f->server, "PFCOUNT merged"), count(rank));
}

static void check_all(struct fixture *f, const struct telescope *t)
{
	assert_int_equal(stay(f), t->n);
	for (size_t i = 0; i < t->n; i++)
		check_one(f, &t->grown[i]);
	for (size_t i = 0; i < 300; i++)
		check_use(f, &t->grown[next_random() % t->n], &t->grown[next_random() % t->n]);
}

static void every_form_counts_alike(void **state)
{
	static const char *const most_bytes[] = {"3000", "0", "15000"};
	struct fixture *f = *state;

	for (size_t round = 0; round < 3; round++) {
		struct telescope t = telescope_new(600);
		uint32_t *first = hosts_of(t.n, 6000), *second = hosts_of(t.n, 6000);

		freeReplyObject(redis_server_do(&f->server, "CONFIG SET hll-sparse-max-bytes %s", most_bytes[round]));
		begin(f, 0, 0);
		push(f, &t, DAY, first);
		push(f, &t, DAY + 60, second);
		push_nothing(f, DAY + DAY_S);
		fixture_publish(f);
		check_all(f, &t);
		for (size_t i = 0; i < t.n; i++) /* to some of them */
			second[i] = next_random() % 3 ? 0 : some_hosts(3000);
		push(f, &t, DAY + 120, second);
		fixture_finish(f);
		check_all(f, &t);
		free(first);
		free(second);
		free(t.grown);
	}
}

/* No sparse form has a register above 32; that changes no number. */
static void the_highest_ranks_count(void **state)
{
	struct telescope t = telescope_new(40);
	uint32_t *hosts = hosts_of(t.n, 3000);
	struct fixture *f = *state;
	struct nt_snapshot s;

	begin(f, 0, 0);
	push(f, &t, DAY, hosts);
	sample_make(&s, &(struct sample){.start_s = DAY + 60, .entries = 3, .bare = true});
	s.sketch = calloc(t.n, sizeof(*s.sketch));
	assert_non_null(s.sketch);
	for (size_t i = 0; i < t.n; i++) {
		s.sketch[s.n_sketches] = (struct nt_sketch){.key = t.grown[i].key, .n = 1};
		s.sketch[s.n_sketches].registers = calloc(1, sizeof(uint32_t));
		s.sketch[s.n_sketches++].registers[0] = (uint32_t)i << 8 | (uint32_t)(33 + i % 19);
		t.grown[i].rank[i] = (uint8_t)(33 + i % 19);
	}
	qsort(s.sketch, s.n_sketches, sizeof(*s.sketch), by_key);
	assert_int_equal(nt_spool_push(f->spool, &s), 0);
	push_nothing(f, DAY + DAY_S);
	fixture_publish(f);
	for (size_t i = 0; i < t.n; i++) {
		uint8_t string[DENSE];
		size_t length = fetch(f, &t.grown[i], string);

		check_form(&t.grown[i], string, length);
		assert_int_equal(count_anew(f, string, length), count(t.grown[i].rank));
	}
	free(hosts);
	free(t.grown);
}

/* A name that had no room comes back late, and now it would fit: as a part, which must not be taken for all. */
static void a_late_part_does_not_stand_for_all(void **state)
{
	struct telescope t = telescope_new(2);
	uint32_t hosts[2] = {3500, 3000};
	struct fixture *f = *state;
	uint64_t before;

	begin(f, 1, 0);
	push(f, &t, DAY, hosts);
	push_nothing(f, DAY + DAY_S);
	fixture_publish(f);
	before = count(t.grown[1].rank);
	assert_int_equal(stay(f), 1);
	hosts[0] = hosts[1] = 5;
	push(f, &t, DAY + 60, hosts);
	fixture_finish(f);
	assert_int_equal(stay(f), 1);
	check_one(f, &t.grown[0]);
	assert_int_equal(redis_server_number(&f->server, "EXISTS nt:{s}:d:%" PRId64 ":hll:%s", DAY, t.grown[1].name),
			 0);
	assert_int_equal(redis_server_number(&f->server, "HGET nt:{s}:d:%" PRId64 ":unique %s", DAY, t.grown[1].name),
			 before);
	free(t.grown);
}

/* ---- in steps ---- */

/* A connection that is lost in the midst of it, again and again. */
static void a_lost_connection_does_no_harm(void **state)
{
	struct telescope t = telescope_new(500);
	uint32_t *hosts = hosts_of(t.n, 3000);
	struct fixture *f = *state;
	int rc, steps = 0;

	begin(f, 0, 0);
	push(f, &t, DAY, hosts);
	for (size_t i = 0; i < t.n; i++)
		hosts[i] = 200;
	push(f, &t, DAY + 60, hosts);
	fixture_publish(f);
	push_nothing(f, DAY + DAY_S);
	do {
		rc = nt_put_step(f->put);
		if (rc < 0)
			usleep(1000);
		if (++steps % 9 == 0)
			freeReplyObject(redis_server_do(&f->server, "CLIENT KILL TYPE normal"));
		assert_true(steps < 1000);
	} while (rc);
	print_message("%d steps\n", steps);
	check_all(f, &t);
	free(hosts);
	free(t.grown);
}

/* Script calls that took longer than `limit_us`, and the longest. */
static size_t long_calls(struct fixture *f, int64_t limit_us, int64_t *longest_us)
{
	redisReply *log = redis_server_do(&f->server, "SLOWLOG GET -1");
	size_t n = 0;

	*longest_us = 0;
	for (size_t i = 0; i < log->elements; i++) {
		int64_t us = log->element[i]->element[2]->integer;

		n += us > limit_us;
		*longest_us = us > *longest_us ? us : *longest_us;
	}
	freeReplyObject(log);
	return n;
}

/* As many as an open day lets in, of which some are deleted and the others are as large as sparse ones get. */
static void many_are_written_anew_in_short_calls(void **state)
{
	struct telescope t = telescope_new(1200);
	uint32_t *hosts = hosts_of(t.n, 60);
	struct fixture *f = *state;
	int64_t longest_us;
	int calls = 0;
	size_t n;

	begin(f, 81, 0);
	for (size_t i = 0; i < 90; i++)
		hosts[i] = 3700 + (uint32_t)i;
	push(f, &t, DAY, hosts);
	fixture_publish(f);
	freeReplyObject(redis_server_do(&f->server, "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 10000"));
	freeReplyObject(redis_server_do(&f->server, "SLOWLOG RESET"));
	push_nothing(f, DAY + DAY_S);
	while (nt_put_step(f->put))
		calls++;
	n = long_calls(f, 20000, &longest_us);
	print_message("%" PRId64 " stay, %d calls, %zu of more than 20 ms, the longest %" PRId64 " us\n", stay(f),
		      calls, n, longest_us);
	assert_in_range(stay(f), 90, t.n - 1);
	/* How long a call takes is the machine's affair, 5 ms by itself; that there are many of bounded size is ours.
	 */
	assert_in_range(calls, 18, 60);
	free(hosts);
	free(t.grown);
}

/* What somebody put in the place of one stops nothing. */
static void a_key_of_another_type_is_passed_over(void **state)
{
	struct telescope t = telescope_new(20);
	uint32_t *hosts = hosts_of(t.n, 1000);
	struct fixture *f = *state;

	begin(f, 0, 0);
	push(f, &t, DAY, hosts);
	fixture_publish(f);
	for (size_t i = 0; i < 2; i++) {
		char key[NT_REDIS_KEY_TEXT];

		nt_redis_part_key(key, "s", NT_BUCKET_D, DAY, NT_RKEY_HLL, t.grown[i].name);
		freeReplyObject(redis_server_do(&f->server, "DEL %s", key));
		if (i)
			freeReplyObject(redis_server_do(&f->server, "LPUSH %s x", key));
	}
	push_nothing(f, DAY + DAY_S);
	fixture_publish(f);
	for (size_t i = 2; i < t.n; i++)
		check_one(f, &t.grown[i]);
	free(hosts);
	free(t.grown);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(of_dense_ones_the_bound_stays),	TEST(no_mix_weighs_more),
	    TEST(a_small_telescope_keeps_all),		TEST(every_form_counts_alike),
	    TEST(a_late_part_does_not_stand_for_all),	TEST(the_highest_ranks_count),
	    TEST(a_lost_connection_does_no_harm),	TEST(a_key_of_another_type_is_passed_over),
	    TEST(many_are_written_anew_in_short_calls),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
