/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_PACKET_H
#define NT_TALLY_PACKET_H

#include "tally/region_port.h"
#include "tally/source.h"
#include "tally/tally.h"

/* Pairs that the packets of a burst can come to: its source's own or another, and two of a reply's ports. */
#define NT_PAIRS_OF_BURST (3 * NT_BURST)

/* What the passes over a burst ask of one packet. */

static inline bool has_source(const struct nt_fields *f)
{
	return f->ip_proto != NT_PROTO_NONE;
}

static inline bool has_port(const struct nt_fields *f)
{
	return f->fate == NT_FATE_TCP || f->fate == NT_FATE_UDP;
}

static inline bool is_v6(const struct nt_fields *f)
{
	return f->class == NT_CLASS_IPV6;
}

static inline uint32_t port_key(const struct nt_fields *f)
{
	return (uint32_t)f->udp << 16 | f->dst_port;
}

static inline struct nt_key128 source_of(const struct nt_fields *f)
{
	return is_v6(f) ? nt_key128_of(f->src6) : (struct nt_key128){.low = f->src4};
}

/* unplaced.c: packets that find their tables full, and where pairs belong in the end. */

/** Adds packets to region x port, `key`, or to the matches. Worker; stats side. */
void nt_cross_add(struct nt_tally *t, uint32_t key, uint32_t matched, uint32_t packets);

/**
 * A packet of the source of packet `i`, which has a line, but no place for this pair: nt_pair_port() of its key.
 * Worker.
 */
void nt_unplaced_pair(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t port, uint32_t matched);

/** Likewise packets of backscatter by their source port. Worker. */
void nt_unplaced_reply(struct nt_tally *t, uint32_t region, uint16_t src_port, uint32_t packets);

_Static_assert(NT_BURST <= 64, "a packet has a bit");

/** Packets whose sources have no line; `replies` are backscatter, a bit by packet. Worker. */
void nt_unplaced_sources(struct nt_tally *t, const struct nt_burst *b, const uint8_t *packet, uint32_t n,
			 const uint32_t *matched, uint64_t replies);

#endif
