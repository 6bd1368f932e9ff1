/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/tally.h"

#include "base/clock.h"
#include "base/targets.h"

/*
 * Counting a burst, in passes over all its packets: each asks the cache for what the next one touches, so that the
 * packets of a burst wait for memory together and not one after the other.
 */

/* What the passes hand on. Lists hold indices of packets. */
struct passes {
	int64_t second_s;   /* the second that the newest packet fell into, */
	int64_t second_ns;  /* and when it began */
	uint32_t n_sources; /* packets with a source */
	uint32_t n_pairs;   /* packets that touch a pair */
	uint32_t n_replies;
	uint8_t source[NT_BURST + 1];
	uint8_t pair[NT_BURST + 1];
	struct nt_key128 address[NT_BURST]; /* of the source */
	uint32_t home[NT_BURST];	    /* of the source */
	uint32_t line[NT_BURST];	    /* of the source */
	uint32_t matched[NT_BURST];	    /* signatures; 0 without a source */
	struct nt_reply reply[NT_BURST];
};

void nt_tally_arrival(struct nt_tally *t, const struct nt_frame *frames, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += frames[i].wire_len;
	t->frames += n;
	t->bytes += bytes;
}

static bool has_port(const struct nt_fields *f)
{
	return f->fate == NT_FATE_TCP || f->fate == NT_FATE_UDP;
}

static bool is_v6(const struct nt_fields *f)
{
	return f->class == NT_CLASS_IPV6;
}

static uint32_t port_key(const struct nt_fields *f)
{
	return nt_port_key(f->fate == NT_FATE_UDP, f->dst_port);
}

static uint32_t region_port_key(const struct nt_burst *b, uint32_t i)
{
	const struct nt_fields *f = &b->fields[i];

	return nt_region_port_key(b->region[i], f->fate == NT_FATE_UDP, f->dst_port);
}

static struct nt_key128 source_of(const struct nt_fields *f)
{
	return is_v6(f) ? nt_key128_of(f->src6) : (struct nt_key128){.low = f->src4};
}

/* Hash of the destination, for the sketches of targets. */
static uint64_t target_of(const struct nt_fields *f)
{
	struct nt_key128 to;

	if (!is_v6(f))
		return nt_targets_hash4(f->dst4);
	to = nt_key128_of(f->dst6);
	return nt_mix(to.high, to.low);
}

/*
 * What count_packets() will touch of the large tables. Inline by force: GCC holds a function that does nothing but
 * prefetch to be without effect, and leaves calls of it out.
 */
static inline __attribute__((always_inline)) void ask_dense(const struct nt_tally *t, const struct nt_burst *b,
							    uint32_t i, uint32_t matched)
{
	const struct nt_fields *f = &b->fields[i];
	uint32_t key = region_port_key(b, i);

	if (matched)
		__builtin_prefetch(nt_matches_place(&t->matches, key, matched), 1);
	else
		__builtin_prefetch(nt_region_port_place(&t->region_port, key), 1);
	if (f->fate == NT_FATE_TCP) {
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_PORT], f->dst_port);
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_WINDOW], f->window);
	} else {
		nt_histogram_prefetch(&t->histogram[NT_TABLE_UDP_PORT], f->dst_port);
	}
}

/* First pass: where things belong. */
static void ask(const struct nt_tally *t, const struct nt_burst *b, struct passes *p)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct nt_fields *f = &b->fields[i];

		p->matched[i] = 0;
		if (f->ip_proto == NT_PROTO_NONE)
			continue;
		p->address[i] = source_of(f);
		p->home[i] = nt_source_home(&t->sources, p->address[i], is_v6(f));
		nt_sources_prefetch(&t->sources, p->home[i]);
		p->source[p->n_sources++] = (uint8_t)i;
	}
}

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

/* A source that found no line. */
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

/* What is the same in all TCP packets of a source, and what is not. */
static void note_tcp(struct nt_source_line *line, const struct nt_fields *f, uint32_t matched)
{
	enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };
	uint32_t traits = line->traits;

	if (!(traits & NT_SOURCE_TCP)) {
		line->seq = f->seq;
		line->ack = f->ack;
		line->window = f->window;
	}
	traits |= NT_SOURCE_TCP;
	traits |= line->seq != f->seq ? NT_SOURCE_SEQ_VARIES : 0;
	traits |= line->ack != f->ack ? NT_SOURCE_ACK_VARIES : 0;
	traits |= line->window != f->window ? NT_SOURCE_WINDOW_VARIES : 0;
	if ((f->tcp_flags & (ACK | RST | SYN | FIN)) == SYN) {
		traits |= NT_SOURCE_SYN;
		line->missed |= ~matched;
	}
	line->traits = (uint16_t)traits;
}

