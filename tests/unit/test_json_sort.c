/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "snapshot/json_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members of a map against qsort(), in the orders in which they may come. */

#define MEMBERS_MAX 3000u

static int most_then_text(const void *a, const void *b)
{
	const struct nt_json_member *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

/* Mostly small, so that many are alike; some around the largest of those that are told apart at once; some huge. */
static uint64_t some_count(void)
{
	switch (next_random() % 8) {
	case 0:
		return 250 + next_random() % 12;
	case 1:
		return next_random();
	default:
		return 1 + next_random() % 3;
	}
}

enum order { BY_KEY, ANY, BACKWARDS };

/* `texts`: how a key is written; the third kind begins alike for longer than what is compared at once. */
static void fill(struct nt_json_member *member, uint32_t n, enum order order, uint32_t texts)
{
	static const char *const format[] = {"%" PRIu32, "JP:%" PRIu32 "/tcp", "beginning-%" PRIu32};
	uint32_t stride = order == ANY ? 1009 : 1; /* a prime that divides no `n` here: all keys, in no order */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t key = (uint32_t)((uint64_t)(order == BACKWARDS ? n - 1 - i : i) * stride % n);
		char text[NT_MEMBER_TEXT];

		snprintf(text, sizeof(text), format[texts], 7 * key);
		nt_json_member_begin(&member[i], some_count());
		memcpy(member[i].text, text, strlen(text) + 1);
	}
}

static void members_are_sorted(void **state)
{
	static const uint32_t sizes[] = {0, 1, 2, 3, 8, 9, 100, 257, MEMBERS_MAX};
	static struct nt_json_member member[MEMBERS_MAX], expected[MEMBERS_MAX];

	(void)state;
	random_state = 5;
	for (uint32_t i = 0; i < 9 * sizeof(sizes) / sizeof(*sizes); i++) {
		uint32_t n = sizes[i / 9];
		struct nt_json j = {0};

		memset(member, 0, sizeof(member));
		fill(member, n, (enum order)(i % 3), i / 3 % 3);
		memcpy(expected, member, sizeof(expected));
		qsort(expected, n, sizeof(*expected), most_then_text);
		nt_json_sort(&j, member, n);
		assert_false(j.failed);
		assert_memory_equal(member, expected, sizeof(member));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
