/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/batch.h"
#include "tally/packet.h"

/* How far ahead lines and slots are asked for. */
#define AHEAD 16u

/* ---- regions ---- */

static void add_address(struct nt_locate_batch *b, struct nt_key128 address, bool v6, uint32_t whose)
{
	const uint64_t bytes[2] = {htobe64(address.high), htobe64(address.low)};

	if (v6)
		nt_locate_batch_v6(b, (const uint8_t *)bytes, whose);
	else
		nt_locate_batch_v4(b, (uint32_t)address.low, whose);
}

static void locate_lines(struct nt_sources *s, const struct nt_locate *locate)
{
	struct nt_locate_batch b;

	for (uint32_t i = 1; i <= s->n;) {
		nt_locate_batch_begin(&b);
		for (; i <= s->n && !nt_locate_batch_full(&b); i++)
			add_address(&b, nt_source_address(s, i), s->line[i].traits & NT_SOURCE_V6, i);
		nt_locate_batch_look(locate, &b);
		for (uint32_t k = 0; k < b.n4; k++)
			s->line[b.whose4[k]].region = b.region4[k];
		for (uint32_t k = 0; k < b.n6; k++)
			s->line[b.whose6[k]].region = b.region6[k];
	}
}

static void locate_senders(struct nt_replies *s, const struct nt_locate *locate)
{
	struct nt_locate_batch b;

	for (uint32_t i = 1; i <= s->n;) {
		nt_locate_batch_begin(&b);
		for (; i <= s->n && !nt_locate_batch_full(&b); i++) {
			const struct nt_reply_line *line = &s->line[i];

			if (nt_reply_is(line, NT_REPLY_SENDER))
				add_address(&b, line->address, line->kind & NT_REPLY_V6, i);
		}
		nt_locate_batch_look(locate, &b);
		for (uint32_t k = 0; k < b.n4; k++)
			s->line[b.whose4[k]].region = b.region4[k];
		for (uint32_t k = 0; k < b.n6; k++)
			s->line[b.whose6[k]].region = b.region6[k];
	}
}

/* ---- packets ---- */

static enum nt_table table_of(uint32_t port)
{
	return port > UINT16_MAX ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT;
}

/* Inlined by force, as nt_ask_port() is. */
static inline __attribute__((always_inline)) void ask_port(const struct nt_tally *t, uint32_t port)
{
	nt_histogram_prefetch(&t->histogram[table_of(port)], port & UINT16_MAX);
}

static void settle_port(struct nt_tally *t, struct nt_cross_sink *sink, uint32_t region, const struct nt_source_pair *p)
{
	nt_histogram_add(&t->histogram[table_of(p->port)], p->port & UINT16_MAX, p->packets);
	sink->add(sink, region << 17 | p->port, p->matched, p->packets);
}

static void settle_lines(struct nt_tally *t, struct nt_cross_sink *sink)
{
	for (uint32_t i = 1; i <= t->sources.n; i++) {
		const struct nt_source_line *line = &t->sources.line[i];
		const struct nt_source_pair own = {
		    .line = i,
		    .port = line->port,
		    .matched = line->pair_matched,
		    .packets = line->pair_packets,
		};

		ask_port(t, line[i + AHEAD <= t->sources.n ? AHEAD : 0].port);
		t->histogram[NT_TABLE_REGION].count[line->region] += line->packets;
		if (own.packets)
			settle_port(t, sink, line->region, &own);
	}
}

static void settle_pair(struct nt_tally *t, struct nt_cross_sink *sink, const struct nt_source_pair *p)
{
	uint32_t region = t->sources.line[p->line].region;

	if (nt_pair_is_port(p))
		settle_port(t, sink, region, p);
	else if (p->port & NT_PAIR_REPLY)
		sink->add(sink, nt_reply_port_key(region, (uint16_t)p->port), 0, p->packets);
	else
		sink->add(sink, region << 17 | NT_MATCH_PORTLESS, p->matched, p->packets);
}

/* Those that follow: the slot of one, the line of another, the port of the next. Inlined by force, too. */
static inline __attribute__((always_inline)) void ask_pairs(const struct nt_tally *t, uint32_t i)
{
	const struct nt_pairs *p = &t->pairs;

	if (i + 3 * AHEAD < p->n_touched)
		nt_pairs_ask_at(p, i + 3 * AHEAD);
	if (i + 2 * AHEAD < p->n_touched)
		__builtin_prefetch(&t->sources.line[nt_pairs_at(p, i + 2 * AHEAD).line]);
	if (i + AHEAD < p->n_touched)
		ask_port(t, nt_pairs_at(p, i + AHEAD).port);
}

static void settle_pairs(struct nt_tally *t, struct nt_cross_sink *sink)
{
	for (uint32_t i = 0; i < t->pairs.n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(&t->pairs, i);

		ask_pairs(t, i);
		settle_pair(t, sink, &pair);
	}
}

/* Source ports of backscatter, of senders that had one: those of the others are among the pairs. */
static void settle_senders(const struct nt_tally *t, struct nt_cross_sink *sink)
{
	for (uint32_t i = 1; i <= t->replies.n; i++) {
		const struct nt_reply_line *line = &t->replies.line[i];

		if (nt_reply_has_port(line->kind) && line->source != NT_SOURCE_NONE && !(line->port & NT_REPLY_PORTS))
			sink->add(sink, nt_reply_port_key(line->region, (uint16_t)line->port), 0,
				  nt_reply_packets(line));
	}
}

/* Protocols that have a fate of their own. */
static void settle_protocols(struct nt_tally *t)
{
	enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };
	uint32_t *count = t->histogram[NT_TABLE_IP_PROTO].count;

	count[TCP] += (uint32_t)t->fate[NT_FATE_TCP];
	count[UDP] += (uint32_t)t->fate[NT_FATE_UDP];
	count[ICMP] += (uint32_t)t->fate[NT_FATE_ICMP];
	count[ICMP6] += (uint32_t)t->fate[NT_FATE_ICMP6];
}

void nt_tally_settle(struct nt_tally *t, const struct nt_locate *locate, struct nt_cross_sink *sink)
{
	if (t->settled)
		return;
	t->settled = true;
	locate_lines(&t->sources, locate);
	nt_waiting_finish(t);
	locate_senders(&t->replies, locate);
	settle_lines(t, sink);
	settle_pairs(t, sink);
	settle_senders(t, sink);
	settle_protocols(t);
	nt_sketches_settle(&t->sketches);
}
