/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

#include "base/clock.h"
#include "base/differ.h"
#include "base/targets.h"

/*
 * Counting a burst, in passes over all its packets as in find.c. Counted is what the packet itself says; what follows
 * from its source and port is made of lines and pairs when the bank is settled.
 */

/* The end of a list of packets. To append one takes no branch that nobody foresees. */
typedef const struct nt_packet **list_end;

static inline list_end append_if(list_end end, const struct nt_packet *packet, bool wanted)
{
	*end = packet;
	return end + wanted;
}

static inline void end_list(struct nt_packet_list *l, list_end end)
{
	l->n = (uint32_t)(end - l->packet);
}

/* What the passes hand on. */
struct passes {
	struct marks {
		struct nt_moment now; /* of the newest packet */
		list_end other;
		list_end replies; /* of this pass */
		list_end unplaced;
		uint32_t n_unusual;
	} marks;
	bool found;			       /* as nt_burst.found */
	struct nt_packet *unusual[NT_BURST];   /* neither TCP nor UDP in IPv4 */
	struct nt_packet_list other;	       /* with ports that are not their source's own pair */
	struct nt_packet_list replies;	       /* backscatter of TCP in IPv4, */
	struct nt_packet_list unusual_replies; /* and the rest of it */
	struct nt_packet_list unplaced;	       /* their sources have no line */
};

void nt_tally_arrival(struct nt_tally *t, const struct nt_frame *frames, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += frames[i].wire_len;
	t->frames += n;
	t->bytes += bytes;
}

/* What a packet is counted as: constants, so that nothing is looked at twice, but for a number that nobody foresees. */
struct kind {
	bool ports; /* TCP or UDP */
	bool v6;
	bool pairs;   /* are counted */
	uint32_t tcp; /* 1, or 0 */
};

/* What there is to say of a source once. */
static inline void begin_line(struct nt_source_line *line, const struct nt_fields *f, uint32_t time_s)
{
	line->first_s = line->last_s = time_s;
	memcpy(&line->seq, &f->seq, NT_DIFFER_BYTES);
	line->traits |= has_port(f) ? NT_SOURCE_PORT : 0;
	line->traits |= f->fate == NT_FATE_TCP ? NT_SOURCE_TCP : 0;
}

/* The first packet with ports, or the first of TCP, of a source that began without. */
static void note_late(struct nt_source_line *line, const struct nt_fields *f)
{
	if (f->fate == NT_FATE_TCP && !(line->traits & NT_SOURCE_TCP)) {
		line->seq = f->seq;
		line->ack = f->ack;
		line->window = f->window;
		line->traits |= NT_SOURCE_TCP;
	}
	if (has_port(f) && !(line->traits & NT_SOURCE_PORT)) {
		line->src_port = f->src_port;
		line->port = port_key(f);
		line->traits |= NT_SOURCE_PORT;
	}
}

/* A packet of a kind that its source has not sent yet, which most often is its first one. */
static inline void note_first(struct nt_source_line *line, const struct nt_fields *f, uint32_t time_s)
{
	if (!line->packets)
		begin_line(line, f, time_s);
	else
		note_late(line, f);
}

/* Says that nothing of a packet's kind is a source's first. */
static inline bool is_known(const struct nt_source_line *line, struct kind kind)
{
	static const uint16_t known[] = {NT_SOURCE_PORT, NT_SOURCE_PORT | NT_SOURCE_TCP};

	return kind.ports ? (line->traits & known[kind.tcp]) == known[kind.tcp] : line->packets;
}

/* Traits from a header with ports: what differs from the first one. */
static inline uint32_t compare_header(const struct nt_source_line *line, const struct nt_fields *f, uint32_t tcp)
{
	enum { PORTS = 0xe0, ALL = 0xff };
	static const uint32_t compared[] = {PORTS, ALL};

	return (nt_differ(&line->seq, &f->seq) & compared[tcp]) << NT_SOURCE_VARIES_SHIFT;
}

/* Most packets of a source are no later than one before; only then can they be earlier than the first. */
static inline void note_time(struct nt_source_line *line, uint32_t time_s)
{
	if (time_s == line->last_s)
		return;
	if ((int32_t)(time_s - line->last_s) > 0)
		line->last_s = time_s;
	if ((int32_t)(time_s - line->first_s) < 0)
		line->first_s = time_s;
}

/* Packets with ports of which their sources' own pairs are not: see nt_source_line. */
static void ask_pairs(struct nt_tally *t, const struct passes *p)
{
	struct nt_pairs pairs = t->pairs; /* a copy that no store is one to */
	struct nt_waiting_pair *next = &t->waiting.pair[t->waiting.n];

	for (uint32_t n = 0; n < p->other.n; n++) {
		const struct nt_packet *packet = p->other.packet[n];
		struct nt_source_line *line = &t->sources.line[packet->line];
		uint32_t port = port_key(&packet->fields);

		if (line->pair_packets > 1) {
			nt_waiting_ask(next++, &pairs, packet->line, port, packet->matched, 1);
			continue;
		}
		if (line->pair_packets)
			nt_waiting_ask(next++, &pairs, packet->line, line->port, line->pair_matched, 1);
		line->port = port;
		line->pair_matched = packet->matched;
		line->pair_packets = 1;
	}
	t->waiting.n = (uint32_t)(next - t->waiting.pair);
}

