/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_USUAL_H
#define NT_DECODE_USUAL_H

#include "decode/layer.h"

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

/* From the source address to the sequence number, 16 bytes that stand in the same order in a frame and in the fields.
 */
_Static_assert(offsetof(struct nt_fields, dst4) == offsetof(struct nt_fields, src4) + 4 &&
		   offsetof(struct nt_fields, src_port) == offsetof(struct nt_fields, src4) + 8 &&
		   offsetof(struct nt_fields, dst_port) == offsetof(struct nt_fields, src4) + 10 &&
		   offsetof(struct nt_fields, seq) == offsetof(struct nt_fields, src4) + 12,
	       "as in a header");

static inline void usual_addresses(const uint8_t *frame, struct nt_fields *f)
{
	usual_bytes v;

	memcpy(&v, frame + USUAL_ADDRESSES, sizeof(v));
	v = __builtin_shufflevector(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 9, 8, 11, 10, 15, 14, 13, 12);
	memcpy((uint8_t *)f + offsetof(struct nt_fields, src4), &v, sizeof(v));
}

/* Fills in the fields and returns true, or does nothing. */
static inline bool usual_frame(const struct nt_frame *frame, struct nt_fields *f)
{
	const uint8_t *d = frame->data;
	uint32_t payload;
	uint8_t proto;

	if (frame->cap_len < USUAL_L4 + USUAL_UDP || be16(d + 12) != 0x0800 || d[14] != 0x45 || be16(d + 20) & 0x3fff)
		return false;
	payload = be16(d + 16) - (uint32_t)USUAL_IPV4; /* below 0 is more than any frame has */
	if (payload > frame->wire_len - USUAL_L4)
		return false;
	proto = d[23];
	if (proto == 6) {
		if (payload < USUAL_TCP || frame->cap_len < USUAL_L4 + USUAL_TCP || d[46] >> 4 != USUAL_TCP / 4)
			return false;
		f->fate = NT_FATE_TCP;
		f->tcp_flags = d[47];
		f->window = be16(d + 48);
		f->ack = be32(d + 42);
		usual_addresses(d, f);
	} else if (proto == 17) {
		uint32_t length = be16(d + 38);

		if (length < USUAL_UDP || length > payload)
			return false;
		f->fate = NT_FATE_UDP;
		f->tcp_flags = 0;
		f->window = 0;
		f->ack = 0;
		usual_addresses(d, f);
		f->seq = 0;
	} else {
		return false;
	}
	f->class = NT_CLASS_IPV4;
	f->ttl = d[22];
	f->ip_proto = proto;
	f->ip_id = be16(d + 18);
	f->icmp = 0;
	f->tcp_options = 0;
	f->window_scale = NT_WINDOW_SCALE_NONE;
	f->option_layout = 0;
	f->has_inner = f->has_inner_port = false;
	return true;
}

#endif
