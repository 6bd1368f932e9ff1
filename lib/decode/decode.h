/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_DECODE_H
#define NT_DECODE_DECODE_H

#include "needletail/snapshot.h"

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

/** What is read off a frame. Numbers in host byte order. */
struct nt_fields {
	uint8_t fate;	   /**< enum nt_fate */
	uint8_t class;	   /**< enum nt_class */
	uint8_t tcp_flags; /**< byte 13: CWR..FIN */
	uint16_t ip_proto; /**< NT_PROTO_NONE, 0..255 or NT_PROTO_UNRESOLVED */
	uint16_t src_port; /**< TCP, UDP */
	uint16_t dst_port; /**< TCP, UDP */
	uint16_t window;   /**< TCP, unscaled */
	uint16_t icmp;	   /**< ICMP, ICMPv6: type << 8 | code */
	uint32_t src4;	   /**< source address, if class is IPv4 and ip_proto is set */
	uint8_t src6[16];  /**< source address, if class is IPv6 and ip_proto is set */
};

/** Reads one frame. Any thread. */
void nt_decode(const struct nt_frame *frame, enum nt_link link, struct nt_fields *fields);

#endif
