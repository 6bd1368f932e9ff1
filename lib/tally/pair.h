/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_PAIR_H
#define NT_TALLY_PAIR_H

#include "base/mix.h"

#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Packets by source, destination port and the set of signatures that matched, for those that are not their source's own
 * pair, which stands in its line. When the bank is folded both together give, exactly: unique sources of a port, ports
 * of a scanner, and, as a source has one region, packets by port, by region and port, and by signature (settle.c).
 * Two other things are counted the same way, because they wait for the region, too.
 */

/** Instead of a destination port: the source port of backscatter, below it. */
#define NT_PAIR_REPLY (UINT32_C(1) << 30)

/** Instead of a destination port: packets without one that signatures matched. */
#define NT_PAIR_PORTLESS (UINT32_C(1) << 31)

struct nt_pair_slot {
	uint64_t key;	  /* nt_pair_key(); 0: free */
	uint32_t matched; /* signatures */
	uint32_t packets;
};

struct nt_pairs {
	struct nt_pair_slot *slot; /* [mask + 1] */
	uint32_t *touched;	   /* [limit] */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets to a port that found no place */
};

/** Of a source's line and nt_port_key(), or what stands there instead. Never 0. */
static inline uint64_t nt_pair_key(uint32_t line, uint32_t port)
{
	return (uint64_t)line << 32 | port;
}

static inline uint32_t nt_pair_line(uint64_t key)
{
	return (uint32_t)(key >> 32);
}

static inline uint32_t nt_pair_port(uint64_t key)
{
	return (uint32_t)key;
}

/** Slots that are looked at at once: those of a cache line. */
#define NT_PAIR_GROUP 4

_Static_assert(sizeof(struct nt_pair_slot) * NT_PAIR_GROUP == 64, "a cache line");

/** Where a pair belongs, whatever matched: from the first slot of a group on. */
static inline uint32_t nt_pairs_home(const struct nt_pairs *t, uint64_t key)
{
	return (uint32_t)(nt_mix_word(key) >> 32) & t->mask & ~(NT_PAIR_GROUP - 1u);
}

static inline void nt_pairs_prefetch(const struct nt_pairs *t, uint32_t home)
{
	__builtin_prefetch(&t->slot[home], 1);
}

/** Says whether a pair is of a source and a destination port. */
static inline bool nt_pair_is_port(uint64_t key)
{
	return !(key & (NT_PAIR_REPLY | NT_PAIR_PORTLESS));
}

/** Makes a slot in a free place. False if the table is full. Worker. */
static inline bool nt_pairs_make(struct nt_pairs *t, uint32_t at, uint64_t key, uint32_t matched)
{
	if (t->n_touched == t->limit)
		return false;
	t->slot[at].key = key;
	t->slot[at].matched = matched;
	t->touched[t->n_touched++] = at;
	return true;
}

/** From its home on, a pair's slot, or the free one where it would belong; slot by slot. */
static inline uint32_t nt_pairs_seek_plain(const struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home)
{
	uint32_t at = home;

	while (t->slot[at].key && (t->slot[at].key != key || t->slot[at].matched != matched))
		at = (at + 1) & t->mask;
	return at;
}

#ifdef __SSE2__
/** Which slots of a group are a pair's: bit 4i for slot i. */
static inline uint32_t nt_pairs_same(const struct nt_pair_slot *group, uint64_t key, uint32_t matched)
{
	__m128i pair = _mm_set_epi64x(matched, (int64_t)key);
	__m128i same[NT_PAIR_GROUP];
	uint32_t bits;

	for (uint32_t i = 0; i < NT_PAIR_GROUP; i++)
		same[i] = _mm_cmpeq_epi32(_mm_load_si128((const void *)&group[i]), pair);
	bits = (uint32_t)_mm_movemask_epi8(
	    _mm_packs_epi16(_mm_packs_epi32(same[0], same[1]), _mm_packs_epi32(same[2], same[3])));
	return bits & bits >> 1 & bits >> 2 & 0x1111; /* the two halves of the key, and what matched */
}
#endif

/**
 * Likewise, as fast as this machine's kind does it. A pair that is there stands nearly always in its group, where a
 * loop over slots ends after nobody knows how many. Worker.
 */
static inline uint32_t nt_pairs_seek(const struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home)
{
#ifdef __SSE2__
	uint32_t same = nt_pairs_same(&t->slot[home], key, matched);

	if (__builtin_expect(same, 1))
		return home + (uint32_t)__builtin_ctz(same) / 4;
#endif
	return nt_pairs_seek_plain(t, key, matched, home);
}

/** Counts packets. False if they found no place. Worker. */
static inline bool nt_pairs_count(struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home, uint32_t packets)
{
	uint32_t at = nt_pairs_seek(t, key, matched, home);

	if (__builtin_expect(!t->slot[at].key, 0) && !nt_pairs_make(t, at, key, matched))
		return false;
	t->slot[at].packets += packets;
	return true;
}

/** Empties the table; costs what was touched. Stats side. */
void nt_pairs_clear(struct nt_pairs *t);

#endif
