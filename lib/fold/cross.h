/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_CROSS_H
#define NT_FOLD_CROSS_H

#include "tally/tally.h"

/*
 * Packets by region and port, and by signature: the sum over all pairs of a bank, of which there are a hundred thousand
 * for an interval, and of what its tables have that found no place among pairs. Most keys of a telescope come once, so
 * a table of them all would be in no cache, and each packet in it would be waited for. They are written down one after
 * the other instead, and sorting brings together what belongs together. Of a flood nearly all have one of a few keys:
 * those are added up before, in a table so small that it stays in the cache, out of which a key pushes another.
 */

#define NT_FOLD_CROSS_SLOTS 1024u

/** Packets that were added up so far. */
struct nt_fold_cross_slot {
	uint32_t key;	  /* as in struct nt_match_slot, or struct nt_region_port_slot */
	uint32_t matched; /* signatures */
	uint64_t packets; /* 0: free */
};

struct nt_fold_cross {
	struct nt_cross_sink sink;
	struct nt_fold_cross_slot slot[NT_FOLD_CROSS_SLOTS];
	struct nt_snapshot *into;
	uint32_t in_use;  /* bits of its signatures */
	uint32_t written; /* slots of signatures, ever */
	int err;
};

/**
 * Settles a bank; adds packets by region and port, by source port of backscatter, and by signature. They are not
 * compact then. Returns 0 or -ENOMEM. Stats side.
 */
int nt_fold_cross_add(struct nt_fold_cross *c, struct nt_tally *t, const struct nt_locate *locate,
		      struct nt_snapshot *into);

/** Makes numbers of signatures compact. */
void nt_fold_compact_signatures(struct nt_snapshot *s);

#endif
