/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_TARGETS_H
#define NT_BASE_TARGETS_H

#include <stdint.h>

/*
 * A small sketch of how many of our addresses somebody hit: a HyperLogLog of four-bit registers, 16 in a word. One
 * word (standard error 26 %) fits the line of a source, four words (13 %) that of a backscatter source. An estimate,
 * and always said so.
 */

/**
 * Hash of an IPv4 target, whose upper half is a good one. One multiplication would do for targets at random; whoever
 * sweeps over addresses in a row, or over every 256th, needs the second.
 */
static inline uint64_t nt_targets_hash4(uint32_t address)
{
	uint64_t mixed = (address + UINT64_C(1)) * 0x9e3779b97f4a7c15u;

	mixed ^= mixed >> 32;
	return mixed * 0xa0761d6478bd642fu;
}

/** Notes a target. `words` is a power of two; `hash` any of the target's address whose upper half is a good one. */
static inline void nt_targets_add(uint64_t *sketch, uint32_t words, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> (60 - __builtin_ctz(words))), shift = at % 16 * 4;
	uint32_t rank = (uint32_t)__builtin_ctz((uint32_t)(hash >> 32) | 1u << 14) + 1; /* 1..15 */
	int32_t more = (int32_t)(rank - (uint32_t)(sketch[at / 16] >> shift & 15));

	/* Whether it is greater is a coin toss, and compilers make a branch of any comparison here: its sign tells. */
	sketch[at / 16] += (uint64_t)(uint32_t)(more & ~(more >> 31)) << shift;
}

/** Adds the targets of `from`. */
void nt_targets_merge(uint64_t *into, const uint64_t *from, uint32_t words);

/** The sketch of `words` words that the same targets make which made one of twice as many. */
void nt_targets_halve(uint64_t *half, const uint64_t *from, uint32_t words);

/**
 * How many targets, about. Flajolet et al., "HyperLogLog", 2007, with linear counting while registers are empty.
 */
uint64_t nt_targets_estimate(const uint64_t *sketch, uint32_t words);

#endif
