/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_PAIR_H
#define NT_TALLY_PAIR_H

#include "base/mix.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Packets by source, destination port and the set of signatures that matched, for those that are not their source's own
 * pair, which stands in its line. When the bank is folded both together give, exactly: unique sources of a port, ports
 * of a scanner, and, as a source has one region, packets by port, by region and port, and by signature (settle.c).
 * Two other things are counted the same way, because they wait for the region, too.
 */

/** Instead of a destination port: the source port of backscatter, below it. */
#define NT_PAIR_REPLY (UINT32_C(1) << 30)

/** Instead of a destination port: packets without one that signatures matched. */
#define NT_PAIR_PORTLESS (UINT32_C(1) << 31)

struct nt_pair_slot {
	uint64_t key;	  /* nt_pair_key(); 0: free */
	uint32_t matched; /* signatures */
	uint32_t packets;
};

struct nt_pairs {
	struct nt_pair_slot *slot; /* [mask + 1] */
	uint32_t *touched;	   /* [limit] */
	uint32_t mask;
	uint32_t limit;
	uint32_t n_touched;
	uint64_t overflow; /* packets to a port that found no place */
};

/** Of a source's line and nt_port_key(), or what stands there instead. Never 0. */
static inline uint64_t nt_pair_key(uint32_t line, uint32_t port)
{
	return (uint64_t)line << 32 | port;
}

static inline uint32_t nt_pair_line(uint64_t key)
{
	return (uint32_t)(key >> 32);
}

static inline uint32_t nt_pair_port(uint64_t key)
{
	return (uint32_t)key;
}

/** Where a pair belongs, whatever matched. */
static inline uint32_t nt_pairs_home(const struct nt_pairs *t, uint64_t key)
{
	return (uint32_t)(nt_mix_word(key) >> 32) & t->mask;
}

static inline void nt_pairs_prefetch(const struct nt_pairs *t, uint32_t home)
{
	__builtin_prefetch(&t->slot[home], 1);
}

/** Says whether a pair is of a source and a destination port. */
static inline bool nt_pair_is_port(uint64_t key)
{
	return !(key & (NT_PAIR_REPLY | NT_PAIR_PORTLESS));
}

/** Makes a slot in a free place. False if the table is full. Worker. */
static inline bool nt_pairs_make(struct nt_pairs *t, uint32_t at, uint64_t key, uint32_t matched)
{
	if (t->n_touched == t->limit)
		return false;
	t->slot[at].key = key;
	t->slot[at].matched = matched;
	t->touched[t->n_touched++] = at;
	return true;
}

/** Counts packets. False if they found no place. Worker. */
static inline bool nt_pairs_count(struct nt_pairs *t, uint64_t key, uint32_t matched, uint32_t home, uint32_t packets)
{
	uint32_t at = home;

	while (t->slot[at].key != key || t->slot[at].matched != matched) {
		if (!t->slot[at].key) {
			if (!nt_pairs_make(t, at, key, matched))
				return false;
			break;
		}
		at = (at + 1) & t->mask;
	}
	t->slot[at].packets += packets;
	return true;
}

/** Empties the table; costs what was touched. Stats side. */
void nt_pairs_clear(struct nt_pairs *t);

#endif
