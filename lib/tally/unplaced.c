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
	return is_v6(f) ? nt_hll_hash(f->src6, sizeof(f->src6)) : nt_hll_hash4(htobe32(f->src4));
}

/* ---- sources without a line ---- */

/* As many names as a packet without signatures counts for, for each of a burst; with signatures it is done in parts. */
#define ADDS (3 * NT_BURST)

/* Names that a packet counts for at most, and for each signature. Totals are made of the names by region. */
#define ADDS_OF_PACKET (3 + 2 * NT_SIGNATURES_MAX)

/*
 * Elements on their way into the sketches: all are asked for before the first is put. Those of names with registers
 * stand apart, so that it is foreseen only once which are which.
 */
struct adds {
	uint32_t n_raises;
	uint32_t n_others;
	uint16_t index; /* of the source at hand */
	uint8_t rank;
	struct raise {
		uint8_t *at;
		uint8_t rank;
	} raise[ADDS + ADDS_OF_PACKET];
	struct nt_sketch_add other[ADDS + ADDS_OF_PACKET];
};

static inline void ask(const struct nt_sketches *t, struct adds *a, enum nt_sketch_kind kind, uint32_t id)
{
	uint32_t number = nt_sketches_number(t, kind, id);

	if (number) {
		struct raise *raise = &a->raise[a->n_raises++];

		raise->at = &t->registers[number - 1][a->index];
		raise->rank = a->rank;
		__builtin_prefetch(raise->at, 1);
	} else {
		struct nt_sketch_add *other = &a->other[a->n_others++];

		other->key = nt_sketch_key(kind, id);
		other->index = a->index;
		other->rank = a->rank;
		nt_sketches_ask(t, other);
	}
}

static void put_all(struct nt_sketches *t, struct adds *a)
{
	for (uint32_t i = 0; i < a->n_raises; i++)
		nt_sketch_raise(a->raise[i].at, a->raise[i].rank);
	for (uint32_t i = 0; i < a->n_others; i++)
		nt_sketches_put(t, &a->other[i]);
	a->n_raises = a->n_others = 0;
}

static void ask_matched(const struct nt_sketches *t, struct adds *a, uint32_t region, const struct nt_fields *f,
			uint32_t matched)
{
	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		uint32_t id = (uint32_t)__builtin_ctz(bits) << 17;

		ask(t, a, NT_SKETCH_SIGNATURE_REGION, id | region);
		if (has_port(f))
			ask(t, a, NT_SKETCH_SIGNATURE_PORT, id | port_key(f));
	}
}

static void ask_source(const struct nt_sketches *t, struct adds *a, const struct nt_burst *b, uint32_t i,
		       uint32_t matched, bool reply)
{
	const struct nt_fields *f = &b->fields[i];
	uint64_t element = element_of(f);

	a->index = (uint16_t)nt_hll_index(element);
	a->rank = nt_hll_rank(element);
	ask(t, a, NT_SKETCH_REGION, b->region[i]);
	if (has_port(f))
		ask(t, a, NT_SKETCH_PORT, port_key(f));
	if (reply)
		ask(t, a, NT_SKETCH_BACKSCATTER_REGION, b->region[i]);
	ask_matched(t, a, b->region[i], f, matched);
}

static void sketch_sources(struct nt_tally *t, const struct nt_burst *b, const uint8_t *packet, uint32_t n,
			   const uint32_t *matched, uint64_t replies)
{
	struct adds a;

	a.n_raises = a.n_others = 0;
	for (uint32_t k = 0; k < n; k++) {
		ask_source(&t->sketches, &a, b, packet[k], matched[packet[k]], replies >> packet[k] & 1);
		if (a.n_raises + a.n_others >= ADDS)
			put_all(&t->sketches, &a);
	}
	put_all(&t->sketches, &a);
}

/* ---- region x port, and matches ---- */

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

static void count_portless(struct nt_tally *t, uint32_t region, uint32_t matched)
{
	nt_cross_add(t, region << 17 | NT_MATCH_PORTLESS, matched, 1);
}

void nt_unplaced_reply(struct nt_tally *t, uint32_t region, uint16_t src_port, uint32_t packets)
{
	nt_region_port_add(&t->region_port, nt_reply_port_key(region, src_port), packets);
}

static void count_port(struct nt_tally *t, uint32_t region, uint32_t port, uint32_t matched)
{
	enum nt_table table = port > UINT16_MAX ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT;

	nt_histogram_count(&t->histogram[table], port & UINT16_MAX);
	nt_cross_add(t, region << 17 | port, matched, 1);
}

/* A port of a source that stands in no pair. */
static void sketch_port(struct nt_sketches *t, uint32_t port, uint64_t element, uint32_t matched)
{
	nt_sketches_add(t, nt_sketch_key(NT_SKETCH_PORT, port), element);
	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		uint32_t id = (uint32_t)__builtin_ctz(bits) << 17 | port;

		nt_sketches_add(t, nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, id), element);
	}
}

void nt_unplaced_pair(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t port, uint32_t matched)
{
	if (port & NT_PAIR_REPLY) {
		nt_unplaced_reply(t, b->region[i], (uint16_t)port, 1);
		return;
	}
	if (port & NT_PAIR_PORTLESS) {
		count_portless(t, b->region[i], matched);
		return;
	}
	t->pairs.overflow++;
	count_port(t, b->region[i], port, matched);
	sketch_port(&t->sketches, port, element_of(&b->fields[i]), matched);
}

/*
 * Asks for what count_port() touches at random. Inlined by force: GCC takes a function that does nothing else for one
 * without any effect, and leaves out its calls.
 */
static inline __attribute__((always_inline)) void ask_port(const struct nt_tally *t, uint32_t region,
							   const struct nt_fields *f, uint32_t matched)
{
	uint32_t key = region << 17 | port_key(f);

	__builtin_prefetch(
	    matched ? nt_matches_place(&t->matches, key, matched) : nt_region_port_place(&t->region_port, key), 1);
	nt_histogram_prefetch(&t->histogram[f->udp ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT], f->dst_port);
}

static void count_source(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched, bool reply)
{
	const struct nt_fields *f = &b->fields[i];

	nt_histogram_count_small(&t->histogram[NT_TABLE_REGION], b->region[i]);
	if (has_port(f))
		count_port(t, b->region[i], port_key(f), matched);
	else if (matched)
		count_portless(t, b->region[i], matched);
	if (reply && f->fate == NT_FATE_TCP)
		nt_unplaced_reply(t, b->region[i], f->src_port, 1);
}

void nt_unplaced_sources(struct nt_tally *t, const struct nt_burst *b, const uint8_t *packet, uint32_t n,
			 const uint32_t *matched, uint64_t replies)
{
	t->sources.overflow += n;
	for (uint32_t k = 0; k < n; k++)
		ask_port(t, b->region[packet[k]], &b->fields[packet[k]], matched[packet[k]]);
	sketch_sources(t, b, packet, n, matched, replies);
	for (uint32_t k = 0; k < n; k++)
		count_source(t, b, packet[k], matched[packet[k]], replies >> packet[k] & 1);
}
