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

/*
 * The source table: one line of 64 bytes for each source of the interval, open addressing with linear probing. Every
 * packet touches one line, which was asked for when its burst was decoded. At fold time the lines give, exactly:
 * unique sources, by region, by signature; the heaviest; and what a fixed tool or a scanner gives itself away by.
 * A source that finds no place goes to sketches (tally/sketch.h) and is missing in no packet count.
 */

/** What a table is keyed by: an address, as numbers in host byte order. IPv4: high is 0 and low the address. */
struct nt_key128 {
	uint64_t high;
	uint64_t low;
};

/** Bits of nt_source_line.traits. VARIES means: two packets differed. */
enum nt_source_trait {
	NT_SOURCE_USED = 1u << 0,
	NT_SOURCE_V6 = 1u << 1,
	NT_SOURCE_TCP = 1u << 2,	 /**< seq, ack, window and src_port are those of its first TCP packet */
	NT_SOURCE_SYN = 1u << 3,	 /**< sent a TCP SYN (c = SYN in the sense of backscatter) */
	NT_SOURCE_PORT = 1u << 4,	 /**< last_port is set */
	NT_SOURCE_BACKSCATTER = 1u << 5, /**< sent backscatter */
	NT_SOURCE_SEQ_VARIES = 1u << 6,
	NT_SOURCE_ACK_VARIES = 1u << 7,
	NT_SOURCE_WINDOW_VARIES = 1u << 8,
	NT_SOURCE_SRC_PORT_VARIES = 1u << 9,
	NT_SOURCE_PORT_VARIES = 1u << 10 /**< destination port, TCP and UDP ports being different ones */
};

/** One source. A cache line. */
struct nt_source_line {
	struct nt_key128 address;
	uint32_t packets;
	uint32_t first_s; /* Unix seconds, lowest 32 bits */
	uint32_t last_s;  /* likewise */
	uint16_t region;  /* of its first packet */
	uint16_t traits;  /* enum nt_source_trait */
	uint32_t matched; /* signatures that a packet matched */
	uint32_t missed;  /* signatures that a TCP SYN did not match */
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t src_port;
	uint32_t last_port; /* nt_port_key() of its newest packet with a port */
	uint64_t targets;   /* sketch of one word (base/targets.h) */
};

struct nt_sources {
	struct nt_source_line *line; /* [mask + 1] */
	uint32_t *touched;	     /* [limit] lines in use, in the order of their first packet */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets whose source found no place */
};

/** No line: the table is full. */
#define NT_SOURCE_NONE UINT32_MAX

/** An address of 16 bytes in network order as numbers. */
static inline struct nt_key128 nt_key128_of(const uint8_t bytes[static 16])
{
	uint64_t half[2];

	memcpy(half, bytes, sizeof(half));
	return (struct nt_key128){.high = be64toh(half[0]), .low = be64toh(half[1])};
}

static inline uint64_t nt_source_hash(struct nt_key128 address, bool v6)
{
	return nt_mix_keyed(address.high + v6, address.low);
}

static inline uint32_t nt_source_home(const struct nt_sources *t, struct nt_key128 address, bool v6)
{
	return (uint32_t)(nt_source_hash(address, v6) >> 32) & t->mask;
}

/** Asks the cache for a source's line. Worker. */
static inline void nt_sources_prefetch(const struct nt_sources *t, uint32_t home)
{
	__builtin_prefetch(&t->line[home], 1);
}

static inline bool nt_source_is(const struct nt_source_line *line, struct nt_key128 address, uint32_t v6)
{
	return line->address.low == address.low && line->address.high == address.high &&
	       (line->traits & (NT_SOURCE_USED | NT_SOURCE_V6)) == (NT_SOURCE_USED | v6);
}

/** Finds a source's line or makes it; index, or NT_SOURCE_NONE with the packet counted as overflow. Worker. */
static inline uint32_t nt_sources_find(struct nt_sources *t, struct nt_key128 address, bool v6, uint32_t home)
{
	uint32_t version = v6 ? NT_SOURCE_V6 : 0, at = home;

	while (!nt_source_is(&t->line[at], address, version)) {
		if (!(t->line[at].traits & NT_SOURCE_USED)) {
			if (t->n_touched == t->limit) {
				t->overflow++;
				return NT_SOURCE_NONE;
			}
			t->line[at].address = address;
			t->line[at].traits = (uint16_t)(NT_SOURCE_USED | version);
			t->touched[t->n_touched++] = at;
			break;
		}
		at = (at + 1) & t->mask;
	}
	return at;
}

/** Empties the table; costs what was touched. Stats side. */
void nt_sources_clear(struct nt_sources *t);

#endif
