/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hll.h"

#include <string.h>

/* The one part of the sketch that runs on the packet path, hence a file of its own: only tally/ calls it there, and
 * only for sources that found no line. */

#define SEED UINT64_C(0xadc83b19) /* Redis, hyperloglog.c: hllPatLen() */
#define MIX  UINT64_C(0xc6a4a7935bd1e995)

/* Reads 8 bytes as the little-endian number that the hash is defined on, whatever the machine. */
static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

uint64_t nt_hll_hash(const void *element, size_t length)
{
	const uint8_t *bytes = element;
	size_t words = length / 8, rest = length % 8;
	uint64_t hash = SEED ^ (length * MIX), tail = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t word = word_at(bytes + 8 * i) * MIX;

		hash = (hash ^ (word ^ word >> 47) * MIX) * MIX;
	}
	for (size_t i = 0; i < rest; i++)
		tail |= (uint64_t)bytes[8 * words + i] << (8 * i);
	if (rest)
		hash = (hash ^ tail) * MIX;
	hash = (hash ^ hash >> 47) * MIX;
	return hash ^ hash >> 47;
}