/* Ports of a source. Returns whether the pair of source and port is to be noted. */
static bool note_ports(struct nt_source_line *line, const struct nt_fields *f, uint32_t matched)
{
	uint32_t traits = line->traits, port = port_key(f);
	bool first = !(traits & NT_SOURCE_PORT), differs;

	if (first) {
		line->src_port = f->src_port;
		line->last_port = port;
	}
	differs = line->last_port != port;
	line->last_port = port;
	traits |= NT_SOURCE_PORT;
	traits |= differs ? NT_SOURCE_PORT_VARIES : 0;
	traits |= line->src_port != f->src_port ? NT_SOURCE_SRC_PORT_VARIES : 0;
	line->traits = (uint16_t)traits;
	return first || differs || matched;
}

/* Seconds of a time, the lowest 32 bits. Packets of a burst hardly ever fall into different seconds. */
static inline uint32_t seconds_of(struct passes *p, int64_t time_ns)
{
	if ((uint64_t)time_ns - (uint64_t)p->second_ns >= NT_SECOND_NS) {
		p->second_s = nt_seconds_of_ns(time_ns);
		p->second_ns = (int64_t)((uint64_t)p->second_s * NT_SECOND_NS);
	}
	return (uint32_t)p->second_s;
}

static inline void note_packet(struct nt_source_line *line, uint32_t region, uint32_t time_s, uint32_t matched)
{
	if (!line->packets) {
		line->region = (uint16_t)region;
		line->first_s = line->last_s = time_s;
	}
	line->packets++;
	if ((int32_t)(time_s - line->first_s) < 0)
		line->first_s = time_s;
	if ((int32_t)(time_s - line->last_s) > 0)
		line->last_s = time_s;
	line->matched |= matched;
}

static void reply(const struct nt_tally *t, const struct nt_burst *b, uint32_t i, struct passes *p, uint32_t class,
		  uint64_t target)
{
	const struct nt_fields *f = &b->fields[i];
	struct nt_reply *r = &p->reply[p->n_replies++];

	nt_reply_make(r, f, p->address[i], class);
	r->time_ns = b->time_ns[i];
	r->region = b->region[i];
	r->target = target;
	nt_reply_prefetch(r, &t->senders, &t->victims);
}

/* A packet's source; the line, if there is one, is asked for and by now there. */
static inline __attribute__((always_inline)) void note_source(struct nt_tally *t, const struct nt_burst *b, uint32_t i,
							      struct passes *p)
{
	const struct nt_fields *f = &b->fields[i];
	uint32_t matched = t->signatures ? nt_signatures_match(t->signatures, f, b->region[i]) : 0;
	uint32_t at = nt_sources_find(&t->sources, p->address[i], is_v6(f), p->home[i]);
	uint32_t reply_class = nt_reply_class(f);
	uint64_t target = target_of(f);
	struct nt_source_line *line;

	p->matched[i] = matched;
	p->line[i] = at;
	if (has_port(f))
		ask_dense(t, b, i, matched);
	if (reply_class)
		reply(t, b, i, p, reply_class - 1, target);
	if (at == NT_SOURCE_NONE) {
		sketch_source(t, b, i, matched);
		return;
	}
	line = &t->sources.line[at];
	note_packet(line, b->region[i], seconds_of(p, b->time_ns[i]), matched);
	nt_targets_add(&line->targets, 1, target);
	if (reply_class)
		line->traits |= NT_SOURCE_BACKSCATTER;
	if (f->fate == NT_FATE_TCP)
		note_tcp(line, f, matched);
	if (has_port(f) && note_ports(line, f, matched)) {
		__builtin_prefetch(nt_pairs_place(&t->pairs, at, port_key(f)), 1);
		p->pair[p->n_pairs++] = (uint8_t)i;
	}
}

/* The transport layer's tables of one packet. */
static inline void count_transport(struct nt_histogram *h, const struct nt_fields *f)
{
	switch (f->fate) {
	case NT_FATE_TCP:
		nt_histogram_count(&h[NT_TABLE_TCP_PORT], f->dst_port);
		nt_histogram_count_small(&h[NT_TABLE_TCP_FLAGS], f->tcp_flags);
		nt_histogram_count(&h[NT_TABLE_TCP_WINDOW], f->window);
		break;
	case NT_FATE_UDP:
		nt_histogram_count(&h[NT_TABLE_UDP_PORT], f->dst_port);
		break;
	case NT_FATE_ICMP:
		nt_histogram_count(&h[NT_TABLE_ICMP], f->icmp);
		break;
	case NT_FATE_ICMP6:
		nt_histogram_count(&h[NT_TABLE_ICMP6], f->icmp);
		break;
	case NT_FATE_NO_L4:
		nt_histogram_count_small(&h[NT_TABLE_NO_L4], f->ip_proto);
		break;
	default: /* every other fate is in fate[] alone */
		break;
	}
}

