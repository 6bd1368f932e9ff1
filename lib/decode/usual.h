/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_USUAL_H
#define NT_DECODE_USUAL_H

#include "decode/layer.h"

#include <endian.h>
#include <stddef.h>

/*
 * The usual frame of a telescope, read straight through: Ethernet, an IPv4 header without options, no fragment, TCP
 * without options, UDP or ICMP, all of it sound, and captured as far as such a TCP header goes.
 * Everything else is the layers' to read, which would say the same of these frames.
 */

enum {
	USUAL_ETHERNET = 14,
	USUAL_IPV4 = 20,
	USUAL_TCP = 20,
	USUAL_UDP = 8,
	USUAL_ICMP = 8,
	USUAL_L4 = USUAL_ETHERNET + USUAL_IPV4,
	USUAL_IP_ID = USUAL_ETHERNET + 4
};

typedef uint8_t usual_bytes __attribute__((vector_size(16)));

_Static_assert(NT_FATE_TCP == 0 && NT_CLASS_IPV4 == 0 && offsetof(struct nt_fields, fate) == 0 &&
		   offsetof(struct nt_fields, class) == 1 && offsetof(struct nt_fields, tcp_flags) == 2 &&
		   offsetof(struct nt_fields, ttl) == 3 && offsetof(struct nt_fields, ip_proto) == 4 &&
		   offsetof(struct nt_fields, ip_id) == 6 && offsetof(struct nt_fields, src4) == 8 &&
		   offsetof(struct nt_fields, dst4) == 12 && offsetof(struct nt_fields, seq) == 16 &&
		   offsetof(struct nt_fields, ack) == 20 && offsetof(struct nt_fields, window) == 24 &&
		   offsetof(struct nt_fields, src_port) == 26 && offsetof(struct nt_fields, dst_port) == 28 &&
		   offsetof(struct nt_fields, udp) == 30 &&
		   offsetof(struct nt_fields, inner_port) == offsetof(struct nt_fields, icmp) + 12,
	       "as they are written below");

