/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

void nt_waiting_count(struct nt_tally *t)
{
	struct nt_waiting *w = &t->waiting;

	for (uint32_t n = 0; n < w->n; n++) {
		const struct nt_waiting_pair *p = &w->pair[n];

		if (!nt_pairs_count(&t->pairs, p->key, p->matched, p->home, p->packets))
			nt_unplaced_pair(t, p->key, p->matched, p->packets);
	}
	w->n = 0;
}
