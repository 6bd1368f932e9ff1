/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/pair.h"

bool nt_pairs_note(struct nt_pairs *t, uint32_t source, uint32_t port, uint32_t matched)
{
	uint32_t at = nt_pairs_home(t, source, port);
	struct nt_pair_slot *slot;

	while (t->slot[at].source && (t->slot[at].source != source + 1 || t->slot[at].port != port))
		at = (at + 1) & t->mask;
	slot = &t->slot[at];
	if (!slot->source) {
		if (t->n_touched == t->limit) {
			t->overflow++;
			return false;
		}
		slot->source = source + 1;
		slot->port = port;
		t->touched[t->n_touched++] = at;
	}
	slot->matched |= matched;
	return true;
}

void nt_pairs_clear(struct nt_pairs *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->slot[t->touched[i]] = (struct nt_pair_slot){0};
	t->n_touched = 0;
	t->overflow = 0;
}
