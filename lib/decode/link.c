/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

/* IEEE 802 ethertypes. */
enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100 /* before 802.1ad, still sent by switches */
};

enum { ETHERNET_BYTES = 14, VLAN_BYTES = 4, NULL_BYTES = 4, SLL_BYTES = 16, SLL2_BYTES = 20 };

static bool is_vlan(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ || ethertype == ETHERTYPE_QINQ_OLD;
}

static enum nt_fate decode_ethertype(struct view *v, uint16_t ethertype, struct nt_fields *f)
{
	while (is_vlan(ethertype)) {
		if (v->cap < VLAN_BYTES)
			return too_short(v, VLAN_BYTES, NT_REASON_VLAN);
		ethertype = be16(v->data + 2);
		skip(v, VLAN_BYTES);
	}
	switch (ethertype) {
	case ETHERTYPE_IPV4:
		return decode_ipv4(v, f);
	case ETHERTYPE_IPV6:
		return decode_ipv6(v, f);
	case ETHERTYPE_ARP:
		f->class = NT_CLASS_ARP;
		return NT_FATE_ARP;
	default:
		return NT_FATE_OTHER;
	}
}

/* A link header of fixed size with the ethertype at a fixed place. */
static enum nt_fate decode_fixed(struct view *v, uint32_t bytes, uint32_t ethertype_at, struct nt_fields *f)
{
	uint16_t ethertype;

	if (v->cap < bytes)
		return too_short(v, bytes, NT_REASON_ETH);
	ethertype = be16(v->data + ethertype_at);
	skip(v, bytes);
	return decode_ethertype(v, ethertype, f);
}

static enum nt_fate decode_raw(struct view *v, struct nt_fields *f)
{
	if (v->cap && v->data[0] >> 4 == 4)
		return decode_ipv4(v, f);
	if (v->cap && v->data[0] >> 4 == 6)
		return decode_ipv6(v, f);
	return NT_FATE_OTHER;
}

/* The family is in the byte order of the machine that captured, and IPv6 has a number in each BSD of its own. */
static enum nt_fate decode_null(struct view *v, struct nt_fields *f)
{
	uint32_t family;

	if (v->cap < NULL_BYTES)
		return too_short(v, NULL_BYTES, NT_REASON_ETH);
	family = be32(v->data);
	if (family > UINT16_MAX)
		family = __builtin_bswap32(family);
	skip(v, NULL_BYTES);
	switch (family) {
	case 2:
		return decode_ipv4(v, f);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return decode_ipv6(v, f);
	default:
		return NT_FATE_OTHER;
	}
}

enum nt_fate decode_link(struct view *v, enum nt_link link, struct nt_fields *f)
{
	switch (link) {
	case NT_LINK_RAW:
		return decode_raw(v, f);
	case NT_LINK_NULL:
		return decode_null(v, f);
	case NT_LINK_SLL:
		return decode_fixed(v, SLL_BYTES, 14, f);
	case NT_LINK_SLL2:
		return decode_fixed(v, SLL2_BYTES, 0, f);
	default:
		return decode_fixed(v, ETHERNET_BYTES, 12, f);
	}
}
