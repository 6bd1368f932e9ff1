/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/* The pass over the packets of a burst that are backscatter. */

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

/* ---- IPv4 without a quote: one line is all that a packet has to do with ---- */

struct plain {
	const struct nt_packet *packet;
	const struct nt_reply_shape *shape;
	uint32_t home;
};

/* What the passes hand on. */
struct passes {
	struct plain plain[NT_BURST];
	const struct nt_packet *other[NT_BURST];
	uint32_t n_plain;
	uint32_t n_other;
};

static inline enum nt_backscatter class_of(const struct nt_fields *f)
{
	return nt_reply_class(f) - 1;
}

static void ask_plain(const struct nt_tally *t, const struct nt_packet *const *packet, uint32_t n, struct passes *p)
{
	struct nt_replies replies = t->replies; /* a copy that no store is one to */
	struct plain *next = p->plain;

	for (uint32_t i = 0; i < n; i++) {
		const struct nt_fields *f = &packet[i]->fields;

		if (is_v6(f) || f->has_inner) {
			p->other[p->n_other++] = packet[i];
			continue;
		}
		next->packet = packet[i];
		next->shape = &nt_reply_shape[class_of(f)];
		next->home =
		    nt_replies_ask(&replies, (struct nt_key128){.low = f->src4}, next->shape->kind & ~NT_REPLY_V6);
		next++;
	}
	p->n_plain = (uint32_t)(next - p->plain);
}

static inline struct nt_reply reply_of(const struct plain *p, uint32_t bin)
{
	const struct nt_packet *packet = p->packet;

	return (struct nt_reply){
	    .address.low = packet->fields.src4,
	    .time_ns = packet->time_ns,
	    .target = nt_targets_hash4(packet->fields.dst4),
	    .bin = bin,
	    .home = p->home,
	    .port = packet->fields.src_port | p->shape->no_port,
	    .source = packet->line,
	    .kind = p->shape->kind,
	    .slot = p->shape->slot,
	};
}

/* A call of its own, which makes the reply again: so the others are never in memory. */
static __attribute__((noinline)) void note_unlike(struct nt_tally *t, const struct plain *p, uint32_t bin)
{
	struct nt_reply r = reply_of(p, bin);

	note(t, &r);
}

static void note_plain(struct nt_tally *t, const struct passes *p)
{
	struct nt_replies replies = t->replies;
	struct nt_moment now = {0};

	for (const struct plain *next = p->plain, *end = next + p->n_plain; next < end; next++) {
		struct nt_reply r;

		nt_moment_move(&now, next->packet->time_ns);
		r = reply_of(next, now.bin);
		if (__builtin_expect(!nt_replies_note_like(&replies, &r), 0))
			note_unlike(t, next, now.bin);
	}
}

/* ---- all others ---- */

static uint32_t ask_others(const struct nt_tally *t, const struct passes *p, struct nt_reply *reply)
{
	struct nt_moment now = {0};
	uint32_t lines = 0;

	for (uint32_t i = 0; i < p->n_other; i++) {
		const struct nt_packet *packet = p->other[i];
		const struct nt_fields *f = &packet->fields;
		uint32_t end = lines + nt_reply_make(&reply[lines], f, source_of(f), class_of(f));

		nt_moment_move(&now, packet->time_ns);
		for (; lines < end; lines++) {
			struct nt_reply *r = &reply[lines];

			r->time_ns = now.ns;
			r->bin = now.bin;
			r->target = target_of(f, is_v6(f));
			r->source = packet->line;
			r->home = nt_replies_ask(&t->replies, r->address, r->kind);
		}
	}
	return lines;
}

static void note_others(struct nt_tally *t, const struct passes *p)
{
	struct nt_reply reply[NT_REPLY_LINES * NT_BURST];
	uint32_t lines = ask_others(t, p, reply);

	for (uint32_t i = 0; i < lines; i++)
		note(t, &reply[i]);
}

void nt_backscatter_burst(struct nt_tally *t, const struct nt_packet *const *packet, uint32_t n)
{
	struct passes p;

	p.n_other = 0;
	ask_plain(t, packet, n, &p);
	note_plain(t, &p);
	if (p.n_other)
		note_others(t, &p);
}
