/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

#include "base/hll.h"

/*
 * Packets whose source has no line, or whose source and port have no pair: the tables are full. Every total has them
 * all the same, by way of the tables that are otherwise filled when the bank is settled.
 */

/* The element that a source is in HyperLogLogs. */
static uint64_t element_of(const struct nt_fields *f)
{
	uint32_t v4 = htobe32(f->src4);

	return is_v6(f) ? nt_hll_hash(f->src6, sizeof(f->src6)) : nt_hll_hash(&v4, sizeof(v4));
}

/* Ports of a source that stand in no pair. */
static void sketch_port(struct nt_sketches *t, const struct nt_fields *f, uint64_t element, uint32_t matched)
{
	nt_sketches_add(t, nt_sketch_key(NT_SKETCH_PORT, port_key(f)), element);
	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		uint32_t id = (uint32_t)__builtin_ctz(bits) << 17 | port_key(f);

		nt_sketches_add(t, nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, id), element);
	}
}

static void sketch_source(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	const struct nt_fields *f = &b->fields[i];
	struct nt_sketches *sketches = &t->sketches;
	uint64_t element = element_of(f);
	uint32_t region = b->region[i];

	nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_SOURCES, 0), element);
	nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_REGION, region), element);
	if (nt_reply_class(f)) {
		nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0), element);
		nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, region), element);
	}
	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		uint32_t id = (uint32_t)__builtin_ctz(bits) << 17;

		nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_SIGNATURE, id), element);
		nt_sketches_add(sketches, nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, id | region), element);
	}
	if (has_port(f))
		sketch_port(sketches, f, element, matched);
}

/* Nothing is lost but by region and port: every signature's total has the packets. */
static void add_unplaced(struct nt_tally *t, uint32_t key, uint32_t matched, uint32_t packets)
{
	bool port = !(key & NT_MATCH_PORTLESS);

	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		t->signature_packets[__builtin_ctz(bits)] += packets;
		t->region_port.overflow += (1u + port) * packets;
	}
	if (port)
		nt_region_port_add(&t->region_port, key, packets);
}

void nt_cross_add(struct nt_tally *t, uint32_t key, uint32_t matched, uint32_t packets)
{
	if (!matched)
		nt_region_port_add(&t->region_port, key, packets);
	else if (!nt_matches_add(&t->matches, key, matched, packets))
		add_unplaced(t, key, matched, packets);
}

void nt_unplaced_match(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	nt_cross_add(t, (uint32_t)b->region[i] << 17 | NT_MATCH_PORTLESS, matched, 1);
}

static void count_port(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	const struct nt_fields *f = &b->fields[i];

	nt_histogram_count(&t->histogram[f->udp ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT], f->dst_port);
	nt_cross_add(t, region_port_key(b, i), matched, 1);
}

void nt_unplaced_pair(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	const struct nt_fields *f = &b->fields[i];

	count_port(t, b, i, matched);
	sketch_port(&t->sketches, f, element_of(f), matched);
}

void nt_unplaced_sources(struct nt_tally *t, const struct nt_burst *b, const uint8_t *packet, uint32_t n,
			 const uint32_t *matched)
{
	t->sources.overflow += n;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = packet[k];

		nt_histogram_count_small(&t->histogram[NT_TABLE_REGION], b->region[i]);
		if (has_port(&b->fields[i]))
			count_port(t, b, i, matched[i]);
		else if (matched[i])
			nt_unplaced_match(t, b, i, matched[i]);
		sketch_source(t, b, i, matched[i]);
	}
}
