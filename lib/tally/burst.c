/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

#include "base/clock.h"
#include "base/differ.h"
#include "base/targets.h"

/*
 * Counting a burst, in passes over all its packets as in find.c. Counted is what the packet itself says; what follows
 * from its source and port is made of lines and pairs when the bank is settled.
 */

/* What the passes hand on. */
struct passes {
	int64_t second_s;  /* the second that the newest packet fell into, */
	int64_t second_ns; /* and when it began */
	uint32_t n_pairs;
	uint32_t n_other;
	uint32_t n_replies;
	uint32_t n_unplaced;
	uint64_t replies;	    /* bit by packet: it is backscatter */
	uint32_t matched[NT_BURST]; /* signatures, by packet */
	uint32_t line[NT_BURST];    /* of the source, by packet */
	uint8_t unplaced[NT_BURST]; /* packets whose sources have no line */
	uint8_t other[NT_BURST];    /* packets with ports that are not their source's own pair */
	uint8_t replying[NT_BURST]; /* backscatter, */
	uint8_t class[NT_BURST];    /* and of what class each of these is */
	uint64_t pair_key[NT_PAIRS_OF_BURST];
	uint32_t pair_matched[NT_PAIRS_OF_BURST];
	uint32_t pair_home[NT_PAIRS_OF_BURST];
	uint8_t pair[NT_PAIRS_OF_BURST]; /* a packet of the source */
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

/* Hash of the destination, for the sketches of targets. */
static inline uint64_t target_of(const struct nt_fields *f, bool v6)
{
	struct nt_key128 to;

	if (!v6)
		return nt_targets_hash4(f->dst4);
	to = nt_key128_of(f->dst6);
	return nt_mix(to.high, to.low);
}

/* Seconds of a time. Packets of a burst hardly ever fall into different seconds. */
static inline int64_t seconds_of(struct passes *p, int64_t time_ns)
{
	if ((uint64_t)time_ns - (uint64_t)p->second_ns >= NT_SECOND_NS) {
		p->second_s = nt_seconds_of_ns(time_ns);
		p->second_ns = (int64_t)((uint64_t)p->second_s * NT_SECOND_NS);
	}
	return p->second_s;
}

/* What a packet is counted as: constants, so that nothing is looked at twice. */
struct kind {
	enum nt_fate fate; /* TCP, UDP or anything else */
	bool v6;
	bool pairs; /* are counted */
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
	if (!(line->traits & NT_SOURCE_PORT)) {
		line->src_port = f->src_port;
		line->port = port_key(f);
		line->traits |= NT_SOURCE_PORT;
	}
}

/* Traits from a header with ports: what differs from the first one. */
static inline uint32_t note_header(struct nt_source_line *line, const struct nt_fields *f, bool tcp)
{
	enum { OF_ALL = 0xe0, OF_TCP = 0x1f };
	uint32_t known = tcp ? NT_SOURCE_PORT | NT_SOURCE_TCP : NT_SOURCE_PORT;

	if (__builtin_expect((line->traits & known) != known, 0))
		note_late(line, f);
	return (nt_differ(&line->seq, &f->seq) & (tcp ? OF_ALL | OF_TCP : OF_ALL)) << NT_SOURCE_VARIES_SHIFT;
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

static inline void ask_pair(const struct nt_tally *t, struct passes *p, uint32_t i, uint64_t key, uint32_t matched)
{
	uint32_t home = nt_pairs_home(&t->pairs, key);

	nt_pairs_prefetch(&t->pairs, home);
	p->pair_key[p->n_pairs] = key;
	p->pair_matched[p->n_pairs] = matched;
	p->pair_home[p->n_pairs] = home;
	p->pair[p->n_pairs++] = (uint8_t)i;
}

/* Backscatter: asks for the lines of its sender and its victim. */
static void ask_replies(const struct nt_tally *t, const struct nt_burst *b, struct passes *p)
{
	for (uint32_t n = 0; n < p->n_replies; n++) {
		uint32_t i = p->replying[n];
		const struct nt_fields *f = &b->fields[i];
		struct nt_reply *r = &p->reply[n];

		p->replies |= UINT64_C(1) << i;
		nt_reply_make(r, f, source_of(f), p->class[n]);
		r->time_ns = b->frame[i].time_ns;
		r->time_s = seconds_of(p, r->time_ns);
		r->target = target_of(f, is_v6(f));
		r->packet = (uint8_t)i;
		r->line = p->line[i];
		nt_reply_prefetch(r, &t->senders, &t->victims);
	}
}

/* Packets with ports of which their sources' own pairs are not: see nt_source_line. */
static void ask_pairs(const struct nt_tally *t, const struct nt_burst *b, struct passes *p)
{
	for (uint32_t n = 0; n < p->n_other; n++) {
		uint32_t i = p->other[n], at = p->line[i], port = port_key(&b->fields[i]), matched = p->matched[i];
		struct nt_source_line *line = &t->sources.line[at];

		if (line->pair_packets > 1) {
			ask_pair(t, p, i, nt_pair_key(at, port), matched);
			continue;
		}
		if (line->pair_packets)
			ask_pair(t, p, i, nt_pair_key(at, line->port), line->pair_matched);
		line->port = port;
		line->pair_matched = matched;
		line->pair_packets = 1;
	}
}

/*
 * The line of a packet's source, found or made here if nt_tally_find() had no need to; or NT_SOURCE_NONE. The first
 * look is right but for a new source.
 */
static inline uint32_t find_line(struct nt_tally *t, const struct nt_burst *b, uint32_t i, bool v6)
{
	struct nt_sources *s = &t->sources;
	struct nt_key128 from = v6 ? nt_key128_of(b->fields[i].src6) : (struct nt_key128){.low = b->fields[i].src4};
	uint32_t at;

	if (b->found)
		return b->line[i];
	at = nt_source_number(s, b->place[i]);
	if (nt_source_is(s, at, from, v6 ? NT_SOURCE_V6 : 0))
		return at;
	return nt_sources_find(s, from, v6, b->place[i], b->tag[i]);
}

/*
 * What a packet says of its source, whose line is asked for. What follows for some packets only is put on a list: the
 * lists are of any length without a branch that nobody foresees.
 */
static inline __attribute__((always_inline)) void note_source(struct nt_tally *t, const struct nt_burst *b, uint32_t i,
							      struct passes *p, struct kind kind, uint32_t reply)
{
	const struct nt_fields *f = &b->fields[i];
	uint32_t matched = p->matched[i], syn = reply >> NT_REPLY_SYN_SHIFT, class = reply & ~NT_REPLY_SYN;
	uint32_t time_s = (uint32_t)seconds_of(p, b->frame[i].time_ns), traits = syn * NT_SOURCE_SYN;
	uint32_t at = p->line[i] = find_line(t, b, i, kind.v6);
	struct nt_source_line *line = &t->sources.line[at];

	if (kind.fate != NT_FATE_UDP) {
		p->replying[p->n_replies] = (uint8_t)i;
		p->class[p->n_replies] = (uint8_t)(class - 1);
		p->n_replies += class != 0;
	}
	if (at == NT_SOURCE_NONE) {
		p->unplaced[p->n_unplaced++] = (uint8_t)i;
		return;
	}
	if (!line->packets++)
		begin_line(line, f, time_s);
	line->matched |= matched;
	if (kind.fate == NT_FATE_TCP)
		line->missed |= ~matched & -syn;
	note_time(line, time_s);
	nt_targets_add(&line->targets, 1, target_of(f, kind.v6));
	traits |= class ? NT_SOURCE_BACKSCATTER : 0;
	if (kind.fate != NT_FATE_OTHER) {
		bool own;

		traits |= note_header(line, f, kind.fate == NT_FATE_TCP);
		own = !((traits & NT_SOURCE_PORT_VARIES) | (line->pair_matched ^ matched));
		line->pair_packets += own;
		p->other[p->n_other] = (uint8_t)i;
		p->n_other += kind.pairs & !own;
	} else if (matched) {
		ask_pair(t, p, i, nt_pair_key(at, NT_PAIR_PORTLESS), matched);
	}
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
		nt_histogram_count_small(&h[NT_TABLE_NO_L4], f->ip_proto);
		break;
	default: /* every other fate is in fate[] alone */
		break;
	}
	if (has_source(f))
		nt_histogram_count_small(&h[NT_TABLE_IP_PROTO], f->ip_proto);
}

/* A packet: what it says by itself, and of its source. */
static inline __attribute__((always_inline)) void count_packet(struct nt_tally *t, const struct nt_burst *b, uint32_t i,
							       struct passes *p, enum nt_tally_part part)
{
	const struct nt_fields *f = &b->fields[i];
	bool dense = part >= NT_TALLY_DENSE, ports = part >= NT_TALLY_ALL, v6 = is_v6(f);

