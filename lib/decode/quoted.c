/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

#include <netinet/in.h>

/*
 * The packet that an ICMP error quotes: where it was going to. The quote is whatever the sender of the error chose to
 * send back, so nothing in it is a fault of the frame; what cannot be read is not there.
 */

/* RFC 791, 8200. */
enum { IPV4_BYTES = 20, IHL_MIN = 5, IPV4_OFFSET_MASK = 0x1fff, IPV6_BYTES = 40, IPV6_OFFSET_MASK = 0xfff8 };

enum {
	PORT_BYTES = 4,	    /* of a transport header: both ports */
	EXTENSIONS_MAX = 8, /* more than any sane packet has: RFC 8200 has each but one at most once */
	EXT_BYTES = 8
};

/* Leaves out `bytes` of the quote; false if they are not there. */
static bool step(struct view *v, uint32_t bytes)
{
	if (v->cap < bytes)
		return false;
	skip(v, bytes);
	return true;
}

static void read_port(const struct view *v, struct nt_fields *f)
{
	if ((f->inner_proto != IPPROTO_TCP && f->inner_proto != IPPROTO_UDP) || v->cap < PORT_BYTES)
		return;
	f->has_inner_port = true;
	f->inner_port = be16(v->data + 2);
}

void decode_quoted_ipv4(struct view v, struct nt_fields *f)
{
	uint32_t header;
	bool first;

	if (v.cap < IPV4_BYTES || v.data[0] >> 4 != 4)
		return;
	header = (v.data[0] & 0x0fu) * 4;
	if (header < IHL_MIN * 4)
		return;
	f->has_inner = true;
	f->inner_proto = v.data[9];
	memcpy(f->inner_dst, v.data + 16, 4);
	first = !(be16(v.data + 6) & IPV4_OFFSET_MASK);
	if (first && step(&v, header))
		read_port(&v, f);
}

/* Steps over an extension header of type `next`; false if that, or what follows it, cannot be read. */
static bool step_extension(struct view *v, uint8_t next)
{
	uint32_t bytes = EXT_BYTES;

	if (v->cap < EXT_BYTES)
		return false;
	if (next == IPPROTO_AH)
		bytes = (v->data[1] + 2u) * 4;
	else if (next != IPPROTO_FRAGMENT)
		bytes = (v->data[1] + 1u) * 8;
	return step(v, bytes);
}

void decode_quoted_ipv6(struct view v, struct nt_fields *f)
{
	if (v.cap < IPV6_BYTES || v.data[0] >> 4 != 6)
		return;
	f->has_inner = true;
	f->inner_proto = v.data[6];
	memcpy(f->inner_dst, v.data + 24, sizeof(f->inner_dst));
	skip(&v, IPV6_BYTES);
	for (uint32_t i = 0; i < EXTENSIONS_MAX && is_extension(f->inner_proto); i++) {
		const uint8_t *header = v.data;
		uint8_t type = f->inner_proto;

		if (!step_extension(&v, type))
			return;
		f->inner_proto = header[0];
		if (type == IPPROTO_FRAGMENT && be16(header + 2) & IPV6_OFFSET_MASK)
			return;
	}
	read_port(&v, f);
}
