/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/index.h"
#include "detect/past.h"
#include "random.h"

#include <errno.h>

#define LINES 50
#define KEYS  120

static struct nt_index_key key_of(uint32_t number)
{
	return (struct nt_index_key){.a = number / 4, .b = number % 2, .c = number % 4};
}

/* Random additions and removals, held against an array of all keys that there are. */
static void test_index_is_a_map(void **state)
{
	struct nt_index x;
	uint32_t line[LINES]; /* the number of the key of each line */
	bool there[KEYS] = {false};

	(void)state;
	assert_int_equal(nt_index_init(&x, LINES), 0);
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t number = (uint32_t)(next_random() % KEYS);
		struct nt_index_key key = key_of(number);
		uint32_t at = nt_index_find(&x, &key);

		assert_int_equal(at != NT_INDEX_NONE, there[number]);
		if (at == NT_INDEX_NONE) {
			at = nt_index_add(&x, &key);
			if (at == NT_INDEX_NONE) {
				assert_int_equal(x.n, LINES);
				nt_index_remove(&x, 7);
				there[line[7]] = false;
				line[7] = line[x.n];
				continue;
			}
			assert_int_equal(at, x.n - 1);
			line[at] = number;
			there[number] = true;
		} else {
			assert_int_equal(line[at], number);
			if (next_random() % 2 == 0)
				continue;
			nt_index_remove(&x, at);
			line[at] = line[x.n];
			there[number] = false;
		}
	}
	nt_index_clear(&x);
	for (uint32_t number = 0; number < KEYS; number++) {
		struct nt_index_key key = key_of(number);

		assert_int_equal(nt_index_find(&x, &key), NT_INDEX_NONE);
	}
	nt_index_fini(&x);
}

static void test_index_sizes(void **state)
{
	struct nt_index x;

	(void)state;
	assert_int_equal(nt_index_init(&x, 0), -EINVAL);
	nt_index_fini(&x);
	assert_int_equal(nt_index_init(&x, UINT32_MAX), -EINVAL);
	nt_index_fini(&x);
}

/* Keys are in the order of addresses, and an IPv4 address is not the IPv6 address of the same bytes. */
static void test_keys_of_addresses(void **state)
{
	struct nt_address low = {.byte = {10, 0, 0, 1}, .length = 4}, high = {.byte = {10, 0, 1, 0}, .length = 4};
	struct nt_address long_one = {.byte = {10, 0, 0, 1}, .length = 16};
	struct nt_index_key a = nt_index_address(&low, 6), b = nt_index_address(&high, 6);
	struct nt_index_key c = nt_index_address(&long_one, 6), d = nt_index_address(&low, 17);

	(void)state;
	assert_true(nt_index_compare(&a, &b) < 0);
	assert_true(nt_index_compare(&b, &a) > 0);
	assert_int_equal(nt_index_compare(&a, &a), 0);
	assert_int_not_equal(nt_index_compare(&a, &c), 0);
	assert_int_not_equal(nt_index_compare(&a, &d), 0);
	low.byte[5] = 1; /* behind an IPv4 address nothing counts */
	b = nt_index_address(&low, 6);
	assert_int_equal(nt_index_compare(&a, &b), 0);
}

/* ---- pasts ---- */

/* The definition, from a list of all hours; UINT32_MAX is left out. */
static struct nt_usual reference(const uint32_t *hour, uint32_t n, uint32_t many)
{
	uint32_t from = n > NT_PAST_HOURS - 1 ? n - (NT_PAST_HOURS - 1) : 0, known = 0, trimmed = 0;
	uint32_t kept[NT_PAST_HOURS];
	double sum = 0;

	for (uint32_t i = from; i < n; i++)
		if (hour[i] != UINT32_MAX)
			kept[known++] = hour[i];
	for (uint32_t round = 0; round < known / 8; round++) {
		uint32_t highest = 0;

		for (uint32_t i = 1; i < known; i++)
			if (kept[highest] == UINT32_MAX || (kept[i] != UINT32_MAX && kept[i] > kept[highest]))
				highest = i;
		if (kept[highest] == UINT32_MAX || kept[highest] < many)
			break;
		kept[highest] = UINT32_MAX;
		trimmed++;
	}
	for (uint32_t i = 0; i < known; i++)
		sum += kept[i] == UINT32_MAX ? 0 : kept[i];
	return (struct nt_usual){.sources = known == trimmed ? 0 : sum / (known - trimmed), .hours = known - trimmed};
}

static void test_past_is_a_trimmed_mean(void **state)
{
	struct nt_index_key key = key_of(1);
	uint32_t hour[400];
	struct nt_past p;

	(void)state;
	assert_int_equal(nt_past_init(&p, 4), 0);
	for (uint32_t h = 0; h < 400; h++) {
		hour[h] = 0;
		if (next_random() % 3 != 0) { /* in other hours nobody asks */
			struct nt_past_group *g = nt_past_group(&p, &key);
			struct nt_usual usual = nt_past_usual(&p, g, 4), right = reference(hour, h, 4);

			assert_int_equal(usual.hours, right.hours);
			assert_true(usual.sources > right.sources - 1e-9 && usual.sources < right.sources + 1e-9);
			hour[h] = (uint32_t)(next_random() % (next_random() % 20 == 0 ? 100 : 6));
			if (next_random() % 10 == 0) {
				hour[h] = UINT32_MAX;
				nt_past_leave_out(&p, g);
			} else {
				nt_past_learn(&p, g, hour[h]);
			}
		}
		nt_past_next(&p);
	}
	nt_past_fini(&p);
}

/* A group that comes back after it was forgotten is not taken for a new one without a past. */
static void test_forgotten_is_doubted(void **state)
{
	struct nt_past p;

	(void)state;
	assert_int_equal(nt_past_init(&p, 16), 0);
	for (uint32_t h = 0; h < 30; h++) {
		for (uint32_t g = 0; g < 16; g++) {
			struct nt_index_key key = key_of(g);

			nt_past_learn(&p, nt_past_group(&p, &key), 1 + g);
		}
		nt_past_next(&p);
	}
	assert_int_equal(p.dropped, 0);
	for (uint32_t g = 100; g < 101; g++) {
		struct nt_index_key key = key_of(g);
		struct nt_past_group *fresh = nt_past_group(&p, &key);

		assert_int_equal(p.dropped, 3); /* an eighth, and one */
		assert_int_equal(nt_past_usual(&p, fresh, 4).doubt, 30 * 3);
		nt_past_learn(&p, fresh, 1);
	}
	for (uint32_t g = 3; g < 16; g++) { /* those with most are still there */
		struct nt_index_key key = key_of(g);

		assert_int_equal(nt_past_usual(&p, nt_past_group(&p, &key), 1000).sources, 1 + g);
	}
	nt_past_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_index_is_a_map),	 cmocka_unit_test(test_index_sizes),
	    cmocka_unit_test(test_keys_of_addresses),	 cmocka_unit_test(test_past_is_a_trimmed_mean),
	    cmocka_unit_test(test_forgotten_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