/*
 * Puts a packet to the line of its source. If the index did not lead there, the source is new, or its line was made by
 * this burst. False if it has none.
 */
static inline bool find_line(struct nt_sources *s, struct nt_packet *packet, bool v6, const struct passes *p)
{
	const struct nt_fields *f = &packet->fields;
	struct nt_key128 from = v6 ? nt_key128_of(f->src6) : (struct nt_key128){.low = f->src4};

	if (nt_source_is(s, packet->line, from, v6))
		return true;
	if (!p->found)
		packet->line = nt_sources_find(s, from, v6, packet->home, packet->place, packet->tag);
	return packet->line != NT_SOURCE_NONE;
}

/*
 * A packet's ports: whether its source's own pair is it, or else the packet is listed. Backscatter is in a list
 * already: as it hardly ever comes to one port twice, it takes no other pair's place. Returns traits.
 */
static inline uint32_t note_ports(struct nt_source_line *line, const struct nt_packet *packet, struct marks *m,
				  struct kind kind, uint32_t known)
{
	uint32_t traits = compare_header(line, &packet->fields, kind.tcp);
	uint64_t unlike = (traits & NT_SOURCE_PORT_VARIES) | (line->pair_matched ^ packet->matched);
	int64_t which = (int64_t)(unlike | (uint64_t)known << 63); /* below 0: NT_SOURCE_BACKSCATTER, which is bit 0 */

	line->pair_packets += unlike == 0;
	m->other = append_if(m->other, packet, kind.pairs & (which > 0));
	return traits;
}

/* What a packet says of its source, whose line is asked for. `reply`: nt_reply_of(). */
static inline __attribute__((always_inline)) void note_source(struct nt_tally *t, struct nt_packet *packet,
							      struct passes *p, struct marks *m, struct kind kind,
							      uint32_t reply)
{
	const struct nt_fields *f = &packet->fields;
	uint32_t matched = packet->matched, traits = reply >> NT_REPLY_TRAITS_SHIFT;
	struct nt_source_line *line;

	nt_moment_move(&m->now, packet->time_ns);
	m->replies = append_if(m->replies, packet, traits & NT_SOURCE_BACKSCATTER);
	if (!find_line(&t->sources, packet, kind.v6, p)) {
		m->unplaced = append_if(m->unplaced, packet, true);
		return;
	}
	line = &t->sources.line[packet->line];
	if (__builtin_expect(!is_known(line, kind), 0))
		note_first(line, f, m->now.s);
	line->packets++;
	line->matched |= matched;
	line->missed |= ~matched & -(traits / NT_SOURCE_SYN);
	note_time(line, m->now.s);
	nt_targets_add(&line->targets, 1, target_of(f, kind.v6));
	if (kind.ports)
		traits |= note_ports(line, packet, m, kind, traits);
	else if (matched)
		nt_waiting_add(&t->waiting, &t->pairs, packet->line, NT_PAIR_PORTLESS, matched, 1);
	line->traits |= (uint16_t)traits;
}

/* What a packet of another protocol says by itself. */
static inline void count_other(struct nt_tally *t, const struct nt_fields *f)
{
	struct nt_histogram *h = t->histogram;

	switch (f->fate) {
	case NT_FATE_ICMP:
		nt_histogram_count(&h[NT_TABLE_ICMP], f->icmp);
		return;
	case NT_FATE_ICMP6:
		nt_histogram_count(&h[NT_TABLE_ICMP6], f->icmp);
		return;
	case NT_FATE_NO_L4:
		nt_histogram_count_bare(&h[NT_TABLE_NO_L4], f->ip_proto);
		break;
	default: /* every other fate is in fate[] alone */
		break;
	}
	if (has_source(f))
		nt_histogram_count_bare(&h[NT_TABLE_IP_PROTO], f->ip_proto);
}

/* What TCP says by itself; UDP, whose flags and window are 0, says nothing: `tcp` is 0. */
static inline void count_tcp(struct nt_tally *t, const struct nt_fields *f, uint32_t tcp)
{
	nt_histogram_add_bare(&t->histogram[NT_TABLE_TCP_FLAGS], f->tcp_flags, tcp);
	nt_histogram_add_bare(&t->histogram[NT_TABLE_TCP_WINDOW], f->window, tcp);
}

/* TCP and UDP in IPv4, which is nearly all: what they say by themselves, and of their sources. Lists the others. */
static inline __attribute__((always_inline)) void count_usual(struct nt_tally *t, struct nt_burst *b, struct passes *p,
							      enum nt_tally_part part)
{
	struct kind kind = {.ports = true, .pairs = part >= NT_TALLY_ALL};
	struct marks m = {.other = p->other.packet, .replies = p->replies.packet, .unplaced = p->unplaced.packet};
	uint32_t udp = 0;

