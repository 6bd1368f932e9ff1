/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/heaviest.h"
#include "redis/plan.h"
#include "redis_samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct nt_sensor sensor = {
    .name = "s",
    .group = "domestic",
    .version = "0",
    .interval_s = 60,
    .limits = {.members = {[NT_BOUND_M] = 128, [NT_BOUND_OPEN_REGION_PORT] = 32768}},
};

static void requests_are_equal(const struct nt_request *a, const struct nt_request *b)
{
	assert_int_equal(a->error, 0);
	assert_int_equal(b->error, 0);
	assert_int_equal(a->key.n, b->key.n);
	assert_int_equal(a->arg.n, b->arg.n);
	for (size_t i = 0; i < a->key.n; i++)
		assert_string_equal(nt_texts_get(&a->key, i), nt_texts_get(&b->key, i));
	for (size_t i = 0; i < a->arg.n; i++)
		assert_string_equal(nt_texts_get(&a->arg, i), nt_texts_get(&b->arg, i));
}

/* Another plan of equal numbers, in other memory, has the same chunks; what chunk 0 says besides moves nothing. */
static void chunks_depend_on_the_numbers_alone(void **state)
{
	const struct sample sample = {.start_s = 1662422400, .entries = 3000, .seed = 7};
	const struct nt_plan_first none = {0},
				   all = {.newest = true, .reopened = {true, true, true, true}, .dropped_intervals = 3};
	struct nt_request ra = {0}, rb = {0};
	struct nt_snapshot a, b;
	struct nt_plan pa, pb;

	(void)state;
	sample_make(&a, &sample);
	sample_make(&b, &sample);
	assert_int_equal(nt_plan_init(&pa, &sensor, &a), 0);
	assert_int_equal(nt_plan_init(&pb, &sensor, &b), 0);
	assert_int_equal(pa.chunks, pb.chunks);
	assert_true(pa.chunks > 10);
	for (uint32_t chunk = 0; chunk < pa.chunks; chunk++) {
		nt_plan_encode(&pa, chunk, &none, &ra);
		nt_plan_encode(&pb, chunk, chunk ? &all : &none, &rb);
		requests_are_equal(&ra, &rb);
	}
	nt_request_fini(&ra);
	nt_request_fini(&rb);
	nt_plan_fini(&pa);
	nt_plan_fini(&pb);
	nt_snapshot_fini(&a);
	nt_snapshot_fini(&b);
}

/* Additions of a request: pairs in its operations times the keys that they go to. */
static size_t additions(const struct nt_request *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->arg.n;) {
		const char op = *nt_texts_get(&r->arg, i++);
		size_t targets, width = op == 'z' ? 7 : 3, rows;

		if (op == 'i') {
			i += 1 + 2 * strtoull(nt_texts_get(&r->arg, i), NULL, 10);
			continue;
		}
		if (op == 'e') {
			i += 3 + strtoull(nt_texts_get(&r->arg, i), NULL, 10);
			continue;
		}
		if (op != 'z' && op != 'h')
			break; /* the tail: a stream entry and the heaviest of now */
		targets = strtoull(nt_texts_get(&r->arg, i++), NULL, 10);
		i += targets * width;
		rows = strtoull(nt_texts_get(&r->arg, i++), NULL, 10);
		i += 2 * rows;
		n += targets * rows;
	}
	return n;
}

static size_t expected_additions(const struct nt_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_parts; i++) {
		n += p->part[i].kind == NT_PLAN_MINUTE || p->part[i].kind == NT_PLAN_PORT_ALL ? p->part[i].n : 0;
		n += p->part[i].kind == NT_PLAN_LONG ? 3 * p->part[i].n : 0;
	}
	return n;
}

