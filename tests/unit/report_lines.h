/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_REPORT_LINES_H
#define NT_TEST_REPORT_LINES_H

#include "random.h"

#include <math.h>
#include <stddef.h>

/* What tests of lines of numbers share; after cmocka.h. */

#define QUARTER 92
#define HISTORY 276

/** Evenly distributed around 0, at most `most` away. */
static inline double noise(double most)
{
	return most * (2 * (double)(next_random() >> 11) / (double)(UINT64_C(1) << 53) - 1);
}

static inline size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

static inline void gap(double *value, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		value[i] = NAN;
}

/** Each test begins the sequence again: none depends on those before it. */
static inline int begin_sequence(void **state)
{
	(void)state;
	random_state = 1;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, begin_sequence)

#endif
