/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/burst.h"
#include "tally/signature_tables.h"

#include <string.h>

/*
 * The packet path's part of signatures: one look-up per field that they ask for, and-ed, whatever their number. A field
 * that a packet lacks is 0 and its table is looked at all the same: signatures that ask for it have gone by then,
 * because kind[] leaves only those whose fields the packet has.
 */

uint32_t nt_signatures_n(const struct nt_signatures *s)
{
	return s->n;
}

const char *nt_signatures_name(const struct nt_signatures *s, uint32_t i)
{
	return s->name[i];
}

uint32_t nt_signatures_all_syns(const struct nt_signatures *s)
{
	return s->all_syns;
}

uint32_t nt_signatures_explaining(const struct nt_signatures *s)
{
	return s->explaining;
}

uint32_t nt_signatures_seq_dst(const struct nt_signatures *s)
{
	return ~s->seq_dst[false];
}

/* Both bytes of the field are read where they stand, which takes less than to shift one out of the other. */
static inline uint32_t wide_bits(const struct nt_signatures *s, enum nt_wide_table table, const uint16_t *field)
{
	enum { UPPER = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };
	const uint8_t *byte = (const uint8_t *)field;

	return s->chunk[s->wide[table][byte[UPPER]] + byte[!UPPER]];
}

static inline uint32_t value_bits(const struct nt_values *v, uint32_t value)
{
	const struct nt_value_slot *slot = &v->slot[value * v->multiplier >> v->shift];

	return slot->value == value ? slot->bits : v->otherwise;
}

/* Without a branch to predict: the number of turns depends on the table alone. */
static uint32_t source4_bits(const struct nt_signatures *s, const struct nt_steps4 *steps, uint32_t address)
{
	uint32_t low = steps->first, n = steps->n;

	while (n > 1) {
		uint32_t half = n / 2;

		low += s->start4[low + half] <= address ? half : 0;
		n -= half;
	}
	return s->bits4[low];
}

static inline bool key_below(struct nt_key128 a, struct nt_key128 b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static uint32_t source6_bits(const struct nt_signatures *s, const uint8_t address[static 16])
{
	uint32_t low = 0, n = s->source[NT_SOURCE_BYTE_IPV6].n;
	struct nt_key128 key;

	memcpy(&key.high, address, sizeof(key.high));
	memcpy(&key.low, address + sizeof(key.high), sizeof(key.low));
	key.high = __builtin_bswap64(key.high);
	key.low = __builtin_bswap64(key.low);
	while (n > 1) {
		uint32_t half = n / 2;

		low += key_below(key, s->start6[low + half]) ? 0 : half;
		n -= half;
	}
	return s->bits6[low];
}

/* The first byte of an IPv4 address settles nearly every prefix; the rest is searched for, and only if it matters. */
static inline uint32_t source_bits(const struct nt_signatures *s, const struct nt_fields *f, uint32_t bits)
{
	bool v6 = f->class == NT_CLASS_IPV6;
	const struct nt_steps4 *steps = &s->source[v6 ? NT_SOURCE_BYTE_IPV6 : f->src4 >> 24];

	bits &= steps->some;
	if (!(bits & steps->undecided))
		return bits;
	return bits & (v6 ? source6_bits(s, f->src6) : source4_bits(s, steps, f->src4));
}

/* masscan computes the IP ID of its SYNs from what they carry besides, all in host byte order (its README). */
static inline bool masscan(const struct nt_fields *f)
{
	return f->ip_id == (uint16_t)(f->dst4 ^ f->dst_port ^ f->seq);
}

static inline bool asked(const struct nt_signatures *s, enum nt_field field)
{
	return s->asked >> field & 1;
}

bool nt_signatures_ask_region(const struct nt_signatures *s)
{
	return s && asked(s, NT_FIELD_REGION);
}

/*
 * What the signatures of today's tools ask for is looked at always. It stands in tables that are a few lines of the
 * cache; to look whether it was asked for would cost half of it again.
 */
static inline uint32_t usual_bits(const struct nt_signatures *s, const struct nt_fields *f)
{
	uint32_t bits = s->kind[nt_kind_of(f->class, f->fate)] & s->flags[f->tcp_flags] & s->ttl[f->ttl];

	bits &= wide_bits(s, NT_WIDE_DST_PORT, &f->dst_port);
	bits &= wide_bits(s, NT_WIDE_WINDOW, &f->window);
	bits &= wide_bits(s, NT_WIDE_IP_ID, &f->ip_id);
	return bits & s->seq_dst[f->seq == f->dst4] & s->masscan[masscan(f)];
}

/* NT_SELDOM_FIELDS, those that some signature asks for. */
static inline uint32_t seldom_bits(const struct nt_signatures *s, const struct nt_fields *f, uint16_t region,
				   uint32_t bits)
{
	if (asked(s, NT_FIELD_LAYOUT))
		bits &= value_bits(&s->values[NT_VALUES_LAYOUT], f->option_layout);
	if (asked(s, NT_FIELD_WINDOW_SCALE))
		bits &= s->window_scale[f->window_scale];
	if (asked(s, NT_FIELD_OPTION))
		bits &= s->option[f->tcp_options];
	if (asked(s, NT_FIELD_SRC_PORT))
		bits &= wide_bits(s, NT_WIDE_SRC_PORT, &f->src_port);
	if (asked(s, NT_FIELD_SEQ))
		bits &= value_bits(&s->values[NT_VALUES_SEQ], f->seq);
	if (asked(s, NT_FIELD_ACK))
		bits &= value_bits(&s->values[NT_VALUES_ACK], f->ack);
	if (asked(s, NT_FIELD_REGION))
		bits &= s->region[region];
	return asked(s, NT_FIELD_SOURCE4) ? source_bits(s, f, bits) : bits;
}

/* Hardly any packet gets as far as the second half, whose fields only signatures of particular tools ask for. */
static inline uint32_t match(const struct nt_signatures *s, const struct nt_fields *f, uint16_t region)
{
	uint32_t bits = usual_bits(s, f);

	if (f->fate > NT_FATE_ICMP6) /* of these and those before it is in kind[] */
		bits &= s->proto[f->ip_proto < NT_PROTO_NONE_INDEX ? f->ip_proto : NT_PROTO_NONE_INDEX];
	return bits & s->seldom ? seldom_bits(s, f, region, bits) : bits;
}

uint32_t nt_signatures_match(const struct nt_signatures *s, const struct nt_fields *f, uint16_t region)
{
	return match(s, f, region);
}

void nt_signatures_match_burst(const struct nt_signatures *s, struct nt_packet *packet, uint32_t n)
{
	for (struct nt_packet *p = packet; p < packet + n; p++)
		p->matched = s ? match(s, &p->fields, p->region) : 0;
}
