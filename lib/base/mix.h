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
 * A hash of 64 bits for places in tables whose keys come from outside: one multiplication of 64 x 64 bits, halves
 * xored. The secret is in both factors, so that neither neighbouring keys nor multiples of anything fall together.
 */
static inline uint64_t nt_mix_once(uint64_t key)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(key ^ nt_mix_secret ^ 0x9e3779b97f4a7c15u) * (nt_mix_secret ^ 0xa0761d6478bd642fu);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
