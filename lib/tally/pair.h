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

/** One of them. */
struct nt_source_pair {
	uint32_t line;	  /* of the source; 0: none */
	uint32_t port;	  /* nt_port_key(), or what stands there instead */
	uint32_t matched; /* signatures */
	uint32_t packets;
};

/** Slots that are looked at at once: those of a cache line. */
#define NT_PAIR_GROUP 4

/** Each field of four pairs side by side, so that one instruction compares all four. */
struct nt_pair_group {
	uint32_t line[NT_PAIR_GROUP]; /* 0: free */
	uint32_t port[NT_PAIR_GROUP];
	uint32_t matched[NT_PAIR_GROUP];
	uint32_t packets[NT_PAIR_GROUP];
};

_Static_assert(sizeof(struct nt_pair_group) == 64, "a cache line");

struct nt_pairs {
	struct nt_pair_group *group; /* [mask + 1] */
	uint32_t *touched;	     /* [entries] numbers of slots, NT_PAIR_GROUP to a group */
	uint32_t mask;
	uint32_t limit; /* pairs that it takes before it grows, if it may */
	uint32_t n_touched;
	uint32_t entries;  /* there is memory for */
	uint64_t overflow; /* packets to a port that found no place */
};

/** The pair that was the i-th to find a place. */
static inline struct nt_source_pair nt_pairs_at(const struct nt_pairs *t, uint32_t i)
{
	const struct nt_pair_group *g = &t->group[t->touched[i] / NT_PAIR_GROUP];
	uint32_t at = t->touched[i] % NT_PAIR_GROUP;

	return (struct nt_source_pair){g->line[at], g->port[at], g->matched[at], g->packets[at]};
}

/** Asks the cache for it. */
static inline void nt_pairs_ask_at(const struct nt_pairs *t, uint32_t i)
{
	__builtin_prefetch(&t->group[t->touched[i] / NT_PAIR_GROUP]);
}

/** Says whether a pair is of a source and a destination port. */
static inline bool nt_pair_is_port(const struct nt_source_pair *p)
{
	return !(p->port & (NT_PAIR_REPLY | NT_PAIR_PORTLESS));
}

/** Is there room for so many more? */
static inline bool nt_pairs_have(const struct nt_pairs *t, uint32_t pairs)
{
	return t->limit - t->n_touched >= pairs;
}

/** The group where a pair belongs, whatever matched. */
static inline uint32_t nt_pairs_home(const struct nt_pairs *t, uint32_t line, uint32_t port)
{
	return (uint32_t)(nt_mix_word((uint64_t)line << 32 | port) >> 32) & t->mask;
}

/** The group that is looked at after another one. */
static inline uint32_t nt_pairs_next(const struct nt_pairs *t, uint32_t group)
{
	return (group + 1) & t->mask;
}

/** Where a pair stands in a group, or the first free slot there, or NT_PAIR_GROUP: neither; slot by slot. */
static inline uint32_t nt_pair_seek_plain(const struct nt_pair_group *g, const struct nt_source_pair *p)
{
	uint32_t i = 0;

	while (i < NT_PAIR_GROUP && g->line[i] &&
	       (g->line[i] != p->line || g->port[i] != p->port || g->matched[i] != p->matched))
		i++;
	return i;
}

/** Likewise, as fast as this machine's kind does it: a loop over slots ends after nobody knows how many. Worker. */
static inline uint32_t nt_pair_seek(const struct nt_pair_group *g, const struct nt_source_pair *p)
{
#ifdef __SSE2__
	__m128i all = _mm_loadu_si128((const void *)p), lines = _mm_load_si128((const void *)g->line);
	__m128i port = _mm_cmpeq_epi32(_mm_load_si128((const void *)g->port), _mm_shuffle_epi32(all, 0x55));
	__m128i matched = _mm_cmpeq_epi32(_mm_load_si128((const void *)g->matched), _mm_shuffle_epi32(all, 0xaa));
	__m128i same = _mm_and_si128(_mm_and_si128(port, matched), _mm_cmpeq_epi32(lines, _mm_shuffle_epi32(all, 0)));
	__m128i unused = _mm_cmpeq_epi32(lines, _mm_setzero_si128());

	return (uint32_t)__builtin_ctz((uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_or_si128(same, unused))) |
				       1u << NT_PAIR_GROUP);
#else
	return nt_pair_seek_plain(g, p);
#endif
}

/**
 * Counts a pair's packets in its slot, or in a free one while there is room. Which of both is a coin toss: so the pair
 * is written down in any case. Worker.
 */
static inline void nt_pairs_put(struct nt_pairs *t, uint32_t group, uint32_t i, const struct nt_source_pair *p)
{
	struct nt_pair_group *g = &t->group[group];

	t->touched[t->n_touched] = group * NT_PAIR_GROUP + i;
	t->n_touched += !g->line[i];
	g->line[i] = p->line;
	g->port[i] = p->port;
	g->matched[i] = p->matched;
	g->packets[i] += p->packets;
}

/** Counts a pair's packets, from a group on. False if they found no place. Worker; stats side. */
bool nt_pairs_count(struct nt_pairs *t, const struct nt_source_pair *p, uint32_t group);

/** Doubles the slots; at most as often as it was laid out for. Worker, between bursts. */
void nt_pairs_grow(struct nt_pairs *t);

/** Empties the table; costs what was touched. Stats side. */
void nt_pairs_clear(struct nt_pairs *t);

#endif
