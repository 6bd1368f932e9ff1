/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hll.h"

#include <math.h>

/*
 * Ertl's estimator. It needs no table of empirical corrections and holds from one element up to 2^64: empty registers
 * and those at the highest rank enter through the series sigma and tau, which repair what a finite register cannot say.
 * The order of the operations is that of Redis, so that rounding is the same, too.
 */

/* 1 / (2 ln 2), the constant of infinitely many registers. */
#define ALPHA 0.721347520444481703680

/* sigma(x) = x + sum over k >= 1 of x^(2^k) 2^(k-1), for the share of empty registers. */
static double sigma(double x)
{
	double factor = 1, sum = x, before;

	if (x >= 1)
		return INFINITY;
	do {
		x *= x;
		before = sum;
		sum += x * factor;
		factor += factor;
	} while (sum != before);
	return sum;
}

/* tau(x) = (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3, for the share of registers below the top. */
static double tau(double x)
{
	double factor = 1, sum = 1 - x, before;

	if (x <= 0 || x >= 1)
		return 0;
	do {
		x = sqrt(x);
		before = sum;
		factor *= 0.5;
		sum -= (1 - x) * (1 - x) * factor;
	} while (sum != before);
	return sum / 3;
}

uint64_t nt_hll_estimate(const uint32_t histogram[static NT_HLL_RANK_MAX + 1])
{
	const double m = NT_HLL_REGISTERS;
	double z = m * tau((m - histogram[NT_HLL_RANK_MAX]) / m);

	for (int rank = NT_HLL_RANK_MAX - 1; rank >= 1; rank--)
		z = (z + histogram[rank]) * 0.5;
	z += m * sigma(histogram[0] / m);
	return (uint64_t)llround(ALPHA * m * m / z);
}
