/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

/* RFC 791. */
enum { IPV4_BYTES = 20, IHL_MIN = 5, OFFSET_MASK = 0x1fff, MORE_FRAGMENTS = 0x2000 };

enum nt_fate decode_ipv4(struct view *v, struct nt_fields *f)
{
	uint32_t header, total;
	uint16_t fragment;

	f->class = NT_CLASS_IPV4;
	if (v->cap && v->data[0] >> 4 != 4)
		return malformed(NT_REASON_IPV4_VERSION);
	if (v->cap < IPV4_BYTES)
		return too_short(v, IPV4_BYTES, NT_REASON_IPV4_HEADER);
	header = (v->data[0] & 0x0fu) * 4;
	if (header < IHL_MIN * 4)
		return malformed(NT_REASON_IPV4_IHL);
	total = be16(v->data + 2);
	if (total < header || total > v->wire)
		return malformed(NT_REASON_IPV4_LENGTH);
	if (header > v->cap)
		return too_short(v, header, NT_REASON_IPV4_OPTIONS);

	fragment = be16(v->data + 6);
	f->ip_proto = v->data[9];
	f->ip_id = be16(v->data + 4);
	f->ttl = v->data[8];
	f->src4 = be32(v->data + 12);
	f->dst4 = be32(v->data + 16);
	cut(v, total);
	skip(v, header);
	if (fragment & OFFSET_MASK)
		return decode_later_fragment(f);
	return decode_transport(v, (struct ip_context){.more_fragments = fragment & MORE_FRAGMENTS}, f);
}
