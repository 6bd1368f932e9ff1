/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

void nt_waiting_count(struct nt_tally *t)
{
	struct nt_pairs pairs = t->pairs; /* a copy that no store is one to */

	for (const struct nt_waiting_pair *p = t->waiting.pair, *end = p + t->waiting.n; p < end; p++)
		if (!nt_pairs_count(&pairs, p->key, p->matched, p->home, p->packets))
			nt_unplaced_pair(t, p->key, p->matched, p->packets);
	t->pairs.n_touched = pairs.n_touched;
	t->waiting.n = 0;
}
