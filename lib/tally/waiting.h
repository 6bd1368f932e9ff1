/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_WAITING_H
#define NT_TALLY_WAITING_H

#include "tally/burst.h"
#include "tally/pair.h"

/*
 * Pairs whose slots a burst has asked the cache for, and which the next one counts: memory has as long as receiving and
 * decoding a burst takes, where at the end of the same burst there is nothing left to do meanwhile. What waits when the
 * worker leaves the bank is counted when the bank is settled.
 */

/** Pairs that the packets of a burst can come to: its source's own or another, and two of a reply's ports. */
#define NT_PAIRS_OF_BURST (3 * NT_BURST)

struct nt_waiting_pair {
	uint64_t key; /* nt_pair_key() */
	uint32_t matched;
	uint32_t packets;
	uint32_t home;
};

struct nt_waiting {
	uint32_t n;
	struct nt_waiting_pair pair[NT_PAIRS_OF_BURST];
};

/** Has packets of a pair wait for its slot, which is asked for. Worker, NT_PAIRS_OF_BURST times a burst at most. */
static inline void nt_waiting_add(struct nt_waiting *w, const struct nt_pairs *t, uint64_t key, uint32_t matched,
				  uint32_t packets)
{
	uint32_t home = nt_pairs_home(t, key);

	nt_pairs_prefetch(t, home);
	w->pair[w->n++] = (struct nt_waiting_pair){key, matched, packets, home};
}

struct nt_tally;

/**
 * Counts what waits. What finds no place takes the region that its source's line says. Worker, before anything of the
 * next burst is counted; stats side, once lines know their regions.
 */
void nt_waiting_count(struct nt_tally *t);

#endif
