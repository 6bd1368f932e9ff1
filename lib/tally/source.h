/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SOURCE_H
#define NT_TALLY_SOURCE_H

#include "base/mix.h"
#include "needletail/snapshot.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * The source table: one line of 64 bytes for each source of the interval, in the order of their first packets, and an
 * index of four bytes a place, open addressing, that says which line is whose. A place holds some bits of the source's
 * hash beside the line's number, so that hardly a look-up touches another line than its own, and one of a new source
 * none but the next: in a flood, or where the table is full, that is most of them. At fold time the lines give,
 * exactly: packets by region; unique sources, by region, by signature; the heaviest; and what a fixed tool or a scanner
 * gives itself away by. A source that finds no line goes to sketches (tally/sketch.h) and is missing in no packet
 * count.
 */

/** What a table is keyed by: an address, as numbers in host byte order. IPv4: high is 0 and low the address. */
struct nt_key128 {
	uint64_t high;
	uint64_t low;
};

/**
 * Bits of nt_source_line.traits. VARIES means: two packets differed. They are what nt_differ() says of what stays the
 * same in the packets of a fixed tool, two bits for a field of four bytes, above the others.
 */
enum nt_source_trait {
	NT_SOURCE_BACKSCATTER = 1u << 0, /**< sent backscatter */
	NT_SOURCE_SYN = 1u << 1,	 /**< sent a TCP SYN (c = SYN in the sense of backscatter) */
	NT_SOURCE_V6 = 1u << 2,
	NT_SOURCE_TCP = 1u << 3,  /**< seq, ack and window are those of its first TCP packet */
	NT_SOURCE_PORT = 1u << 4, /**< src_port is that of its first packet with ports, port one that it had */
	NT_SOURCE_SEQ_VARIES = 3u << 8,
	NT_SOURCE_ACK_VARIES = 3u << 10,
	NT_SOURCE_WINDOW_VARIES = 1u << 12,
	NT_SOURCE_SRC_PORT_VARIES = 1u << 13,
	NT_SOURCE_PORT_VARIES = 3u << 14 /**< destination port, TCP and UDP ports being different ones */
};

/** Where the bits of nt_differ() are among the traits. */
#define NT_SOURCE_VARIES_SHIFT 8

/** One source. A cache line. */
struct nt_source_line {
	uint64_t key; /* nt_source_key() */
	uint32_t packets;
	uint32_t first_s; /* Unix seconds, lowest 32 bits */
	uint32_t last_s;  /* likewise */
	uint16_t region;  /* known when the bank is settled */
	uint16_t traits;  /* enum nt_source_trait */
	uint32_t matched; /* signatures that a packet matched */
	uint32_t missed;  /* signatures that a TCP SYN did not match */
	uint64_t targets; /* sketch of one word (base/targets.h) */
	/*
	 * Its pair: packets to `port` with these signatures. Most sources have one task and so one pair, and need no
	 * place among the others (tally/pair.h).
	 */
	uint32_t pair_packets;
	uint32_t pair_matched;
	/* As in struct nt_fields, in the same order: */
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t src_port;
	uint32_t port; /* nt_port_key() */
};

_Static_assert(sizeof(struct nt_source_line) == 64, "a cache line");

struct nt_sources {
	uint32_t *index;	     /* [mask + 1] a source's nt_source_tag() and the number of its line, or 0: free */
	struct nt_source_line *line; /* [entries + 1]: those in use are 1 to `n`; 0 is nobody's */
	struct nt_key128 *address6;  /* [entries + 1] of IPv6 sources; not looked at for IPv4 */
	uint32_t mask;		     /* of places, and of the bits that number lines */
	uint32_t limit;		     /* lines that it takes before it grows, if it may */
	uint32_t n;
	uint32_t entries;  /* lines there is memory for */
	uint64_t overflow; /* packets whose source found no line */
};

/** No line: the table is full. Its place among the lines has a key that no source has. */
#define NT_SOURCE_NONE	 0
#define NT_SOURCE_NOBODY (UINT64_C(1) << 62)

/** An address of 16 bytes in network order as numbers. */
static inline struct nt_key128 nt_key128_of(const uint8_t bytes[static 16])
{
	uint64_t half[2];

	memcpy(half, bytes, sizeof(half));
	return (struct nt_key128){.high = be64toh(half[0]), .low = be64toh(half[1])};
}

static inline uint64_t nt_source_hash(struct nt_key128 address, bool v6)
{
	return v6 ? nt_mix_keyed(address.high + v6, address.low) : nt_mix_word(address.low);
}

/**
 * What a line knows its source by: one comparison settles it for IPv4. Of IPv6 it is as good as a hash; the address
 * stands beside the lines.
 */
static inline uint64_t nt_source_key(struct nt_key128 address, bool v6)
{
	return v6 ? nt_source_hash(address, v6) | UINT64_C(1) << 63 : address.low;
}

/** Places that are looked at at once, and those of a cache line of the index. */
#define NT_SOURCE_GROUP	      4u
#define NT_SOURCE_LINE_PLACES 16u

/** Where in the index a source belongs: from the first place of a group on. */
static inline uint32_t nt_source_home(const struct nt_sources *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & t->mask & ~(NT_SOURCE_GROUP - 1);
}

