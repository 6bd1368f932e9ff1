/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_REGION_PORT_H
#define NT_TALLY_REGION_PORT_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Packets by two things at once that found no room among pairs, which say the same of the others: a bounded hash table
 * with linear probing. 250 regions x 131,072 ports are too many for a dense array, and one interval sees few of the
 * pairs. When it is full the packet is counted as overflow and still stands in every dense table. Besides region x
 * destination port it holds the source ports of backscatter; the topmost bits of a key say which (nt_region_port_key()
 * fits 28 bits). Packets that a signature matched stand in tally/matches.h instead.
 */
enum nt_region_port_kind {
	NT_KIND_REGION_PORT,	 /* nt_region_port_key() */
	NT_KIND_BACKSCATTER_PORT /* likewise, with the source port of backscatter */
};

#define NT_KIND_SHIFT 28
#define NT_KIND_MASK  ((UINT32_C(1) << NT_KIND_SHIFT) - 1)

/** Key of the source port of backscatter from a region. */
static inline uint32_t nt_reply_port_key(uint32_t region, uint16_t src_port)
{
	return (uint32_t)NT_KIND_BACKSCATTER_PORT << NT_KIND_SHIFT | nt_region_port_key(region, false, src_port);
}

/** One slot; key 0 with count 0 is free. */
struct nt_region_port_slot {
	uint32_t key; /**< kind << NT_KIND_SHIFT | what enum nt_region_port_kind says */
	uint32_t count;
};

struct nt_region_port {
	struct nt_region_port_slot *slot; /* [mask + 1] */
	uint32_t *touched;		  /* [limit] slots in use, in the order of their first packet */
	uint32_t mask;
	uint32_t limit; /* entries */
	uint32_t n_touched;
	uint64_t overflow; /* packets that found no place */
};

/** Finds a key's slot or the free one where it belongs. One multiplication: Knuth, TAOCP 6.4, multiplicative hashing.
 */
static inline uint32_t nt_region_port_find(const struct nt_region_port *t, uint32_t key)
{
	uint32_t at = (uint32_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 32) & t->mask;

	while (t->slot[at].count && t->slot[at].key != key)
		at = (at + 1) & t->mask;
	return at;
}

/** Where a key will be looked for, to ask the cache for it. Worker. */
static inline const void *nt_region_port_place(const struct nt_region_port *t, uint32_t key)
{
	return &t->slot[(uint32_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 32) & t->mask];
}

/** Counts packets. Worker; stats side. */
static inline void nt_region_port_add(struct nt_region_port *t, uint32_t key, uint32_t packets)
{
	uint32_t at = nt_region_port_find(t, key);
	struct nt_region_port_slot *slot = &t->slot[at];

	if (!slot->count) {
		if (t->n_touched == t->limit) {
			t->overflow += packets;
			return;
		}
		slot->key = key;
		t->touched[t->n_touched++] = at;
	}
	slot->count += packets;
}

/** Empties the table; costs what was touched. */
void nt_region_port_clear(struct nt_region_port *t);

#endif
