/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_BACKSCATTER_H
#define NT_TALLY_BACKSCATTER_H

#include "base/clock.h"
#include "base/targets.h"
#include "decode/decode.h"
#include "tally/source.h"

/*
 * A table that only backscatter touches. It says who sent it, as it is published, and who was attacked, by victim and
 * attacked protocol. Nearly always both are the same host, which answers for itself: one line is for both then. An ICMP
 * error that quotes the packet it answers says to one line who sent it, and to another who was attacked: the
 * destination of what it quotes. Fold puts together what a host has in several lines. The table is bounded; what finds
 * no place is counted as `victims` overflow and missing in no total.
 */

/** Whom a line counts packets for. */
enum nt_reply_part { NT_REPLY_SENDER = 1, NT_REPLY_VICTIM = 2, NT_REPLY_BOTH = 3 };

/** Bits of a line's kind: the attacked protocol (of a sender alone 0), nt_reply_part, IP version. Never 0. */
#define NT_REPLY_PROTO	    0xffu
#define NT_REPLY_PART_SHIFT 8
#define NT_REPLY_V6	    (1u << 10)

/** The kind of a sender of TCP, who was attacked by it: the only ones that have a source port. */
#define NT_REPLY_TCP (NT_REPLY_BOTH << NT_REPLY_PART_SHIFT | 6u)

static inline bool nt_reply_has_port(uint32_t kind)
{
	return (kind & ~NT_REPLY_V6) == NT_REPLY_TCP;
}

/** Classes that can come to one line: those of ICMP, which are the most. */
#define NT_REPLY_SLOTS 9

/** Words of the sketch of targets in a line. Half of it (nt_targets_halve()) is that of a victim. */
#define NT_REPLY_TARGETS (2 * NT_VICTIM_TARGETS)

/** Instead of a port: there is none. Beside one, in a line: there were others, and this is the earliest packet's. */
#define NT_REPLY_NO_PORT (1u << 16)
#define NT_REPLY_PORTS	 (1u << 17)

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

/** Three cache lines, the third of which is touched when a bin is over, or by a packet unlike those before. */
struct nt_reply_line {
	struct nt_key128 address;
	int64_t first_ns; /* Unix nanoseconds of its earliest packet */
	int64_t last_ns;  /* of its latest one */
	uint64_t targets[NT_REPLY_TARGETS];

	uint32_t packets[NT_REPLY_SLOTS]; /* by nt_reply_class_of_slot() */
	uint32_t newest;		  /* packets of last_bin: not in head yet */
	uint32_t last_bin;		  /* newest: Unix seconds / NT_VICTIM_BIN_S, lowest 32 bits */
	uint32_t first_bin;		  /* of head[0], likewise */
	uint32_t peak;	 /* most packets in a window of NT_VICTIM_BINS bins that ended before last_bin */
	uint32_t port;	 /* attacked, the sender's own in NT_REPLY_TCP; see NT_REPLY_NO_PORT */
	uint16_t kind;	 /* 0: free */
	uint16_t region; /* known when the bank is settled */
	uint32_t source; /* the line of its sender as a source, whose port this line counts, or NT_SOURCE_NONE */

	uint32_t head[NT_VICTIM_BINS];	    /* packets of the first bins */
	uint32_t older[NT_VICTIM_BINS - 1]; /* of last_bin - 1, last_bin - 2, ... */
	struct nt_victim_ports ports;	    /* attacked */
};

/** Is a host that is attacked the sender, too? */
static inline bool nt_reply_is_own(uint32_t kind)
{
	return (kind >> NT_REPLY_PART_SHIFT & NT_REPLY_BOTH) == NT_REPLY_BOTH;
}

/** Is a line one of such a part? */
static inline bool nt_reply_is(const struct nt_reply_line *line, enum nt_reply_part part)
{
	return line->kind >> NT_REPLY_PART_SHIFT & part;
}

/** Packets of a line. */
static inline uint32_t nt_reply_packets(const struct nt_reply_line *line)
{
	uint32_t packets = 0;

	for (uint32_t i = 0; i < NT_REPLY_SLOTS; i++)
		packets += line->packets[i];
	return packets;
}

/** Most packets in a window of NT_VICTIM_BINS bins. Until the next bin begins, what it holds only grows. */
static inline uint32_t nt_reply_peak(const struct nt_reply_line *line)
{
	uint32_t sum = line->newest;

	for (uint32_t i = 0; i < NT_VICTIM_BINS - 1; i++)
		sum += line->older[i];
	return sum > line->peak ? sum : line->peak;
}

/** Class that a slot of nt_reply_line.packets counts in lines of a kind. */
enum nt_backscatter nt_reply_class_of_slot(uint32_t kind, uint32_t slot);

/** The lines of a source that answers for itself: of ICMP, and of TCP; 0: none. */
struct nt_own_replies {
	uint32_t line[2];
};

