/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_RANDOM_H
#define NT_TEST_RANDOM_H

#include <stdint.h>

/** Where the sequence stands; set it to begin again. */
static uint64_t random_state = 1;

/** splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): same on every run. */
static inline uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

#endif
