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
	struct nt_source_pair pair;
	uint32_t group; /* where it is looked for */
};

struct nt_waiting {
	uint32_t n;
	struct nt_waiting_pair pair[2 * NT_PAIRS_OF_BURST]; /* those of the last burst behind those that wait again */
};

/** Asks for the group of packets that are to wait. Worker. */
static inline void nt_waiting_put(struct nt_waiting_pair *w, const struct nt_pairs *t, const struct nt_source_pair *p,
				  uint32_t group)
{
	__builtin_prefetch(&t->group[group], 1);
	*w = (struct nt_waiting_pair){*p, group};
}

/** Likewise, of a source and port, where they belong. Worker. */
static inline void nt_waiting_ask(struct nt_waiting_pair *w, const struct nt_pairs *t, uint32_t line, uint32_t port,
				  uint32_t matched, uint32_t packets)
{
	nt_waiting_put(w, t, &(struct nt_source_pair){line, port, matched, packets}, nt_pairs_home(t, line, port));
}

/** Has them wait behind all others. Worker, NT_PAIRS_OF_BURST times a burst at most. */
static inline void nt_waiting_add(struct nt_waiting *w, const struct nt_pairs *t, uint32_t line, uint32_t port,
				  uint32_t matched, uint32_t packets)
{
	nt_waiting_ask(&w->pair[w->n++], t, line, port, matched, packets);
}

struct nt_tally;

/**
 * Counts what waits. A few may wait again, while there is room for all: for the group after one that is full, which
 * nobody has asked for. Worker, before anything of the next burst is counted.
 */
void nt_waiting_count(struct nt_tally *t);

/**
 * Counts all that waits. What finds no place takes the region that its source's line says. Worker; stats side, once
 * lines know their regions.
 */
void nt_waiting_finish(struct nt_tally *t);

#endif
