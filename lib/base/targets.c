/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/targets.h"

#include <math.h>

#define REGISTERS_IN_WORD 16

static uint32_t register_at(const uint64_t *sketch, uint32_t i)
{
	return (uint32_t)(sketch[i / REGISTERS_IN_WORD] >> i % REGISTERS_IN_WORD * 4) & 15;
}

/* The greater of each of eight numbers, none above 15: bit 7 of a byte tells whether the difference is below 0. */
static uint64_t greater_of_bytes(uint64_t a, uint64_t b)
{
	const uint64_t top = 0x8080808080808080u;
	uint64_t a_is = (((a | top) - b) & top) >> 7; /* 1 where a >= b */
	uint64_t mask = a_is * 0xff;

	return (a & mask) | (b & ~mask);
}

void nt_targets_merge(uint64_t *into, const uint64_t *from, uint32_t words)
{
	const uint64_t low = 0x0f0f0f0f0f0f0f0fu;

	for (uint32_t i = 0; i < words; i++) {
		uint64_t even = greater_of_bytes(into[i] & low, from[i] & low);
		uint64_t odd = greater_of_bytes(into[i] >> 4 & low, from[i] >> 4 & low);

		into[i] = even | odd << 4;
	}
}

/* Eight numbers, each in a byte, moved together. */
static uint64_t nibbles_of(uint64_t bytes)
{
	bytes = (bytes | bytes >> 4) & 0x00ff00ff00ff00ffu;
	bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffffu;
	return (bytes | bytes >> 16) & 0xffffffffu;
}

/* A register of the half is the greater of the two next to each other that its targets went to. */
static uint64_t halve_word(uint64_t word)
{
	const uint64_t low = 0x0f0f0f0f0f0f0f0fu;

	return nibbles_of(greater_of_bytes(word & low, word >> 4 & low));
}

void nt_targets_halve(uint64_t *half, const uint64_t *from, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		half[i] = halve_word(from[2 * i]) | halve_word(from[2 * i + 1]) << 32;
}

/* The constant of m registers: Flajolet et al., figure 3. Below 16 registers there is none. */
static double alpha(uint32_t m)
{
	if (m == 16)
		return 0.673;
	if (m == 32)
		return 0.697;
	if (m == 64)
		return 0.709;
	return 0.7213 / (1 + 1.079 / m);
}

uint64_t nt_targets_estimate(const uint64_t *sketch, uint32_t words)
{
	uint32_t m = words * REGISTERS_IN_WORD, empty = 0;
	double sum = 0, estimate;

	for (uint32_t i = 0; i < m; i++) {
		uint32_t rank = register_at(sketch, i);

		sum += 1.0 / (1u << rank);
		empty += !rank;
	}
	estimate = alpha(m) * m * m / sum;
	if (empty && estimate <= 2.5 * m)
		estimate = m * log((double)m / empty);
	return (uint64_t)llround(estimate);
}
