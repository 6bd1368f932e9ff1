/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

#include "base/hll.h"

/*
 * Packets whose source has no line, or whose source and port have no pair: the tables are full. Every total has them
 * all the same: what settling makes of lines and pairs is counted at once for these.
 */

/* The element that a source is in HyperLogLogs. */
static uint64_t element_of(const struct nt_fields *f)
{
	return is_v6(f) ? nt_hll_hash(f->src6, sizeof(f->src6)) : nt_hll_hash4(htobe32(f->src4));
}

static uint64_t element_of_line(const struct nt_sources *s, uint32_t at)
{
	struct nt_key128 address = nt_source_address(s, at);
	const uint64_t bytes[2] = {htobe64(address.high), htobe64(address.low)};

	return s->line[at].traits & NT_SOURCE_V6 ? nt_hll_hash(bytes, sizeof(bytes))
						 : nt_hll_hash4(htobe32((uint32_t)address.low));
}

/* ---- sketches of sources without a line ---- */

/* Names that a packet counts for, and besides for each signature it matches. Totals are made of those by region. */
#define ADDS_OF_PACKET	  3
#define ADDS_OF_SIGNATURE 2

/* As many as a burst without signatures has. With them it is done in parts: then there is always room for the rest. */
#define ADDS	 (ADDS_OF_PACKET * NT_BURST)
#define ADDS_MAX (2 * ADDS + ADDS_OF_SIGNATURE * NT_SIGNATURES_MAX)

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
	} raise[ADDS_MAX];
	struct nt_sketch_add other[ADDS_MAX];
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
		a->other[a->n_others++] = nt_sketches_ask(t, nt_sparse(nt_sketch_key(kind, id), a->index, a->rank));
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

static void ask_matched(struct nt_sketches *t, struct adds *a, const struct nt_packet *p)
{
	for (uint32_t bits = p->matched; bits; bits &= bits - 1) {
		uint32_t id = (uint32_t)__builtin_ctz(bits) << 17;

		ask(t, a, NT_SKETCH_SIGNATURE_REGION, id | p->region);
		if (has_port(&p->fields))
			ask(t, a, NT_SKETCH_SIGNATURE_PORT, id | port_key(&p->fields));
	}
	if (a->n_raises + a->n_others > ADDS)
		put_all(t, a);
}

static inline void ask_source(struct nt_sketches *t, struct adds *a, const struct nt_packet *p, bool reply)
{
	const struct nt_fields *f = &p->fields;
	uint64_t element = element_of(f);

	a->index = (uint16_t)nt_hll_index(element);
	a->rank = nt_hll_rank(element);
	ask(t, a, NT_SKETCH_REGION, p->region);
	if (has_port(f))
		ask(t, a, NT_SKETCH_PORT, port_key(f));
	if (reply)
		ask(t, a, NT_SKETCH_BACKSCATTER_REGION, p->region);
	if (p->matched)
		ask_matched(t, a, p);
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

static void cross_add(struct nt_tally *t, uint32_t key, uint32_t matched, uint32_t packets)
{
	if (!matched)
		nt_region_port_add(&t->region_port, key, packets);
	else if (!nt_matches_add(&t->matches, key, matched, packets))
		add_unplaced(t, key, matched, packets);
}

static void count_portless(struct nt_tally *t, uint32_t region, uint32_t matched, uint32_t packets)
{
	cross_add(t, region << 17 | NT_MATCH_PORTLESS, matched, packets);
}

static void count_reply(struct nt_tally *t, uint32_t region, uint16_t src_port, uint32_t packets)
{
	nt_region_port_add(&t->region_port, nt_reply_port_key(region, src_port), packets);
}

static void count_port(struct nt_tally *t, uint32_t region, uint32_t port, uint32_t matched, uint32_t packets)
{
	enum nt_table table = port > UINT16_MAX ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT;

	nt_histogram_add(&t->histogram[table], port & UINT16_MAX, packets);
	cross_add(t, region << 17 | port, matched, packets);
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

void nt_unplaced_pair(struct nt_tally *t, const struct nt_source_pair *pair)
{
	uint32_t region = t->sources.line[pair->line].region;

	if (pair->port & NT_PAIR_REPLY) {
		count_reply(t, region, (uint16_t)pair->port, pair->packets);
		return;
	}
	if (pair->port & NT_PAIR_PORTLESS) {
		count_portless(t, region, pair->matched, pair->packets);
		return;
	}
	t->pairs.overflow += pair->packets;
	count_port(t, region, pair->port, pair->matched, pair->packets);
	sketch_port(&t->sketches, pair->port, element_of_line(&t->sources, pair->line), pair->matched);
}

static inline void count_source(struct nt_tally *t, const struct nt_packet *p, bool reply)
{
	const struct nt_fields *f = &p->fields;

	nt_histogram_count_bare(&t->histogram[NT_TABLE_REGION], p->region);
	if (has_port(f))
		count_port(t, p->region, port_key(f), p->matched, 1);
	else if (p->matched)
		count_portless(t, p->region, p->matched, 1);
	if (reply && f->fate == NT_FATE_TCP)
		count_reply(t, p->region, f->src_port, 1);
}

/* What is counted has been asked for with the region; meanwhile what sketches touch is on its way. */
void nt_unplaced_sources(struct nt_tally *t, const struct nt_packet_list *l)
{
	struct adds a;

	t->sources.overflow += l->n;
	a.n_raises = a.n_others = 0;
	for (uint32_t i = 0; i < l->n; i++) {
		bool reply = nt_reply_class(&l->packet[i]->fields);

		ask_source(&t->sketches, &a, l->packet[i], reply);
		count_source(t, l->packet[i], reply);
	}
	put_all(&t->sketches, &a);
}
