/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_HLL_H
#define NT_BASE_HLL_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>

/*
 * HyperLogLog with the parameters of Redis (hyperloglog.c): 2^14 registers, MurmurHash64A with seed 0xadc83b19, rank
 * from the bits above the index. What is counted here, written out and merged there gives the same number as if the
 * server had seen every element. The element of a source is its address as 4 or 16 bytes in network order.
 */

#define NT_HLL_INDEX_BITS 14
#define NT_HLL_REGISTERS  (1u << NT_HLL_INDEX_BITS)
#define NT_HLL_RANK_MAX	  (64 - NT_HLL_INDEX_BITS + 1) /* fits six bits */

/** Hash of an element: MurmurHash64A (Austin Appleby) of its bytes. Any thread. */
uint64_t nt_hll_hash(const void *element, size_t length);

/** The same of four bytes that stand in memory as in `element`. Any thread; packet path. */
static inline uint64_t nt_hll_hash4(uint32_t element)
{
	const uint64_t seed = UINT64_C(0xadc83b19), mix = UINT64_C(0xc6a4a7935bd1e995);
	uint64_t hash = (seed ^ 4 * mix ^ le32toh(element)) * mix;

	hash = (hash ^ hash >> 47) * mix;
	return hash ^ hash >> 47;
}

/** Register of a hash. */
static inline uint32_t nt_hll_index(uint64_t hash)
{
	return (uint32_t)hash & (NT_HLL_REGISTERS - 1);
}

/** What the register of a hash holds at least: 1 + trailing zeros of the rest, 1..NT_HLL_RANK_MAX. */
static inline uint8_t nt_hll_rank(uint64_t hash)
{
	uint64_t rest = hash >> NT_HLL_INDEX_BITS | UINT64_C(1) << (64 - NT_HLL_INDEX_BITS);

	return (uint8_t)(__builtin_ctzll(rest) + 1);
}

/**
 * Number of different elements, from how many registers hold each rank (histogram[0]: empty ones; they add up to
 * NT_HLL_REGISTERS). Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6; the
 * same that PFCOUNT gives. Standard error 0.81 %. Any thread.
 */
uint64_t nt_hll_estimate(const uint32_t histogram[static NT_HLL_RANK_MAX + 1]);

#endif
