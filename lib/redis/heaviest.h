/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_HEAVIEST_H
#define NT_REDIS_HEAVIEST_H

#include "needletail/snapshot.h"

/** An entry and the table that it comes from. */
struct nt_pick {
	enum nt_table table;
	struct nt_count entry;
};

/** The heaviest entries of several tables together: those with most packets, then lower table, then lower key. */
struct nt_heaviest {
	struct nt_pick *pick; /**< [wanted], the caller's */
	size_t wanted;	      /**< at least 1 */
	size_t n;	      /**< picked so far; 0 to begin with */
};

/** Offers every entry of a table. Any thread. */
void nt_heaviest_offer(struct nt_heaviest *h, enum nt_table table, const struct nt_counts *counts);

/** Sorts what was picked by table, then key; no more offers after that. */
void nt_heaviest_sort(struct nt_heaviest *h);

#endif
