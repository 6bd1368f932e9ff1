/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_BACKSCATTER_H
#define NT_TALLY_BACKSCATTER_H

#include "decode/decode.h"
#include "tally/source.h"

/*
 * Two tables that only backscatter touches. By sender: who sent it, as it is published. By victim and attacked
 * protocol: who was attacked, which for an ICMP error is not its sender but the destination of the packet it quotes.
 * Both are bounded; what finds no place in either is counted as `victims` overflow and missing in no total.
 */

/** Classes that one IP version can send; index within it from nt_backscatter_slot(). */
#define NT_BACKSCATTER_SLOTS 12

/** Words of the sketch of targets in a line. */
#define NT_SENDER_TARGETS 4

/** Bits of nt_sender_line.used. */
enum nt_sender_use {
	NT_SENDER_USED = 1u << 0,
	NT_SENDER_PLACED = 1u << 1 /**< it has a line among the sources, too: its ports are counted by it or by pairs */
};

/**
 * A sender of backscatter. Two cache lines. As long as it has had one source port, its packets by port are those of TCP
 * in `packets`, which is nearly every victim of a flood; with the second one they all stand among the pairs.
 */
struct nt_sender_line {
	struct nt_key128 address;
	int64_t first_ns;      /* Unix nanoseconds of its earliest packet */
	int64_t last_ns;       /* of its latest one */
	int64_t first_port_ns; /* of the earliest one with a port */
	uint64_t targets[NT_SENDER_TARGETS];
	uint32_t packets[NT_BACKSCATTER_SLOTS];
	uint16_t src_port; /* of the earliest packet with a port */
	uint16_t region;   /* known when the bank is settled */
	uint8_t used;	   /* enum nt_sender_use */
	uint8_t v6;
	uint8_t has_port;
	uint8_t port_varies;
};

/**
 * Attacked ports of a victim. Of more than have room those stay that come first in a fixed order of all ports, so that
 * what stays does not depend on the order in which they came, or on who put them together.
 */
struct nt_victim_ports {
	uint16_t port[NT_VICTIM_PORTS]; /* in no order */
	uint8_t n;
	bool more; /* there were more */
};

/** Notes a port. Worker; and whoever puts lines together. */
void nt_victim_ports_note(struct nt_victim_ports *p, uint16_t port);

/** A victim of an attack by one protocol. Two cache lines. */
struct nt_victim_line {
	struct nt_key128 address;
	uint32_t packets;
	uint32_t first_s; /* Unix seconds, lowest 32 bits */
	uint32_t last_s;
	uint32_t classes;	       /* bits of enum nt_backscatter */
	uint32_t first_bin;	       /* Unix seconds / NT_VICTIM_BIN_S of head[0], lowest 32 bits */
	uint32_t last_bin;	       /* newest bin in ring */
	uint32_t head[NT_VICTIM_BINS]; /* packets of the first bins */
	uint32_t ring[NT_VICTIM_BINS]; /* packets of the newest bins; bin b in ring[b % NT_VICTIM_BINS] */
	uint64_t targets[NT_VICTIM_TARGETS];
	uint32_t peak; /* most packets in a window of NT_VICTIM_BINS bins, before the one in ring */
	uint8_t proto; /* attacked: 6, 17, 1, 58, or what an ICMP error quotes */
	uint8_t used : 1;
	uint8_t v6 : 1;
	struct nt_victim_ports ports;
};

/**
 * Most packets in a window of NT_VICTIM_BINS bins. Until the ring moves on, what it holds only grows: so it need not be
 * looked at for each packet. Worker; whoever holds the bank.
 */
static inline uint32_t nt_victim_peak(const struct nt_victim_line *line)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++)
		sum += line->ring[i];
	return sum > line->peak ? sum : line->peak;
}

struct nt_senders {
	struct nt_sender_line *line; /* [mask + 1] */
	uint32_t *touched;	     /* [limit] */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets without a line */
};

struct nt_victims {
	struct nt_victim_line *line; /* [mask + 1] */
	uint32_t *touched;	     /* [limit] */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets without a line */
};

/** A time in all the units that lines have. Packets of a burst hardly ever fall into different seconds. */
struct nt_moment {
	int64_t ns;   /* Unix nanoseconds */
	uint32_t s;   /* Unix seconds, rounded down, lowest 32 bits */
	uint32_t bin; /* Unix seconds / NT_VICTIM_BIN_S, likewise */
};

/** Of a time in Unix nanoseconds. Any thread. */
struct nt_moment nt_moment_of(int64_t time_ns);

/** What one packet of backscatter says, and where its lines belong. */
struct nt_reply {
	struct nt_key128 sender;
	struct nt_key128 victim;
	struct nt_moment when;
	uint64_t target;      /* hash of our address that it went to */
	uint32_t sender_home; /* slots of the tables it was made for */
	uint32_t victim_home;
	uint16_t src_port;	/* if has_port: TCP alone */
	uint16_t attacked_port; /* if has_attacked_port */
	uint8_t class;		/* enum nt_backscatter */
	uint8_t proto;		/* attacked */
	uint32_t line;		/* of its source, or NT_SOURCE_NONE */
	bool v6;
	bool has_port;
	bool has_attacked_port;
	uint16_t before; /* see nt_replies_note() */
	uint32_t elsewhere;
};

/**
 * Classes of a TCP packet, by its flags ACK to FIN, and of ICMP types: enum nt_backscatter + 1, 0: no backscatter
 * (contract C11); and above them what that says of the source: NT_SOURCE_BACKSCATTER, NT_SOURCE_SYN.
 */
