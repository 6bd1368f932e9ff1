/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/signature_tables.h"

#include <string.h>

/*
 * The packet path's part of signatures: one look-up per field, and-ed, whatever the number of signatures. A field that
 * a packet lacks is 0 and its table is looked at all the same: signatures that ask for it have gone by then, because
 * kind[] leaves only those whose fields the packet has.
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

static inline uint32_t wide_bits(const struct nt_signatures *s, enum nt_wide_table table, uint16_t value)
{
	uint32_t entry = s->wide[table][value >> 8];

	return s->chunk[(entry >> 8) + (value & entry & 0xff)];
}

/* Without a branch to predict: the number of turns depends on the table alone. */
static inline uint32_t step_bits(const struct nt_steps *s, uint32_t value)
{
	uint32_t low = 0, n = s->n;

	while (n > 1) {
		uint32_t half = n / 2;

		low += s->start[low + half] <= value ? half : 0;
		n -= half;
	}
	return s->bits[low];
}

static inline bool key_below(struct nt_key128 a, struct nt_key128 b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static uint32_t source6_bits(const struct nt_steps6 *s, const uint8_t address[static 16])
{
	uint32_t low = 0, n = s->n;
	struct nt_key128 key;

	memcpy(&key.high, address, sizeof(key.high));
	memcpy(&key.low, address + sizeof(key.high), sizeof(key.low));
	key.high = __builtin_bswap64(key.high);
	key.low = __builtin_bswap64(key.low);
	while (n > 1) {
		uint32_t half = n / 2;

		low += key_below(key, s->start[low + half]) ? 0 : half;
		n -= half;
	}
	return s->bits[low];
}

/* Conditions on fields of 32 bits and more, for the few packets that may still match a signature that has them. */
static uint32_t search(const struct nt_signatures *s, const struct nt_fields *f, uint32_t bits)
{
	if (bits & s->steps[NT_STEPS_LAYOUT].needed)
		bits &= step_bits(&s->steps[NT_STEPS_LAYOUT], f->option_layout);
	if (bits & s->steps[NT_STEPS_SEQ].needed)
		bits &= step_bits(&s->steps[NT_STEPS_SEQ], f->seq);
	if (bits & s->steps[NT_STEPS_ACK].needed)
		bits &= step_bits(&s->steps[NT_STEPS_ACK], f->ack);
	if (bits & s->steps[NT_STEPS_SOURCE4].needed)
		bits &= f->class == NT_CLASS_IPV6 ? source6_bits(&s->source6, f->src6)
						  : step_bits(&s->steps[NT_STEPS_SOURCE4], f->src4);
	return bits;
}

/* masscan computes the IP ID of its SYNs from what they carry besides, all in host byte order (its README). */
static inline bool masscan(const struct nt_fields *f)
{
	return f->ip_id == (uint16_t)(f->dst4 ^ f->dst_port ^ f->seq);
}

uint32_t nt_signatures_match(const struct nt_signatures *s, const struct nt_fields *f, uint16_t region)
{
	uint32_t proto = f->ip_proto < NT_PROTO_NONE_INDEX ? f->ip_proto : NT_PROTO_NONE_INDEX;
	uint32_t bits = s->kind[f->class][f->fate] & s->proto[proto];

	bits &= s->flags[f->tcp_flags] & s->ttl[f->ttl];
	bits &= s->option[f->tcp_options] & s->window_scale[f->window_scale];
	bits &= wide_bits(s, NT_WIDE_DST_PORT, f->dst_port) & wide_bits(s, NT_WIDE_SRC_PORT, f->src_port);
	bits &= wide_bits(s, NT_WIDE_WINDOW, f->window) & wide_bits(s, NT_WIDE_IP_ID, f->ip_id);
	bits &= s->region[region];
	bits &= ~(f->seq == f->dst4 ? s->seq_is_not_dst : s->seq_is_dst);
	bits &= ~(masscan(f) ? s->not_masscan : s->masscan);
	return bits & s->stepped ? search(s, f, bits) : bits;
}
