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

/** Slots that are looked at at once: those of a cache line. */
#define NT_PAIR_GROUP 4

/** Each field of four pairs side by side, so that one instruction compares all four. */
struct nt_pair_group {
	uint32_t line[NT_PAIR_GROUP];	 /* of the source; 0: free */
	uint32_t port[NT_PAIR_GROUP];	 /* nt_port_key(), or what stands there instead */
	uint32_t matched[NT_PAIR_GROUP]; /* signatures */
	uint32_t packets[NT_PAIR_GROUP];
};

_Static_assert(sizeof(struct nt_pair_group) == 64, "a cache line");

struct nt_pairs {
	struct nt_pair_group *group; /* [mask + 1] */
	uint32_t *touched;	     /* [limit] numbers of slots, NT_PAIR_GROUP to a group */
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

/** A pair as it stands in a slot. */
struct nt_pair_slot {
	uint64_t key; /* nt_pair_key(); of a free slot no line's */
	uint32_t matched;
	uint32_t packets;
};

static inline struct nt_pair_slot nt_pairs_at(const struct nt_pairs *t, uint32_t slot)
{
	const struct nt_pair_group *g = &t->group[slot / NT_PAIR_GROUP];
	uint32_t i = slot % NT_PAIR_GROUP;

	return (struct nt_pair_slot){nt_pair_key(g->line[i], g->port[i]), g->matched[i], g->packets[i]};
}

/** The group where a pair belongs, whatever matched. */
static inline uint32_t nt_pairs_home(const struct nt_pairs *t, uint64_t key)
{
	return (uint32_t)(nt_mix_word(key) >> 32) & t->mask;
}

static inline void nt_pairs_prefetch(const struct nt_pairs *t, uint32_t home)
{
	__builtin_prefetch(&t->group[home], 1);
}

/** Says whether a pair is of a source and a destination port. */
static inline bool nt_pair_is_port(uint64_t key)
{
	return !(key & (NT_PAIR_REPLY | NT_PAIR_PORTLESS));
}

/** From its home on, the number of a pair's slot, or of the free one where it would belong; slot by slot. */
static inline uint32_t nt_pairs_seek_plain(const struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home)
{
	uint32_t at = home * NT_PAIR_GROUP;

	for (;; at++) {
		const struct nt_pair_group *g = &t->group[at / NT_PAIR_GROUP & t->mask];
		uint32_t i = at % NT_PAIR_GROUP;

		if (!g->line[i] || (nt_pair_key(g->line[i], g->port[i]) == key && g->matched[i] == matched))
			return at & (t->mask * NT_PAIR_GROUP + NT_PAIR_GROUP - 1);
	}
}

#ifdef __SSE2__
static inline __m128i nt_pairs_equal(const uint32_t field[static NT_PAIR_GROUP], uint32_t value)
{
	return _mm_cmpeq_epi32(_mm_load_si128((const void *)field), _mm_set1_epi32((int)value));
}

/** Which slot of a group is a pair's: bit i for slot i; and above them which are free. */
static inline uint32_t nt_pairs_match(const struct nt_pair_group *g, uint64_t key, uint32_t matched)
{
	__m128i port = nt_pairs_equal(g->port, nt_pair_port(key));
	__m128i same = _mm_and_si128(_mm_and_si128(nt_pairs_equal(g->line, nt_pair_line(key)), port),
				     nt_pairs_equal(g->matched, matched));
	__m128i unused = nt_pairs_equal(g->line, 0);

	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(same)) | (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(unused))
								       << NT_PAIR_GROUP;
}
#endif

/**
 * Likewise, as fast as this machine's kind does it. A pair stands or belongs nearly always in its home, where a loop
 * over slots ends after nobody knows how many. Worker.
 */
static inline uint32_t nt_pairs_seek(const struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home)
{
#ifdef __SSE2__
	uint32_t found = nt_pairs_match(&t->group[home], key, matched);

	if (__builtin_expect(found, 1))
		return home * NT_PAIR_GROUP + (uint32_t)__builtin_ctz(found) % NT_PAIR_GROUP;
#endif
	return nt_pairs_seek_plain(t, key, matched, home);
}

/**
 * Counts packets. False if they found no place. Whether a pair is new is a coin toss: so it is written down in any
 * case. Worker.
 */
static inline bool nt_pairs_count(struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home, uint32_t packets)
{
	uint32_t at = nt_pairs_seek(t, key, matched, home), i = at % NT_PAIR_GROUP;
	struct nt_pair_group *g = &t->group[at / NT_PAIR_GROUP];

	if (__builtin_expect(t->n_touched == t->limit, 0)) {
		if (!g->line[i])
			return false;
	} else {
		t->touched[t->n_touched] = at;
		t->n_touched += !g->line[i];
		g->line[i] = nt_pair_line(key);
		g->port[i] = nt_pair_port(key);
		g->matched[i] = matched;
	}
	g->packets[i] += packets;
	return true;
}

/** Empties the table; costs what was touched. Stats side. */
void nt_pairs_clear(struct nt_pairs *t);

#endif