static void chunks_are_small_and_complete(void **state)
{
	static const uint32_t entries[] = {0, 1, 30, 100, 1500, 40000};
	const struct nt_plan_first first = {0};
	struct nt_request r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		const struct sample sample = {.start_s = 60, .entries = entries[i], .seed = i, .bare = true};
		struct nt_snapshot s;
		struct nt_plan p;
		size_t n = 0, head = 0;

		sample_make(&s, &sample);
		assert_int_equal(nt_plan_init(&p, &sensor, &s), 0);
		for (uint32_t chunk = 0; chunk < p.chunks; chunk++) {
			size_t here;

			nt_plan_encode(&p, chunk, &first, &r);
			here = additions(&r);
			assert_true(here <= NT_PLAN_WRITES);
			assert_true(chunk + 1 == p.chunks || here > NT_PLAN_WRITES / 4);
			n += here;
		}
		nt_plan_encode(&p, 0, &first, &r);
		head = n - expected_additions(&p);
		assert_true(head >= 4 * 10 && head <= 4 * 80);
		nt_plan_fini(&p);
		nt_snapshot_fini(&s);
	}
	nt_request_fini(&r);
}

/* Hosts of sketches in a chunk, each twice: they are written to a day and a quarter. */
static void hosts_fill_chunks(void **state)
{
	enum { SKETCHES = 200 };
	struct nt_request r = {0};
	struct nt_snapshot s;
	struct nt_plan p;
	size_t chunks[2];

	(void)state;
	for (int round = 0; round < 2; round++) {
		sample_make(&s, &(struct sample){.start_s = 60, .bare = true});
		s.sketch = calloc(SKETCHES, sizeof(*s.sketch));
		assert_non_null(s.sketch);
		for (uint32_t i = 0; i < SKETCHES; i++) {
			struct nt_sketch *k = &s.sketch[s.n_sketches++];

			*k = (struct nt_sketch){.key = nt_sketch_key(NT_SKETCH_PORT, i), .n = 1};
			k->registers = calloc(1, sizeof(*k->registers));
			k->host = calloc(NT_FEW_HOSTS, sizeof(*k->host));
			assert_true(k->registers && k->host);
			k->registers[0] = 1;
			for (uint32_t h = 0; h < NT_FEW_HOSTS && round; h++)
				k->host[k->n_hosts++] = h;
		}
		assert_int_equal(nt_plan_init(&p, &sensor, &s), 0);
		chunks[round] = p.chunks;
		for (uint32_t chunk = 0; chunk < p.chunks; chunk++) {
			nt_plan_encode(&p, chunk, &(struct nt_plan_first){0}, &r);
			assert_true(r.arg.n < 8 * NT_PLAN_WRITES);
		}
		nt_plan_fini(&p);
		nt_snapshot_fini(&s);
	}
	assert_in_range(chunks[0], SKETCHES / 20, SKETCHES / 15);
	assert_in_range(chunks[1], SKETCHES / 7, SKETCHES / 4);
	nt_request_fini(&r);
}

static int descending(const void *left, const void *right)
{
	const struct nt_pick *a = left, *b = right;

	if (a->entry.count != b->entry.count)
		return a->entry.count < b->entry.count ? 1 : -1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->entry.key > b->entry.key) - (a->entry.key < b->entry.key);
}

/* The heap's choice against sorting everything. */
static void the_heaviest_are_picked(void **state)
{
	enum { WANTED = 128 };
	const struct sample sample = {.start_s = 0, .entries = 5000, .seed = 3};
	struct nt_pick pick[WANTED], *all;
	struct nt_heaviest h = {.pick = pick, .wanted = WANTED};
	struct nt_snapshot s;
	size_t n = 0;

	(void)state;
	sample_make(&s, &sample);
	all = calloc(s.table[NT_TABLE_TCP_PORT].n + s.table[NT_TABLE_UDP_PORT].n, sizeof(*all));
	assert_non_null(all);
	for (enum nt_table t = NT_TABLE_TCP_PORT; t <= NT_TABLE_UDP_PORT; t++) {
		nt_heaviest_offer(&h, t, &s.table[t]);
		for (size_t i = 0; i < s.table[t].n; i++)
			all[n++] = (struct nt_pick){.table = t, .entry = s.table[t].entry[i]};
	}
	qsort(all, n, sizeof(*all), descending);
	assert_int_equal(h.n, WANTED);
	nt_heaviest_sort(&h);
	for (size_t i = 1; i < h.n; i++)
		assert_true(pick[i - 1].table < pick[i].table || pick[i - 1].entry.key < pick[i].entry.key);
	qsort(pick, WANTED, sizeof(*pick), descending);
	for (size_t i = 0; i < WANTED; i++) {
		assert_int_equal(pick[i].table, all[i].table);
		assert_int_equal(pick[i].entry.key, all[i].entry.key);
		assert_int_equal(pick[i].entry.count, all[i].entry.count);
	}
	free(all);
	nt_snapshot_fini(&s);
}

