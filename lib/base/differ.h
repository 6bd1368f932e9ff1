/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_DIFFER_H
#define NT_BASE_DIFFER_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Which of eight 16-bit numbers differ, in one go: a packet is compared with what its source sent before in six
 * instructions and without a branch, where comparing field by field takes some twenty.
 */

#define NT_DIFFER_BYTES 16

/** Bit i is set if bytes 2i and 2i + 1 of the two differ; plainly. Any thread. */
static inline uint32_t nt_differ_plain(const void *a, const void *b)
{
	uint16_t left[NT_DIFFER_BYTES / 2], right[NT_DIFFER_BYTES / 2];
	uint32_t bits = 0;

	memcpy(left, a, sizeof(left));
	memcpy(right, b, sizeof(right));
	for (uint32_t i = 0; i < NT_DIFFER_BYTES / 2; i++)
		bits |= (uint32_t)(left[i] != right[i]) << i;
	return bits;
}

/** Likewise, as fast as this machine's kind does it. Any thread; packet path. */
static inline uint32_t nt_differ(const void *a, const void *b)
{
#ifdef __SSE2__
	__m128i same = _mm_cmpeq_epi16(_mm_loadu_si128(a), _mm_loadu_si128(b));

	return ~(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128())) & 0xff;
#else
	return nt_differ_plain(a, b);
#endif
}

#endif