/**
 * The place that is looked at after another one: those of the group, then of the other groups of its cache line, which
 * has been asked for, and only then of the next line.
 */
static inline uint32_t nt_source_next(const struct nt_sources *t, uint32_t home, uint32_t at)
{
	const uint32_t in_line = NT_SOURCE_LINE_PLACES - NT_SOURCE_GROUP; /* bits that number the groups of a line */
	uint32_t turn;

	if (++at % NT_SOURCE_GROUP)
		return at;
	at -= NT_SOURCE_GROUP;
	turn = ((at ^ home) & in_line) + NT_SOURCE_GROUP; /* groups of this line that were looked at */
	if (turn < NT_SOURCE_LINE_PLACES)
		return (at & ~in_line) | ((home ^ turn) & in_line);
	return (((at & ~in_line) + NT_SOURCE_LINE_PLACES) & t->mask) | (home & in_line);
}

/** What it is known by there: bits of its hash, where no line's number has any. */
static inline uint32_t nt_source_tag(const struct nt_sources *t, uint64_t hash)
{
	return (uint32_t)hash & ~t->mask;
}

/** The line that a place of the index says, NT_SOURCE_NONE if it is free. */
static inline uint32_t nt_source_number(const struct nt_sources *t, uint32_t at)
{
	return t->index[at] & t->mask;
}

/** Says whether lines are left for so many sources. */
static inline bool nt_sources_have(const struct nt_sources *t, uint32_t lines)
{
	return t->limit - t->n >= lines;
}

/** Is it the line of this source? Worker. */
static inline bool nt_source_is(const struct nt_sources *t, uint32_t at, struct nt_key128 address, bool v6)
{
	return t->line[at].key == nt_source_key(address, v6) &&
	       (!v6 || (t->address6[at].low == address.low && t->address6[at].high == address.high));
}

/** Whose line it is. Any thread that holds the bank. */
static inline struct nt_key128 nt_source_address(const struct nt_sources *t, uint32_t at)
{
	return t->line[at].traits & NT_SOURCE_V6 ? t->address6[at] : (struct nt_key128){.low = t->line[at].key};
}

/** From its home on, the first place with a source's tag, or the free one where it would belong; place by place. */
static inline uint32_t nt_sources_seek_plain(const struct nt_sources *t, uint32_t home, uint32_t tag)
{
	uint32_t at = home;

	while (t->index[at] && (t->index[at] & ~t->mask) != tag)
		at = nt_source_next(t, home, at);
	return at;
}

#ifdef __SSE2__
/** Places of a group that have the tag or are free: bit 4i of place i, and the three above it. */
static inline uint32_t nt_sources_match(const struct nt_sources *t, uint32_t group, uint32_t tag)
{
	__m128i places = _mm_load_si128((const void *)&t->index[group]);
	__m128i tags = _mm_andnot_si128(_mm_set1_epi32((int)t->mask), places);
	__m128i same = _mm_cmpeq_epi32(tags, _mm_set1_epi32((int)tag));
	__m128i unused = _mm_cmpeq_epi32(places, _mm_setzero_si128());

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(same, unused));
}
#endif

/**
 * Likewise, as fast as this machine's kind does it. Half of the places are free at least, so one group mostly settles
 * it and the second nearly always, where a loop over places ends after nobody knows how many. Worker.
 */
static inline uint32_t nt_sources_seek(const struct nt_sources *t, uint32_t home, uint32_t tag)
{
#ifdef __SSE2__
	uint32_t at = home, found;

	while (__builtin_expect(!(found = nt_sources_match(t, at, tag)), 0))
		at = nt_source_next(t, home, at + NT_SOURCE_GROUP - 1);
	return at + (uint32_t)__builtin_ctz(found) / 4;
#else
	return nt_sources_seek_plain(t, home, tag);
#endif
}

/** Makes the next line, in a free place; NT_SOURCE_NONE if the table is full. Worker. */
static inline uint32_t nt_sources_make(struct nt_sources *t, uint32_t at, uint32_t tag, struct nt_key128 address,
				       bool v6)
{
	uint32_t number = t->n + 1;

	if (t->n == t->limit)
		return NT_SOURCE_NONE;
	t->index[at] = tag | number;
	t->line[number].key = nt_source_key(address, v6);
	t->line[number].traits = v6 ? NT_SOURCE_V6 : 0;
	if (v6)
		t->address6[number] = address;
	t->n = number;
	return number;
}

/**
 * Finds a source's line, in which no packet is counted if it was made here; or NT_SOURCE_NONE. `at` is its home, or
 * where nt_sources_seek() came to from there. Worker.
 */
static inline uint32_t nt_sources_find(struct nt_sources *t, struct nt_key128 address, bool v6, uint32_t home,
				       uint32_t at, uint32_t tag)
{
	uint32_t line;

	while ((line = nt_source_number(t, at))) {
		if ((t->index[at] & ~t->mask) == tag && nt_source_is(t, line, address, v6))
			return line;
		at = nt_source_next(t, home, at);
	}
	return nt_sources_make(t, at, tag, address, v6);
}

/** Doubles the places; at most as often as it was laid out for. Lines keep their numbers. Worker, between bursts. */
void nt_sources_grow(struct nt_sources *t);

/** Empties the table; costs what was in it. Stats side. */
void nt_sources_clear(struct nt_sources *t);

#endif
