/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/matches.h"

bool nt_matches_add(struct nt_matches *t, uint32_t key, uint32_t matched, uint32_t packets)
{
	uint32_t at = nt_matches_home(t, key, matched);
	struct nt_match_slot *slot = &t->slot[at];

	while (slot->count && (slot->key != key || slot->matched != matched)) {
		at = (at + 1) & t->mask;
		slot = &t->slot[at];
	}
	if (!slot->count) {
		if (t->n_touched == t->limit)
			return false;
		slot->key = key;
		slot->matched = matched;
		t->touched[t->n_touched++] = at;
	}
	slot->count += packets;
	return true;
}

void nt_matches_clear(struct nt_matches *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->slot[t->touched[i]].count = 0;
	t->n_touched = 0;
}
