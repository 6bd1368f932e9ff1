/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SNAPSHOT_H
#define NEEDLETAIL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The result of one interval: plain values, no pointer into the packet side. It is the only thing that leaves
 * the packet side; detectors, spool and sinks see nothing else.
 */

/** What the ethertype (or the version nibble) says a frame is. Names: nt_class_name[]. */
enum nt_class { NT_CLASS_IPV4, NT_CLASS_IPV6, NT_CLASS_ARP, NT_CLASS_OTHER, NT_CLASSES };

/** Which check a frame failed. One list for `malformed` and `truncated`. Names: nt_reason_name[]. */
enum nt_reason {
	NT_REASON_ETH,
	NT_REASON_VLAN,
	NT_REASON_IPV4_HEADER,
	NT_REASON_IPV4_VERSION,
	NT_REASON_IPV4_IHL,
	NT_REASON_IPV4_LENGTH,
	NT_REASON_IPV4_OPTIONS,
	NT_REASON_IPV6_HEADER,
	NT_REASON_IPV6_VERSION,
	NT_REASON_IPV6_LENGTH,
	NT_REASON_IPV6_EXT,
	NT_REASON_TCP_HEADER,
	NT_REASON_TCP_OFFSET,
	NT_REASON_UDP_HEADER,
	NT_REASON_UDP_LENGTH,
	NT_REASON_ICMP_HEADER,
	NT_REASON_ICMP6_HEADER,
	NT_REASONS
};

/** Kinds of reply to a packet that somebody sent in our name. Names: nt_backscatter_name[]. */
enum nt_backscatter {
	NT_BACKSCATTER_SYNACK,
	NT_BACKSCATTER_RST,
	NT_BACKSCATTER_RSTACK,
	NT_BACKSCATTER_ICMP_ECHO_REPLY,
	NT_BACKSCATTER_ICMP_DEST_UNREACH,
	NT_BACKSCATTER_ICMP_SOURCE_QUENCH,
	NT_BACKSCATTER_ICMP_REDIRECT,
	NT_BACKSCATTER_ICMP_TIME_EXCEEDED,
	NT_BACKSCATTER_ICMP_PARAM_PROBLEM,
	NT_BACKSCATTER_ICMP_TS_REPLY,
	NT_BACKSCATTER_ICMP_INFO_REPLY,
	NT_BACKSCATTER_ICMP_MASK_REPLY,
	NT_BACKSCATTER_ICMP6_DEST_UNREACH,
	NT_BACKSCATTER_ICMP6_PKT_TOO_BIG,
	NT_BACKSCATTER_ICMP6_TIME_EXCEEDED,
	NT_BACKSCATTER_ICMP6_PARAM_PROBLEM,
	NT_BACKSCATTER_ICMP6_ECHO_REPLY,
	NT_BACKSCATTERS
};

/** The tables "key -> packets" of a snapshot. One row each in nt_table_row[] (needletail/schema.h). */
enum nt_table {
	NT_TABLE_NO_L4,	      /**< key: protocol number 1, 6, 17 or 58 without a transport header to read */
	NT_TABLE_IP_PROTO,    /**< key: protocol number, or NT_PROTO_UNRESOLVED */
	NT_TABLE_TCP_PORT,    /**< key: destination port */
	NT_TABLE_UDP_PORT,    /**< key: destination port */
	NT_TABLE_TCP_FLAGS,   /**< key: the eight flag bits CWR..FIN */
	NT_TABLE_TCP_WINDOW,  /**< key: window field as on the wire, unscaled */
	NT_TABLE_ICMP,	      /**< key: type << 8 | code */
	NT_TABLE_ICMP6,	      /**< key: type << 8 | code */
	NT_TABLE_REGION,      /**< key: region, see nt_region_text() */
	NT_TABLE_ASN,	      /**< key: AS number of the source, 0: it has none; empty without a database */
	NT_TABLE_REGION_PORT, /**< key: nt_region_port_key() */
	NT_TABLES
};