/** As with sources: lines in the order of their first packets behind an index. */
struct nt_replies {
	struct nt_reply_line *line; /* [limit + 1]: those in use are 1 to `n` */
	uint32_t *index;	    /* [mask + 1] by address and kind the number of a line, or 0: free */
	struct nt_own_replies *own; /* [sources + 1] by the source's line, so that most packets search for nothing */
	uint32_t mask;
	uint32_t limit;
	uint32_t n;
	uint64_t overflow; /* packets without a line that they should have had */
};

/** A time in all the units that tables have. Packets of a burst hardly ever fall into different seconds. */
struct nt_moment {
	int64_t ns;	  /* Unix nanoseconds */
	int64_t begin_ns; /* of its second */
	uint32_t s;	  /* Unix seconds, rounded down, lowest 32 bits */
	uint32_t bin;	  /* Unix seconds / NT_VICTIM_BIN_S, likewise */
};

/** Of a time in Unix nanoseconds. Any thread. */
struct nt_moment nt_moment_of(int64_t time_ns);

/** Moves on. What is received has one time for a burst, and what is read hardly ever another second. */
static inline void nt_moment_move(struct nt_moment *m, int64_t time_ns)
{
	if (time_ns == m->ns)
		return;
	m->ns = time_ns;
	if ((uint64_t)time_ns - (uint64_t)m->begin_ns >= NT_SECOND_NS)
		*m = nt_moment_of(time_ns);
}

/** What one packet of backscatter says to one line. */
struct nt_reply {
	struct nt_key128 address;
	int64_t time_ns;
	uint64_t target; /* hash of our address that it went to */
	uint32_t bin;
	uint32_t home;	 /* of the line in the index */
	uint32_t line;	 /* its number, if that is known, or 0 */
	uint32_t port;	 /* or NT_REPLY_NO_PORT */
	uint32_t source; /* the line of its sender as a source, or NT_SOURCE_NONE */
	uint16_t kind;
	uint8_t slot;
};

/** A packet says something to so many lines at most. */
#define NT_REPLY_LINES 2

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

/** The class in one of them + 1; 0: it is no backscatter. */
static inline uint32_t nt_reply_class_in(uint32_t reply)
{
	return reply & ((1u << NT_REPLY_TRAITS_SHIFT) - 1);
}

/** Likewise, of a packet. */
static inline uint32_t nt_reply_class(const struct nt_fields *f)
{
	return nt_reply_class_in(nt_reply_of(f));
}

/** What packets of a class say, whatever else is in them, unless they quote. */
struct nt_reply_shape {
	uint16_t kind; /* TCP is IPv4 here */
	uint8_t slot;
	uint32_t no_port; /* NT_REPLY_NO_PORT or 0 */
};

extern const struct nt_reply_shape nt_reply_shape[NT_BACKSCATTERS];

/**
 * What a packet of backscatter says, but for time, target, source, home and line. Returns to how many lines: the first
 * is of its sender. Worker.
 */
uint32_t nt_reply_make(struct nt_reply reply[static NT_REPLY_LINES], const struct nt_fields *f, struct nt_key128 sender,
		       enum nt_backscatter class);

/** Where in the index the line of an address and kind belongs. */
static inline uint32_t nt_replies_home(const struct nt_replies *t, struct nt_key128 address, uint32_t kind)
{
	uint64_t hash = kind & NT_REPLY_V6 ? nt_mix_keyed(address.high + kind, address.low)
					   : nt_mix_word((uint64_t)kind << 32 | address.low);

	return (uint32_t)(hash >> 32) & t->mask;
}

/** Asks the cache for what most packets touch of a line. Worker. Inlined by force, as nt_ask_port() is. */
static inline __attribute__((always_inline)) void nt_replies_ask(const struct nt_replies *t, uint32_t line)
{
	__builtin_prefetch(&t->line[line], 1);
	__builtin_prefetch(&t->line[line].packets, 1);
}

/** Counts what is the same in all packets. Worker. */
static inline void nt_reply_count(struct nt_reply_line *line, const struct nt_reply *r)
{
	line->packets[r->slot]++;
	line->last_ns = r->time_ns > line->last_ns ? r->time_ns : line->last_ns; /* a coin toss for a branch */
	nt_targets_add(line->targets, NT_REPLY_TARGETS, r->target);
}

/** Counts a packet if it is like those before in its line. Else returns false. Worker. */
static inline bool nt_reply_count_like(struct nt_reply_line *line, const struct nt_reply *r)
{
	if ((r->bin ^ line->last_bin) | (r->port ^ line->port) | (uint32_t)(r->time_ns < line->first_ns))
		return false;
	nt_reply_count(line, r);
	line->newest++;
	return true;
}

/**
 * Counts a packet in its line, or as overflow. Returns how many packets' source ports are to be counted elsewhere: 0,
 * or this one, and as many as there are more from port `before`. Worker.
 */
uint32_t nt_replies_note(struct nt_replies *t, const struct nt_reply *r, uint16_t *before);

/** Empties the table; costs what was touched. Stats side. */
void nt_replies_clear(struct nt_replies *t);

#endif
