/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_PAIR_H
#define NT_TALLY_PAIR_H

#include "base/mix.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The set of pairs of source and destination port: unique sources of a port, and ports of a scanner, exactly. It is
 * touched only when a source's port differs from that of its packet before, or when a signature matched.
 */

struct nt_pair_slot {
	uint32_t source;  /* index of its line + 1; 0: free */
	uint32_t port;	  /* nt_port_key() */
	uint32_t matched; /* signatures that a packet of this pair matched */
};

struct nt_pairs {
	struct nt_pair_slot *slot; /* [mask + 1] */
	uint32_t *touched;	   /* [limit] */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets whose pair found no place */
};

/** Notes a pair. False if it found no place, which is counted. Worker. */
bool nt_pairs_note(struct nt_pairs *t, uint32_t source, uint32_t port, uint32_t matched);

/** Where a pair belongs. A good hash, because neighbouring lines and ports are common. */
static inline uint32_t nt_pairs_home(const struct nt_pairs *t, uint32_t source, uint32_t port)
{
	return (uint32_t)(nt_mix(source, port) >> 32) & t->mask;
}

/** Where a pair will be looked for, to ask the cache for it. Worker. */
static inline const void *nt_pairs_place(const struct nt_pairs *t, uint32_t source, uint32_t port)
{
	return &t->slot[nt_pairs_home(t, source, port)];
}

void nt_pairs_clear(struct nt_pairs *t);

#endif