#define NT_REPLY_TRAITS_SHIFT 6
extern const uint8_t nt_reply_of_tcp[32], nt_reply_of_icmp[256], nt_reply_of_icmp6[256];

/** One of these, of a packet. */
static inline uint32_t nt_reply_of(const struct nt_fields *f)
{
	switch (f->fate) {
	case NT_FATE_TCP:
		return nt_reply_of_tcp[f->tcp_flags & 31];
	case NT_FATE_ICMP:
		return nt_reply_of_icmp[f->icmp >> 8];
	case NT_FATE_ICMP6:
		return nt_reply_of_icmp6[f->icmp >> 8];
	default:
		return 0;
	}
}

/** Class of a packet + 1; 0: it is no backscatter. */
static inline uint32_t nt_reply_class(const struct nt_fields *f)
{
	return nt_reply_of(f) & ((1u << NT_REPLY_TRAITS_SHIFT) - 1);
}

/** Classes of ICMPv6 begin here; before them stand those of TCP, which both IP versions have, and of ICMP. */
#define NT_BACKSCATTER_FIRST_ICMP  NT_BACKSCATTER_ICMP_ECHO_REPLY
#define NT_BACKSCATTER_FIRST_ICMP6 NT_BACKSCATTER_ICMP6_DEST_UNREACH

/** Classes that quote the packet they answer. */
#define NT_REPLY_ERRORS                                                                                                \
	(1u << NT_BACKSCATTER_ICMP_DEST_UNREACH | 1u << NT_BACKSCATTER_ICMP_SOURCE_QUENCH |                            \
	 1u << NT_BACKSCATTER_ICMP_REDIRECT | 1u << NT_BACKSCATTER_ICMP_TIME_EXCEEDED |                                \
	 1u << NT_BACKSCATTER_ICMP_PARAM_PROBLEM | 1u << NT_BACKSCATTER_ICMP6_DEST_UNREACH |                           \
	 1u << NT_BACKSCATTER_ICMP6_PKT_TOO_BIG | 1u << NT_BACKSCATTER_ICMP6_TIME_EXCEEDED |                           \
	 1u << NT_BACKSCATTER_ICMP6_PARAM_PROBLEM)

/** Who was attacked is who the packet that is quoted went to. Worker. */
void nt_reply_quotes(struct nt_reply *r, const struct nt_fields *f);

/** Says who was attacked, from fields and class; `sender`, `v6`, `class` and `proto` are set here, too. Worker. */
static inline void nt_reply_make(struct nt_reply *r, const struct nt_fields *f, struct nt_key128 sender,
				 enum nt_backscatter class)
{
	enum { ICMP = 1, TCP = 6, ICMP6 = 58 };
	bool tcp = class < NT_BACKSCATTER_FIRST_ICMP;

	r->class = (uint8_t) class;
	r->v6 = f->class == NT_CLASS_IPV6;
	r->sender = r->victim = sender;
	r->proto = tcp ? TCP : r->v6 ? ICMP6 : ICMP;
	r->has_port = r->has_attacked_port = tcp;
	r->src_port = r->attacked_port = f->src_port;
	if (f->has_inner && NT_REPLY_ERRORS >> class & 1)
		nt_reply_quotes(r, f);
}

/** Finds where its lines belong and asks the cache for them, two of its own for each. Worker. */
static inline __attribute__((always_inline)) void nt_reply_prefetch(struct nt_reply *r,
								    const struct nt_senders *senders,
								    const struct nt_victims *victims)
{
	uint64_t hash = r->v6 ? nt_mix_keyed(r->victim.high + r->v6 + 2 * (uint64_t)r->proto, r->victim.low)
			      : nt_mix_word((uint64_t)r->proto << 32 | r->victim.low);
	const struct nt_sender_line *sender;
	const struct nt_victim_line *victim;

	r->sender_home = (uint32_t)(nt_source_hash(r->sender, r->v6) >> 32) & senders->mask;
	r->victim_home = (uint32_t)(hash >> 32) & victims->mask;
	sender = &senders->line[r->sender_home];
	victim = &victims->line[r->victim_home];
	__builtin_prefetch(sender, 1);
	__builtin_prefetch(&sender->packets[NT_BACKSCATTER_SLOTS - 1], 1);
	__builtin_prefetch(victim, 1);
	__builtin_prefetch(&victim->targets, 1);
}

/**
 * Counts packets for their senders and victims, or as overflow. Says of each how many packets' source ports are to be
 * counted `elsewhere`: 0, or this one, and as many as there are more from port `before`. Worker.
 */
void nt_replies_note(struct nt_senders *senders, struct nt_victims *victims, struct nt_reply *reply, uint32_t n);

/** Packets of a sender that have a source port. */
static inline uint32_t nt_sender_with_port(const struct nt_sender_line *line)
{
	return line->packets[NT_BACKSCATTER_SYNACK] + line->packets[NT_BACKSCATTER_RST] +
	       line->packets[NT_BACKSCATTER_RSTACK];
}

/** Empty the tables; cost what was touched. Stats side. */
void nt_senders_clear(struct nt_senders *t);
void nt_victims_clear(struct nt_victims *t);

/** Place of a class in nt_sender_line.packets, and back. */
static inline uint32_t nt_backscatter_slot(enum nt_backscatter class)
{
	return class < NT_BACKSCATTER_FIRST_ICMP6 ? class
						  : class - NT_BACKSCATTER_FIRST_ICMP6 + NT_BACKSCATTER_FIRST_ICMP;
}

enum nt_backscatter nt_backscatter_of_slot(uint32_t slot, bool v6);

#endif