/* Four bytes of a frame, and four that they are compared with: as numbers, in whatever order this machine has. */
static inline uint32_t four(const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

#define FOUR(...) four((const uint8_t[4]){__VA_ARGS__})

/* Ethertype, version and header length in one look. */
static inline bool usual_ip(const uint8_t *frame)
{
	return (four(frame + USUAL_ETHERNET - 2) & FOUR(0xff, 0xff, 0xff, 0)) == FOUR(0x08, 0x00, 0x45, 0);
}

/*
 * Is it this protocol, and neither a fragment nor followed by any? Of flags and offset, all but "do not fragment" and
 * the reserved bit is 0.
 */
static inline bool usual_whole(const uint8_t *header, uint8_t protocol)
{
	return (four(header + 6) & FOUR(0x3f, 0xff, 0, 0xff)) == FOUR(0, 0, 0, protocol);
}

/* What such a frame has not: from `icmp` to `option_layout` in one go. */
static inline void usual_nothing(struct nt_fields *f)
{
	static const struct nt_fields none = {.window_scale = NT_WINDOW_SCALE_NONE};
	enum { FROM = offsetof(struct nt_fields, icmp), TO = offsetof(struct nt_fields, inner_port) };

	memcpy((uint8_t *)f + FROM, (const uint8_t *)&none + FROM, TO - FROM);
}

/*
 * The IPv4 header from its ID on: 16 bytes, which are the first 16 of the fields once they are turned and in order.
 * Those that are none of its are 0: of TCP in IPv4, without flags.
 */
static inline void usual_ipv4(const uint8_t *id, struct nt_fields *f)
{
	const usual_bytes of_it = {0, 0, 0, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	usual_bytes v;

	memcpy(&v, id, sizeof(v));
	v = __builtin_shufflevector(v, v, 0, 0, 0, 4, 5, 0, 1, 0, 11, 10, 9, 8, 15, 14, 13, 12) & of_it;
	memcpy(f, &v, sizeof(v));
}

/* The first 16 bytes of a TCP header are all that is wanted of it, and become the next 16 of the fields. */
static inline void usual_tcp(const uint8_t *header, struct nt_fields *f)
{
	const usual_bytes of_it = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,    0};
	usual_bytes v;

	memcpy(&v, header, sizeof(v));
	v = __builtin_shufflevector(v, v, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 1, 0, 3, 2, 0, 0) & of_it;
	memcpy((uint8_t *)f + offsetof(struct nt_fields, seq), &v, sizeof(v));
	f->tcp_flags = header[13];
}

static inline void usual_udp(const uint8_t *header, struct nt_fields *f)
{
	f->fate = NT_FATE_UDP;
	f->seq = 0;
	f->ack = 0;
	f->window = 0;
	f->src_port = be16(header);
	f->dst_port = be16(header + 2);
	f->udp = 1;
}

/* `length` is the packet's, and there is `room` for one. */
static inline bool is_usual_tcp(const uint8_t *header, uint32_t length, uint32_t room)
{
	const uint32_t least = USUAL_IPV4 + USUAL_TCP; /* below it is more than any room */

	return length - least <= room - least && header[12] >> 4 == USUAL_TCP / 4;
}

static inline bool is_usual_udp(const uint8_t *header, uint32_t length, uint32_t room)
{
	uint32_t datagram = be16(header + 4);

	return length <= room && datagram >= USUAL_UDP && datagram + USUAL_IPV4 <= length;
}

static inline bool is_usual_icmp(uint32_t length, uint32_t room)
{
	return length <= room && length >= USUAL_IPV4 + USUAL_ICMP;
}

static inline void usual_icmp(const uint8_t *header, struct nt_fields *f)
{
	f->fate = NT_FATE_ICMP;
	memset((uint8_t *)f + offsetof(struct nt_fields, seq), 0, sizeof(usual_bytes));
	f->icmp = be16(header);
}

/* What it quotes. A call of its own: others should not pay for its registers. */
static __attribute__((noinline)) void usual_quote(const struct nt_frame *frame, struct nt_fields *f)
{
	enum { QUOTE = USUAL_L4 + USUAL_ICMP };
	uint32_t end = USUAL_ETHERNET + be16(frame->data + USUAL_ETHERNET + 2);

	f->inner_port = 0;
	decode_quoted_ipv4((struct view){.data = frame->data + QUOTE,
					 .cap = (frame->cap_len < end ? frame->cap_len : end) - QUOTE,
					 .wire = end - QUOTE},
			   f);
}

/* Fills in the fields and returns true, or does nothing. */
static inline bool usual_frame(const struct nt_frame *frame, struct nt_fields *f)
{
	const uint8_t *d = frame->data, *ip = d + USUAL_ETHERNET, *l4 = d + USUAL_L4;
	uint32_t length, room = frame->wire_len - USUAL_ETHERNET;

	if (frame->cap_len < USUAL_L4 + USUAL_TCP || !usual_ip(d))
		return false;
	length = be16(ip + 2);
	if (usual_whole(ip, 6) && is_usual_tcp(l4, length, room)) {
		usual_ipv4(d + USUAL_IP_ID, f);
		usual_tcp(l4, f);
		usual_nothing(f);
	} else if (usual_whole(ip, 17) && is_usual_udp(l4, length, room)) {
		usual_ipv4(d + USUAL_IP_ID, f);
		usual_udp(l4, f);
		usual_nothing(f);
	} else if (usual_whole(ip, 1) && is_usual_icmp(length, room)) {
		usual_ipv4(d + USUAL_IP_ID, f);
		usual_nothing(f);
		usual_icmp(l4, f);
		if (icmp_quotes(l4[0]))
			usual_quote(frame, f);
	} else {
		return false;
	}
	return true;
}

#endif
