/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/targets.h"

#include <math.h>

#define REGISTERS_IN_WORD 16

static uint32_t register_at(const uint64_t *sketch, uint32_t i)
{
	return (uint32_t)(sketch[i / REGISTERS_IN_WORD] >> i % REGISTERS_IN_WORD * 4) & 15;
}

void nt_targets_merge(uint64_t *into, const uint64_t *from, uint32_t words)
{
	for (uint32_t i = 0; i < words * REGISTERS_IN_WORD; i++) {
		uint32_t shift = i % REGISTERS_IN_WORD * 4;
		uint64_t rank = register_at(from, i);

		if (register_at(into, i) < rank)
			into[i / REGISTERS_IN_WORD] =
			    (into[i / REGISTERS_IN_WORD] & ~(UINT64_C(15) << shift)) | rank << shift;
	}
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
