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

#define BOTH(proto) (NT_REPLY_BOTH << NT_REPLY_PART_SHIFT | (proto))

#define SHAPE(class, first, of, none)                                                                                  \
	[NT_BACKSCATTER_##                                                                                             \
	    class] = {.kind = (of), .slot = NT_BACKSCATTER_##class - NT_BACKSCATTER_##first, .no_port = (none)}
#define TCP(class)   SHAPE(class, SYNACK, NT_REPLY_TCP, 0)
#define ICMP(class)  SHAPE(ICMP_##class, ICMP_ECHO_REPLY, BOTH(1), NT_REPLY_NO_PORT)
#define ICMP6(class) SHAPE(ICMP6_##class, ICMP6_DEST_UNREACH, NT_REPLY_V6 | BOTH(58), NT_REPLY_NO_PORT)

const struct nt_reply_shape nt_reply_shape[NT_BACKSCATTERS] = {
    TCP(SYNACK),	  TCP(RST),	     TCP(RSTACK),	  ICMP(ECHO_REPLY),    ICMP(DEST_UNREACH),
    ICMP(SOURCE_QUENCH),  ICMP(REDIRECT),    ICMP(TIME_EXCEEDED), ICMP(PARAM_PROBLEM), ICMP(TS_REPLY),
    ICMP(INFO_REPLY),	  ICMP(MASK_REPLY),  ICMP6(DEST_UNREACH), ICMP6(PKT_TOO_BIG),  ICMP6(TIME_EXCEEDED),
    ICMP6(PARAM_PROBLEM), ICMP6(ECHO_REPLY),
};

enum nt_backscatter nt_reply_class_of_slot(uint32_t kind, uint32_t slot)
{
	if (nt_reply_has_port(kind))
		return NT_BACKSCATTER_SYNACK + slot;
	return (kind & NT_REPLY_V6 ? NT_BACKSCATTER_ICMP6_DEST_UNREACH : NT_BACKSCATTER_ICMP_ECHO_REPLY) + slot;
}

static struct nt_key128 quoted_destination(const struct nt_fields *f, bool v6)
{
	uint32_t v4;

	if (v6)
		return nt_key128_of(f->inner_dst);
	memcpy(&v4, f->inner_dst, sizeof(v4));
	return (struct nt_key128){.low = be32toh(v4)};
}

uint32_t nt_reply_make(struct nt_reply reply[static NT_REPLY_LINES], const struct nt_fields *f, struct nt_key128 sender,
		       enum nt_backscatter class)
{
	const struct nt_reply_shape *shape = &nt_reply_shape[class];
	uint16_t version = f->class == NT_CLASS_IPV6 ? NT_REPLY_V6 : 0;

	reply[0].address = sender;
	reply[0].kind = shape->kind | version;
	reply[0].slot = shape->slot;
	reply[0].port = f->src_port | shape->no_port; /* ICMP has none: 0 */
	if (!f->has_inner)
		return 1;
	reply[1] = reply[0];
	reply[0].kind = (uint16_t)(NT_REPLY_SENDER << NT_REPLY_PART_SHIFT | version);
	reply[1].kind = (uint16_t)(NT_REPLY_VICTIM << NT_REPLY_PART_SHIFT | f->inner_proto | version);
	reply[1].address = quoted_destination(f, version);
	reply[1].port = f->has_inner_port ? f->inner_port : NT_REPLY_NO_PORT;
	return 2;
}
