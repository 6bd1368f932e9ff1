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

/* What is to come into the tables by region and port, at most: hardly ever as much as they hold. */
static void expect_entries(struct nt_tally *t)
{
	uint64_t pairs = (uint64_t)t->sources.n + t->pairs.n_touched;

	nt_region_port_expect(&t->region_port, pairs + t->replies.n);
	nt_matches_expect(&t->matches, pairs);
}

static void settle_port(struct nt_tally *t, uint32_t region, uint32_t port, uint32_t matched, uint32_t packets)
{
	enum nt_table table = port > UINT16_MAX ? NT_TABLE_UDP_PORT : NT_TABLE_TCP_PORT;

	nt_histogram_add(&t->histogram[table], port & UINT16_MAX, packets);
	nt_cross_add(t, region << 17 | port, matched, packets);
}

static void settle_line(struct nt_tally *t, const struct nt_source_line *line)
{
	t->histogram[NT_TABLE_REGION].count[line->region] += line->packets;
	if (line->pair_packets)
		settle_port(t, line->region, line->port, line->pair_matched, line->pair_packets);
}

static void settle_lines(struct nt_tally *t)
{
	const struct nt_source_line *lines = t->sources.line;

	for (uint32_t i = 1; i <= t->sources.n; i++) {
		const struct nt_source_line *soon = &lines[i + AHEAD <= t->sources.n ? i + AHEAD : i];

		nt_ask_port(t, soon->region, soon->port, soon->pair_matched);
		settle_line(t, &lines[i]);
	}
}

static void settle_pair(struct nt_tally *t, struct nt_source_pair p)
{
	uint32_t region = t->sources.line[p.line].region;

	if (nt_pair_is_port(&p))
		settle_port(t, region, p.port, p.matched, p.packets);
	else if (p.port & NT_PAIR_REPLY)
		nt_region_port_add(&t->region_port, nt_reply_port_key(region, (uint16_t)p.port), p.packets);
	else
		nt_cross_add(t, region << 17 | NT_MATCH_PORTLESS, p.matched, p.packets);
}

/* Those that follow: the slot of one, the line of another, and of the next one where it is to be added. */
static void ask_pairs(const struct nt_tally *t, uint32_t i)
{
	const struct nt_pairs *p = &t->pairs;
	struct nt_source_pair soon;

	if (i + 3 * AHEAD < p->n_touched)
		nt_pairs_ask_at(p, i + 3 * AHEAD);
	if (i + 2 * AHEAD < p->n_touched)
		__builtin_prefetch(&t->sources.line[nt_pairs_at(p, i + 2 * AHEAD).line]);
	if (i + AHEAD >= p->n_touched)
		return;
	soon = nt_pairs_at(p, i + AHEAD);
	if (nt_pair_is_port(&soon))
		nt_ask_port(t, t->sources.line[soon.line].region, soon.port, soon.matched);
}

static void settle_pairs(struct nt_tally *t)
{
	const struct nt_pairs *p = &t->pairs;

	for (uint32_t i = 0; i < p->n_touched; i++) {
		ask_pairs(t, i);
		settle_pair(t, nt_pairs_at(p, i));
	}
}

/* Source ports of backscatter, of senders that had one: those of the others are among the pairs. */
static void settle_senders(struct nt_tally *t)
{
	for (uint32_t i = 1; i <= t->replies.n; i++) {
		const struct nt_reply_line *line = &t->replies.line[i];

		if (nt_reply_has_port(line->kind) && line->source != NT_SOURCE_NONE && !(line->port & NT_REPLY_PORTS))
			nt_region_port_add(&t->region_port, nt_reply_port_key(line->region, (uint16_t)line->port),
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

void nt_tally_settle(struct nt_tally *t, const struct nt_locate *locate)
{
	if (t->settled)
		return;
	t->settled = true;
	locate_lines(&t->sources, locate);
	nt_waiting_finish(t);
	locate_senders(&t->replies, locate);
	expect_entries(t);
	settle_lines(t);
	settle_pairs(t);
	settle_senders(t);
	settle_protocols(t);
	nt_sketches_settle(&t->sketches);
}
