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

struct nt_snapshot {
	int64_t start_s; /**< Unix seconds, inclusive */
	int64_t end_s;	 /**< Unix seconds, exclusive */
	bool partial;	 /**< the program started or stopped inside the interval */
	uint64_t frames;
	uint64_t bytes; /**< on the wire */
	uint64_t late;	/**< frames older than the interval, counted in it */
	uint64_t class_frames[NT_CLASSES];
	uint64_t malformed[NT_REASONS];
	uint64_t truncated[NT_REASONS];
	struct nt_counts table[NT_TABLES];
	uint64_t overflow_region_port; /**< packets in every other table but not in NT_TABLE_REGION_PORT */
	struct nt_loss loss;
};

/** Makes an empty snapshot. Any thread; undone by nt_snapshot_fini(). */
void nt_snapshot_init(struct nt_snapshot *s);

/** Frees what the snapshot holds. Any thread. */
void nt_snapshot_fini(struct nt_snapshot *s);

/**
 * Adds `from` to `into`, counter by counter; the span grows to cover both. Any thread.
 * Returns 0, or -ENOMEM with `into` in an undefined but freeable state.
 */
int nt_snapshot_add(struct nt_snapshot *into, const struct nt_snapshot *from);

/** True if both hold the same numbers. Any thread. */
bool nt_snapshot_equal(const struct nt_snapshot *a, const struct nt_snapshot *b);

/** Packets by backscatter class, derived from the flags and ICMP tables. Any thread. */
void nt_snapshot_backscatter(const struct nt_snapshot *s, uint64_t packets[static NT_BACKSCATTERS]);

/** Packets of one IP protocol. Any thread. */
uint64_t nt_snapshot_proto(const struct nt_snapshot *s, uint32_t proto);

/**
 * Conservation inside the snapshot: sums the distance between both sides of every identity
 * (frames and classes, IP frames and protocols, each transport protocol and its table). Zero is the only
 * right answer. `loss` is not looked at. Any thread.
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
