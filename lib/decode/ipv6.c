/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

/* RFC 8200; authentication header: RFC 4302; jumbo payload: RFC 2675. */
enum {
	IPV6_BYTES = 40,
	EXT_BYTES = 8, /* the shortest extension header */
	HOP_BY_HOP = 0,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	OPTION_PAD1 = 0x00,
	OPTION_JUMBO = 0xc2,
	OFFSET_MASK = 0xfff8,
	MORE_FRAGMENTS = 0x0001
};

/* Bytes of the extension header of type `next` at the front of the view; the least possible if that is not there. */
static uint32_t extension_bytes(const struct view *v, uint8_t next)
{
	if (v->cap < 2 || next == FRAGMENT)
		return EXT_BYTES;
	if (next == AUTHENTICATION)
		return (v->data[1] + 2u) * 4;
	return (v->data[1] + 1u) * 8;
}

/* Jumbo payload length among the options of a whole hop-by-hop header; 0 if it has none. */
static uint32_t jumbo_option(const uint8_t *header, uint32_t bytes)
{
	uint32_t at = 2;

	while (at + 2 <= bytes) {
		uint8_t type = header[at], length = header[at + 1];

		if (type == OPTION_PAD1) {
			at++;
			continue;
		}
		if (type == OPTION_JUMBO && length == 4 && at + 6 <= bytes)
			return be32(header + at + 2);
		at += 2u + length;
	}
	return 0;
}

/*
 * Length of a packet whose payload length field is 0 and whose first extension is hop-by-hop: what its jumbo option
 * says. A header that the capture cut off may hold the option: then all that was on the wire belongs to the packet,
 * and the walk over the extensions will meet the cut.
 */
static uint32_t jumbo_payload(const struct view *payload, bool *jumbogram)
{
	uint32_t bytes = extension_bytes(payload, HOP_BY_HOP), length;

	if (bytes > payload->cap)
		return payload->wire;
	length = jumbo_option(payload->data, bytes);
	*jumbogram = length > 0;
	return length;
}

/* Follows the extension headers to the transport header, or to the end of what is there. */
static enum nt_fate walk_extensions(struct view *v, uint8_t next, struct ip_context ip, struct nt_fields *f)
{
	while (is_extension(next)) {
		uint32_t bytes = extension_bytes(v, next);
		bool later = false;

		if (v->cap < bytes)
			return too_short(v, bytes, NT_REASON_IPV6_EXT);
		if (next == FRAGMENT) {
			uint16_t fragment = be16(v->data + 2);

			later = fragment & OFFSET_MASK;
			ip.more_fragments = ip.more_fragments || fragment & MORE_FRAGMENTS;
		}
		next = v->data[0];
		skip(v, bytes);
		if (later) {
			f->ip_proto = next;
			return decode_later_fragment(f);
		}
	}
	f->ip_proto = next;
	return decode_transport(v, ip, f);
}

enum nt_fate decode_ipv6(struct view *v, struct nt_fields *f)
{
	struct ip_context ip = {0};
	uint32_t payload;
	const uint8_t *header = v->data;

	f->class = NT_CLASS_IPV6;
	if (v->cap && header[0] >> 4 != 6)
		return malformed(NT_REASON_IPV6_VERSION);
	if (v->cap < IPV6_BYTES)
		return too_short(v, IPV6_BYTES, NT_REASON_IPV6_HEADER);
	payload = be16(header + 4);
	skip(v, IPV6_BYTES);
	if (payload == 0 && header[6] == HOP_BY_HOP)
		payload = jumbo_payload(v, &ip.jumbogram);
	if (payload > v->wire)
		return malformed(NT_REASON_IPV6_LENGTH);

	f->ip_proto = NT_PROTO_UNRESOLVED;
	f->ttl = header[7];
	memcpy(f->src6, header + 8, sizeof(f->src6));
	memcpy(f->dst6, header + 24, sizeof(f->dst6));
	cut(v, payload);
	return walk_extensions(v, header[6], ip, f);
}
