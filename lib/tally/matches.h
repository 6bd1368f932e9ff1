/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_MATCHES_H
#define NT_TALLY_MATCHES_H

#include "base/mix.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Packets that signatures matched and that found no room among pairs, by region, destination port and the set of
 * signatures: one addition for a packet, however many matched it. It takes the place of the addition to region x port,
 * so that a packet that matches costs hardly more than one that does not. Fold takes the sets apart. Bounded, linear
 * probing.
 */

/** Instead of a destination port: the packet has none. Above the 28 bits of nt_region_port_key(). */
#define NT_MATCH_PORTLESS (UINT32_C(1) << 31)

/** One slot; count 0 is free. */
struct nt_match_slot {
	uint32_t key;	  /* nt_region_port_key(), or region << 17 | NT_MATCH_PORTLESS */
	uint32_t matched; /* signatures */
	uint32_t count;
};

struct nt_matches {
	struct nt_match_slot *slot; /* [mask + 1] */
	uint32_t *touched;	    /* [limit] slots in use, in the order of their first packet */
	uint32_t mask;
	uint32_t limit; /* entries */
	uint32_t n_touched;
};

static inline uint32_t nt_matches_home(const struct nt_matches *t, uint32_t key, uint32_t matched)
{
	return (uint32_t)(nt_mix_keyed(key, matched) >> 32) & t->mask;
}

/** Where a slot will be looked for, to ask the cache for it. Worker. */
static inline const void *nt_matches_place(const struct nt_matches *t, uint32_t key, uint32_t matched)
{
	return &t->slot[nt_matches_home(t, key, matched)];
}

/** Counts packets. False if the table is full. Worker; stats side. */
bool nt_matches_add(struct nt_matches *t, uint32_t key, uint32_t matched, uint32_t packets);

/** Empties the table; costs what was touched. */
void nt_matches_clear(struct nt_matches *t);

#endif
