/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/cross.h"

#include "base/mix.h"

/* A signature may have ever so many entries of a flood, but only 1,297 regions and 131,072 ports. */
#define BETWEEN_COMPACTIONS 65536u

static int add_to_signature(struct nt_signature_counts *s, const struct nt_fold_cross_slot *slot)
{
	uint32_t port = slot->key & 0x1ffff, region = (slot->key & ~NT_MATCH_PORTLESS) >> 17;
	int err = nt_counts_append(&s->region_packets, region, slot->packets);

	s->packets += slot->packets;
	return err || slot->key & NT_MATCH_PORTLESS ? err : nt_counts_append(&s->port_packets, port, slot->packets);
}

void nt_fold_compact_signatures(struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_signatures; i++) {
		nt_counts_compact(&s->signature[i].region_packets);
		nt_counts_compact(&s->signature[i].port_packets);
	}
}

static int add_to_signatures(struct nt_fold_cross *c, const struct nt_fold_cross_slot *slot)
{
	int err = 0;

	for (uint32_t bits = slot->matched & c->in_use; bits && !err; bits &= bits - 1)
		err = add_to_signature(&c->into->signature[__builtin_ctz(bits)], slot);
	if (++c->written % BETWEEN_COMPACTIONS == 0)
		nt_fold_compact_signatures(c->into);
	return err;
}

static int write_down(struct nt_fold_cross *c, const struct nt_fold_cross_slot *slot)
{
	struct nt_counts *table = &c->into->table[NT_TABLE_REGION_PORT];
	int err = 0;

	if (slot->key >> NT_KIND_SHIFT == NT_KIND_BACKSCATTER_PORT)
		table = &c->into->backscatter_port;
	if (!(slot->key & NT_MATCH_PORTLESS))
		err = nt_counts_append(table, slot->key & NT_KIND_MASK, slot->packets);
	return err || !slot->matched ? err : add_to_signatures(c, slot);
}

static void add(struct nt_cross_sink *sink, uint32_t key, uint32_t matched, uint32_t packets)
{
	struct nt_fold_cross *c = (struct nt_fold_cross *)sink;
	struct nt_fold_cross_slot *slot = &c->slot[nt_mix_keyed(key, matched) >> 32 & (NT_FOLD_CROSS_SLOTS - 1)];

	if (slot->key != key || slot->matched != matched) {
		if (slot->packets && !c->err)
			c->err = write_down(c, slot);
		*slot = (struct nt_fold_cross_slot){.key = key, .matched = matched};
	}
	slot->packets += packets;
}

static void add_tables(struct nt_fold_cross *c, const struct nt_tally *t)
{
	for (uint32_t i = 0; i < t->region_port.n_touched; i++) {
		const struct nt_region_port_slot *slot = &t->region_port.slot[t->region_port.touched[i]];

		add(&c->sink, slot->key, 0, slot->count);
	}
	for (uint32_t i = 0; i < t->matches.n_touched; i++) {
		const struct nt_match_slot *slot = &t->matches.slot[t->matches.touched[i]];

		add(&c->sink, slot->key, slot->matched, slot->count);
	}
}

static void write_down_all(struct nt_fold_cross *c)
{
	for (uint32_t i = 0; i < NT_FOLD_CROSS_SLOTS; i++) {
		if (c->slot[i].packets && !c->err)
			c->err = write_down(c, &c->slot[i]);
		c->slot[i].packets = 0;
	}
}

int nt_fold_cross_add(struct nt_fold_cross *c, struct nt_tally *t, const struct nt_locate *locate,
		      struct nt_snapshot *into)
{
	c->sink.add = add;
	c->into = into;
	c->in_use = (uint32_t)((UINT64_C(1) << into->n_signatures) - 1);
	c->err = 0;
	nt_tally_settle(t, locate, &c->sink);
	add_tables(c, t);
	write_down_all(c);
	return c->err;
}