static void cut_members_go_to_rest(void **state)
{
	const struct sample sample = {.start_s = 0, .entries = 1000, .seed = 5};
	struct nt_snapshot s;
	struct nt_plan p;
	uint64_t kept[NT_REDIS_KEYS] = {0}, all[NT_REDIS_KEYS + 1] = {0};
	size_t members[NT_REDIS_KEYS] = {0};

	(void)state;
	sample_make(&s, &sample);
	assert_int_equal(nt_plan_init(&p, &sensor, &s), 0);
	for (size_t i = 0; i < p.n_parts; i++) {
		enum nt_redis_key key;

		if (p.part[i].kind != NT_PLAN_MINUTE)
			continue;
		key = nt_redis_table_key(p.part[i].table);
		members[key] += p.part[i].n;
		for (size_t j = 0; j < p.part[i].n; j++)
			kept[key] += p.part[i].entry[j].count;
	}
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		all[nt_redis_table_key(t)] += nt_counts_total(&s.table[t]);
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++) {
		assert_true(members[key] <= 128);
		assert_int_equal(kept[key] + p.minute_rest[key], all[key]);
	}
	assert_true(p.minute_rest[NT_RKEY_PORT] > 0);
	nt_plan_fini(&p);
	nt_snapshot_fini(&s);
}

static void times_that_redis_cannot_hold_are_refused(void **state)
{
	static const int64_t bad[] = {-1, INT64_MIN, INT64_C(253402300800), INT64_MAX - 60};
	struct sample sample = {.start_s = INT64_C(253402300740)};
	struct nt_snapshot s;
	struct nt_plan p;

	(void)state;
	sample_make(&s, &sample);
	assert_int_equal(nt_plan_init(&p, &sensor, &s), 0);
	nt_plan_fini(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s.start_s = bad[i];
		s.end_s = bad[i] + 60;
		assert_int_equal(nt_plan_init(&p, &sensor, &s), -ERANGE);
	}
	nt_snapshot_fini(&s);
}

static void a_request_can_be_used_again(void **state)
{
	struct nt_request r = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		size_t reserved;

		nt_request_reset(&r);
		assert_int_equal(nt_request_key(&r, NT_REDIS_HASH, "a"), 1);
		assert_int_equal(nt_request_key(&r, NT_REDIS_ZSET, "b"), 2);
		assert_int_equal(nt_request_key(&r, NT_REDIS_HASH, "a"), 1);
		assert_string_equal(nt_texts_get(&r.type, 1), "z");
		reserved = nt_request_reserve(&r);
		for (int i = 0; i < 1000; i++)
			nt_request_number(&r, -i);
		nt_request_count(&r, UINT64_MAX);
		nt_request_fill(&r, reserved, 1234567890123);
		assert_string_equal(nt_texts_get(&r.arg, reserved), "1234567890123");
		assert_int_equal(r.arg.at[reserved].length, 13);
		assert_string_equal(nt_texts_get(&r.arg, 1000), "-999");
		assert_string_equal(nt_texts_get(&r.arg, 1001), "9223372036854775807");
		assert_int_equal(r.error, 0);
	}
	nt_request_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chunks_depend_on_the_numbers_alone),
	    cmocka_unit_test(chunks_are_small_and_complete),
	    cmocka_unit_test(hosts_fill_chunks),
	    cmocka_unit_test(the_heaviest_are_picked),
	    cmocka_unit_test(cut_members_go_to_rest),
	    cmocka_unit_test(times_that_redis_cannot_hold_are_refused),
	    cmocka_unit_test(a_request_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