	for (struct nt_packet *packet = b->packet, *end = packet + b->n; packet < end; packet++) {
		const struct nt_fields *f = &packet->fields;
		uint32_t which = f->fate | (uint32_t)f->class << 8; /* 0: TCP in IPv4, 1: UDP */

		if (which > NT_FATE_UDP) {
			p->unusual[m.n_unusual++] = packet;
			continue;
		}
		udp += which;
		kind.tcp = which ^ 1;
		if (part >= NT_TALLY_DENSE)
			count_tcp(t, f, kind.tcp);
		note_source(t, packet, p, &m, kind, nt_reply_of_tcp[f->tcp_flags & 31]);
	}
	if (part >= NT_TALLY_DENSE) {
		t->class_frames[NT_CLASS_IPV4] += b->n - m.n_unusual;
		t->fate[NT_FATE_TCP] += b->n - m.n_unusual - udp;
		t->fate[NT_FATE_UDP] += udp;
	}
	end_list(&p->replies, m.replies);
	p->marks = m;
}

_Static_assert(NT_FATE_TCP == 0 && NT_FATE_UDP == 1 && NT_CLASS_IPV4 == 0, "which of the usual packets it is");

/* A packet that is no usual one. `v6` and `part` are constants. */
static inline __attribute__((always_inline)) void count_unusual(struct nt_tally *t, struct nt_packet *packet,
								struct passes *p, struct marks *m, bool v6,
								enum nt_tally_part part)
{
	const struct nt_fields *f = &packet->fields;
	struct kind kind = {.v6 = v6, .pairs = part >= NT_TALLY_ALL, .tcp = f->fate == NT_FATE_TCP};

	if (part >= NT_TALLY_DENSE) {
		t->class_frames[f->class]++;
		t->fate[f->fate]++;
	}
	if (has_port(f)) {
		if (part >= NT_TALLY_DENSE)
			count_tcp(t, f, kind.tcp);
		kind.ports = true;
		note_source(t, packet, p, m, kind, nt_reply_of(f));
	} else {
		if (part >= NT_TALLY_DENSE)
			count_other(t, f);
		kind.ports = false;
		if (has_source(f))
			note_source(t, packet, p, m, kind, nt_reply_of(f));
	}
}

static inline __attribute__((always_inline)) void count_all_unusual(struct nt_tally *t, struct passes *p,
								    enum nt_tally_part part)
{
	struct marks m = p->marks;

	m.replies = p->unusual_replies.packet;
	for (uint32_t n = 0; n < m.n_unusual; n++)
		if (is_v6(&p->unusual[n]->fields))
			count_unusual(t, p->unusual[n], p, &m, true, part);
		else
			count_unusual(t, p->unusual[n], p, &m, false, part);
	end_list(&p->unusual_replies, m.replies);
	end_list(&p->other, m.other);
	end_list(&p->unplaced, m.unplaced);
}

/*
 * What was looked up at once: of a line it need not be looked up again before the bank is settled, and without one the
 * packet's port is asked for, by its region.
 */
static void note_regions(struct nt_tally *t, const struct nt_burst *b)
{
	for (uint32_t n = 0; n < b->n_unlocated; n++) {
		const struct nt_packet *packet = &b->packet[b->unlocated[n]];

		if (packet->line != NT_SOURCE_NONE)
			t->sources.line[packet->line].region = packet->region;
		else
			nt_unplaced_ask(t, packet);
	}
}

/* `part` is a constant wherever this is used, so that the whole path has no look at it. */
static inline __attribute__((always_inline)) void count(struct nt_tally *t, struct nt_burst *b, enum nt_tally_part part)
{
	struct passes p;

	p.found = b->found;
	note_regions(t, b);
	if (nt_signatures_ask_region(t->signatures))
		nt_signatures_match_burst(t->signatures, b->packet, b->n);
	count_usual(t, b, &p, part);
	count_all_unusual(t, &p, part);
	if (p.replies.n | p.unusual_replies.n)
		nt_backscatter_burst(t, &p.replies, &p.unusual_replies, part >= NT_TALLY_ALL);
	ask_pairs(t, &p);
	if (p.unplaced.n)
		nt_unplaced_sources(t, &p.unplaced);
}

void nt_tally_burst(struct nt_tally *t, struct nt_burst *b)
{
	count(t, b, NT_TALLY_ALL);
}

void nt_tally_burst_part(struct nt_tally *t, struct nt_burst *b, enum nt_tally_part part)
{
	switch (part) {
	case NT_TALLY_SOURCES:
		count(t, b, NT_TALLY_SOURCES);
		break;
	case NT_TALLY_DENSE:
		count(t, b, NT_TALLY_DENSE);
		break;
	case NT_TALLY_ALL:
		count(t, b, NT_TALLY_ALL);
		break;
	}
}
