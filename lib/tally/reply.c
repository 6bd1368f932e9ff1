/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/backscatter.h"

/* What a packet of backscatter says of who was attacked. */

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10, PSH = 0x08 };
enum { ICMP = 1, TCP = 6, ICMP6 = 58 };

/* PSH, which lies between the flags that count, is free. */
const uint8_t nt_reply_of_tcp[32] = {
    [SYN] = NT_REPLY_SYN,
    [SYN | PSH] = NT_REPLY_SYN,
    [SYN | ACK] = NT_BACKSCATTER_SYNACK + 1,
    [SYN | ACK | PSH] = NT_BACKSCATTER_SYNACK + 1,
    [RST] = NT_BACKSCATTER_RST + 1,
    [RST | PSH] = NT_BACKSCATTER_RST + 1,
    [RST | ACK] = NT_BACKSCATTER_RSTACK + 1,
    [RST | ACK | PSH] = NT_BACKSCATTER_RSTACK + 1,
};

/* RFC 792; mask: RFC 950. */
const uint8_t nt_reply_of_icmp[256] = {
    [0] = NT_BACKSCATTER_ICMP_ECHO_REPLY + 1,	  [3] = NT_BACKSCATTER_ICMP_DEST_UNREACH + 1,
    [4] = NT_BACKSCATTER_ICMP_SOURCE_QUENCH + 1,  [5] = NT_BACKSCATTER_ICMP_REDIRECT + 1,
    [11] = NT_BACKSCATTER_ICMP_TIME_EXCEEDED + 1, [12] = NT_BACKSCATTER_ICMP_PARAM_PROBLEM + 1,
    [14] = NT_BACKSCATTER_ICMP_TS_REPLY + 1,	  [16] = NT_BACKSCATTER_ICMP_INFO_REPLY + 1,
    [18] = NT_BACKSCATTER_ICMP_MASK_REPLY + 1,
};

/* RFC 4443. */
const uint8_t nt_reply_of_icmp6[256] = {
    [1] = NT_BACKSCATTER_ICMP6_DEST_UNREACH + 1,  [2] = NT_BACKSCATTER_ICMP6_PKT_TOO_BIG + 1,
    [3] = NT_BACKSCATTER_ICMP6_TIME_EXCEEDED + 1, [4] = NT_BACKSCATTER_ICMP6_PARAM_PROBLEM + 1,
    [129] = NT_BACKSCATTER_ICMP6_ECHO_REPLY + 1,
};

/* Classes that quote the packet they answer. */
#define ERRORS                                                                                                         \
	(1u << NT_BACKSCATTER_ICMP_DEST_UNREACH | 1u << NT_BACKSCATTER_ICMP_SOURCE_QUENCH |                            \
	 1u << NT_BACKSCATTER_ICMP_REDIRECT | 1u << NT_BACKSCATTER_ICMP_TIME_EXCEEDED |                                \
	 1u << NT_BACKSCATTER_ICMP_PARAM_PROBLEM | 1u << NT_BACKSCATTER_ICMP6_DEST_UNREACH |                           \
	 1u << NT_BACKSCATTER_ICMP6_PKT_TOO_BIG | 1u << NT_BACKSCATTER_ICMP6_TIME_EXCEEDED |                           \
	 1u << NT_BACKSCATTER_ICMP6_PARAM_PROBLEM)

/* Classes of ICMPv6 begin here; before them stand those of TCP, which both IP versions have, and of ICMP. */
#define FIRST_ICMP  NT_BACKSCATTER_ICMP_ECHO_REPLY
#define FIRST_ICMP6 NT_BACKSCATTER_ICMP6_DEST_UNREACH

uint32_t nt_backscatter_slot(enum nt_backscatter class)
{
	return class < FIRST_ICMP6 ? class : class - FIRST_ICMP6 + FIRST_ICMP;
}

enum nt_backscatter nt_backscatter_of_slot(uint32_t slot, bool v6)
{
	return v6 && slot >= FIRST_ICMP ? slot - FIRST_ICMP + FIRST_ICMP6 : slot;
}

static struct nt_key128 quoted_destination(const struct nt_fields *f, bool v6)
{
	uint32_t v4;

	if (v6)
		return nt_key128_of(f->inner_dst);
	memcpy(&v4, f->inner_dst, sizeof(v4));
	return (struct nt_key128){.low = be32toh(v4)};
}

void nt_reply_make(struct nt_reply *r, const struct nt_fields *f, struct nt_key128 sender, enum nt_backscatter class)
{
	bool tcp = class < FIRST_ICMP;

	r->class = (uint8_t) class;
	r->v6 = f->class == NT_CLASS_IPV6;
	r->sender = sender;
	r->has_port = tcp;
	r->src_port = f->src_port;
	if (f->has_inner && ERRORS >> class & 1) {
		r->victim = quoted_destination(f, r->v6);
		r->proto = f->inner_proto;
		r->has_attacked_port = f->has_inner_port;
		r->attacked_port = f->inner_port;
		return;
	}
	r->victim = sender;
	r->proto = tcp ? TCP : r->v6 ? ICMP6 : ICMP;
	r->has_attacked_port = tcp;
	r->attacked_port = f->src_port;
}
