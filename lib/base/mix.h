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

#endif