/* A packet that finds no place among the matches; every total has it all the same. */
static void count_unplaced(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	bool port = has_port(&b->fields[i]);

	for (uint32_t bits = matched; bits; bits &= bits - 1) {
		t->signature_packets[__builtin_ctz(bits)]++;
		t->region_port.overflow += 1u + port;
	}
	if (port)
		nt_region_port_count(&t->region_port, region_port_key(b, i));
}

static void count_match(struct nt_tally *t, const struct nt_burst *b, uint32_t i, uint32_t matched)
{
	uint32_t portless = (uint32_t)b->region[i] << 17 | NT_MATCH_PORTLESS;
	uint32_t key = has_port(&b->fields[i]) ? region_port_key(b, i) : portless;

	if (!nt_matches_count(&t->matches, key, matched))
		count_unplaced(t, b, i, matched);
}

/* The dense tables, and regions with ports: what every packet touches whoever sent it. */
static inline __attribute__((always_inline)) void count_packets(struct nt_tally *t, const struct nt_burst *b,
								const struct passes *p, bool cross)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct nt_fields *f = &b->fields[i];

		t->class_frames[f->class]++;
		t->fate[f->fate]++;
		if (f->ip_proto != NT_PROTO_NONE) {
			nt_histogram_count_small(&t->histogram[NT_TABLE_IP_PROTO], f->ip_proto);
			nt_histogram_count_small(&t->histogram[NT_TABLE_REGION], b->region[i]);
		}
		count_transport(t->histogram, f);
		if (!cross)
			continue;
		if (p->matched[i])
			count_match(t, b, i, p->matched[i]);
		else if (has_port(f))
			nt_region_port_count(&t->region_port, region_port_key(b, i));
	}
}

static void note_pairs(struct nt_tally *t, const struct nt_burst *b, const struct passes *p)
{
	for (uint32_t n = 0; n < p->n_pairs; n++) {
		uint32_t i = p->pair[n];
		const struct nt_fields *f = &b->fields[i];

		if (!nt_pairs_note(&t->pairs, p->line[i], port_key(f), p->matched[i]))
			sketch_port(&t->sketches, f, element_of(f), p->matched[i]);
	}
}

static void count_replies(struct nt_tally *t, const struct passes *p)
{
	for (uint32_t n = 0; n < p->n_replies; n++) {
		const struct nt_reply *r = &p->reply[n];

		nt_senders_note(&t->senders, r);
		nt_victims_note(&t->victims, r);
		if (r->has_port)
			nt_region_port_count(&t->region_port, (uint32_t)NT_KIND_BACKSCATTER_PORT << NT_KIND_SHIFT |
								  nt_region_port_key(r->region, false, r->src_port));
	}
}

/* `part` is a constant wherever this is used, so that the whole path has no look at it. */
static inline __attribute__((always_inline)) void count(struct nt_tally *t, const struct nt_burst *b,
							enum nt_tally_part part)
{
	struct passes p;

	p.n_sources = p.n_pairs = p.n_replies = 0;
	p.second_s = p.second_ns = 0;
	if (part >= NT_TALLY_SOURCES) {
		ask(t, b, &p);
		for (uint32_t n = 0; n < p.n_sources; n++)
			note_source(t, b, p.source[n], &p);
	}
	count_packets(t, b, &p, part >= NT_TALLY_ALL);
	note_pairs(t, b, &p);
	count_replies(t, &p);
}

void nt_tally_burst(struct nt_tally *t, const struct nt_burst *b)
{
	count(t, b, NT_TALLY_ALL);
}

void nt_tally_burst_part(struct nt_tally *t, const struct nt_burst *b, enum nt_tally_part part)
{
	switch (part) {
	case NT_TALLY_DENSE:
		count(t, b, NT_TALLY_DENSE);
		break;
	case NT_TALLY_SOURCES:
		count(t, b, NT_TALLY_SOURCES);
		break;
	case NT_TALLY_ALL:
		count(t, b, NT_TALLY_ALL);
		break;
	}
}
