/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

#include <netinet/in.h>

/* RFC 9293, 768, 792, 4443. */
enum { TCP_BYTES = 20, TCP_OFFSET_MIN = 5, UDP_BYTES = 8, ICMP_BYTES = 8 };

/* Types of ICMPv6 that are errors, which quote the packet that they are about; it has none other in use. */
enum { ICMP6_FIRST_ERROR = 1, ICMP6_LAST_ERROR = 4 };

static enum nt_fate decode_tcp(const struct view *v, struct ip_context ip, struct nt_fields *f)
{
	uint32_t header;

	if (v->cap < TCP_BYTES)
		return too_short(v, TCP_BYTES, NT_REASON_TCP_HEADER);
	header = (v->data[12] >> 4) * 4u;
	if (header < TCP_OFFSET_MIN * 4 || (header > v->wire && !ip.more_fragments))
		return malformed(NT_REASON_TCP_OFFSET);
	f->src_port = be16(v->data);
	f->dst_port = be16(v->data + 2);
	f->tcp_flags = v->data[13];
	f->window = be16(v->data + 14);
	f->seq = be32(v->data + 4);
	f->ack = be32(v->data + 8);
	if (header > TCP_BYTES)
		decode_tcp_options(v->data + TCP_BYTES, (header < v->cap ? header : v->cap) - TCP_BYTES, f);
	return NT_FATE_TCP;
}

static bool udp_length_valid(uint32_t length, const struct view *v, struct ip_context ip)
{
	if (length == 0)
		return ip.jumbogram;
	return length >= UDP_BYTES && (length <= v->wire || ip.more_fragments);
}

static enum nt_fate decode_udp(const struct view *v, struct ip_context ip, struct nt_fields *f)
{
	if (v->cap < UDP_BYTES)
		return too_short(v, UDP_BYTES, NT_REASON_UDP_HEADER);
	if (!udp_length_valid(be16(v->data + 4), v, ip))
		return malformed(NT_REASON_UDP_LENGTH);
	f->src_port = be16(v->data);
	f->dst_port = be16(v->data + 2);
	f->udp = 1;
	return NT_FATE_UDP;
}

/* What of an ICMP packet stands behind its header. */
static struct view behind_icmp(const struct view *v)
{
	struct view quote = *v;

	skip(&quote, ICMP_BYTES);
	return quote;
}

static enum nt_fate decode_icmp(const struct view *v, struct nt_fields *f)
{
	if (v->cap < ICMP_BYTES)
		return too_short(v, ICMP_BYTES, NT_REASON_ICMP_HEADER);
	f->icmp = be16(v->data);
	if (icmp_quotes(v->data[0]))
		decode_quoted_ipv4(behind_icmp(v), f);
	return NT_FATE_ICMP;
}

static enum nt_fate decode_icmp6(const struct view *v, struct nt_fields *f)
{
	if (v->cap < ICMP_BYTES)
		return too_short(v, ICMP_BYTES, NT_REASON_ICMP6_HEADER);
	f->icmp = be16(v->data);
	if (v->data[0] >= ICMP6_FIRST_ERROR && v->data[0] <= ICMP6_LAST_ERROR)
		decode_quoted_ipv6(behind_icmp(v), f);
	return NT_FATE_ICMP6;
}

enum nt_fate decode_transport(const struct view *v, struct ip_context ip, struct nt_fields *f)
{
	bool ipv6 = f->class == NT_CLASS_IPV6;

	switch (f->ip_proto) {
	case IPPROTO_TCP:
		return decode_tcp(v, ip, f);
	case IPPROTO_UDP:
		return decode_udp(v, ip, f);
	case IPPROTO_ICMP:
		return ipv6 ? NT_FATE_NO_L4 : decode_icmp(v, f);
	case IPPROTO_ICMPV6:
		return ipv6 ? decode_icmp6(v, f) : NT_FATE_NO_L4;
	default:
		return NT_FATE_IP_OTHER;
	}
}

enum nt_fate decode_later_fragment(const struct nt_fields *f)
{
	switch (f->ip_proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return NT_FATE_NO_L4;
	default:
		return NT_FATE_IP_OTHER;
	}
}