	if (dense) {
		t->class_frames[f->class]++;
		t->fate[f->fate]++;
	}
	if (f->fate == NT_FATE_TCP) {
		if (dense) {
			nt_histogram_count_small(&t->histogram[NT_TABLE_TCP_FLAGS], f->tcp_flags);
			nt_histogram_count(&t->histogram[NT_TABLE_TCP_WINDOW], f->window);
		}
		if (f->class == NT_CLASS_IPV4)
			note_source(t, b, i, p, (struct kind){NT_FATE_TCP, false, ports},
				    nt_reply_of_tcp[f->tcp_flags & 31]);
		else
			note_source(t, b, i, p, (struct kind){NT_FATE_TCP, v6, ports},
				    nt_reply_of_tcp[f->tcp_flags & 31]);
	} else if (f->fate == NT_FATE_UDP) {
		note_source(t, b, i, p, (struct kind){NT_FATE_UDP, v6, ports}, 0);
	} else {
		if (dense)
			count_other(t, f);
		if (has_source(f))
			note_source(t, b, i, p, (struct kind){NT_FATE_OTHER, v6, ports}, nt_reply_of(f));
	}
}

/* What was looked up at once; of a line it need not be looked up again before the bank is settled. */
static void note_regions(struct nt_tally *t, const struct nt_burst *b)
{
	for (uint32_t n = 0; n < b->n_unlocated; n++) {
		uint32_t i = b->unlocated[n];

		if (b->line[i] != NT_SOURCE_NONE)
			t->sources.line[b->line[i]].region = b->region[i];
	}
}

static void count_pairs(struct nt_tally *t, const struct nt_burst *b, const struct passes *p)
{
	for (uint32_t n = 0; n < p->n_pairs; n++) {
		uint64_t key = p->pair_key[n];

		if (!nt_pairs_count(&t->pairs, key, p->pair_matched[n], p->pair_home[n], 1))
			nt_unplaced_pair(t, b, p->pair[n], nt_pair_port(key), p->pair_matched[n]);
	}
}

/*
 * Packets of a reply's source by their source port, which its sender does not count: `n` with the reply itself, those
 * before it from `port`.
 */
static void count_reply_ports(struct nt_tally *t, const struct nt_burst *b, struct passes *p, const struct nt_reply *r,
			      uint32_t n, uint16_t port)
{
	uint64_t key = nt_pair_key(r->line, NT_PAIR_REPLY | port);

	if (n > 1 && !nt_pairs_count(&t->pairs, key, 0, nt_pairs_home(&t->pairs, key), n - 1))
		nt_unplaced_reply(t, b->region[r->packet], port, n - 1);
	ask_pair(t, p, r->packet, nt_pair_key(r->line, NT_PAIR_REPLY | r->src_port), 0);
}

static void count_replies(struct nt_tally *t, const struct nt_burst *b, struct passes *p)
{
	for (uint32_t i = 0; i < p->n_replies; i++) {
		const struct nt_reply *r = &p->reply[i];
		uint16_t port = 0;
		uint32_t n = nt_senders_note(&t->senders, r, &port);

		nt_victims_note(&t->victims, r);
		if (n && r->line != NT_SOURCE_NONE)
			count_reply_ports(t, b, p, r, n, port);
	}
}

/* `part` is a constant wherever this is used, so that the whole path has no look at it. */
static inline __attribute__((always_inline)) void count(struct nt_tally *t, const struct nt_burst *b,
							enum nt_tally_part part)
{
	struct passes p;

	p.n_pairs = p.n_other = p.n_replies = p.n_unplaced = 0;
	p.second_s = p.second_ns = 0;
	p.replies = 0;
	note_regions(t, b);
	nt_signatures_match_burst(t->signatures, b->fields, b->region, b->n, p.matched);
	for (uint32_t i = 0; i < b->n; i++)
		count_packet(t, b, i, &p, part);
	ask_pairs(t, b, &p);
	ask_replies(t, b, &p);
	count_replies(t, b, &p);
	count_pairs(t, b, &p);
	if (p.n_unplaced)
		nt_unplaced_sources(t, b, p.unplaced, p.n_unplaced, p.matched, p.replies);
}

void nt_tally_burst(struct nt_tally *t, const struct nt_burst *b)
{
	count(t, b, NT_TALLY_ALL);
}

void nt_tally_burst_part(struct nt_tally *t, const struct nt_burst *b, enum nt_tally_part part)
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
