/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_USUAL_H
#define NT_DECODE_USUAL_H

#include "decode/layer.h"

#include <endian.h>
#include <stddef.h>

/*
 * The usual frame of a telescope, read straight through: Ethernet, an IPv4 header without options, no fragment, TCP
 * without options or UDP, all of it sound and captured. Everything else is the layers' to read, which would say
 * the same of these frames.
 */

enum {
	USUAL_ETHERNET = 14,
	USUAL_IPV4 = 20,
	USUAL_TCP = 20,
	USUAL_UDP = 8,
	USUAL_L4 = USUAL_ETHERNET + USUAL_IPV4,
	USUAL_ADDRESSES = USUAL_ETHERNET + 12
};

typedef uint8_t usual_bytes __attribute__((vector_size(16)));

_Static_assert(offsetof(struct nt_fields, dst4) == offsetof(struct nt_fields, src4) + 4 &&
		   offsetof(struct nt_fields, ack) == offsetof(struct nt_fields, seq) + 4 &&
		   offsetof(struct nt_fields, window) == offsetof(struct nt_fields, seq) + 8 &&
		   offsetof(struct nt_fields, src_port) == offsetof(struct nt_fields, seq) + 10 &&
		   offsetof(struct nt_fields, dst_port) == offsetof(struct nt_fields, seq) + 12 &&
		   offsetof(struct nt_fields, udp) == offsetof(struct nt_fields, seq) + 14 &&
		   offsetof(struct nt_fields, inner_port) == offsetof(struct nt_fields, icmp) + 12,
	       "as they are written below");

/* Ethertype, version and header length in one look. */
static inline bool usual_ip(const uint8_t *frame)
{
	const uint8_t usual[4] = {0x08, 0x00, 0x45, 0}, mask[4] = {0xff, 0xff, 0xff, 0};
	uint32_t is, want, look_at;

	memcpy(&is, frame + USUAL_ETHERNET - 2, sizeof(is));
	memcpy(&want, usual, sizeof(want));
	memcpy(&look_at, mask, sizeof(look_at));
	return (is & look_at) == want;
}

/* What such a frame has not: from `icmp` to `option_layout` in one go. */
static inline void usual_nothing(struct nt_fields *f)
{
	static const struct nt_fields none = {.window_scale = NT_WINDOW_SCALE_NONE};
	enum { FROM = offsetof(struct nt_fields, icmp), TO = offsetof(struct nt_fields, inner_port) };

	memcpy((uint8_t *)f + FROM, (const uint8_t *)&none + FROM, TO - FROM);
}

/* Source and destination: eight bytes, of which each half is turned. */
static inline void usual_addresses(const uint8_t *frame, struct nt_fields *f)
{
	uint64_t both;

	memcpy(&both, frame + USUAL_ADDRESSES, sizeof(both));
	both = be64toh(both);
	both = both << 32 | both >> 32;
	memcpy((uint8_t *)f + offsetof(struct nt_fields, src4), &both, sizeof(both));
}

/* The first 16 bytes of a TCP header are all that is wanted of it: turned and put in the order of the fields at once.
 */
static inline void usual_tcp(const uint8_t *header, struct nt_fields *f)
{
	const usual_bytes none = {0};
	usual_bytes v;

	memcpy(&v, header, sizeof(v));
	f->tcp_flags = header[13];
	v = __builtin_shufflevector(v, none, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 1, 0, 3, 2, 16, 16);
	memcpy((uint8_t *)f + offsetof(struct nt_fields, seq), &v, sizeof(v));
}

static inline void usual_udp(const uint8_t *header, struct nt_fields *f)
{
	f->tcp_flags = 0;
	f->seq = 0;
	f->ack = 0;
	f->window = 0;
	f->src_port = be16(header);
	f->dst_port = be16(header + 2);
	f->udp = 1;
}

/* Fills in the fields and returns true, or does nothing. */
static inline bool usual_frame(const struct nt_frame *frame, struct nt_fields *f)
{
	const uint8_t *d = frame->data;
	uint32_t payload;
	uint8_t proto;

	if (frame->cap_len < USUAL_L4 + USUAL_UDP || !usual_ip(d) || be16(d + 20) & 0x3fff)
		return false;
	payload = be16(d + 16) - (uint32_t)USUAL_IPV4; /* below 0 is more than any frame has */
	if (payload > frame->wire_len - USUAL_L4)
		return false;
	proto = d[23];
	if (proto == 6) {
		if (payload < USUAL_TCP || frame->cap_len < USUAL_L4 + USUAL_TCP || d[46] >> 4 != USUAL_TCP / 4)
			return false;
		f->fate = NT_FATE_TCP;
		f->class = NT_CLASS_IPV4;
		usual_tcp(d + USUAL_L4, f);
	} else if (proto == 17) {
		uint32_t length = be16(d + 38);

		if (length < USUAL_UDP || length > payload)
			return false;
		f->fate = NT_FATE_UDP;
		f->class = NT_CLASS_IPV4;
		usual_udp(d + USUAL_L4, f);
	} else {
		return false;
	}
	usual_addresses(d, f);
	f->ttl = d[22];
	f->ip_proto = proto;
	f->ip_id = be16(d + 18);
	usual_nothing(f);
	return true;
}

#endif