/** Key in NT_TABLE_IP_PROTO of an IPv6 packet whose extension headers could not be followed to their end. */
#define NT_PROTO_UNRESOLVED 256u

/** Number of region indices: 0 is `--` (unknown), then two characters of [A-Z0-9] each. */
#define NT_REGIONS	  (1u + 36u * 36u)
#define NT_REGION_UNKNOWN 0u

/** Key of NT_TABLE_REGION_PORT: region index, transport (udp or tcp) and destination port. Fits 28 bits. */
static inline uint32_t nt_region_port_key(uint32_t region, bool udp, uint16_t port)
{
	return region << 17 | (uint32_t)udp << 16 | port;
}

/** One entry of a table. */
struct nt_count {
	uint64_t key;
	uint64_t count; /**< packets */
};

/** A table: entries sorted by key, each key once, no zero count (after nt_counts_compact()). */
struct nt_counts {
	struct nt_count *entry;
	size_t n;
	size_t capacity;
};

/** Packets that were on the wire and are not in `frames`. */
struct nt_loss {
	bool missed_unknown;  /**< a driver here has no loss counter: `missed` is no statement about loss */
	uint64_t missed;      /**< dropped by the device for want of descriptors */
	uint64_t no_mbuf;     /**< dropped by the driver for want of buffers */
	uint64_t errors;      /**< received with an error by the device */
	uint64_t unexplained; /**< violations of conservation; anything but zero is a defect of the program */
};

/* ---- sources ---- */

/** An IP address. */
struct nt_address {
	uint8_t byte[16]; /**< network order; IPv4 in the first four */
	uint8_t length;	  /**< 4 or 16 */
};

/** Signatures that can be in use at a time: one bit each. */
#define NT_SIGNATURES_MAX 32

/** Longest name of a signature with its NUL. */
#define NT_SIGNATURE_NAME 65

/** A source of the interval. */
struct nt_source {
	struct nt_address address;
	bool backscatter; /**< sent some */
	uint16_t region;
	uint32_t asn;	     /**< 0: none, or no database */
	uint32_t signatures; /**< bits of those that count it as a source */
	uint64_t packets;
};

/** Bits of nt_source_detail.traits. */
enum nt_trait {
	NT_TRAIT_TCP = 1u << 0,	     /**< seq, ack, window and src_port are those of its first TCP packet */
	NT_TRAIT_SEQ_SAME = 1u << 1, /**< and of all its TCP packets; the other SAME bits likewise */
	NT_TRAIT_ACK_SAME = 1u << 2,
	NT_TRAIT_WINDOW_SAME = 1u << 3,
	NT_TRAIT_SRC_PORT_SAME = 1u << 4, /**< of all its TCP and UDP packets */
	NT_TRAIT_PORT = 1u << 5,	  /**< `port` is set */
	NT_TRAIT_PORT_SAME = 1u << 6	  /**< all its packets with a port went to that one */
};

/** What detectors want to know of a source besides. Entry i belongs to source i. */
struct nt_source_detail {
	int64_t first_s; /**< Unix seconds of its first packet */
	int64_t last_s;
	uint64_t targets; /**< sketch of our addresses that it hit, one word (base/targets.h) */
	uint32_t seq;
	uint32_t ack;
	uint32_t port; /**< nt_port_key(), if it is the same in all */
	uint16_t window;
	uint16_t src_port;
	uint32_t traits; /**< enum nt_trait */
};

/** A source and a destination port that it sent to. */
struct nt_pair {
	uint32_t source;     /**< index among the sources */
	uint32_t port;	     /**< nt_port_key() */
	uint32_t signatures; /**< bits of those that count the source at this port */
};

/** A destination port of a transport as a number: ports of UDP from 65,536. */
static inline uint32_t nt_port_key(bool udp, uint16_t port)
{
	return (uint32_t)udp << 16 | port;
}

