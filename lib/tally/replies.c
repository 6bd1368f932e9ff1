/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/* The passes over the packets of a burst that are backscatter. */

/* Packets of a source by their source port, which its line as a sender does not count. */
static void ask_ports(struct nt_tally *t, const struct nt_reply *r, uint32_t packets, uint16_t before)
{
	if (packets > 1)
		nt_waiting_add(&t->waiting, &t->pairs, r->source, NT_PAIR_REPLY | before, 0, packets - 1);
	nt_waiting_add(&t->waiting, &t->pairs, r->source, NT_PAIR_REPLY | r->port, 0, 1);
}

static void note(struct nt_tally *t, const struct nt_reply *r)
{
	uint16_t before = 0;
	uint32_t elsewhere = nt_replies_note(&t->replies, r, &before);

	if (elsewhere && r->source != NT_SOURCE_NONE)
		ask_ports(t, r, elsewhere, before);
}

static inline enum nt_backscatter class_of(const struct nt_fields *f)
{
	return nt_reply_class(f) - 1;
}

/* ---- those who answer for themselves, as before: a line that their source knows is all that is needed ---- */

struct plain {
	const struct nt_packet *packet;
	uint32_t line;
	uint32_t slot;
};

/* `tcp` here: all of them are, in IPv4; a constant. */
static inline bool is_tcp(const struct nt_fields *f, bool tcp)
{
	return tcp || f->fate == NT_FATE_TCP;
}

static inline uint32_t slot_of(const struct nt_fields *f, bool tcp)
{
	if (tcp)
		return nt_reply_class_in(nt_reply_of_tcp[f->tcp_flags & 31]) - (NT_BACKSCATTER_SYNACK + 1);
	return nt_reply_shape[class_of(f)].slot;
}

/* Is it counted already? Own pairs are what they were until the passes over replies are over. */
static inline bool is_own_pair(const struct nt_source_line *line, const struct nt_packet *p)
{
	return line->port == port_key(&p->fields) && line->pair_matched == p->matched;
}

static inline __attribute__((always_inline)) uint32_t ask_plain(struct nt_tally *tally, const struct nt_packet_list *l,
								bool tcp, bool pairs, struct plain *plain,
								struct nt_packet_list *others)
{
	const struct nt_replies *t = &tally->replies;
	const struct nt_source_line *sources = tally->sources.line;
	struct nt_pairs copy = tally->pairs;
	struct nt_waiting_pair *next = &tally->waiting.pair[tally->waiting.n];
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct nt_packet *p = l->packet[i];
		const struct nt_fields *f = &p->fields;
		uint32_t line = t->own[p->line].line[is_tcp(f, tcp)];

		if (pairs && is_tcp(f, tcp) && p->line != NT_SOURCE_NONE && !is_own_pair(&sources[p->line], p))
			nt_waiting_ask(next++, &copy, p->line, port_key(f), p->matched, 1);
		if (__builtin_expect(!line || (!tcp && f->has_inner), 0)) {
			others->packet[others->n++] = p;
			continue;
		}
		nt_replies_ask(t, line);
		plain[n++] = (struct plain){p, line, slot_of(f, tcp)};
	}
	tally->waiting.n = (uint32_t)(next - tally->waiting.pair);
	return n;
}

static inline __attribute__((always_inline)) void note_plain(const struct nt_replies *t, const struct plain *plain,
							     uint32_t n, bool tcp, struct nt_packet_list *others)
{
	struct nt_reply_line *lines = t->line;
	struct nt_moment now = {0};

	for (const struct plain *next = plain, *end = plain + n; next < end; next++) {
		const struct nt_packet *p = next->packet;
		const struct nt_fields *f = &p->fields;
		struct nt_reply r = {
		    .target = target_of(f, !tcp && is_v6(f)),
		    .port = is_tcp(f, tcp) ? f->src_port : NT_REPLY_NO_PORT,
		    .slot = (uint8_t)next->slot,
		};

		nt_moment_move(&now, p->time_ns);
		r.time_ns = now.ns;
		r.bin = now.bin;
		if (__builtin_expect(!nt_reply_count_like(&lines[next->line], &r), 0))
			others->packet[others->n++] = p;
	}
}

static inline __attribute__((always_inline)) void count_plain(struct nt_tally *t, const struct nt_packet_list *l,
							      bool tcp, bool pairs, struct nt_packet_list *others)
{
	struct plain plain[NT_BURST];

	note_plain(&t->replies, plain, ask_plain(t, l, tcp, pairs, plain, others), tcp, others);
}

/* ---- all others ---- */

static uint32_t ask_others(const struct nt_replies *t, const struct nt_packet_list *others, struct nt_reply *reply)
{
	struct nt_moment now = {0};
	uint32_t lines = 0;

	for (uint32_t i = 0; i < others->n; i++) {
		const struct nt_packet *p = others->packet[i];
		const struct nt_fields *f = &p->fields;
		uint32_t end = lines + nt_reply_make(&reply[lines], f, source_of(f), class_of(f));

		nt_moment_move(&now, p->time_ns);
		for (; lines < end; lines++) {
			struct nt_reply *r = &reply[lines];

			r->time_ns = now.ns;
			r->bin = now.bin;
			r->target = target_of(f, is_v6(f));
			r->source = p->line;
			r->line = f->has_inner ? 0 : t->own[p->line].line[f->fate == NT_FATE_TCP];
			r->home = nt_replies_home(t, r->address, r->kind);
			__builtin_prefetch(&t->index[r->home], 1);
		}
	}
	return lines;
}

static void note_others(struct nt_tally *t, const struct nt_packet_list *others)
{
	struct nt_reply reply[NT_REPLY_LINES * NT_BURST];
	uint32_t lines = ask_others(&t->replies, others, reply);

	for (uint32_t i = 0; i < lines; i++)
		nt_replies_ask(&t->replies, reply[i].line ? reply[i].line : t->replies.index[reply[i].home]);
	for (uint32_t i = 0; i < lines; i++)
		note(t, &reply[i]);
}

void nt_backscatter_burst(struct nt_tally *t, const struct nt_packet_list *tcp, const struct nt_packet_list *unusual,
			  bool pairs)
{
	struct nt_packet_list others;

	others.n = 0;
	count_plain(t, tcp, true, pairs, &others);
	count_plain(t, unusual, false, pairs, &others);
	if (others.n)
		note_others(t, &others);
}
