/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/backscatter.h"

/* What a packet of backscatter says of who was attacked. */

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10, PSH = 0x08 };

#define REPLY(class) ((NT_BACKSCATTER_##class + 1) | NT_SOURCE_BACKSCATTER << NT_REPLY_TRAITS_SHIFT)

/* PSH, which lies between the flags that count, is free. */
const uint8_t nt_reply_of_tcp[32] = {
    [SYN] = NT_SOURCE_SYN << NT_REPLY_TRAITS_SHIFT,
    [SYN | PSH] = NT_SOURCE_SYN << NT_REPLY_TRAITS_SHIFT,
    [SYN | ACK] = REPLY(SYNACK),
    [SYN | ACK | PSH] = REPLY(SYNACK),
    [RST] = REPLY(RST),
    [RST | PSH] = REPLY(RST),
    [RST | ACK] = REPLY(RSTACK),
    [RST | ACK | PSH] = REPLY(RSTACK),
};

/* RFC 792; mask: RFC 950. */
const uint8_t nt_reply_of_icmp[256] = {
    [0] = REPLY(ICMP_ECHO_REPLY), [3] = REPLY(ICMP_DEST_UNREACH),   [4] = REPLY(ICMP_SOURCE_QUENCH),
    [5] = REPLY(ICMP_REDIRECT),	  [11] = REPLY(ICMP_TIME_EXCEEDED), [12] = REPLY(ICMP_PARAM_PROBLEM),
    [14] = REPLY(ICMP_TS_REPLY),  [16] = REPLY(ICMP_INFO_REPLY),    [18] = REPLY(ICMP_MASK_REPLY),
};

/* RFC 4443. */
const uint8_t nt_reply_of_icmp6[256] = {
    [1] = REPLY(ICMP6_DEST_UNREACH),  [2] = REPLY(ICMP6_PKT_TOO_BIG),  [3] = REPLY(ICMP6_TIME_EXCEEDED),
    [4] = REPLY(ICMP6_PARAM_PROBLEM), [129] = REPLY(ICMP6_ECHO_REPLY),
};

enum nt_backscatter nt_backscatter_of_slot(uint32_t slot, bool v6)
{
	return v6 && slot >= NT_BACKSCATTER_FIRST_ICMP ? slot - NT_BACKSCATTER_FIRST_ICMP + NT_BACKSCATTER_FIRST_ICMP6
						       : slot;
}

static struct nt_key128 quoted_destination(const struct nt_fields *f, bool v6)
{
	uint32_t v4;

	if (v6)
		return nt_key128_of(f->inner_dst);
	memcpy(&v4, f->inner_dst, sizeof(v4));
	return (struct nt_key128){.low = be32toh(v4)};
}

void nt_reply_quotes(struct nt_reply *r, const struct nt_fields *f)
{
	r->victim = quoted_destination(f, r->v6);
	r->proto = f->inner_proto;
	r->has_attacked_port = f->has_inner_port;
	r->attacked_port = f->inner_port;
}