/** A sender of backscatter. */
struct nt_backscatter_source {
	struct nt_address address;
	uint16_t region;
	uint16_t source_port; /**< of its earliest backscatter packet with a port */
	bool has_port;
	bool source_port_same; /**< of all its backscatter packets with a port; false without one */
	uint32_t asn;
	uint64_t packets;
	uint64_t classes[NT_BACKSCATTERS]; /**< packets */
	uint64_t targets;		   /**< our addresses that it hit; an estimate, standard error 13 % */
	int64_t first_s;		   /**< Unix seconds of its earliest backscatter packet */
	int64_t last_s;
};

/** Length of a bin of a victim's packets, and how many bins the window of thresholds has. */
#define NT_VICTIM_BIN_S	  10
#define NT_VICTIM_BINS	  6
#define NT_VICTIM_PORTS	  8
#define NT_VICTIM_TARGETS 2

/** A victim, and the protocol that it was attacked by, as backscatter shows it. */
struct nt_victim {
	struct nt_address address;
	uint8_t proto;	 /**< IP protocol of the attack */
	bool more_ports; /**< than stand in port[] */
	uint8_t ports;
	uint16_t port[NT_VICTIM_PORTS]; /**< attacked, ascending; of more, those that come first in a fixed order; empty
					   unless TCP or UDP */
	uint16_t region;
	uint32_t asn;
	uint32_t classes; /**< bits of enum nt_backscatter */
	uint64_t packets;
	int64_t first_s; /**< Unix seconds */
	int64_t last_s;
	uint64_t targets[NT_VICTIM_TARGETS]; /**< sketch (base/targets.h) */
	int64_t first_bin;		     /**< Unix seconds / NT_VICTIM_BIN_S of head[0] */
	int64_t last_bin;		     /**< of tail[0] */
	uint64_t head[NT_VICTIM_BINS];	     /**< packets of first_bin, first_bin + 1, ... */
	uint64_t tail[NT_VICTIM_BINS];	     /**< packets of last_bin, last_bin - 1, ... */
	uint64_t peak;			     /**< most packets in a window of NT_VICTIM_BINS bins of this interval */
};

/* ---- unique sources ---- */

/** Numbers of different sources. Exact unless `estimated`. */
struct nt_unique {
	bool estimated; /**< tables were full: numbers are HyperLogLog estimates, standard error 0.81 % */
	uint64_t sources;
	uint64_t backscatter;		     /**< senders of backscatter */
	struct nt_counts region;	     /**< key: region */
	struct nt_counts port;		     /**< key: nt_port_key(); the NT_UNIQUE_PORTS with most packets */
	struct nt_counts backscatter_region; /**< key: region */
};

/** Ports whose sources are counted. */
#define NT_UNIQUE_PORTS 128

/** What a signature matched. */
struct nt_signature_counts {
	char name[NT_SIGNATURE_NAME];
	bool explains; /**< it says what made the traffic; this and the next are for detectors, not published */
	bool seq_dst;  /**< its sequence numbers are the destination addresses */
	uint64_t packets;
	uint64_t sources;
	struct nt_counts region_packets; /**< key: region */
	struct nt_counts region_sources;
	struct nt_counts port_packets; /**< key: nt_port_key() */
	struct nt_counts port_sources;
};

/** What a HyperLogLog is of. */
enum nt_sketch_kind {
	NT_SKETCH_SOURCES,
	NT_SKETCH_REGION, /**< id: region */
	NT_SKETCH_PORT,	  /**< id: nt_port_key() */
	NT_SKETCH_BACKSCATTER,
	NT_SKETCH_BACKSCATTER_REGION, /**< id: region */
	NT_SKETCH_SIGNATURE,	      /**< id: signature << 17, its place in the snapshot */
	NT_SKETCH_SIGNATURE_REGION,   /**< id: signature << 17 | region */
	NT_SKETCH_SIGNATURE_PORT,     /**< id: signature << 17 | nt_port_key() */
	NT_SKETCH_KINDS
};

