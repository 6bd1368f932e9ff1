/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_PACKET_H
#define NT_TALLY_PACKET_H

#include "tally/region_port.h"
#include "tally/source.h"
#include "tally/tally.h"

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

/* Hash of the destination, for the sketches of targets. */
static inline uint64_t target_of(const struct nt_fields *f, bool v6)
{
	struct nt_key128 to;

	if (!v6)
		return nt_targets_hash4(f->dst4);
	to = nt_key128_of(f->dst6);
	return nt_mix(to.high, to.low);
}

/* Packets of a burst for which there is more to do. */
struct nt_packet_list {
	const struct nt_packet *packet[NT_BURST];
	uint32_t n;
};

/* replies.c: backscatter. */

/**
 * Counts packets of backscatter for their senders and victims: those of TCP in IPv4, and the others; and `pairs`: those
 * of them that are not their source's own. All else of their sources has been counted. Worker, before any own pair
 * gives way to another one.
 */
void nt_backscatter_burst(struct nt_tally *t, const struct nt_packet_list *tcp, const struct nt_packet_list *unusual,
			  bool pairs);

/* unplaced.c: packets that find their tables full. */

/**
 * Asks for what packets of a source and port are added to, by its region. Worker. Inlined by force: GCC takes a
 * function that does nothing else for one without any effect, and leaves out its calls.
 */
static inline __attribute__((always_inline)) void nt_ask_port(const struct nt_tally *t, uint32_t region, uint32_t port,
							      uint32_t matched)
{
	uint32_t key = region << 17 | port;
	enum nt_table table = port > UINT16_MAX ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT;

	__builtin_prefetch(
	    matched ? nt_matches_place(&t->matches, key, matched) : nt_region_port_place(&t->region_port, key), 1);
	nt_histogram_prefetch(&t->histogram[table], port & UINT16_MAX);
}

/** Packets of a pair that found no place, by the region that the line of its source says. Worker; stats side. */
void nt_unplaced_pair(struct nt_tally *t, const struct nt_source_pair *pair);

/** Asks for what a packet whose source has no line touches first. Worker, some time before the next. */
static inline __attribute__((always_inline)) void nt_unplaced_ask(const struct nt_tally *t, const struct nt_packet *p)
{
	uint32_t port = port_key(&p->fields);

	__builtin_prefetch(&t->sketches.of_port[port]);
	nt_ask_port(t, p->region, port, p->matched);
}

/** Packets whose sources have no line. Worker. */
void nt_unplaced_sources(struct nt_tally *t, const struct nt_packet_list *l);

#endif
