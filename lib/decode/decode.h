/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_DECODE_H
#define NT_DECODE_DECODE_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Frame bytes -> fields, one named fate per frame. Pure functions: no state, no allocation, no look at the clock.
 * The outermost IP header counts; nothing is decapsulated.
 */

/** What stands in front of the IP header. */
enum nt_link {
	NT_LINK_ETHERNET,
	NT_LINK_RAW,  /**< the version nibble decides */
	NT_LINK_NULL, /**< BSD loopback: an address family in either byte order */
	NT_LINK_SLL,  /**< Linux "cooked" capture, 16 bytes */
	NT_LINK_SLL2  /**< its second version, 20 bytes */
};

/** One received frame. The bytes stay the caller's. */
struct nt_frame {
	const uint8_t *data;
	uint32_t cap_len;  /**< bytes at `data` */
	uint32_t wire_len; /**< bytes on the wire without FCS; never below cap_len */
	int64_t time_ns;   /**< Unix nanoseconds: of its arrival, or of its record in a capture */
};

/** Where a frame ends. Every frame ends in exactly one. */
enum nt_fate {
	NT_FATE_TCP,
	NT_FATE_UDP,
	NT_FATE_ICMP,
	NT_FATE_ICMP6,
	NT_FATE_IP_OTHER, /**< another IP protocol: no more than its number is counted */
	NT_FATE_NO_L4,	  /**< TCP, UDP, ICMP or ICMPv6 in a later fragment or under the wrong IP version */
	NT_FATE_ARP,
	NT_FATE_OTHER,					    /**< another ethertype */
	NT_FATE_MALFORMED,				    /**< + enum nt_reason */
	NT_FATE_TRUNCATED = NT_FATE_MALFORMED + NT_REASONS, /**< + enum nt_reason */
	NT_FATES = NT_FATE_TRUNCATED + NT_REASONS
};

/** ip_proto of a frame without an IP header that passed its checks. */
#define NT_PROTO_NONE UINT16_MAX

/**
 * TCP options that were seen; bits of nt_fields.tcp_options. An option list is read as far as it is inside the packet,
 * was captured and is well-formed: an option shorter than two bytes or longer than what is left ends it, what stands
 * before that one counts. No-operation and end of list have no bit. A list changes no fate.
 */
enum nt_tcp_option {
	NT_TCP_OPTION_MSS = 1u << 0,
	NT_TCP_OPTION_WINDOW_SCALE = 1u << 1,
	NT_TCP_OPTION_SACK_OK = 1u << 2,
	NT_TCP_OPTION_TIMESTAMP = 1u << 3,
	NT_TCP_OPTION_FAST_OPEN = 1u << 4,
	NT_TCP_OPTION_MD5 = 1u << 5,
	NT_TCP_OPTION_OTHER = 1u << 6,
	NT_TCP_OPTION_BITS = 7
};

/** No window scale option. */
#define NT_WINDOW_SCALE_NONE UINT8_MAX

/**
 * What is read off a frame. Numbers in host byte order; a field is set only where the fate says that it exists, and
 * is otherwise 0, window_scale NT_WINDOW_SCALE_NONE. An IPv4 frame may leave the fields of 16 bytes, inner_port and
 * inner_proto as they were if has_inner is false.
 */
struct nt_fields {
	uint8_t fate;		/**< enum nt_fate */
	uint8_t class;		/**< enum nt_class */
	uint8_t tcp_flags;	/**< byte 13: CWR..FIN */
	uint8_t ttl;		/**< TTL or hop limit, if ip_proto is set */
	uint16_t ip_proto;	/**< NT_PROTO_NONE, 0..255 or NT_PROTO_UNRESOLVED */
	uint16_t ip_id;		/**< IPv4, if ip_proto is set */
	uint32_t src4;		/**< source address, if class is IPv4 and ip_proto is set */
	uint32_t dst4;		/**< destination address, likewise */
	uint32_t seq;		/**< TCP; from here to `udp`, 16 bytes, what a fixed tool keeps the same */
	uint32_t ack;		/**< TCP, the field as it is, whatever the flags */
	uint16_t window;	/**< TCP, unscaled */
	uint16_t src_port;	/**< TCP, UDP */
	uint16_t dst_port;	/**< TCP, UDP */
	uint16_t udp;		/**< 1 for UDP: dst_port and this are nt_port_key() */
	uint16_t icmp;		/**< ICMP, ICMPv6: type << 8 | code */
	uint8_t window_scale;	/**< TCP: shift count of its (last) option of 3 bytes, or NT_WINDOW_SCALE_NONE */
	uint8_t tcp_options;	/**< TCP: enum nt_tcp_option, or-ed */
	bool has_inner;		/**< ICMP errors: enough of the packet is quoted to tell its destination */
	bool has_inner_port;	/**< and its TCP or UDP destination port */
	uint32_t option_layout; /**< TCP: kinds of the first eight options in order, four bits each, first in the
				     lowest; kinds above 14 are 15; end of list ends it; 0: none */
	uint16_t inner_port;	/**< that port */
	uint8_t inner_proto;	/**< if has_inner: protocol of the packet quoted; of an IPv6 packet whose extension
				     headers are not quoted to their end, the last one known */
	uint8_t src6[16];	/**< source address, if class is IPv6 and ip_proto is set */
	uint8_t dst6[16];	/**< destination address, likewise */
	uint8_t inner_dst[16];	/**< if has_inner: destination quoted; ICMP: its first 4 bytes, ICMPv6: 16; network
				     order */
};

/** Reads one frame. Any thread. */
void nt_decode(const struct nt_frame *frame, enum nt_link link, struct nt_fields *fields);

/** Reads `n` frames, whose fields are `stride` bytes apart. Any thread. */
void nt_decode_burst(const struct nt_frame *frames, uint32_t n, enum nt_link link, struct nt_fields *fields,
		     size_t stride);

#endif