/** Key of a sketch: kind above bit 24, id below. */
static inline uint32_t nt_sketch_key(enum nt_sketch_kind kind, uint32_t id)
{
	return (uint32_t)kind << 24 | id;
}

/** So few hosts of a sketch are told one by one: what Redis keeps in its compact form (set-max-intset-entries). */
#define NT_FEW_HOSTS 512u

/**
 * A HyperLogLog (base/hll.h), as the registers that are not zero, in order. Two hosts may share a register, so that the
 * number of a few is now and then too low by one or two. Therefore a small one has its hosts besides, which are exact.
 */
struct nt_sketch {
	uint32_t key;	     /**< nt_sketch_key() */
	uint32_t n;	     /**< at most 16,384 */
	uint32_t *registers; /**< [n] index << 8 | rank */
	uint32_t n_hosts;    /**< at most NT_FEW_HOSTS; 0: more than that, or not all are known */
	uint32_t *host;	     /**< [n_hosts] upper half of each one's hash, in order, each once */
};

/* ---- events ---- */

enum nt_event_type {
	NT_EVENT_DOS,
	NT_EVENT_FIXED_TOOL,
	NT_EVENT_SURGE,
	NT_EVENT_SCANNER,
	NT_EVENT_SENSOR,
	NT_EVENT_TYPES
};

/** Longest subject of an event with its NUL: an IPv6 prefix. */
#define NT_EVENT_SOURCE 64

/** Something that happened, told once. */
struct nt_event {
	enum nt_event_type type;
	int64_t start_s;	      /**< Unix seconds, inclusive */
	int64_t end_s;		      /**< Unix seconds, exclusive */
	char region[3];		      /**< "": of no region */
	char source[NT_EVENT_SOURCE]; /**< address, prefix, "AS2907", or "" */
	char *body;		      /**< evidence, a JSON object */
};

/** An AS and who it is, told when it is first met. */
struct nt_org {
	uint32_t asn;
	char *name; /**< UTF-8 */
};

/** Packets of one queue of a device; live capture only. */
struct nt_queue_packets {
	char name[96]; /**< "DEVICE queue N" */
	uint64_t packets;
};

/** What found no place in a bounded table. Every total is right in spite of it. Names: nt_overflow_name[]. */
enum nt_overflow {
	NT_OVERFLOW_SOURCES,	 /**< sources without a line, about; then unique sources are estimates */
	NT_OVERFLOW_PAIRS,	 /**< packets whose pair of source and port is not kept; likewise. And additions to
				  *   sketches that found no place, which are missing in those estimates */
	NT_OVERFLOW_VICTIMS,	 /**< backscatter packets missing in a line of its sender or its victim */
	NT_OVERFLOW_REGION_PORT, /**< additions to packets by region and port, or by signature, that are missing */
	NT_OVERFLOW_ASN_PACKETS, /**< packets missing in NT_TABLE_ASN, because their source has no line */
	NT_OVERFLOWS
};

struct nt_snapshot {
	int64_t start_s; /**< Unix seconds, inclusive */
	int64_t end_s;	 /**< Unix seconds, exclusive */
	bool partial;	 /**< the program started or stopped inside the interval */
	uint64_t frames;
	uint64_t bytes;	     /**< on the wire */
	uint64_t late;	     /**< frames older than the interval, counted in it */
	int64_t geo_build_s; /**< Unix seconds at which the region database was built; 0: none, or not known */
	uint64_t class_frames[NT_CLASSES];
	uint64_t malformed[NT_REASONS];
	uint64_t truncated[NT_REASONS];
	struct nt_counts table[NT_TABLES];
	bool reduced;		 /**< nt_snapshot_reduce() was here: only totals and small tables are left */
	uint64_t cut[NT_TABLES]; /**< packets that went from a table then; part of its total */
	uint64_t overflow[NT_OVERFLOWS];
	struct nt_loss loss;

