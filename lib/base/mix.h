/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_MIX_H
#define NT_BASE_MIX_H

#include <stdint.h>

/** A good hash of 128 bits that is cheap on the packet path: two multiplications of 64 x 64 bits, halves xored. */
static inline uint64_t nt_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd1b54a32d192ed03u);
	uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);

	product = (wide)folded * 0xa0761d6478bd642fu;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Whoever sends to a telescope chooses the keys of its tables: with a known hash he could have all his addresses meet
 * in one place, and every search walk over all of them. So the place depends on a number that he cannot know. Nothing
 * that is published depends on it.
 */
extern uint64_t nt_mix_secret; /* constant once threads run; 0 until chosen */

/** Chooses the secret. Main thread, before tables are used. Returns 0, or -EIO without random numbers. */
int nt_mix_choose_secret(void);

/** As nt_mix(), for places in tables whose keys come from outside. */
static inline uint64_t nt_mix_keyed(uint64_t a, uint64_t b)
{
	return nt_mix(a ^ nt_mix_secret, b);
}

/**
 * A hash of 64 bits for places in tables whose keys come from outside, with half the work of nt_mix_keyed(): two
 * multiplications of 64 bits. The first, by a secret number, leaves no two keys that surely meet (Dietzfelbinger et
 * al., "A reliable randomized algorithm for the closest-pair problem", 1997), but neighbours in a row; the second
 * breaks that up. The upper half is the better one.
 */
static inline uint64_t nt_mix_word(uint64_t key)
{
	uint64_t mixed = key * (nt_mix_secret | 1);

	mixed ^= mixed >> 32;
	return mixed * 0xa0761d6478bd642fu;
}

#endif
