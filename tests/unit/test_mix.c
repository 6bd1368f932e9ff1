/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/differ.h"
#include "base/mix.h"
#include "random.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Whatever keys come, and whatever the secret: linear probing in a half full table finds its places soon. */

#define SLOTS 65536u

static uint64_t some_key(uint32_t kind, uint32_t i)
{
	switch (kind) {
	case 0: /* neighbours */
		return UINT64_C(0x0b000000) + i;
	case 1: /* networks */
		return (uint64_t)i << 8;
	case 2: /* one host in each of many networks */
		return (uint64_t)i << 16 | 1;
	case 3: /* sources with the same port */
		return (uint64_t)(i + 1) << 32 | 445;
	case 4: /* a source at all ports */
		return UINT64_C(7) << 32 | i;
	case 5: /* some ports of neighbouring sources */
		return (uint64_t)(i / 4 + 1) << 32 | (i % 4 * 1000);
	case 6: /* names of sketches */
		return (uint64_t)(i % 8) << 24 | i / 8;
	default: /* what is meant to meet where a multiplier is all there is */
		return (uint64_t)i * 0x10000001u;
	}
}

/* Slots looked at for each of as many keys as fill half of the table. */
static double probes(uint32_t kind, uint8_t *used)
{
	uint32_t looked = 0;

	memset(used, 0, SLOTS);
	for (uint32_t i = 0; i < SLOTS / 2; i++) {
		uint32_t at = (uint32_t)(nt_mix_word(some_key(kind, i)) >> 32) & (SLOTS - 1);

		looked++;
		while (used[at]) {
			at = (at + 1) & (SLOTS - 1);
			looked++;
		}
		used[at] = 1;
	}
	return looked / (SLOTS / 2.0);
}

static void places_are_spread(void **state)
{
	static const uint64_t secrets[] = {0, 1, UINT64_MAX, UINT64_C(0x6e6565646c657461), UINT64_C(0xdeadbeef), 12345};
	uint8_t *used = malloc(SLOTS);

	(void)state;
	assert_non_null(used);
	for (uint32_t s = 0; s < 40; s++) {
		nt_mix_secret = s < 6 ? secrets[s] : nt_mix(s, 77);
		for (uint32_t kind = 0; kind < 8; kind++)
			if (probes(kind, used) > 8) { /* 1.5 where places are random: Knuth, TAOCP 6.4 */
				print_error("kind %u, secret %#lx: %.1f\n", kind, (unsigned long)nt_mix_secret,
					    probes(kind, used));
				assert_true(false);
			}
	}
	nt_mix_secret = 0;
	free(used);
}

static void differences_are_found_either_way(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 100000; round++) {
		uint64_t a[2] = {next_random(), next_random()}, b[2] = {a[0], a[1]};

		for (uint32_t i = 0; i < 8; i++)
			if (next_random() % 3 == 0)
				b[i / 4] ^= (next_random() & 0xffff) << i % 4 * 16;
		assert_int_equal(nt_differ(a, b), nt_differ_plain(a, b));
	}
	assert_int_equal(nt_differ_plain("0123456789abcdef", "0123456789abcdeF"), 0x80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(places_are_spread),
	    cmocka_unit_test(differences_are_found_either_way),
	};

	return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