	struct nt_unique unique;
	struct nt_signature_counts *signature; /**< [n_signatures] in the order of the configuration */
	size_t n_signatures;
	struct nt_backscatter_source *backscatter; /**< [n_backscatter] most packets first, then address as text */
	size_t n_backscatter;
	struct nt_counts backscatter_port; /**< packets; key: region << 17 | source port as nt_port_key() */
	struct nt_source *source;	   /**< [n_sources] in no order that means anything */
	size_t n_sources;
	struct nt_sketch *sketch; /**< [n_sketches] sorted by key; none unless asked for or estimated */
	size_t n_sketches;
	struct nt_org *org; /**< [n_orgs] */
	size_t n_orgs;
	struct nt_event *event; /**< [n_events] */
	size_t n_events;

	/* For detectors alone; nt_snapshot_strip() lets go of it. */
	struct nt_source_detail *detail; /**< [n_sources] */
	struct nt_pair *pair;		 /**< [n_pairs] sorted by source, then port */
	size_t n_pairs;
	struct nt_victim *victim; /**< [n_victims] */
	size_t n_victims;
	struct nt_queue_packets *queue; /**< [n_queues] */
	size_t n_queues;
};

/** Makes an empty snapshot. Any thread; undone by nt_snapshot_fini(). */
void nt_snapshot_init(struct nt_snapshot *s);

/** Frees what the snapshot holds. Any thread. */
void nt_snapshot_fini(struct nt_snapshot *s);

/** Frees what only detectors want, once they have seen it. Any thread. */
void nt_snapshot_strip(struct nt_snapshot *s);

/**
 * Lets go of detail, for a place where room is short. What stays: all totals, the small tables (no_l4, ip_proto,
 * tcp_flags, icmp, icmp6, region), loss, events, organisations, numbers of unique sources but those by port, packets
 * and sources of each signature. What goes: the tables of ports, windows, AS and region and port, whose packets are
 * then in `cut`; sources, senders of backscatter and their ports; sketches; signatures by region and port. And what
 * only detectors want. Any thread.
 */
void nt_snapshot_reduce(struct nt_snapshot *s);

/** Bytes that the snapshot holds, itself included. Any thread. */
size_t nt_snapshot_bytes(const struct nt_snapshot *s);

/** Appends an event, which is moved: *event is empty afterwards. Any thread. Returns 0, or -ENOMEM. */
int nt_snapshot_add_event(struct nt_snapshot *s, struct nt_event *event);

/** True if both hold the same numbers. Any thread. */
bool nt_snapshot_equal(const struct nt_snapshot *a, const struct nt_snapshot *b);

/** Packets by backscatter class, derived from the flags and ICMP tables. Any thread. */
void nt_snapshot_backscatter(const struct nt_snapshot *s, uint64_t packets[static NT_BACKSCATTERS]);

/** Packets of one IP protocol. Any thread. */
uint64_t nt_snapshot_proto(const struct nt_snapshot *s, uint32_t proto);

/**
 * Conservation inside the snapshot: sums the distance between both sides of every identity
 * (frames and classes, IP frames and protocols, each transport protocol and its table, with what was cut from it).
 * Zero is the only right answer. `loss` is not looked at. Any thread.
 */
uint64_t nt_snapshot_imbalance(const struct nt_snapshot *s);

/** Appends an entry; keys may repeat and need no order until nt_counts_compact(). Returns 0 or -ENOMEM. */
int nt_counts_append(struct nt_counts *c, uint64_t key, uint64_t count);

/** Sorts by key, sums entries of one key, drops zeros. */
void nt_counts_compact(struct nt_counts *c);

/** Sum over all entries. */
uint64_t nt_counts_total(const struct nt_counts *c);

/** Packets of one key of a compact table; 0 if absent. */
uint64_t nt_counts_get(const struct nt_counts *c, uint64_t key);

/** Adds `from` (compact) to `into` (compact). Returns 0 or -ENOMEM. */
int nt_counts_merge(struct nt_counts *into, const struct nt_counts *from);

#endif
